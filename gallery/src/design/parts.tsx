// Small parts that pages share: addresses, times, amounts, definition lists, charts.

import type { Activity } from "@gridnft/sdk/gallery";
import type { Child } from "hono/jsx";
import { activityOf } from "../text/activity.ts";
import { text } from "../text/en.ts";
import { formatAipg, formatCount, formatDay, formatTime, isoTime, shortHex } from "../text/format.ts";

/** Link to an account. */
export const AccountLink = ({ address }: { address: string }) => (
  <a class="hex" href={`/accounts/${address}`} title={address}>
    {shortHex(address)}
  </a>
);

/** Link to a worker. */
export const WorkerLink = ({ address }: { address: string }) => (
  <a class="hex" href={`/workers/${address}`} title={address}>
    {shortHex(address)}
  </a>
);

/** Hash in full, which the browser may break anywhere. */
export const Hash = ({ value }: { value: string }) => <code class="hash">{value}</code>;

/** Time in UTC. */
export const Time = ({ seconds }: { seconds: number | bigint }) => (
  <time datetime={isoTime(seconds)}>{formatTime(seconds)}</time>
);

/** Names with their values; rows without a value are left out. */
export const Facts = ({ rows }: { rows: readonly (readonly [name: string, value: Child | undefined])[] }) => (
  <dl class="facts">
    {rows
      .filter(([, value]) => value !== undefined && value !== null && value !== "")
      .map(([name, value]) => (
        <div>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
  </dl>
);

/** Counts in large digits, each with its word. */
export const Counts = ({
  counts,
}: {
  counts: readonly (readonly [word: (count: number) => string, count: number])[];
}) => (
  <ul class="counts">
    {counts.map(([word, count]) => (
      <li>
        <strong>{formatCount(count)}</strong> {word(count)}
      </li>
    ))}
  </ul>
);

/** Link to the next page of a list. */
export const NextPage = ({ href, label }: { href: string | undefined; label: string }) =>
  href === undefined ? null : (
    <p class="next">
      <a class="button" rel="next" href={href}>
        {label}
      </a>
    </p>
  );

/** Sentence in the place of a list that is empty. */
export const Empty = ({ children }: { children: Child }) => <p class="empty">{children}</p>;

/** Value of one day. */
export interface DayValue {
  /** Unix seconds of the day's beginning. */
  readonly start: number | bigint;
  readonly value: number;
  readonly label: string;
}

const DAY_SECONDS = 86_400;
/** Days that a chart shows. */
export const CHART_DAYS = 30;

/** Returns the last {@link CHART_DAYS} days up to the latest one that has a value, the earliest first; the API leaves days without events out. */
export function everyDay(days: readonly DayValue[], nothing: string): DayValue[] {
  const known = new Map(days.map((day) => [Number(day.start), day]));
  const latest = Math.max(...known.keys());
  return Array.from({ length: CHART_DAYS }, (_, i) => {
    const start = latest - (CHART_DAYS - 1 - i) * DAY_SECONDS;
    return known.get(start) ?? { start, value: 0, label: nothing };
  });
}

/** Bars of a value by day, the latest last, with the same numbers as a table. */
export const DayChart = ({
  title,
  days: known,
  nothing,
}: {
  title: string;
  days: readonly DayValue[];
  nothing: string;
}) => {
  if (known.length === 0) return null;
  const days = everyDay(known, nothing);
  const [width, height, gap] = [600, 140, 3];
  const most = Math.max(...days.map(({ value }) => value), Number.MIN_VALUE);
  const step = width / Math.max(days.length, 1);
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={title} preserveAspectRatio="none">
        {days.map(({ value }, i) => {
          const tall = Math.max((value / most) * (height - 4), value > 0 ? 2 : 0.5);
          return (
            <rect x={i * step + gap / 2} y={height - tall} width={Math.max(step - gap, 1)} height={tall} rx="1.5" />
          );
        })}
      </svg>
      <details>
        <summary>{text.chart.table}</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">{text.chart.day}</th>
              <th scope="col">{title}</th>
            </tr>
          </thead>
          <tbody>
            {days.map(({ start, label }) => (
              <tr>
                <th scope="row">{formatDay(start)}</th>
                <td>{label}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
};

/** Events, one a line. */
export const ActivityList = ({ events }: { events: readonly Activity[] }) => (
  <ol class="events">
    {events.map((event) => (
      <li>
        <Time seconds={event.time} />
        <span>
          <AccountLink address={event.actor} /> {activityOf(event.kind)} <Subject event={event} />
          {event.amount ? ` · ${formatAipg(event.amount)}` : ""}
        </span>
      </li>
    ))}
  </ol>
);

const Subject = ({ event: { kind, tokenId, seriesId, modelId } }: { event: Activity }) => {
  if (/^(ARTWORK|EVOLUTION|DISPLAY)/.test(kind) && tokenId) return <a href={`/artworks/${tokenId}`}>{`#${tokenId}`}</a>;
  if (kind.startsWith("SERIES") && seriesId) return <a href={`/series/${seriesId}`}>{`#${seriesId}`}</a>;
  if (modelId) return <a href={`/models/${modelId}`}>{`${text.facets.model} ${modelId}`}</a>;
  return null;
};

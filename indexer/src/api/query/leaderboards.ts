// Leaderboards: sums of one week (UTC, from Monday on), once for each block.
import { zeroAddress } from "viem";
import { MAX_SEQ } from "../../lib/keys.ts";
import { startOfWeek } from "../../lib/weeks.ts";
import { oncePerBlock, type QueryContext, statementOf } from "./queryContext.ts";
import type { Statement } from "./statement.ts";
import { tableRef } from "./tables.ts";

export type LeaderboardSubject = "ARTISTS" | "COLLECTORS" | "MODELS" | "WORKERS";

export interface Ranked {
  /** Address, or id of a model. */
  readonly key: string;
  readonly rank: number;
  readonly score: string;
}

export interface Ranking {
  readonly entries: readonly Ranked[];
  /** Only the newest {@link MAX_COUNTED} mints or transfers of the week were counted. */
  readonly isApproximate: boolean;
}

/** Mints and transfers that are counted. Sums by day need no such limit. */
const MAX_COUNTED = 100_000;
/** Places that are kept. */
const MAX_RANKS = 100;

/** The first hundred of a week. */
export function leaderboardOf(context: QueryContext, subject: LeaderboardSubject, week: number): Promise<Ranking> {
  return oncePerBlock(context, `leaderboard/${subject}/${week}`, async () => {
    const statement = statementOf(context);
    const { rows, key, amount } = sources[subject](statement, startOfWeek(week), startOfWeek(week + 1));
    const counted = `select ${key} as key, ${amount} as amount ${rows}`;
    const text = `with counted as materialized (${counted}), sums as (select key, sum(amount) as score from counted group by key having sum(amount) > 0)
      select key::text as key, score::text as score, rank() over (order by sums.score desc)::int as rank, (select count(*) from counted)::int as counted
      from sums order by sums.score desc, sums.key limit ${MAX_RANKS}`;
    const found = await context.lists.query<Ranked & { readonly counted: number }>(text, statement.values);
    const entries = found.map(({ key: one, rank, score }) => ({ key: one, rank, score }));
    return { entries, isApproximate: isSummedFromRows(subject) && found[0]?.counted === MAX_COUNTED };
  });
}

const bounded: Readonly<Record<string, true>> = { ARTISTS: true, COLLECTORS: true };

/** Returns whether a leaderboard is summed from the rows of a week, not from sums by day. */
export function isSummedFromRows(subject: unknown): boolean {
  return typeof subject === "string" && subject in bounded;
}

interface Source {
  /** `from` and all after it. */
  readonly rows: string;
  readonly key: string;
  readonly amount: string;
}

const sources: Readonly<Record<LeaderboardSubject, (statement: Statement, from: number, to: number) => Source>> = {
  ARTISTS: (statement, from, to) => ({
    rows: `from ${tableRef(statement, "series")} s where s.chain_id = ${statement.value(statement.chainId)} and ${during(statement, "s.seq", "s.minted_at", from, to)} order by s.seq desc limit ${MAX_COUNTED}`,
    key: "s.artist",
    amount: "s.count",
  }),
  // Mints, burns, and transfers to oneself collect nothing.
  COLLECTORS: (statement, from, to) => ({
    rows: `from ${tableRef(statement, "transfer")} s where s.chain_id = ${statement.value(statement.chainId)} and s.collection = 'ARTWORK' and s."from" <> ${statement.value(zeroAddress)} and s."to" <> ${statement.value(zeroAddress)} and s."from" <> s."to" and ${during(statement, "s.seq", "s.time", from, to)} order by s.seq desc limit ${MAX_COUNTED}`,
    key: `s."to"`,
    amount: "1",
  }),
  MODELS: (statement, from, to) => ({
    rows: byDay(statement, "modelDay", from, to),
    key: "s.model_id",
    amount: "s.volume",
  }),
  WORKERS: (statement, from, to) => ({
    rows: byDay(statement, "workerDay", from, to),
    key: "s.worker",
    amount: "s.earned",
  }),
};

function byDay(statement: Statement, table: "modelDay" | "workerDay", from: number, to: number): string {
  const day = (time: number) => statement.value(Math.floor(time / 86_400), "int");
  return `from ${tableRef(statement, table)} s where s.chain_id = ${statement.value(statement.chainId)} and s.day >= ${day(from)} and s.day < ${day(to)}`;
}

/** Condition of a span of time, by the order of history: a block's rows lie between its number and the next, times 1,000,000. */
function during(statement: Statement, seq: string, time: string, from: number, to: number): string {
  const [start, end] = [statement.value(from, "bigint"), statement.value(to, "bigint")];
  const first = (at: string) =>
    `(select h.seq from ${tableRef(statement, "activity")} h where h.chain_id = ${statement.value(statement.chainId)} and h.time >= ${at} order by h.time, h.seq limit 1)`;
  return `${time} >= ${start} and ${time} < ${end} and ${seq} >= coalesce(${first(start)} / 1000000 * 1000000, ${MAX_SEQ}) and ${seq} < coalesce(${first(end)} / 1000000 * 1000000, ${MAX_SEQ})`;
}

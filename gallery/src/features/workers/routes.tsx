import { documents } from "@gridnft/sdk/gallery";
import type { Hono } from "hono";
import { formatEther, getAddress } from "viem";
import { Rail } from "../../design/card.tsx";
import { Layout } from "../../design/layout.tsx";
import { CHART_DAYS, DayChart, Empty, Facts, NextPage, Time, WorkerLink } from "../../design/parts.tsx";
import { NotFoundError } from "../../http/errors.tsx";
import { readAddress } from "../../http/ids.ts";
import { nextOf } from "../../http/pages.ts";
import { render } from "../../http/render.ts";
import type { AppTypes } from "../../site.ts";
import { text } from "../../text/en.ts";
import { formatAipg, formatCount, shortHex } from "../../text/format.ts";

/** Workers of a page. */
const PAGE_SIZE = 50;
/** Artworks beside a worker. */
const BESIDE = 16;

/** Adds the list of workers, and the page of one. */
export function addWorkers(app: Hono<AppTypes>): void {
  app.get("/workers", async (context) => {
    const { site } = context.var;
    const after = context.req.query("after") || undefined;
    const { page, block } = await site.gallery.query(documents.workers, { first: PAGE_SIZE, after, withTotal: false });
    return render(
      context,
      <Layout site={site} head={{ title: text.workers.title, path: "/workers" }} block={block}>
        <h1>{text.workers.title}</h1>
        {page.nodes.length === 0 && <Empty>{text.workers.none}</Empty>}
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">{text.facets.worker}</th>
                <th scope="col">{text.workers.bond}</th>
                <th scope="col">{text.workers.receipts}</th>
                <th scope="col">{text.workers.earned}</th>
                <th scope="col">{text.workers.last}</th>
              </tr>
            </thead>
            <tbody>
              {page.nodes.map((worker) => (
                <tr>
                  <th scope="row">
                    <WorkerLink address={worker.address} />
                  </th>
                  <td>{worker.bonded ? formatAipg(worker.bond) : text.workers.unbonded}</td>
                  <td>{formatCount(worker.receiptCount)}</td>
                  <td>{formatAipg(worker.earnedTotal)}</td>
                  <td>{worker.lastActiveAt ? <Time seconds={worker.lastActiveAt} /> : "–"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <NextPage href={nextOf("/workers", page.pageInfo)} label={text.workers.more} />
      </Layout>,
    );
  });

  app.get("/workers/:address", async (context) => {
    const { site } = context.var;
    const address = readAddress(context.req.param("address"));
    const path = `/workers/${address}`;
    if (context.req.path !== path) return context.redirect(path, 301);
    const [{ worker, block }, { page }, { days }] = await Promise.all([
      site.gallery.query(documents.worker, { address }),
      site.gallery.query(documents.artworks, { filter: { worker: [address] }, first: BESIDE, withTotal: false }),
      site.gallery.query(documents.workerStatistics, { worker: address, days: CHART_DAYS }),
    ]);
    if (!worker) throw new NotFoundError(text.errors.noWorker);
    const title = `${text.facets.worker} ${shortHex(address)}`;
    return render(
      context,
      <Layout site={site} head={{ title, path }} block={block}>
        <h1>{title}</h1>
        <p class="byline">
          <code class="hash">{getAddress(address)}</code>
        </p>
        <Facts
          rows={[
            [text.workers.bond, worker.bonded ? formatAipg(worker.bond) : text.workers.unbonded],
            [text.workers.slashed, worker.slashed > 0n ? formatAipg(worker.slashed) : undefined],
            [text.workers.receipts, formatCount(worker.receiptCount)],
            [text.workers.earned, formatAipg(worker.earnedTotal)],
            [text.workers.last, worker.lastActiveAt ? <Time seconds={worker.lastActiveAt} /> : undefined],
            [text.workers.profile, worker.profileUri],
          ]}
        />
        <DayChart
          title={text.workers.days}
          days={days.map(({ start, earned }) => ({
            ...{ start, value: Number(formatEther(earned)), label: formatAipg(earned) },
          }))}
          nothing={formatAipg(0n)}
        />
        {page.nodes.length > 0 && (
          <section>
            <div class="bar">
              <h2>{text.workers.made}</h2>
              <a href={`/explore?worker=${address}`}>{text.home.all}</a>
            </div>
            <Rail site={site} artworks={page.nodes} />
          </section>
        )}
      </Layout>,
    );
  });
}

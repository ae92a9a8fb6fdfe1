import { documents } from "@gridnft/sdk/gallery";
import type { Hono } from "hono";
import { formatEther } from "viem";
import { Layout } from "../../design/layout.tsx";
import { CHART_DAYS, Counts, DayChart } from "../../design/parts.tsx";
import { render } from "../../http/render.ts";
import type { AppTypes } from "../../site.ts";
import { text } from "../../text/en.ts";
import { formatAipg, formatCount } from "../../text/format.ts";

/** Adds the page of the whole network: totals, and what happens a day. */
export function addNetwork(app: Hono<AppTypes>): void {
  app.get("/network", async (context) => {
    const { site } = context.var;
    const [{ days, block }, { statistics }, { page: workers }, { page: models }] = await Promise.all([
      site.gallery.query(documents.statistics, { days: CHART_DAYS }),
      site.gallery.query(documents.collectionStatistics, { collection: "ARTWORK" }),
      site.gallery.query(documents.workers, { first: 1, filter: { bonded: true } }),
      site.gallery.query(documents.models, { first: 1 }),
    ]);
    return render(
      context,
      <Layout site={site} head={{ title: text.network.title, path: "/network" }} block={block}>
        <h1>{text.network.title}</h1>
        <Counts
          counts={[
            [text.home.artworks, statistics.items],
            [text.network.models, models.totalCount ?? 0],
            [text.network.workers, workers.totalCount ?? 0],
            [text.home.owners, statistics.holders],
          ]}
        />
        <DayChart
          title={text.network.artworks}
          days={days.map(({ start, artworks }) => ({ start, value: artworks, label: formatCount(artworks) }))}
          nothing={formatCount(0)}
        />
        <DayChart
          title={text.network.volume}
          days={days.map(({ start, volume }) => ({
            ...{ start, value: Number(formatEther(volume)), label: formatAipg(volume) },
          }))}
          nothing={formatAipg(0n)}
        />
      </Layout>,
    );
  });
}

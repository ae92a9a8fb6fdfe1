import { documents } from "@gridnft/sdk/gallery";
import type { Hono } from "hono";
import { Masonry } from "../../design/card.tsx";
import { Layout } from "../../design/layout.tsx";
import { AccountLink, Empty, NextPage, Time } from "../../design/parts.tsx";
import { NotFoundError } from "../../http/errors.tsx";
import { readId } from "../../http/ids.ts";
import { nextOf } from "../../http/pages.ts";
import { render } from "../../http/render.ts";
import type { AppTypes } from "../../site.ts";
import { text } from "../../text/en.ts";
import { shorten } from "../../text/format.ts";

/** Series of a page. */
const PAGE_SIZE = 50;

/** Adds the list of series, and the page of one. */
export function addSeries(app: Hono<AppTypes>): void {
  app.get("/series", async (context) => {
    const { site } = context.var;
    const after = context.req.query("after") || undefined;
    const { page, block } = await site.gallery.query(documents.seriesList, {
      first: PAGE_SIZE,
      after,
      withTotal: false,
    });
    return render(
      context,
      <Layout site={site} head={{ title: text.series.title, path: "/series" }} block={block}>
        <h1>{text.series.title}</h1>
        {page.nodes.length === 0 && <Empty>{text.series.none}</Empty>}
        <ul class="rows">
          {page.nodes.map((series) => (
            <li>
              <h2>
                <a href={`/series/${series.seriesId}`}>{series.title || `#${series.seriesId}`}</a>
              </h2>
              <p>
                {text.series.of(Number(series.count))} {text.series.artist}{" "}
                <AccountLink address={series.artist.address} /> · <Time seconds={series.mintedAt} />
              </p>
              {series.description && <p>{shorten(series.description, 200)}</p>}
            </li>
          ))}
        </ul>
        <NextPage href={nextOf("/series", page.pageInfo)} label={text.series.more} />
      </Layout>,
    );
  });

  app.get("/series/:id{[0-9]+}", async (context) => {
    const { site } = context.var;
    const seriesId = readId(context.req.param("id"));
    const { series, block } = await site.gallery.query(documents.series, { seriesId });
    if (!series) throw new NotFoundError(text.errors.noSeries);
    const title = series.title || `${text.facets.series} #${seriesId}`;
    const head = { title, path: `/series/${seriesId}`, description: shorten(series.description || title, 200) };
    return render(
      context,
      <Layout site={site} head={head} block={block}>
        <h1 dir="auto">{title}</h1>
        <p class="byline">
          {text.series.of(Number(series.count))} {text.series.artist} <AccountLink address={series.artist.address} /> ·{" "}
          <Time seconds={series.mintedAt} />
        </p>
        {series.description && (
          <p class="prose" dir="auto">
            {series.description}
          </p>
        )}
        <Masonry site={site} artworks={series.artworks} />
        {series.artworks.length < Number(series.supply) && (
          <NextPage href={`/explore?series=${seriesId}`} label={text.explore.more} />
        )}
      </Layout>,
    );
  });
}

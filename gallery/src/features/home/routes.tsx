import { documents } from "@gridnft/sdk/gallery";
import type { Hono } from "hono";
import { Rail } from "../../design/card.tsx";
import { Layout } from "../../design/layout.tsx";
import { Counts, Empty } from "../../design/parts.tsx";
import { render } from "../../http/render.ts";
import type { AppTypes } from "../../site.ts";
import { text } from "../../text/en.ts";

/** Artworks of a rail. */
const RAIL_SIZE = 16;

/** Adds the first page: rails of artworks, and how many there are. */
export function addHome(app: Hono<AppTypes>): void {
  app.get("/", async (context) => {
    const { site } = context.var;
    const { gallery } = site;
    const rail = { first: RAIL_SIZE, withTotal: false };
    const [newest, trending, { statistics }] = await Promise.all([
      gallery.query(documents.artworks, { ...rail, orderBy: "NEWEST" }),
      gallery.query(documents.artworks, { ...rail, orderBy: "TRENDING" }),
      gallery.query(documents.collectionStatistics, { collection: "ARTWORK" }),
    ]);
    const rails = [
      ["TRENDING", text.home.trending, trending.page.nodes],
      ["NEWEST", text.home.newest, newest.page.nodes],
    ] as const;
    return render(
      context,
      <Layout site={site} head={{ title: text.site, path: "/" }} block={newest.block}>
        <section class="hero">
          <h1>{text.tagline}</h1>
          <Counts
            counts={[
              [text.home.artworks, statistics.items],
              [text.home.artists, statistics.creators],
              [text.home.owners, statistics.holders],
              [text.home.lastDay, statistics.mintedLastDay],
            ]}
          />
        </section>
        {newest.page.nodes.length === 0 && <Empty>{text.explore.none}</Empty>}
        {rails.map(
          ([order, title, artworks]) =>
            artworks.length > 0 && (
              <section>
                <div class="bar">
                  <h2>{title}</h2>
                  <a href={`/explore?order=${order}`}>{text.home.all}</a>
                </div>
                <Rail site={site} artworks={artworks} />
              </section>
            ),
        )}
      </Layout>,
    );
  });
}

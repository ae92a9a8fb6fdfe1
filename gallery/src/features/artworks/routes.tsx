import { documents, toJson } from "@gridnft/sdk/gallery";
import type { Hono } from "hono";
import { NotFoundError } from "../../http/errors.tsx";
import { readId } from "../../http/ids.ts";
import { render } from "../../http/render.ts";
import type { AppTypes, Site } from "../../site.ts";
import { text } from "../../text/en.ts";
import { ArtworkPage, type ArtworkView } from "./page.tsx";
import { EmbedPage, oEmbedOf } from "./share.tsx";

/** Artworks shown beside one: others of its series, and its remixes. */
const BESIDE = 12;
/** Events of an artwork's history. */
const EVENTS = 50;

/** Adds the page of an artwork, its JSON, its embed and its oEmbed answer. */
export function addArtworks(app: Hono<AppTypes>): void {
  app.get("/artworks/:id{[0-9]+\\.json}", async (context) => {
    const { site } = context.var;
    const artwork = await findArtwork(site, readId(context.req.param("id").replace(".json", "")));
    return context.body(toJson(artwork), 200, {
      "content-type": "application/json; charset=utf-8",
      "access-control-allow-origin": "*",
    });
  });
  app.get("/artworks/:id{[0-9]+}", async (context) => {
    const { site } = context.var;
    return render(context, <ArtworkPage site={site} view={await viewOf(site, readId(context.req.param("id")))} />);
  });
  app.get("/embed/:id{[0-9]+}", async (context) => {
    const { site } = context.var;
    return render(
      context,
      <EmbedPage site={site} artwork={await findArtwork(site, readId(context.req.param("id")))} />,
    );
  });
  app.get("/oembed", async (context) => {
    const { site } = context.var;
    if ((context.req.query("format") ?? "json") !== "json")
      return context.json({ error: "Only JSON is answered." }, 501);
    const start = `${site.url}/artworks/`;
    const url = context.req.query("url") ?? "";
    if (!url.startsWith(start)) throw new NotFoundError(text.errors.noArtwork);
    const artwork = await findArtwork(site, readId(url.slice(start.length)));
    return context.json(oEmbedOf(site, artwork), 200, { "access-control-allow-origin": "*" });
  });
}

async function findArtwork({ gallery }: Site, tokenId: bigint) {
  const { artwork } = await gallery.query(documents.artwork, { tokenId });
  if (!artwork) throw new NotFoundError(text.errors.noArtwork);
  return artwork;
}

async function viewOf({ gallery }: Site, tokenId: bigint): Promise<ArtworkView> {
  const { artwork, block } = await gallery.query(documents.artwork, { tokenId });
  if (!artwork) throw new NotFoundError(text.errors.noArtwork);
  const [series, remixes, history] = await Promise.all([
    gallery.query(documents.artworks, {
      ...{ filter: { seriesId: artwork.seriesId }, orderBy: "OLDEST", first: BESIDE, withTotal: false },
    }),
    gallery.query(documents.artworks, { filter: { remixOf: tokenId }, first: BESIDE, withTotal: false }),
    gallery.query(documents.activity, {
      ...{ filter: { tokenId, kinds: ARTWORK_KINDS }, first: EVENTS, withTotal: false },
    }),
  ]);
  return {
    ...{ artwork, block, remixes: remixes.page.nodes, history: history.page.nodes },
    series: series.page.nodes.filter((one) => one.tokenId !== tokenId),
  };
}

/** Kinds of events of an artwork: models have token ids of their own. */
const ARTWORK_KINDS = [
  ...(["ARTWORK_MINTED", "ARTWORK_TRANSFERRED", "ARTWORK_BURNED", "EVOLUTION_ANNOUNCED"] as const),
  ...(["ARTWORK_EVOLVED", "DISPLAY_EDITED", "DISPLAY_FROZEN"] as const),
];

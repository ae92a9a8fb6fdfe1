// Artworks on other sites: the frame that they embed, and the oEmbed answer that names it.
import type { Artwork } from "@gridnft/sdk/gallery";
import { alternativeText, pictureUrl } from "../../design/card.tsx";
import type { Site } from "../../site.ts";
import { text } from "../../text/en.ts";
import { shortHex } from "../../text/format.ts";

/** Widest frame of an embed, in pixels. */
const EMBED_WIDTH = 512;
/** Height of the line below the picture. */
const CAPTION_HEIGHT = 48;

/** Page for a frame on another site: the picture and one line. */
export const EmbedPage = ({ site, artwork }: { site: Site; artwork: Artwork }) => (
  <html lang="en" dir="ltr">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="robots" content="noindex" />
      <title>{artwork.name}</title>
      <link rel="stylesheet" href={site.assets.style.path} />
    </head>
    <body class="embed">
      <main>
        <a href={`${site.url}/artworks/${artwork.tokenId}`} target="_blank" rel="noopener">
          <img
            src={pictureUrl(site, artwork.cid)}
            width={Number(artwork.width)}
            height={Number(artwork.height)}
            alt={alternativeText(artwork)}
          />
          <h1>
            <span class="mark">{text.artwork.mark}</span> {artwork.name} {text.artwork.by}{" "}
            {shortHex(artwork.artist.address)}
          </h1>
        </a>
      </main>
    </body>
  </html>
);

/** Returns the oEmbed 1.0 answer for an artwork, of type `rich`. */
export function oEmbedOf(site: Site, artwork: Artwork) {
  const height = Math.round((EMBED_WIDTH * Number(artwork.height)) / Number(artwork.width)) + CAPTION_HEIGHT;
  const frame = `${site.url}/embed/${artwork.tokenId}`;
  return {
    ...{ version: "1.0", type: "rich", provider_name: text.site, provider_url: site.url },
    ...{ title: artwork.name, author_name: artwork.artist.address },
    author_url: `${site.url}/accounts/${artwork.artist.address}`,
    ...{ thumbnail_url: `${site.cloudUrl}/thumbnails/${artwork.cid}?width=512`, width: EMBED_WIDTH, height },
    html: `<iframe src="${frame}" width="${EMBED_WIDTH}" height="${height}" title="${text.site}" loading="lazy" sandbox="allow-popups allow-same-origin"></iframe>`,
  };
}

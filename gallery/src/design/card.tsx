// Cards of artworks, and the pictures on them.
import type { ArtworkCard } from "@gridnft/sdk/gallery";
import type { Site } from "../site.ts";
import { text } from "../text/en.ts";
import { shorten, shortHex } from "../text/format.ts";

/** Widths in pixels in which the cloud makes thumbnails. */
const THUMBNAIL_WIDTHS = [128, 256, 512] as const;
/** Part of the window's width that a card takes, by the breakpoints of the stylesheet. */
const CARD_SIZES = "(min-width: 90rem) 18vw, (min-width: 64rem) 23vw, (min-width: 40rem) 31vw, 46vw";

/** Returns the address of a picture's file. */
export function pictureUrl({ cloudUrl }: Pick<Site, "cloudUrl">, cid: string): string {
  return `${cloudUrl}/ipfs/${cid}`;
}

/** Returns the address of a thumbnail. */
export function thumbnailUrl({ cloudUrl }: Pick<Site, "cloudUrl">, cid: string, width: 128 | 256 | 512): string {
  return `${cloudUrl}/thumbnails/${cid}?width=${width}`;
}

/** Returns the text for who cannot see the picture. */
export function alternativeText({ prompt, name }: Pick<ArtworkCard, "prompt" | "name">): string {
  return shorten(prompt || name, 250);
}

/** Thumbnail in the width that the browser needs, with its size known before it is there. */
export const Thumbnail = ({
  site,
  artwork,
  isFirst = false,
}: {
  site: Site;
  artwork: ArtworkCard;
  isFirst?: boolean;
}) => (
  <img
    src={thumbnailUrl(site, artwork.cid, 256)}
    srcset={THUMBNAIL_WIDTHS.map((width) => `${thumbnailUrl(site, artwork.cid, width)} ${width}w`).join(", ")}
    sizes={CARD_SIZES}
    width={Number(artwork.width)}
    height={Number(artwork.height)}
    alt={alternativeText(artwork)}
    loading={isFirst ? "eager" : "lazy"}
    decoding="async"
  />
);

/** Card of an artwork. */
export const Card = ({ site, artwork, isFirst }: { site: Site; artwork: ArtworkCard; isFirst?: boolean }) => (
  <li class="card">
    <a class="card-picture" href={`/artworks/${artwork.tokenId}`}>
      <Thumbnail site={site} artwork={artwork} isFirst={isFirst ?? false} />
      <span class="mark" title={text.artwork.markLong}>
        {text.artwork.mark}
      </span>
    </a>
    <p class="card-name" dir="auto">
      <a href={`/artworks/${artwork.tokenId}`}>{artwork.name}</a>
    </p>
    <p class="card-by">
      <a href={`/accounts/${artwork.artist.address}`}>{shortHex(artwork.artist.address)}</a>
      {artwork.model?.name ? ` · ${artwork.model.name}` : ""}
    </p>
  </li>
);

/** Cards in columns. */
export const Masonry = ({ site, artworks }: { site: Site; artworks: readonly ArtworkCard[] }) => (
  <ol class="masonry">
    {artworks.map((artwork, i) => (
      <Card site={site} artwork={artwork} isFirst={i < 4} />
    ))}
  </ol>
);

/** Cards in one row that scrolls sideways. */
export const Rail = ({ site, artworks }: { site: Site; artworks: readonly ArtworkCard[] }) => (
  <ol class="rail">
    {artworks.map((artwork, i) => (
      <Card site={site} artwork={artwork} isFirst={i < 4} />
    ))}
  </ol>
);

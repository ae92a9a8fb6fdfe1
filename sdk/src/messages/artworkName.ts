/** Title of an artwork as its artist stated it, and its place in its series. */
export interface ArtworkTitle {
  /** Of the series, or of the last edit of the display. */
  readonly title: string;
  /** Place in its series, from 1. */
  readonly number: number | bigint;
  /** Artworks that its series was minted with. */
  readonly count: number | bigint;
}

/**
 * Returns the name that `GridNFT.tokenURI` shows: the title, or "Untitled" when it is empty, and the number if the series has several.
 * @example artworkName({ title: "Coast", number: 2, count: 3 }) // "Coast #2"
 */
export function artworkName({ title, number, count }: ArtworkTitle): string {
  return `${title || "Untitled"}${count > 1 ? ` #${number}` : ""}`;
}

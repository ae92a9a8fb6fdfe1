import { artwork } from "ponder:schema";
import type { Place, Store } from "./place.ts";

export type ArtworkRow = typeof artwork.$inferSelect;

/** Changes an artwork, and notes when. Returns it as it is now. */
export function changeArtwork(
  db: Store,
  place: Place,
  tokenId: bigint,
  change: (row: ArtworkRow) => Partial<ArtworkRow>,
): Promise<ArtworkRow> {
  return db
    .update(artwork, { chainId: place.chainId, tokenId })
    .set((row) => ({ ...change(row), updatedAt: place.time, updatedSeq: place.seq }));
}

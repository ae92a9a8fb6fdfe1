import { artwork } from "ponder:schema";
import type { EventContext, Store } from "../../lib/eventContext.ts";

export type ArtworkRow = typeof artwork.$inferSelect;

/** Changes an artwork, and notes when. Returns it as it is now. */
export function changeArtwork(
  db: Store,
  context: EventContext,
  tokenId: bigint,
  change: (row: ArtworkRow) => Partial<ArtworkRow>,
): Promise<ArtworkRow> {
  return db
    .update(artwork, { chainId: context.chainId, tokenId })
    .set((row) => ({ ...change(row), updatedAt: context.time, updatedSeq: context.seq }));
}

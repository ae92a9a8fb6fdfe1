import type { Address } from "viem";
import type { EventContext, Store } from "../../lib/eventContext.ts";
import { changeArtwork } from "./artworks.ts";
import { trendingOf } from "./trending.ts";

/**
 * Counts versions at the artworks from whose pictures they were made, burnt ones too. What an artist makes from their own artwork,
 * or into another artwork of theirs, is none by others.
 * @param makers Artist of the new versions' artworks, and who requested them. Lower case.
 * @param parents How many of them were made from each artwork.
 */
export async function countRemixes(
  db: Store,
  context: EventContext,
  makers: readonly Address[],
  parents: ReadonlyMap<bigint, number>,
): Promise<void> {
  for (const [tokenId, count] of parents) {
    await changeArtwork(db, context, tokenId, (row) => {
      const remixes = row.remixes + count;
      if (makers.includes(row.artist)) return { remixes };
      const remixesByOthers = row.remixesByOthers + count;
      return { remixes, remixesByOthers, trending: trendingOf({ remixesByOthers, mintedAt: row.mintedAt }) };
    });
  }
}

import { seriesHolder } from "ponder:schema";
import { type Address, zeroAddress } from "viem";
import type { EventContext, Store } from "../../lib/eventContext.ts";
import { changeSeries } from "./series.ts";

/** Counts a change of owner of one artwork in its series. The zero address holds nothing: to it is a burn. */
export async function moveInSeries(
  db: Store,
  context: EventContext,
  { seriesId, from, to }: { readonly seriesId: bigint; readonly from: Address; readonly to: Address },
): Promise<void> {
  const { chainId } = context;
  const giver = { chainId, seriesId, owner: from };
  // A row of 0 stays: Ponder asks the database for each deletion, and waits.
  const left = await db.update(seriesHolder, giver).set((row) => ({ artworks: row.artworks - 1 }));
  let holders = left.artworks === 0 ? -1 : 0;
  const isBurn = to === zeroAddress;
  if (!isBurn) {
    let isNew = true;
    await db
      .insert(seriesHolder)
      .values({ chainId, seriesId, owner: to, artworks: 1 })
      .onConflictDoUpdate((row) => {
        isNew = row.artworks === 0;
        return { artworks: row.artworks + 1 };
      });
    if (isNew) holders += 1;
  }
  await changeSeries(db, context, seriesId, (row) => ({
    holders: row.holders + holders,
    ...(isBurn ? { supply: row.supply - 1 } : { transfers: row.transfers + 1 }),
  }));
}

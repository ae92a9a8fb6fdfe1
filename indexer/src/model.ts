import { model, modelDay } from "ponder:schema";
import type { Place, Store } from "./place.ts";
import { dayOf } from "./protocol.ts";
import { type Amounts, plus } from "./sums.ts";

export type ModelRow = typeof model.$inferSelect;
type ModelDay = typeof modelDay.$inferSelect;

/**
 * Changes a model, and notes when. Payments can name models that nobody registered: then there is nothing to change.
 * @returns The model as it is now, if there is one.
 */
export async function changeModel(
  db: Store,
  place: Place,
  modelId: bigint,
  change: (row: ModelRow) => Partial<ModelRow>,
): Promise<ModelRow | undefined> {
  const key = { chainId: place.chainId, modelId };
  if (!(await db.find(model, key))) return undefined;
  return db.update(model, key).set((row) => ({ ...change(row), updatedSeq: place.seq }));
}

/** Adds to the sums of a registered model's day (UTC). */
export async function addToModelDay(
  db: Store,
  place: Place,
  modelId: bigint,
  amounts: Amounts<ModelDay>,
): Promise<void> {
  const blank = { artworks: 0, payments: 0, volume: 0n, royalties: 0n, licenses: 0, licenseRevenue: 0n };
  await db
    .insert(modelDay)
    .values({ ...blank, ...amounts, chainId: place.chainId, modelId, day: dayOf(place) })
    .onConflictDoUpdate((row) => plus(row, amounts));
}

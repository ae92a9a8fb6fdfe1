import { model, modelDay } from "ponder:schema";
import { type Amounts, plus } from "../../lib/amounts.ts";
import { dayOf } from "../../lib/counters.ts";
import type { EventContext, Store } from "../../lib/eventContext.ts";

export type ModelRow = typeof model.$inferSelect;
type ModelDay = typeof modelDay.$inferSelect;

/**
 * Changes a model, and notes when. Payments can name models that nobody registered: then there is nothing to change.
 * @returns The model as it is now, if there is one.
 */
export async function changeModel(
  db: Store,
  context: EventContext,
  modelId: bigint,
  change: (row: ModelRow) => Partial<ModelRow>,
): Promise<ModelRow | undefined> {
  const key = { chainId: context.chainId, modelId };
  if (!(await db.find(model, key))) return undefined;
  return db.update(model, key).set((row) => ({ ...change(row), updatedSeq: context.seq }));
}

/** Adds to the sums of a registered model's day (UTC). */
export async function addToModelDay(
  db: Store,
  context: EventContext,
  modelId: bigint,
  amounts: Amounts<ModelDay>,
): Promise<void> {
  const blank = { artworks: 0, payments: 0, volume: 0n, royalties: 0n, licenses: 0, licenseRevenue: 0n };
  await db
    .insert(modelDay)
    .values({ ...blank, ...amounts, chainId: context.chainId, modelId, day: dayOf(context) })
    .onConflictDoUpdate((row) => plus(row, amounts));
}

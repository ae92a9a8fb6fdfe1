import { model } from "ponder:schema";
import type { Place, Store } from "./place.ts";

export type ModelRow = typeof model.$inferSelect;

/**
 * Changes a model. Payments can name models that nobody registered: then there is nothing to change.
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
  return db.update(model, key).set(change);
}

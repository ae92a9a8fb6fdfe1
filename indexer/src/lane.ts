import { lane } from "ponder:schema";
import type { Hex } from "viem";
import type { Place, Store } from "./place.ts";

export type LaneRow = typeof lane.$inferSelect;

/** Changes a lane, and notes when. Returns it as it is now. */
export function changeLane(
  db: Store,
  place: Place,
  laneId: Hex,
  change: (row: LaneRow) => Partial<LaneRow>,
): Promise<LaneRow> {
  return db.update(lane, { chainId: place.chainId, laneId }).set((row) => ({ ...change(row), updatedSeq: place.seq }));
}

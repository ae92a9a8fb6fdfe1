import { lane } from "ponder:schema";
import type { Hex } from "viem";
import type { EventContext, Store } from "../../lib/eventContext.ts";

export type LaneRow = typeof lane.$inferSelect;

/** Changes a lane, and notes when. Returns it as it is now. */
export function changeLane(
  db: Store,
  context: EventContext,
  laneId: Hex,
  change: (row: LaneRow) => Partial<LaneRow>,
): Promise<LaneRow> {
  return db
    .update(lane, { chainId: context.chainId, laneId })
    .set((row) => ({ ...change(row), updatedSeq: context.seq }));
}

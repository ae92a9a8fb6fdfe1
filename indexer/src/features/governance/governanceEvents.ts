import { governanceEvent } from "ponder:schema";
import type { EventContext, Store } from "../../lib/eventContext.ts";
import { toJson } from "../activity/activity.ts";

/** Writes down an act of governance. */
export async function recordGovernance(
  db: Store,
  context: EventContext,
  contract: "AIGC" | "GridNFT" | "GridSettlement" | "WorkerRegistry",
  name: string,
  args: object = {},
): Promise<void> {
  await db.insert(governanceEvent).values({
    chainId: context.chainId,
    seq: context.seq,
    contract,
    name,
    detail: toJson(args),
    time: context.time,
    block: context.block,
    tx: context.tx,
  });
}

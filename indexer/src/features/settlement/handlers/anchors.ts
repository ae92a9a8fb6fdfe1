// Roots of receipts that workers attested and payers acknowledged: on lanes by a voucher that is collected, on the direct rail by the
// settlement of an order, or later, when the worker wasn't bonded then.
import { anchor, settlement, waitingAnchor } from "ponder:schema";
import { type Address, type Hex, zeroHash } from "viem";
import { addToDay, addToProtocol } from "../../../lib/counters.ts";
import type { EventContext, Store } from "../../../lib/eventContext.ts";
import { registerHandler } from "../../../lib/registerHandler.ts";
import { record } from "../../activity/activity.ts";
import { addToWorkerDay, changeWorker } from "../../registry/workers.ts";
import { changeLane } from "../lanes.ts";

/** An anchor as a log states it. */
export interface Anchored {
  /** Zero: the direct rail. */
  readonly laneId: Hex;
  readonly payer: Address;
  readonly root: Hex;
  readonly worker: Address;
  readonly receiptCount: bigint;
}

/** Writes an anchor of this log. */
export async function addAnchor(db: Store, context: EventContext, anchored: Anchored): Promise<void> {
  const { chainId, time, block, tx, seq } = context;
  await db.insert(anchor).values({ chainId, ...anchored, time, block, tx, seq });
}

/** Counts the receipts of an anchor that comes without a payment of its own. */
async function countReceipts(db: Store, context: EventContext, worker: Address, receipts: bigint): Promise<void> {
  await changeWorker(db, context, worker, (row) => ({ receipts: row.receipts + receipts }));
  await addToWorkerDay(db, context, worker, { receipts });
  addToProtocol(context, { receipts });
  addToDay(context, { receipts });
}

/** Time and place of the anchor of a settlement, when this log makes it. */
export function anchoredHere({ time, block, tx }: EventContext) {
  return { anchored: true, anchorTime: time, anchorBlock: block, anchorTx: tx };
}

registerHandler("GridSettlement:ReceiptsAnchored", async ({ db, context, event }) => {
  const { laneId, worker, root } = event.args;
  const receiptCount = BigInt(event.args.receiptCount);
  if (laneId === zeroHash) {
    await confirmAnchor(db, context, { worker, root, receiptCount });
    return;
  }
  const { payer } = await changeLane(db, context, laneId, (row) => ({
    anchors: row.anchors + 1,
    receipts: row.receipts + receiptCount,
  }));
  await addAnchor(db, context, { laneId, payer, root, worker, receiptCount });
  await countReceipts(db, context, worker, receiptCount);
  await record(db, context, "RECEIPTS_ANCHORED", {
    actor: worker,
    counterparty: payer,
    worker,
    laneId,
    detail: { root, receiptCount },
  });
});

/**
 * An anchor of the direct rail that waited. The log doesn't name its payer, the settlement of that root did. A root that was never
 * settled has no payer: nothing is anchored then, and history says what the log says.
 */
async function confirmAnchor(
  db: Store,
  context: EventContext,
  { worker, root, receiptCount }: Pick<Anchored, "worker" | "root" | "receiptCount">,
): Promise<void> {
  const { chainId } = context;
  const detail = { root, receiptCount };
  const key = { chainId, root };
  const waiting = await db.find(waitingAnchor, key);
  if (waiting?.confirmedSeq !== 0n) {
    await record(db, context, "RECEIPTS_ANCHORED", { actor: worker, worker, detail });
    return;
  }
  const { payer, orderHash, modelId, settlementSeq } = waiting;
  await db.update(waitingAnchor, key).set({ confirmedSeq: context.seq });
  await db
    .update(settlement, { chainId, seq: settlementSeq })
    .set({ ...anchoredHere(context), updatedSeq: context.seq });
  await addAnchor(db, context, { laneId: zeroHash, payer, root, worker, receiptCount });
  await countReceipts(db, context, worker, receiptCount);
  await record(db, context, "RECEIPTS_ANCHORED", {
    actor: worker,
    counterparty: payer,
    worker,
    modelId,
    orderHash,
    detail,
  });
}

// Roots of receipts that workers attested and payers acknowledged: on lanes by a voucher that is collected, on the direct rail by the
// settlement of an order, or later, when the worker wasn't bonded then.
import { anchor, settlement, waitingAnchor } from "ponder:schema";
import { type Address, type Hex, zeroHash } from "viem";
import { record } from "./activity.ts";
import { changeLane } from "./lane.ts";
import { on, type Place, type Store } from "./place.ts";
import { addToDay, addToProtocol } from "./protocol.ts";
import { addToWorkerDay, changeWorker } from "./worker.ts";

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
export async function addAnchor(db: Store, place: Place, anchored: Anchored): Promise<void> {
  const { chainId, time, block, tx, seq } = place;
  await db.insert(anchor).values({ chainId, ...anchored, time, block, tx, seq });
}

/** Counts the receipts of an anchor that comes without a payment of its own. */
async function countReceipts(db: Store, place: Place, worker: Address, receipts: bigint): Promise<void> {
  await changeWorker(db, place, worker, (row) => ({ receipts: row.receipts + receipts }));
  await addToWorkerDay(db, place, worker, { receipts });
  addToProtocol(place, { receipts });
  addToDay(place, { receipts });
}

/** Time and place of the anchor of a settlement, when this log makes it. */
export function anchoredHere({ time, block, tx }: Place) {
  return { anchored: true, anchorTime: time, anchorBlock: block, anchorTx: tx };
}

on("GridSettlement:ReceiptsAnchored", async ({ db, place, event }) => {
  const { laneId, worker, root } = event.args;
  const receiptCount = BigInt(event.args.receiptCount);
  if (laneId === zeroHash) {
    await confirmAnchor(db, place, { worker, root, receiptCount });
    return;
  }
  const { payer } = await changeLane(db, place, laneId, (row) => ({
    anchors: row.anchors + 1,
    receipts: row.receipts + receiptCount,
  }));
  await addAnchor(db, place, { laneId, payer, root, worker, receiptCount });
  await countReceipts(db, place, worker, receiptCount);
  await record(db, place, "RECEIPTS_ANCHORED", {
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
  place: Place,
  { worker, root, receiptCount }: Pick<Anchored, "worker" | "root" | "receiptCount">,
): Promise<void> {
  const { chainId } = place;
  const detail = { root, receiptCount };
  const key = { chainId, root };
  const waiting = await db.find(waitingAnchor, key);
  if (waiting?.confirmedSeq !== 0n) {
    await record(db, place, "RECEIPTS_ANCHORED", { actor: worker, worker, detail });
    return;
  }
  const { payer, orderHash, modelId, settlementSeq } = waiting;
  await db.update(waitingAnchor, key).set({ confirmedSeq: place.seq });
  await db.update(settlement, { chainId, seq: settlementSeq }).set({ ...anchoredHere(place), updatedSeq: place.seq });
  await addAnchor(db, place, { laneId: zeroHash, payer, root, worker, receiptCount });
  await countReceipts(db, place, worker, receiptCount);
  await record(db, place, "RECEIPTS_ANCHORED", {
    actor: worker,
    counterparty: payer,
    worker,
    modelId,
    orderHash,
    detail,
  });
}

import type { Address } from "viem";
import { addToDay, addToProtocol } from "../../lib/counters.ts";
import type { EventContext, Store } from "../../lib/eventContext.ts";
import { addToModelDay, changeModel } from "../models/models.ts";
import { addToWorkerDay, addToWorkerWeek, changeWorker } from "../registry/workers.ts";

/** One payment, as both rails' events state it. Amounts in AIPG wei. */
export interface Payment {
  readonly worker: Address;
  readonly modelId: bigint;
  readonly toWorker: bigint;
  readonly royalty: bigint;
  readonly protocolFee: bigint;
  /** Receipts that it anchors. */
  readonly receipts: bigint;
  /** To a gateway, which pays a worker in turn: money on its way, not turnover. */
  readonly isHop: boolean;
}

/** Credits worker, model and protocol, and adds to every sum of turnover. */
export async function creditWorker(db: Store, context: EventContext, payment: Payment): Promise<void> {
  const { worker, modelId, toWorker, royalty, protocolFee, receipts, isHop } = payment;
  const volume = isHop ? 0n : toWorker + royalty + protocolFee;
  const payments = isHop ? 0 : 1;
  await changeWorker(db, context, worker, (row) => ({
    earned: row.earned + toWorker,
    earnedTotal: row.earnedTotal + toWorker,
    protocolAccrued: row.protocolAccrued + protocolFee,
    volume: row.volume + volume,
    payments: row.payments + payments,
    receipts: row.receipts + receipts,
    lastActiveAt: context.time,
  }));
  await addToWorkerDay(db, context, worker, { payments, receipts, volume, earned: toWorker });
  await addToWorkerWeek(db, context, { worker, modelId }, { payments, volume, earned: toWorker });
  if (isHop) return;
  const model = await changeModel(db, context, modelId, (row) => ({
    payments: row.payments + 1,
    volume: row.volume + volume,
    royaltyEarned: row.royaltyEarned + royalty,
    royaltyUnclaimed: row.royaltyUnclaimed + royalty,
  }));
  if (model) await addToModelDay(db, context, modelId, { payments, volume, royalties: royalty });
  addToProtocol(context, { payments, volume, receipts });
  addToDay(context, { payments, receipts, volume, toWorkers: toWorker, royalties: royalty, protocolFees: protocolFee });
}

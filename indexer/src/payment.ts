import type { Address } from "viem";
import { addToModelDay, changeModel } from "./model.ts";
import type { Place, Store } from "./place.ts";
import { addToDay, addToProtocol } from "./protocol.ts";
import { addToWorkerDay, addToWorkerWeek, changeWorker } from "./worker.ts";

/** One payment, as both rails' events state it. Amounts in AIPG wei. */
export interface Payment {
  readonly worker: Address;
  readonly modelId: bigint;
  readonly toWorker: bigint;
  readonly royalty: bigint;
  readonly protocolFee: bigint;
  /** Those that it anchors. */
  readonly receipts: bigint;
  /** To a gateway, which pays a worker in turn: money on its way, not turnover. */
  readonly isHop: boolean;
}

/** Credits worker, model and protocol, and adds to every sum of turnover. */
export async function creditWorker(db: Store, place: Place, payment: Payment): Promise<void> {
  const { worker, modelId, toWorker, royalty, protocolFee, receipts, isHop } = payment;
  const volume = isHop ? 0n : toWorker + royalty + protocolFee;
  const payments = isHop ? 0 : 1;
  await changeWorker(db, place, worker, (row) => ({
    earned: row.earned + toWorker,
    earnedTotal: row.earnedTotal + toWorker,
    protocolAccrued: row.protocolAccrued + protocolFee,
    volume: row.volume + volume,
    payments: row.payments + payments,
    receipts: row.receipts + receipts,
    lastActiveAt: place.time,
  }));
  await addToWorkerDay(db, place, worker, { payments, receipts, volume, earned: toWorker });
  await addToWorkerWeek(db, place, { worker, modelId }, { payments, volume, earned: toWorker });
  if (isHop) return;
  const model = await changeModel(db, place, modelId, (row) => ({
    payments: row.payments + 1,
    volume: row.volume + volume,
    royaltyEarned: row.royaltyEarned + royalty,
    royaltyUnclaimed: row.royaltyUnclaimed + royalty,
  }));
  if (model) await addToModelDay(db, place, modelId, { payments, volume, royalties: royalty });
  addToProtocol(place, { payments, volume, receipts });
  addToDay(place, { payments, receipts, volume, toWorkers: toWorker, royalties: royalty, protocolFees: protocolFee });
}

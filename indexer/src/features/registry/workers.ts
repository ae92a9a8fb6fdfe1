import { worker, workerDay, workerModelWeek } from "ponder:schema";
import type { Address } from "viem";
import { type Amounts, plus } from "../../lib/amounts.ts";
import { dayOf } from "../../lib/counters.ts";
import { type EventContext, lower, type Store } from "../../lib/eventContext.ts";
import { weekOf } from "../../lib/weeks.ts";

export type WorkerRow = typeof worker.$inferSelect;
type WorkerDay = typeof workerDay.$inferSelect;
type WorkerModelWeek = typeof workerModelWeek.$inferSelect;

/** Changes a worker, and notes when. It begins to exist with its registration, its first lane or its first earnings. */
export async function changeWorker(
  db: Store,
  context: EventContext,
  anyCase: Address,
  change: (row: WorkerRow) => Partial<WorkerRow>,
): Promise<void> {
  const blank: WorkerRow = {
    chainId: context.chainId,
    address: lower(anyCase),
    registered: false,
    registeredAt: 0n,
    profileUri: "",
    bond: 0n,
    unbonding: 0n,
    releaseAt: 0n,
    slashed: 0n,
    earned: 0n,
    earnedTotal: 0n,
    protocolAccrued: 0n,
    volume: 0n,
    payments: 0,
    receipts: 0n,
    versions: 0,
    lanes: 0,
    lastActiveAt: context.time,
    seq: context.seq,
    updatedSeq: context.seq,
  };
  await db
    .insert(worker)
    .values({ ...blank, ...change(blank) })
    .onConflictDoUpdate((row) => ({ ...change(row), updatedSeq: context.seq }));
}

/** Adds to the sums of a worker's day (UTC). */
export async function addToWorkerDay(
  db: Store,
  context: EventContext,
  anyCase: Address,
  amounts: Amounts<WorkerDay>,
): Promise<void> {
  const blank = { versions: 0, payments: 0, receipts: 0n, volume: 0n, earned: 0n };
  await db
    .insert(workerDay)
    .values({ ...blank, ...amounts, chainId: context.chainId, worker: lower(anyCase), day: dayOf(context) })
    .onConflictDoUpdate((row) => plus(row, amounts));
}

/** Adds to the sums of a worker and a model in a week (UTC, from Monday on). */
export async function addToWorkerWeek(
  db: Store,
  context: EventContext,
  { worker: anyCase, modelId }: { readonly worker: Address; readonly modelId: bigint },
  amounts: Amounts<WorkerModelWeek>,
): Promise<void> {
  const key = { chainId: context.chainId, worker: lower(anyCase), week: weekOf(Number(context.time)), modelId };
  await db
    .insert(workerModelWeek)
    .values({ payments: 0, volume: 0n, earned: 0n, ...amounts, ...key })
    .onConflictDoUpdate((row) => plus(row, amounts));
}

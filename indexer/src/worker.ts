import { worker } from "ponder:schema";
import type { Address } from "viem";
import { lower, type Place, type Store } from "./place.ts";

export type WorkerRow = typeof worker.$inferSelect;

/** Changes a worker, which begins to exist with its registration, its first lane or its first earnings. */
export async function changeWorker(
  db: Store,
  place: Place,
  anyCase: Address,
  change: (row: WorkerRow) => Partial<WorkerRow>,
): Promise<void> {
  const key = { chainId: place.chainId, address: lower(anyCase) };
  const row = await db.find(worker, key);
  if (row) {
    await db.update(worker, key).set(change(row));
    return;
  }
  const blank: WorkerRow = {
    ...key,
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
    lastActiveAt: place.time,
    seq: place.seq,
  };
  await db.insert(worker).values({ ...blank, ...change(blank) });
}

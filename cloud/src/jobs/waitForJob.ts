import type { Address } from "viem";
import type { Cloud } from "../cloud.ts";
import { ApiError } from "../error.ts";
import { claimJob, type WorkerJobJson } from "./claim.ts";
import { releaseJob } from "./lease.ts";
import { modelsOf } from "./offers.ts";
import type { WaitingClaims } from "./waitingClaims.ts";
import { type LastSeenTimes, storeLastSeen } from "./workers.ts";

/** Waiting claims of a process, and the times when it last stored that their workers are live. */
export interface ClaimWaiting {
  readonly waiting: WaitingClaims;
  readonly lastSeen: LastSeenTimes;
}

/**
 * Claims a job for a worker, and waits for one for some seconds. A job that was claimed after the client disconnected is released.
 * @throws {@link ApiError} `STOPPING`.
 */
export async function waitForJob(
  cloud: Cloud,
  { waiting, lastSeen }: ClaimWaiting,
  { worker, seconds, client }: { readonly worker: Address; readonly seconds: number; readonly client: AbortSignal },
): Promise<WorkerJobJson | undefined> {
  const { database, stopping } = cloud;
  const end = Date.now() + seconds * 1_000;
  const claim = async (): Promise<WorkerJobJson | undefined> => {
    const claimed = await claimJob(cloud, worker);
    if (!claimed || !client.aborted) return claimed;
    // Otherwise it would wait until its lease ran out.
    const message = "The worker hung up before it was told.";
    await releaseJob(cloud, { worker, jobId: claimed.id, token: claimed.lease.token }, { reason: "stopping", message });
    return undefined;
  };
  let job = await claim();
  if (job || seconds === 0) return job;
  const models = await modelsOf(database, worker);
  while (!client.aborted && Date.now() < end) {
    const over = new AbortController();
    // Waiting begins before looking: what happens in between is not missed.
    const woken = waiting.next(worker, models, end - Date.now(), stopping, client, over.signal);
    try {
      job = await claim();
      if (job) return job;
      await woken;
    } finally {
      over.abort();
    }
    if (stopping.aborted) throw new ApiError("STOPPING", "This process is stopping. Ask again.");
    await storeLastSeen(database, lastSeen, worker);
  }
  return undefined;
}

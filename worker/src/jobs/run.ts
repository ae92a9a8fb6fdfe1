import { orderHash } from "@gridnft/sdk";
import type { WorkerJob } from "@gridnft/sdk/schemas";
import { zeroHash } from "viem";
import { EngineError } from "../engines/types.ts";
import { codeOf, describe, isCloudRefusal, isTransient, WorkerError } from "../errors.ts";
import type { LedgerJob } from "../state/ledger.ts";
import { acceptJob } from "./accept.ts";
import { deliver, release } from "./deliver.ts";
import { makeImages } from "./images.ts";
import { createLease, isGone, type Lease } from "./lease.ts";
import type { Refusal } from "./refusal.ts";
import type { JobServices } from "./services.ts";

/** End of a job for this worker. */
export type JobOutcome = "delivered" | "refused" | "lost" | "failed" | "stopped";

/**
 * Runs one claimed job: decides about it, makes the pictures, delivers them with their receipts, accepts the voucher. A job that fails
 * is released, or its lease ends by itself.
 *
 * @param stop Aborted when the job has to be released.
 * @throws {@link WorkerError} only for a journal that cannot be written: the worker has to stop then.
 */
export async function runJob(job: WorkerJob, services: JobServices, stop: AbortSignal): Promise<JobOutcome> {
  const lease = createLease(job, services, stop);
  try {
    // A job whose lease was lost may come back before this process has noticed. An order gets one picture, not two.
    return await services.orders.run(orderHash(job.order), () => acceptAndDeliver(job, lease, services));
  } catch (error) {
    return await handleFailure(error, job, lease, services);
  } finally {
    lease.end();
  }
}

async function acceptAndDeliver(job: WorkerJob, lease: Lease, services: JobServices): Promise<JobOutcome> {
  const decision = await decide(job, services);
  if (decision === undefined) return "failed";
  if ("message" in decision) {
    services.log.warn({ job: job.id, refused: decision.code, reason: decision.message }, "a job is refused");
    await release(job, "refused", decision.message, services, decision.code);
    return "refused";
  }
  const images = await makeImages(job, decision, lease, services);
  await deliver(job, decision, images, lease, services);
  return "delivered";
}

/** Decides about a job. Undefined when the chain cannot be read; the job is released then. */
async function decide(job: WorkerJob, services: JobServices): Promise<LedgerJob | Refusal | undefined> {
  const { log } = services;
  try {
    return await services.accepting.run(() => acceptJob(job, services));
  } catch (error) {
    if (error instanceof WorkerError && error.code.startsWith("STATE_")) throw error;
    log.warn({ job: job.id, reason: describe(error) }, "a job could not be judged");
    // The job is not at fault, and nothing of it was begun.
    await release(job, "refused", "The worker cannot read the chain.", services, "CHAIN_UNREADABLE");
    return undefined;
  }
}

async function handleFailure(error: unknown, job: WorkerJob, lease: Lease, services: JobServices): Promise<JobOutcome> {
  const { ledger, clock, log } = services;
  const reason = describe(error);
  if (
    error instanceof WorkerError &&
    ["STATE_UNWRITABLE", "STATE_DAMAGED", "EQUIVOCATION", "ORDER_CLOSED"].includes(error.code)
  ) {
    await release(job, "failed", "The worker cannot keep its records.", services, error.code);
    throw error;
  }
  const lostReason = lease.lostReason ?? (isGone(error) ? reason : undefined);
  if (lostReason !== undefined) {
    log.warn({ job: job.id, reason: lostReason }, "a job is lost");
  } else if (lease.signal.aborted) {
    log.info({ job: job.id }, "a job is given back, since the worker stops");
    await release(job, "stopping", "The worker stops.", services);
  } else {
    log.error({ job: job.id, reason }, "a job failed");
    // Anything else may speak of this machine's folders and addresses.
    const code = codeOf(error);
    const isTold = code !== undefined || error instanceof EngineError;
    const told = isTold ? reason : "Something went wrong at the worker.";
    await release(job, "failed", told, services, code);
  }
  // A lane's next try is a new order. A direct order stays the same, and so must its receipts: it is kept open. So is what may
  // have been delivered all the same, until the cloud can be asked.
  const hash = orderHash(job.order);
  const known = ledger.job(hash);
  const isRefused = isCloudRefusal(error) && !isTransient(error) && lease.lostReason === undefined;
  const isOver = isRefused || known?.receipts.size !== job.order.count;
  if (known?.state === "open" && job.order.laneId !== zeroHash && isOver) {
    await ledger.recordClosed(hash, "rejected", clock.now());
  }
  return lostReason !== undefined ? "lost" : lease.signal.aborted ? "stopped" : "failed";
}

import { SETTLE_GRACE } from "@gridnft/sdk";
import type { Address } from "viem";
import type { Cloud } from "../cloud.ts";
import type { Queries } from "../database/database.ts";
import { failJob, nextCandidate, requeueJob, rotateCandidate } from "./candidateRotation.ts";
import { type JobRow, jobColumns } from "./job.ts";
import { addStrike } from "./lease.ts";
import { LIVE_SECONDS } from "./offers.ts";
import { sweepStaging } from "./staging.ts";

/** Seconds after an order's deadline in which a worker may still deliver. */
const DELIVERY_GRACE_SECONDS = 60;

/**
 * Ends expired leases, gives direct jobs to their next candidate when the last order cannot be settled any more, and ends jobs that waited
 * too long. Any number of processes can do this at once.
 */
export async function reap(cloud: Cloud): Promise<void> {
  const { database, chain } = cloud;
  while (await database.transaction((queries) => reapLease(cloud, queries))) {}
  // Before all that asks the chain, which may be away.
  while (await database.transaction((queries) => reapWaiting(cloud, queries))) {}
  // Only those with something to decide: others, however many, must not stand in their way.
  const waiting = await database.all<{ id: string }>(
    `SELECT j.id FROM cloud.job j JOIN cloud.candidate c ON c.job_id = j.id AND c.position = j.candidate
     LEFT JOIN cloud.worker w ON w.worker = c.worker
     CROSS JOIN LATERAL (
       SELECT EXISTS (SELECT FROM cloud.candidate n WHERE n.job_id = j.id AND n.position > j.candidate) AS has_next) n
     WHERE j.status = 'queued' AND j.rail = 'direct' AND CASE
       WHEN c.handed_at IS NOT NULL AND n.has_next THEN c.deadline + $1 < $2
       ELSE c.deadline < $3 OR (c.handed_at IS NULL AND n.has_next AND NOT (
         j.wanted IS NOT NULL AND coalesce(w.last_seen > now() - $4 * interval '1 second', false)))
     END ORDER BY j.place LIMIT 500`,
    [SETTLE_GRACE, chain.certainTime().toString(), chain.now().toString(), LIVE_SECONDS],
  );
  for (const { id } of waiting) await reviewDirect(cloud, id);
}

/** Deletes expired nonces, sessions, and uploads without receipts. */
export async function sweep(cloud: Cloud): Promise<void> {
  await cloud.database.run("DELETE FROM cloud.sign_in_nonce WHERE expires_at < now()");
  await cloud.database.run("DELETE FROM cloud.session WHERE expires_at < now()");
  await cloud.database.run("DELETE FROM cloud.quoted_nonce WHERE expires_at < now()");
  await sweepStaging(cloud);
}

/** Ends one lease without heartbeats, or past its order's deadline. */
async function reapLease({ chain, log }: Cloud, queries: Queries): Promise<boolean> {
  const job = await queries.one<JobRow & { readonly is_silent: boolean }>(
    `SELECT ${jobColumns}, lease_expires_at < now() AS is_silent FROM cloud.job j
     WHERE status IN ('claimed', 'running')
       AND (lease_expires_at < now() OR (order_message->>'deadline')::bigint + $1 < $2)
     ORDER BY place LIMIT 1 FOR UPDATE SKIP LOCKED`,
    [DELIVERY_GRACE_SECONDS, chain.now().toString()],
  );
  if (!job) return false;
  log.warn({ job: job.id, worker: job.worker }, "lease ran out");
  // Held by heartbeats until its order was over: that is no accident, and the same worker may not have the job again.
  const isHeld = job.rail === "gateway" && !job.is_silent;
  if (isHeld && job.worker) await addStrike(queries, job.worker);
  await requeueJob(queries, job, {
    kind: isHeld ? "failed" : "expired",
    code: "LEASE_EXPIRED",
    message: "The worker was not heard of, or not done in time.",
  });
  return true;
}

/** Ends one gateway job that no worker took for too long. */
async function reapWaiting({ settings }: Cloud, queries: Queries): Promise<boolean> {
  const job = await queries.one<JobRow>(
    `SELECT ${jobColumns} FROM cloud.job j
     WHERE status = 'queued' AND rail = 'gateway' AND wanted IS NULL AND queued_at < now() - $1 * interval '1 second'
     ORDER BY place LIMIT 1 FOR UPDATE SKIP LOCKED`,
    [settings.queueSeconds],
  );
  if (!job) return false;
  await failJob(queries, job, "NO_WORKER", "No worker took the job in time. Nobody paid for it.");
  return true;
}

/** Reviews a waiting direct job, which may go to its next candidate, or end. */
async function reviewDirect(cloud: Cloud, id: string): Promise<void> {
  const { database, chain } = cloud;
  const state = await database.one<{
    position: number;
    deadline: string;
    handed: boolean;
    live: boolean;
    nonce: string;
    payer: Address;
  }>(
    `SELECT c.position, c.deadline, c.handed_at IS NOT NULL AS handed, n.nonce, j.payer,
       EXISTS (SELECT FROM cloud.worker w WHERE w.worker = c.worker
         AND w.last_seen > now() - $2 * interval '1 second') AND j.wanted IS NOT NULL AS live
     FROM cloud.job j JOIN cloud.candidate c ON c.job_id = j.id AND c.position = j.candidate
     JOIN cloud.order_nonce n ON n.job_id = j.id
     WHERE j.id = $1 AND j.status = 'queued'`,
    [id, LIVE_SECONDS],
  );
  if (!state) return;
  const deadline = BigInt(state.deadline);
  const isOver = chain.now() > deadline;
  if (state.handed) {
    // It could still be settled until the grace is over, and then two workers would have worked for one payment.
    const isUnsettleable = chain.certainTime() > deadline + BigInt(SETTLE_GRACE);
    const hasNext = await database.one(
      "SELECT 1 FROM cloud.job j JOIN cloud.candidate c ON c.job_id = j.id AND c.position > j.candidate WHERE j.id = $1",
      [id],
    );
    if (hasNext ? !isUnsettleable : !isOver) return;
  } else if (state.live && !isOver) return;

  const wasSettled = state.handed && (await chain.isNonceUsed(state.payer, BigInt(state.nonce)));
  await database.transaction(async (queries) => {
    const job = await queries.one<JobRow>(
      `SELECT ${jobColumns} FROM cloud.job j WHERE id = $1 AND status = 'queued' FOR UPDATE`,
      [id],
    );
    // Another process may have moved it on since it was looked at; what was seen says nothing of the next candidate.
    if (job?.candidate !== state.position) return;
    if (wasSettled) {
      return failJob(queries, job, "JOB_FAILED", "The worker settled the order on chain, but delivered nothing here.");
    }
    if (isOver || state.handed || (await nextCandidate(queries, job))) await rotateCandidate(queries, job);
  });
}

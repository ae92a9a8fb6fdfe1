import type { Queries } from "../database/database.ts";
import { tell } from "../database/notices.ts";
import { returnQuota } from "../payment/quota.ts";
import type { JobRow } from "./jobs.ts";

/** Times that a job is handed out (on the direct rail: to each candidate) before it counts as failed. */
export const MOST_ATTEMPTS = 3;
/** Times that workers which stop may give a job back without its counting: more are no accident. */
const MOST_STOPS = 10;

/** Why a worker has a job no longer. `expired`: it was not heard of. `wrong`: what it delivered was not what it signed for. */
export type Failure = "expired" | "failed" | "refused" | "wrong" | "stopping";

/** Ends a job without a result. The quota gets its images back. */
export async function failJob(queries: Queries, job: JobRow, code: string, message: string): Promise<void> {
  await endJob(queries, job, "failed", code, message);
}

/** Ends a job because its requester wants so. */
export async function cancelJob(queries: Queries, job: JobRow): Promise<void> {
  await endJob(queries, job, "cancelled", null, null);
}

async function endJob(
  queries: Queries,
  job: JobRow,
  status: "failed" | "cancelled",
  code: string | null,
  message: string | null,
): Promise<void> {
  await queries.run(
    `UPDATE cloud.job SET status = $2, error_code = $3, error_message = $4, finished_at = now(), version = version + 1,
       lease_token = NULL, lease_expires_at = NULL, wanted = NULL
     WHERE id = $1`,
    [job.id, status, code, message],
  );
  if (job.quota_day) await returnQuota(queries, job.requester, job.quota_day, job.count);
  await tell(queries, "cloud_job", job.id);
}

/**
 * Takes a job from its worker and puts it back into the queue, to whoever's turn it is. The caller has the row's lock.
 */
export async function takeBack(queries: Queries, job: JobRow, failure: Failure, message: string): Promise<void> {
  const stops = await queries.one<{ count: number }>(
    "SELECT count(*)::int AS count FROM cloud.job_failure WHERE job_id = $1 AND kind = 'stopping'",
    [job.id],
  );
  const isFree = failure === "stopping" && (stops?.count ?? 0) < MOST_STOPS;
  await queries.run("INSERT INTO cloud.job_failure (job_id, worker, kind, message) VALUES ($1, $2, $3, $4)", [
    job.id,
    job.worker,
    failure === "stopping" && !isFree ? "failed" : failure,
    message,
  ]);
  const attempts = isFree ? job.attempts - 1 : job.attempts;
  await queries.run(
    `UPDATE cloud.job SET status = 'queued', attempts = $2, version = version + 1, queued_at = now(),
       worker = NULL, lease_token = NULL, lease_expires_at = NULL, claimed_at = NULL,
       order_message = NULL, order_hash = NULL, order_signature = NULL, lane_id = NULL, price = NULL,
       progress_image = NULL, progress_step = NULL, progress_steps = NULL
     WHERE id = $1`,
    [job.id, attempts],
  );
  if (job.rail === "gateway") {
    if (attempts >= MOST_ATTEMPTS) {
      return failJob(queries, job, "JOB_FAILED", `No worker finished it in ${MOST_ATTEMPTS} attempts.`);
    }
  } else {
    const place = (job.candidate ?? 0) + 1;
    const canGoOn = isFree || (failure === "expired" && attempts < MOST_ATTEMPTS * place);
    // The candidate has seen its order and could still settle it: the next one's turn comes when that is over.
    if (!canGoOn && !(await endTurn(queries, job))) return;
  }
  await tell(queries, "cloud_job", job.id);
  await tell(queries, "cloud_queue");
}

/** Ends the turn of a direct job's candidate; without another candidate the job fails. The caller has the row's lock. */
export async function endTurn(
  queries: Queries,
  job: JobRow,
  message = "The worker could not do it, and there is no other order.",
): Promise<boolean> {
  await queries.run("UPDATE cloud.job SET wanted = NULL WHERE id = $1", [job.id]);
  if (await nextCandidate(queries, job)) return true;
  await failJob(queries, job, "JOB_FAILED", message);
  return false;
}

/** The candidate after the current one. */
export function nextCandidate(
  queries: Queries,
  job: JobRow,
): Promise<{ position: number; worker: string; deadline: string } | undefined> {
  return queries.one(
    "SELECT position, worker, deadline FROM cloud.candidate WHERE job_id = $1 AND position > $2 ORDER BY position LIMIT 1",
    [job.id, job.candidate],
  );
}

/** Gives a direct job to its next candidate, or ends it. The caller made sure that the current one cannot settle any more. */
export async function advance(queries: Queries, job: JobRow): Promise<void> {
  const next = await nextCandidate(queries, job);
  if (!next) return failJob(queries, job, "JOB_FAILED", "No worker finished it before its order's deadline.");
  await queries.run(
    "UPDATE cloud.job SET candidate = $2, wanted = $3, queued_at = now(), version = version + 1 WHERE id = $1",
    [job.id, next.position, next.worker],
  );
  await tell(queries, "cloud_job", job.id);
  await tell(queries, "cloud_queue");
}

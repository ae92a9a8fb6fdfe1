import { type RefusalCode, refusalScopes } from "@gridnft/sdk/schemas";
import type { Address } from "viem";
import type { Queries } from "../database/database.ts";
import type { JobRow } from "./job.ts";

/** Attempts of a job (on the direct rail: of each candidate) before it fails. */
export const MAX_ATTEMPTS = 3;
/** Releases by stopping workers that do not count as attempts. */
const MAX_STOPS = 10;

/** Seconds of the first pause after a temporary refusal, and of the longest. Each is twice the one before. */
const MIN_PAUSE_SECONDS = 2;
const MAX_PAUSE_SECONDS = 60;
/** Characters of a worker's message that a job's owner sees. */
const MAX_MESSAGE_LENGTH = 300;

/**
 * Kind of the end of a lease. `expired`: no heartbeat came. `wrong`: the delivery did not match its receipts. `passing`: the refusal is
 * temporary.
 */
type FailureKind = "expired" | "failed" | "refused" | "wrong" | "stopping" | "passing";

/** Failure as the job's owner sees it. */
export interface Failure {
  readonly kind: FailureKind;
  readonly code: string;
  readonly message: string;
}

/** Ends a job without a result, with the reason why its last worker released it, or why none could get it. */
export async function failJob(queries: Queries, job: JobRow, code: string, message: string): Promise<void> {
  const { given_back_code: lastCode, given_back_message: lastMessage, waiting_message: waitingMessage } = job;
  const isWaiting = code === "NO_WORKER" && waitingMessage !== null;
  const reason = isWaiting ? waitingMessage : lastCode !== null && `The last one said ${lastCode}: ${lastMessage}`;
  await endJob(queries, job, "failed", code, reason ? `${message} ${reason}` : message);
}

/** Ends a job that its requester cancelled. */
export async function endCancelled(queries: Queries, job: JobRow): Promise<void> {
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
  queries.notify("cloud_job", job.id);
}

/**
 * Takes a job from its worker and puts it back into the queue, for its current candidate or for all. The caller has the row's lock.
 *
 * A temporary refusal only pauses this worker. The job keeps its place, its attempts and its time limit, so that no worker delays it by
 * refusing.
 */
export async function requeueJob(queries: Queries, job: JobRow, failure: Failure): Promise<void> {
  const before = await queries.one<{ stops: number; passes: number }>(
    `SELECT count(*) FILTER (WHERE kind = 'stopping')::int AS stops,
       count(*) FILTER (WHERE kind = 'passing' AND worker = $2)::int AS passes
     FROM cloud.job_failure WHERE job_id = $1`,
    [job.id, job.worker],
  );
  const { kind, code } = failure;
  const message = toSingleLine(failure.message);
  const isTemporary = kind === "passing";
  const isUncounted = isTemporary || (kind === "stopping" && (before?.stops ?? 0) < MAX_STOPS);
  await queries.run(
    `INSERT INTO cloud.job_failure (job_id, worker, kind, code, message, until)
     VALUES ($1, $2, $3, $4, $5, now() + $6 * interval '1 second')`,
    [
      job.id,
      job.worker,
      kind === "stopping" && !isUncounted ? "failed" : kind,
      code,
      message,
      isTemporary && refusalScopeOf(code) === "job" ? pauseAfter(before?.passes ?? 0) : null,
    ],
  );
  if (isTemporary) await pauseWorker(queries, job, code);
  const attempts = isUncounted ? job.attempts - 1 : job.attempts;
  await queries.run(
    `UPDATE cloud.job SET status = 'queued', attempts = $2, version = version + 1,
       queued_at = CASE WHEN $3 THEN queued_at ELSE now() END, given_back_code = $4, given_back_message = $5,
       worker = NULL, lease_token = NULL, lease_expires_at = NULL, claimed_at = NULL,
       order_message = NULL, order_hash = NULL, order_signature = NULL, lane_id = NULL, price = NULL,
       progress_image = NULL, progress_step = NULL, progress_steps = NULL
     WHERE id = $1`,
    [job.id, attempts, isTemporary, code, message],
  );
  const updated = { ...job, given_back_code: code, given_back_message: message };
  if (job.rail === "gateway") {
    if (attempts >= MAX_ATTEMPTS) {
      return failJob(queries, updated, "JOB_FAILED", `No worker finished it in ${MAX_ATTEMPTS} attempts.`);
    }
  } else {
    const candidates = (job.candidate ?? 0) + 1;
    const canRetry = isUncounted || (kind === "expired" && attempts < MAX_ATTEMPTS * candidates);
    // The candidate has its order and could still settle it. The next one gets the job when that is over.
    if (!canRetry && !(await dropCandidate(queries, updated))) return;
  }
  queries.notify("cloud_job", job.id);
  notifyQueued(queries, job);
}

/** Notifies the claims that may take a queued job: of the worker whose order it is, or of those that serve its model. */
export function notifyQueued(
  queries: Queries,
  { rail, wanted, model_id }: Pick<JobRow, "rail" | "wanted" | "model_id">,
): void {
  if (rail === "gateway") queries.notify("cloud_queue", `model ${model_id}`);
  else if (wanted) queries.notify("cloud_queue", `worker ${wanted.toLowerCase()}`);
}

/** Returns the seconds of a pause, by the number of pauses before it. */
function pauseAfter(before: number): number {
  return Math.min(MAX_PAUSE_SECONDS, MIN_PAUSE_SECONDS * 2 ** Math.min(before, 10));
}

/** Pauses a worker, for the jobs that its refusal is about. */
async function pauseWorker(queries: Queries, job: JobRow, code: string): Promise<void> {
  const { worker, price } = job;
  const scope = refusalScopeOf(code);
  if (code === "DEADLINE_TOO_NEAR") await pauseOffer(queries, job);
  if (scope === "worker") {
    await queries.run(
      `UPDATE cloud.worker SET pauses = pauses + 1,
         paused_until = now() + least($2, $3 * 2 ^ least(pauses, 10)) * interval '1 second'
       WHERE worker = $1`,
      [worker, MAX_PAUSE_SECONDS, MIN_PAUSE_SECONDS],
    );
  }
  if (scope !== "lane") return;
  // A lane without room for a dear job may have room for a cheap one; one that can't be used at all has none.
  const from = ["EXPOSURE", "LANE_SHORT"].includes(code) ? (price ?? "0") : "0";
  await queries.run(
    `UPDATE cloud.worker SET pauses = pauses + 1,
       lane_paused_until = now() + least($2, $3 * 2 ^ least(pauses, 10)) * interval '1 second',
       lane_paused_price = CASE WHEN lane_paused_until > now() THEN least(lane_paused_price, $4::numeric) ELSE $4::numeric END
     WHERE worker = $1`,
    [worker, MAX_PAUSE_SECONDS, MIN_PAUSE_SECONDS, from],
  );
}

/**
 * Pauses a worker's offer for gateway jobs of as much work as one for which it had no time. They all have the same time. A direct order
 * pauses nothing: whoever signs it chooses its deadline.
 */
async function pauseOffer(queries: Queries, { id, worker, rail }: JobRow): Promise<void> {
  if (rail !== "gateway") return;
  await queries.run(
    `UPDATE cloud.offer o SET
       pauses = CASE WHEN o.paused_until > now() - $3 * interval '1 second' THEN o.pauses + 1 ELSE 1 END,
       paused_until = now() + interval '1 second' * CASE WHEN o.paused_until > now() - $3 * interval '1 second'
         THEN least($3, $4 * 2 ^ least(o.pauses, 10)) ELSE $4 END,
       paused_work = least(j.work, CASE WHEN o.paused_until > now() THEN o.paused_work END)
     FROM (SELECT model_id, pixels::numeric * steps * count AS work FROM cloud.job WHERE id = $1) j
     WHERE o.worker = $2 AND o.model_id = j.model_id`,
    [id, worker, MAX_PAUSE_SECONDS, MIN_PAUSE_SECONDS],
  );
}

/** Returns the scope of a refusal's code. An unknown code is final. */
export function refusalScopeOf(code: string | undefined): (typeof refusalScopes)[RefusalCode] {
  return Object.hasOwn(refusalScopes, code ?? "") ? refusalScopes[code as RefusalCode] : "final";
}

/** Returns a worker's message as its reader may see it: short, in one line, without control characters. */
function toSingleLine(lastMessage: string): string {
  const characters = [...lastMessage.replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, " ").trim()];
  return characters.length > MAX_MESSAGE_LENGTH
    ? `${characters.slice(0, MAX_MESSAGE_LENGTH - 1).join("")}…`
    : characters.join("");
}

/** Drops the current candidate of a direct job. Without another candidate the job fails. The caller has the row's lock. */
export async function dropCandidate(
  queries: Queries,
  job: JobRow,
  message = "The worker could not do it, and there is no other order.",
): Promise<boolean> {
  await queries.run("UPDATE cloud.job SET wanted = NULL WHERE id = $1", [job.id]);
  if (await nextCandidate(queries, job)) return true;
  await failJob(queries, job, "JOB_FAILED", message);
  return false;
}

/** Returns the candidate after the current one. */
export function nextCandidate(
  queries: Queries,
  job: JobRow,
): Promise<{ position: number; worker: Address; deadline: string } | undefined> {
  return queries.one(
    "SELECT position, worker, deadline FROM cloud.candidate WHERE job_id = $1 AND position > $2 ORDER BY position LIMIT 1",
    [job.id, job.candidate],
  );
}

/** Gives a direct job to its next candidate, or ends it. The caller made sure that the current one cannot settle any more. */
export async function rotateCandidate(queries: Queries, job: JobRow): Promise<void> {
  const next = await nextCandidate(queries, job);
  if (!next) return failJob(queries, job, "JOB_FAILED", "No worker finished it before its order's deadline.");
  await queries.run(
    "UPDATE cloud.job SET candidate = $2, wanted = $3, queued_at = now(), version = version + 1 WHERE id = $1",
    [job.id, next.position, next.worker],
  );
  queries.notify("cloud_job", job.id);
  notifyQueued(queries, { ...job, wanted: next.worker });
}

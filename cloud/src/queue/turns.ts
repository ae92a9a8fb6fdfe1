import { type RefusalCode, refusalScopes } from "@gridnft/sdk/wire";
import type { Queries } from "../database/database.ts";
import { tell } from "../database/notices.ts";
import type { JobRow } from "./jobs.ts";

/** Times that a job is handed out (on the direct rail: to each candidate) before it counts as failed. */
export const MOST_ATTEMPTS = 3;
/** Times that workers which stop may give a job back without its counting: more are no accident. */
const MOST_STOPS = 10;

/** Seconds of the first pause after a refusal that passes, and of the longest: each is twice the one before. */
const FIRST_PAUSE = 2;
const LONGEST_PAUSE = 60;
/** Characters of a worker's words that a job's owner is told. */
const MOST_WORDS = 300;

/**
 * Why a worker has a job no longer. `expired`: it was not heard of. `wrong`: what it delivered was not what it signed for. `passing`: it
 * refused for a reason that passes.
 */
export type Failure = "expired" | "failed" | "refused" | "wrong" | "stopping" | "passing";

/** A failure in words for the job's owner. */
export interface Setback {
  readonly kind: Failure;
  readonly code: string;
  readonly message: string;
}

/** Ends a job without a result, and says why its last worker gave it back, or why none could get it. */
export async function failJob(queries: Queries, job: JobRow, code: string, message: string): Promise<void> {
  const { given_back_code: last, given_back_message: words, waiting_message: waited } = job;
  if (code === "NO_WORKER" && waited !== null) return endJob(queries, job, "failed", code, `${message} ${waited}`);
  await endJob(
    queries,
    job,
    "failed",
    code,
    last === null ? message : `${message} The last one said ${last}: ${words}`,
  );
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
  await tell(queries, "cloud_job", job.id);
}

/**
 * Takes a job from its worker and puts it back into the queue, to whoever's turn it is. The caller has the row's lock.
 *
 * A refusal that passes changes nothing but that this worker has a pause: the job keeps its place, its attempts and the time that it
 * may wait in all, so that nobody holds it up by refusing.
 */
export async function takeBack(queries: Queries, job: JobRow, setback: Setback): Promise<void> {
  const before = await queries.one<{ stops: number; passes: number }>(
    `SELECT count(*) FILTER (WHERE kind = 'stopping')::int AS stops,
       count(*) FILTER (WHERE kind = 'passing' AND worker = $2)::int AS passes
     FROM cloud.job_failure WHERE job_id = $1`,
    [job.id, job.worker],
  );
  const { kind, code } = setback;
  const message = inOneLine(setback.message);
  const isPassing = kind === "passing";
  const isFree = isPassing || (kind === "stopping" && (before?.stops ?? 0) < MOST_STOPS);
  await queries.run(
    `INSERT INTO cloud.job_failure (job_id, worker, kind, code, message, until)
     VALUES ($1, $2, $3, $4, $5, now() + $6 * interval '1 second')`,
    [
      job.id,
      job.worker,
      kind === "stopping" && !isFree ? "failed" : kind,
      code,
      message,
      isPassing && scopeOf(code) === "job" ? pauseAfter(before?.passes ?? 0) : null,
    ],
  );
  if (isPassing) await pauseWorker(queries, job, code);
  const attempts = isFree ? job.attempts - 1 : job.attempts;
  await queries.run(
    `UPDATE cloud.job SET status = 'queued', attempts = $2, version = version + 1,
       queued_at = CASE WHEN $3 THEN queued_at ELSE now() END, given_back_code = $4, given_back_message = $5,
       worker = NULL, lease_token = NULL, lease_expires_at = NULL, claimed_at = NULL,
       order_message = NULL, order_hash = NULL, order_signature = NULL, lane_id = NULL, price = NULL,
       progress_image = NULL, progress_step = NULL, progress_steps = NULL
     WHERE id = $1`,
    [job.id, attempts, isPassing, code, message],
  );
  const told = { ...job, given_back_code: code, given_back_message: message };
  if (job.rail === "gateway") {
    if (attempts >= MOST_ATTEMPTS) {
      return failJob(queries, told, "JOB_FAILED", `No worker finished it in ${MOST_ATTEMPTS} attempts.`);
    }
  } else {
    const place = (job.candidate ?? 0) + 1;
    const canGoOn = isFree || (kind === "expired" && attempts < MOST_ATTEMPTS * place);
    // The candidate has seen its order and could still settle it: the next one's turn comes when that is over.
    if (!canGoOn && !(await endTurn(queries, told))) return;
  }
  await tell(queries, "cloud_job", job.id);
  await tellQueued(queries, job);
}

/** Tells the claims that may take a queued job: of the worker whose order it is, or of those that serve its model. */
export async function tellQueued(
  queries: Queries,
  { rail, wanted, model_id }: Pick<JobRow, "rail" | "wanted" | "model_id">,
): Promise<void> {
  if (rail === "gateway") await tell(queries, "cloud_queue", `model ${model_id}`);
  else if (wanted) await tell(queries, "cloud_queue", `worker ${wanted.toLowerCase()}`);
}

/** Seconds of a pause after so many before it. */
function pauseAfter(before: number): number {
  return Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(before, 10));
}

/** Gives a worker no jobs for a while, of those that its refusal is about. */
async function pauseWorker(queries: Queries, { worker, price }: JobRow, code: string): Promise<void> {
  const scope = scopeOf(code);
  if (scope === "worker") {
    await queries.run(
      `UPDATE cloud.worker SET pauses = pauses + 1,
         paused_until = now() + least($2, $3 * 2 ^ least(pauses, 10)) * interval '1 second'
       WHERE worker = $1`,
      [worker, LONGEST_PAUSE, FIRST_PAUSE],
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
    [worker, LONGEST_PAUSE, FIRST_PAUSE, from],
  );
}

/** Scope of a refusal's code; a code that is unknown here is final. */
export function scopeOf(code: string | undefined): (typeof refusalScopes)[RefusalCode] {
  return Object.hasOwn(refusalScopes, code ?? "") ? refusalScopes[code as RefusalCode] : "final";
}

/** A worker's words as their reader may see them: short, and of characters that can be shown. */
function inOneLine(words: string): string {
  const characters = [...words.replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, " ").trim()];
  return characters.length > MOST_WORDS ? `${characters.slice(0, MOST_WORDS - 1).join("")}…` : characters.join("");
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
  await tell(queries, "cloud_queue", `worker ${next.worker}`);
}

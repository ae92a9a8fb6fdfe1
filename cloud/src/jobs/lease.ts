import type { ReleaseRequest } from "@gridnft/sdk/schemas";
import type { Address } from "viem";
import type { Cloud } from "../cloud.ts";
import { prepared, type Queries } from "../database/database.ts";
import { ApiError } from "../error.ts";
import { refusalScopeOf, requeueJob } from "./candidateRotation.ts";
import { findJob, isActive, isJobId, type JobRow, jobColumns } from "./job.ts";
import { jobMutex, workerMutex } from "./mutexes.ts";

/** Strikes within a day after which a worker gets no jobs for a while. */
const MAX_STRIKES = 3;
const BLOCK_MINUTES = 10;

/** Highest step that is stored. Schedulers may add some to the requested ones. */
const MAX_STEPS = 10_000;
const clamp = (value: number, most: number): number => Math.max(0, Math.min(value, most));

/** Key of a lease: its worker, its job, and the token that only the worker knows. */
export interface LeaseKey {
  readonly worker: Address;
  readonly jobId: string;
  readonly token: string;
}

/** Returns the mutexes of calls that end a lease: they lock its job and change its worker. */
const mutexesOf = ({ jobId, worker }: LeaseKey): readonly string[] => [jobMutex(jobId), workerMutex(worker)];

/** Creates the error of a lease that is over. */
export const leaseLostError = (): ApiError =>
  new ApiError("LEASE_LOST", "The lease on this job is over, and the job went elsewhere or ended. Drop it.", {
    field: "lease",
  });

/** Returns true if a job, as it was read, is under that lease. */
export function isHeld(job: Pick<JobRow, "worker" | "lease_token" | "status">, { worker, token }: LeaseKey): boolean {
  return job.worker === worker && job.lease_token === token && (job.status === "claimed" || job.status === "running");
}

/**
 * Returns the job of a lease, without a lock. The lease is checked again when its result is stored.
 * @throws {@link ApiError} `LEASE_LOST`.
 */
export async function findLeased(queries: Queries, key: LeaseKey): Promise<JobRow> {
  const job = await findJob(queries, key.jobId);
  if (!job || !isHeld(job, key)) throw leaseLostError();
  return job;
}

/**
 * Returns the job of a lease, and locks its row. A lease past its time still counts until the job is taken away.
 * @throws {@link ApiError} `LEASE_LOST`.
 */
export async function lockLeased(queries: Queries, { worker, jobId, token }: LeaseKey): Promise<JobRow> {
  if (!isJobId(jobId)) throw leaseLostError();
  const job = await queries.one<JobRow>(
    `SELECT ${jobColumns} FROM cloud.job j
     WHERE id = $1 AND worker = $2 AND lease_token = $3 AND ${isActive} FOR UPDATE`,
    [jobId, worker, token],
  );
  if (!job) throw leaseLostError();
  return job;
}

/**
 * Extends a lease and stores the progress, by one statement. A heartbeat without changes notifies nobody. Progress is another step or
 * another uploaded picture, compared with all before under this lease. Without progress for too long the lease ends, which counts as a
 * failure and as a strike.
 *
 * A worker with several jobs makes them one after the other, so it has that time for each. Its time begins anew when another one of its
 * jobs is over. A job that is not begun waits as long as another one progresses.
 *
 * @throws {@link ApiError} `LEASE_LOST`.
 */
export async function heartbeat(
  cloud: Cloud,
  key: LeaseKey,
  progress: { readonly image: number; readonly step: number; readonly steps: number } | undefined,
): Promise<Date> {
  const { database, settings } = cloud;
  const { worker, jobId, token } = key;
  if (!isJobId(jobId)) throw leaseLostError();
  const steps = progress && clamp(progress.steps, MAX_STEPS);
  const row = await database.one<{ lease_expires_at: Date; progressed_at: Date; stalled: boolean; is_news: boolean }>(
    HEARTBEAT,
    [
      jobId,
      worker,
      token,
      settings.leaseSeconds,
      progress ? clamp(progress.image, MAX_STEPS) : null,
      progress ? clamp(progress.step, steps ?? 0) : null,
      steps ?? null,
      settings.stallSeconds,
    ],
    jobMutex(jobId),
  );
  if (!row) throw leaseLostError();
  if (row.is_news) database.notify("cloud_job", jobId);
  if (row.stalled && (await endStalled(cloud, key, row.progressed_at))) throw leaseLostError();
  return row.lease_expires_at;
}

const HEARTBEAT = prepared(
  `WITH before AS (SELECT id, version FROM cloud.job WHERE id = $1),
   news AS (
     SELECT greatest(
       coalesce(least($5::bigint, count - 1) * ${MAX_STEPS + 1} + $6::bigint, 0),
       (SELECT count(*) FROM cloud.staged_image s WHERE s.job_id = $1 AND s.lease_token = $3) * ${MAX_STEPS + 1}) AS furthest
     FROM cloud.job WHERE id = $1
   ), kept AS (
     UPDATE cloud.job j SET status = 'running', lease_expires_at = now() + $4 * interval '1 second',
       version = version + CASE WHEN $5::bigint IS NOT NULL OR status = 'claimed' THEN 1 ELSE 0 END,
       progress_image = coalesce(least($5::bigint, count - 1), progress_image),
       progress_step = coalesce($6::bigint, progress_step), progress_steps = coalesce($7, progress_steps),
       furthest = greatest(j.furthest, news.furthest),
       progressed_at = CASE WHEN news.furthest > j.furthest THEN now() ELSE coalesce(j.progressed_at, j.claimed_at) END
     FROM news
     WHERE id = $1 AND worker = $2 AND lease_token = $3 AND ${isActive}
     RETURNING id, version, lease_expires_at, progressed_at, j.furthest)
   SELECT kept.lease_expires_at, kept.progressed_at,
     coalesce(greatest(kept.progressed_at, w.ended_at, own.progressed_at) + $8 * interval '1 second' * own.jobs < now(), false)
       AS stalled,
     kept.version > before.version AS is_news
   FROM kept JOIN before USING (id) LEFT JOIN cloud.worker w ON w.worker = $2 CROSS JOIN LATERAL (
     SELECT count(*) AS jobs, max(o.progressed_at) FILTER (WHERE o.furthest > 0 AND kept.furthest = 0) AS progressed_at
     FROM cloud.job o WHERE o.worker = $2 AND o.status IN ('claimed', 'running')) own`,
);

/** Takes a job from a worker that makes no progress. Returns false when another heartbeat brought progress meanwhile. */
async function endStalled({ database, settings, log }: Cloud, key: LeaseKey, since: Date): Promise<boolean> {
  return database.transaction(
    async (queries) => {
      const job = await lockLeased(queries, key);
      if (job.progressed_at?.getTime() !== since.getTime()) return false;
      await requeueJob(queries, job, {
        kind: "failed",
        code: "NO_PROGRESS",
        message: `The worker held the job without progress for more than ${settings.stallSeconds} s.`,
      });
      await addStrike(queries, key.worker);
      log.warn({ job: job.id, worker: key.worker }, "held without progress");
      return true;
    },
    ...mutexesOf(key),
  );
}

/** Releases a job. A refusal is temporary only before the work. A later one counts, whatever its code. */
export async function releaseJob(
  { database, settings }: Cloud,
  key: LeaseKey,
  { reason, code, message }: Pick<ReleaseRequest, "reason" | "code" | "message">,
): Promise<void> {
  const defaults = { stopping: "WORKER_STOPPING", failed: "WORKER_FAILED", refused: "WORKER_REFUSED" };
  await database.transaction(
    async (queries) => {
      const job = await lockLeased(queries, key);
      // Of what it refuses or hands back it made nothing.
      if (reason === "failed") await queries.run(STORE_ENGINE_FREE, [key.worker]);
      const scope = reason === "refused" ? refusalScopeOf(code) : "final";
      // A lane's reason pauses its jobs: for one without a lane it would pause nothing, and the same job would come at once.
      const isTemporary = scope !== "final" && !(scope === "lane" && job.rail === "direct");
      await requeueJob(queries, job, {
        kind: isTemporary && (await isUnstarted(queries, job, settings.stallSeconds)) ? "passing" : reason,
        code: code ?? defaults[reason],
        message: message ?? "The worker gave no reason.",
      });
    },
    ...mutexesOf(key),
  );
}

/** Stores that a worker's engine is free for the next of its jobs. */
const STORE_ENGINE_FREE = "UPDATE cloud.worker SET ended_at = now() WHERE worker = $1";

/** Returns true if a job was claimed just now, by the database's clock, and has no progress. */
async function isUnstarted(queries: Queries, { id }: JobRow, seconds: number): Promise<boolean> {
  const row = await queries.one<{ fresh: boolean }>(
    "SELECT furthest = 0 AND claimed_at > now() - $2 * interval '1 second' AS fresh FROM cloud.job WHERE id = $1",
    [id, seconds],
  );
  return row?.fresh ?? false;
}

/** Takes a job from a worker whose delivery was wrong, and adds a strike. After some strikes the worker is blocked for a while. */
async function penalize(
  { database, log }: Pick<Cloud, "database" | "log">,
  key: LeaseKey,
  fault: ApiError,
): Promise<void> {
  await database
    .transaction(
      async (queries) => {
        const job = await lockLeased(queries, key);
        await requeueJob(queries, job, { kind: "wrong", code: fault.code, message: fault.message });
        await addStrike(queries, key.worker);
        log.warn({ job: job.id, worker: key.worker, code: fault.code, fault: fault.message }, "strike");
      },
      ...mutexesOf(key),
    )
    .catch((error: unknown) => {
      if (!(error instanceof ApiError && error.code === "LEASE_LOST")) throw error;
    });
}

/** Adds a strike. After some of them the worker is blocked for a while. The caller has the lock of the job's row. */
export async function addStrike(queries: Queries, worker: Address): Promise<void> {
  await queries.run(
    `UPDATE cloud.worker SET
       strikes = CASE WHEN last_strike_at > now() - interval '1 day' THEN strikes + 1 ELSE 1 END,
       last_strike_at = now()
     WHERE worker = $1`,
    [worker],
  );
  await queries.run(
    `UPDATE cloud.worker SET blocked_until = now() + $3 * interval '1 minute', strikes = 0
     WHERE worker = $1 AND strikes >= $2`,
    [worker, MAX_STRIKES, BLOCK_MINUTES],
  );
}

/** Runs a delivery, and penalizes the worker if it is wrong. The job goes to another worker. */
export async function penalizeWhenWrong<Answer>(
  cloud: Pick<Cloud, "database" | "log">,
  key: LeaseKey,
  deliver: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await deliver();
  } catch (error) {
    const wrong = ["IMAGE_INVALID", "IMAGE_MISMATCH", "RECEIPT_INVALID"];
    if (error instanceof ApiError && wrong.includes(error.code)) await penalize(cloud, key, error);
    throw error;
  }
}

import type { ReleaseRequest } from "@gridnft/sdk/wire";
import type { Address } from "viem";
import type { Cloud } from "../cloud.ts";
import { often, type Queries } from "../database/database.ts";
import { CloudError } from "../error.ts";
import { findJob, isJobId, type JobRow, jobColumns } from "./jobs.ts";
import { scopeOf, takeBack } from "./turns.ts";

/** Strikes within a day after which a worker gets no jobs for a while. */
const STRIKES = 3;
const BLOCK_MINUTES = 10;

/** Schedulers may add a few steps to the requested ones. */
const MOST_STEPS = 10_000;
const within = (value: number, most: number): number => Math.max(0, Math.min(value, most));

/** What names a lease: the worker that has it, the job, and the token that only it was told. */
export interface LeaseKey {
  readonly worker: Address;
  readonly jobId: string;
  readonly token: string;
}

/** The refusal of a lease that is over. */
export const leaseLost = (): CloudError =>
  new CloudError("LEASE_LOST", "The lease on this job is over, and the job went elsewhere or ended. Drop it.", {
    field: "lease",
  });

/** Returns whether a job, as it was read, is under that lease. */
export function isHeld(job: JobRow, { worker, token }: LeaseKey): boolean {
  return job.worker === worker && job.lease_token === token && (job.status === "claimed" || job.status === "running");
}

/**
 * The job of a lease, without a lock: for what is checked again when it is stored.
 * @throws {@link CloudError} `LEASE_LOST`.
 */
export async function findLeased(queries: Queries, key: LeaseKey): Promise<JobRow> {
  const job = await findJob(queries, key.jobId);
  if (!job || !isHeld(job, key)) throw leaseLost();
  return job;
}

/**
 * The job of a lease, its row locked. A lease that ran out still counts until somebody took the job away.
 * @throws {@link CloudError} `LEASE_LOST`.
 */
export async function lockLeased(queries: Queries, { worker, jobId, token }: LeaseKey): Promise<JobRow> {
  if (!isJobId(jobId)) throw leaseLost();
  const job = await queries.one<JobRow>(
    `SELECT ${jobColumns} FROM cloud.job j
     WHERE id = $1 AND worker = $2 AND lease_token = $3 AND status IN ('claimed', 'running') FOR UPDATE`,
    [jobId, worker, token],
  );
  if (!job) throw leaseLost();
  return job;
}

/** Name of the turns that a job's calls take. */
export const turnOf = ({ jobId }: Pick<LeaseKey, "jobId">): string => `job ${jobId.toLowerCase()}`;

/**
 * Keeps a lease, and tells how far the job is: one statement. A heartbeat without news wakes nobody. Progress is what was not there
 * before under this lease: another step, or another picture that was uploaded. Without any for too long the lease ends, and that counts
 * as a failure and as a strike. A worker with several jobs makes them one after the other, so it has that time for each. Its time begins
 * anew when another one of its jobs is over, and a job that is not begun waits as long as another one gets on.
 *
 * @throws {@link CloudError} `LEASE_LOST`.
 */
export async function heartbeat(
  cloud: Cloud,
  key: LeaseKey,
  progress: { readonly image: number; readonly step: number; readonly steps: number } | undefined,
): Promise<Date> {
  const { database, settings } = cloud;
  const { worker, jobId, token } = key;
  if (!isJobId(jobId)) throw leaseLost();
  const steps = progress && within(progress.steps, MOST_STEPS);
  const row = await database.one<{ lease_expires_at: Date; progressed_at: Date; stalled: boolean }>(
    HEARTBEAT,
    [
      jobId,
      worker,
      token,
      settings.leaseSeconds,
      progress ? within(progress.image, MOST_STEPS) : null,
      progress ? within(progress.step, steps ?? 0) : null,
      steps ?? null,
      settings.stallSeconds,
    ],
    turnOf(key),
  );
  if (!row) throw leaseLost();
  if (row.stalled && (await endStalled(cloud, key, row.progressed_at))) throw leaseLost();
  return row.lease_expires_at;
}

const HEARTBEAT = often(
  `WITH before AS (SELECT id, version FROM cloud.job WHERE id = $1),
   news AS (
     SELECT greatest(
       coalesce(least($5::bigint, count - 1) * ${MOST_STEPS + 1} + $6::bigint, 0),
       (SELECT count(*) FROM cloud.staged_image s WHERE s.job_id = $1 AND s.lease_token = $3) * ${MOST_STEPS + 1}) AS furthest
     FROM cloud.job WHERE id = $1
   ), kept AS (
     UPDATE cloud.job j SET status = 'running', lease_expires_at = now() + $4 * interval '1 second',
       version = version + CASE WHEN $5::bigint IS NOT NULL OR status = 'claimed' THEN 1 ELSE 0 END,
       progress_image = coalesce(least($5::bigint, count - 1), progress_image),
       progress_step = coalesce($6::bigint, progress_step), progress_steps = coalesce($7, progress_steps),
       furthest = greatest(j.furthest, news.furthest),
       progressed_at = CASE WHEN news.furthest > j.furthest THEN now() ELSE coalesce(j.progressed_at, j.claimed_at) END
     FROM news
     WHERE id = $1 AND worker = $2 AND lease_token = $3 AND status IN ('claimed', 'running')
     RETURNING id, version, lease_expires_at, progressed_at, j.furthest)
   SELECT kept.lease_expires_at, kept.progressed_at,
     coalesce(greatest(kept.progressed_at, w.ended_at, own.progressed_at) + $8 * interval '1 second' * own.jobs < now(), false)
       AS stalled,
     CASE WHEN kept.version > before.version THEN pg_notify('cloud_job', $1::text) END
   FROM kept JOIN before USING (id) LEFT JOIN cloud.worker w ON w.worker = $2 CROSS JOIN LATERAL (
     SELECT count(*) AS jobs, max(o.progressed_at) FILTER (WHERE o.furthest > 0 AND kept.furthest = 0) AS progressed_at
     FROM cloud.job o WHERE o.worker = $2 AND o.status IN ('claimed', 'running')) own`,
);

/** Takes a job from a worker that only holds it. Returns false when another heartbeat brought news meanwhile. */
async function endStalled({ database, settings, log }: Cloud, key: LeaseKey, since: Date): Promise<boolean> {
  return database.transaction(async (queries) => {
    const job = await lockLeased(queries, key);
    if (job.progressed_at?.getTime() !== since.getTime()) return false;
    await takeBack(queries, job, {
      kind: "failed",
      code: "NO_PROGRESS",
      message: `The worker held the job without progress for more than ${settings.stallSeconds} s.`,
    });
    await countStrike(queries, key.worker);
    log.warn({ job: job.id, worker: key.worker }, "held without progress");
    return true;
  }, turnOf(key));
}

/** Gives a job back. A refusal passes only before the work: one that comes later counts, whatever its code. */
export async function releaseJob(
  { database, settings }: Cloud,
  key: LeaseKey,
  { reason, code, message }: Pick<ReleaseRequest, "reason" | "code" | "message">,
): Promise<void> {
  const defaults = { stopping: "WORKER_STOPPING", failed: "WORKER_FAILED", refused: "WORKER_REFUSED" };
  await database.transaction(async (queries) => {
    const job = await lockLeased(queries, key);
    // Of what it refuses or hands back it made nothing.
    if (reason === "failed") await queries.run(ENDED, [key.worker]);
    const scope = reason === "refused" ? scopeOf(code) : "final";
    // A lane's reason pauses its jobs: for one without a lane it would pause nothing, and the same job would come at once.
    const mayPass = scope !== "final" && !(scope === "lane" && job.rail === "direct");
    await takeBack(queries, job, {
      kind: mayPass && (await isFresh(queries, job, settings.stallSeconds)) ? "passing" : reason,
      code: code ?? defaults[reason],
      message: message ?? "The worker gave no reason.",
    });
  }, turnOf(key));
}

/** Notes that a worker's engine is free for the next of its jobs. */
const ENDED = "UPDATE cloud.worker SET ended_at = now() WHERE worker = $1";

/** Returns whether a job was claimed just now, by the database's clock, and nothing of it is made. */
async function isFresh(queries: Queries, { id }: JobRow, seconds: number): Promise<boolean> {
  const row = await queries.one<{ fresh: boolean }>(
    "SELECT furthest = 0 AND claimed_at > now() - $2 * interval '1 second' AS fresh FROM cloud.job WHERE id = $1",
    [id, seconds],
  );
  return row?.fresh ?? false;
}

/**
 * Takes a job from a worker that delivered something else than it must. Repeated, the worker gets no jobs for a while.
 */
export async function strike({ database, log }: Cloud, key: LeaseKey, fault: CloudError): Promise<void> {
  await database
    .transaction(async (queries) => {
      const job = await lockLeased(queries, key);
      await takeBack(queries, job, { kind: "wrong", code: fault.code, message: fault.message });
      await countStrike(queries, key.worker);
      log.warn({ job: job.id, worker: key.worker, code: fault.code, fault: fault.message }, "strike");
    }, turnOf(key))
    .catch((error: unknown) => {
      if (!(error instanceof CloudError && error.code === "LEASE_LOST")) throw error;
    });
}

/** Counts a strike; after some of them the worker gets no jobs for a while. The caller has the lock of the job's row. */
export async function countStrike(queries: Queries, worker: Address): Promise<void> {
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
    [worker, STRIKES, BLOCK_MINUTES],
  );
}

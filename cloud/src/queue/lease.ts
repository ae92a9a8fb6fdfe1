import type { Address } from "viem";
import type { Cloud } from "../cloud.ts";
import type { Queries } from "../database/database.ts";
import { tell } from "../database/notices.ts";
import { CloudError } from "../error.ts";
import { type JobRow, jobColumns } from "./jobs.ts";
import { type Failure, takeBack } from "./turns.ts";

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

const lost = () =>
  new CloudError("LEASE_LOST", "The lease on this job is over, and the job went elsewhere or ended. Drop it.", {
    field: "lease",
  });

/**
 * The job of a lease, its row locked. A lease that ran out still counts until somebody took the job away.
 * @throws {@link CloudError} `LEASE_LOST`.
 */
export async function lockLeased(queries: Queries, { worker, jobId, token }: LeaseKey): Promise<JobRow> {
  if (!/^[0-9a-f-]{36}$/i.test(jobId)) throw lost();
  const job = await queries.one<JobRow>(
    `SELECT ${jobColumns} FROM cloud.job j
     WHERE id = $1 AND worker = $2 AND lease_token = $3 AND status IN ('claimed', 'running') FOR UPDATE`,
    [jobId, worker, token],
  );
  if (!job) throw lost();
  return job;
}

/** Keeps a lease, and tells how far the job is. */
export async function heartbeat(
  { database, settings }: Cloud,
  key: LeaseKey,
  progress: { readonly image: number; readonly step: number; readonly steps: number } | undefined,
): Promise<Date> {
  return database.transaction(async (queries) => {
    const job = await lockLeased(queries, key);
    const row = await queries.one<{ lease_expires_at: Date }>(
      `UPDATE cloud.job SET status = 'running', lease_expires_at = now() + $2 * interval '1 second',
         version = version + $6, progress_image = coalesce($3, progress_image),
         progress_step = coalesce($4, progress_step), progress_steps = coalesce($5, progress_steps)
       WHERE id = $1 RETURNING lease_expires_at`,
      [
        job.id,
        settings.leaseSeconds,
        progress ? within(progress.image, job.count - 1) : null,
        progress ? within(progress.step, within(progress.steps, MOST_STEPS)) : null,
        progress ? within(progress.steps, MOST_STEPS) : null,
        progress || job.status === "claimed" ? 1 : 0,
      ],
    );
    if (progress || job.status === "claimed") await tell(queries, "cloud_job", job.id);
    if (!row) throw lost();
    return row.lease_expires_at;
  });
}

/** Gives a job back. */
export async function releaseJob(
  { database }: Cloud,
  key: LeaseKey,
  reason: Exclude<Failure, "expired" | "wrong">,
  message: string | undefined,
): Promise<void> {
  await database.transaction(async (queries) => {
    const job = await lockLeased(queries, key);
    await takeBack(queries, job, reason, message ?? "The worker gave no reason.");
  });
}

/**
 * Takes a job from a worker that delivered something else than it must. Repeated, the worker gets no jobs for a while.
 */
export async function strike({ database, log }: Cloud, key: LeaseKey, fault: CloudError): Promise<void> {
  await database
    .transaction(async (queries) => {
      const job = await lockLeased(queries, key);
      await takeBack(queries, job, "wrong", fault.message);
      await queries.run(
        `UPDATE cloud.worker SET
           strikes = CASE WHEN last_strike_at > now() - interval '1 day' THEN strikes + 1 ELSE 1 END,
           last_strike_at = now()
         WHERE worker = $1`,
        [key.worker],
      );
      await queries.run(
        `UPDATE cloud.worker SET blocked_until = now() + $3 * interval '1 minute', strikes = 0
         WHERE worker = $1 AND strikes >= $2`,
        [key.worker, STRIKES, BLOCK_MINUTES],
      );
      log.warn({ job: job.id, worker: key.worker, code: fault.code, fault: fault.message }, "strike");
    })
    .catch((error: unknown) => {
      if (!(error instanceof CloudError && error.code === "LEASE_LOST")) throw error;
    });
}

import type { SessionRecord } from "../auth/sessions.ts";
import type { Database } from "../database/database.ts";
import { ApiError } from "../error.ts";
import { isParty } from "./access.ts";
import { endCancelled } from "./candidateRotation.ts";
import { getJob, isFinal, type JobRow, jobColumns } from "./job.ts";
import { jobMutex } from "./mutexes.ts";

/**
 * Cancels a job that no worker has yet.
 * @throws {@link ApiError} `JOB_UNKNOWN`, `NOT_YOURS`, `JOB_FINISHED`, `JOB_STARTED`.
 */
export async function cancelJob(database: Database, id: string, session: SessionRecord): Promise<void> {
  if (!isParty(await getJob(database, id), session)) {
    throw new ApiError("NOT_YOURS", "Only the job's requester can cancel it.");
  }
  await database.transaction(async (queries) => {
    const job = await queries.one<JobRow>(`SELECT ${jobColumns} FROM cloud.job j WHERE id = $1 FOR UPDATE`, [id]);
    if (!job) throw new ApiError("JOB_UNKNOWN", "There is no job with this id.");
    if (isFinal(job)) throw new ApiError("JOB_FINISHED", `The job is ${job.status} already.`);
    if (job.status !== "queued") throw new ApiError("JOB_STARTED", "A worker is at it already.");
    await endCancelled(queries, job);
  }, jobMutex(id));
}

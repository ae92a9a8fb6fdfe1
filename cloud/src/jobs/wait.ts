import type { Cloud } from "../cloud.ts";
import { ApiError } from "../error.ts";
import { getJob, isFinal, type JobRow } from "./job.ts";

/** Waits until a job is final, the time is over, the process is to stop, or the client is gone. */
export async function waitForEnd(
  cloud: Pick<Cloud, "database" | "notifications" | "stopping">,
  id: string,
  seconds: number,
  client: AbortSignal,
): Promise<JobRow> {
  const { database, notifications, stopping } = cloud;
  const end = Date.now() + seconds * 1_000;
  for (;;) {
    // Listening begins before looking: what happens in between is not missed.
    const over = new AbortController();
    const changed = notifications.next(
      "cloud_job",
      id,
      Math.min(5_000, Math.max(0, end - Date.now())),
      stopping,
      client,
      over.signal,
    );
    const job = await getJob(database, id);
    if (isFinal(job) || Date.now() >= end || stopping.aborted || client.aborted) {
      over.abort();
      return job;
    }
    await changed;
  }
}

/** Returns the error of a job that ended without a result. */
export function jobError({ error_code, error_message }: JobRow, headers: Readonly<Record<string, string>>): ApiError {
  const code = error_code === "NO_WORKER" ? "NO_WORKER" : "JOB_FAILED";
  return new ApiError(code, error_message ?? "The job was cancelled.", { headers });
}

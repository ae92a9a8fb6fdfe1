import type { Cloud } from "../cloud.ts";
import { untilWoken } from "../database/pgNotify.ts";
import { ApiError } from "../error.ts";
import { getJob, isFinal, type JobRow } from "./job.ts";

/** Watches a job for any number of readers: `row` gets its row at first and after each change, `gone` is told that it was deleted. */
export type WatchJob = (id: string, reader: { row(job: JobRow): void; gone(): void }) => () => void;

/**
 * Waits until a job is final, the time is over, the process is to stop, or the client is gone. A job that is not final by then is read once
 * more.
 */
export async function waitForEnd(
  { database, stopping }: Pick<Cloud, "database" | "stopping">,
  watch: WatchJob,
  id: string,
  seconds: number,
  client: AbortSignal,
): Promise<JobRow> {
  if (seconds === 0) return getJob(database, id);
  let ended: JobRow | undefined;
  await untilWoken(
    (wake) =>
      watch(id, {
        row: (job) => {
          if (!isFinal(job)) return;
          ended = job;
          // A row that is known is told before the reader can be removed.
          queueMicrotask(wake);
        },
        gone: wake,
      }),
    seconds * 1_000,
    [stopping, client],
  );
  return ended ?? getJob(database, id);
}

/** Returns the error of a job that ended without a result. */
export function jobError({ error_code, error_message }: JobRow, headers: Readonly<Record<string, string>>): ApiError {
  const code = error_code === "NO_WORKER" ? "NO_WORKER" : "JOB_FAILED";
  return new ApiError(code, error_message ?? "The job was cancelled.", { headers });
}

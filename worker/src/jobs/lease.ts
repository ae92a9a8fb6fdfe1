import { CloudError, type WorkerClient } from "@gridnft/sdk";
import { retry, trySleep } from "@gridnft/sdk/node";
import type { WorkerJob } from "@gridnft/sdk/schemas";
import { backoff } from "../backoff.ts";
import { describe, isTransient } from "../errors.ts";
import type { Logger } from "../log.ts";

/** Progress of a job: image from 0, step from 1. */
export interface Progress {
  readonly image: number;
  readonly step: number;
  readonly steps: number;
}

/** Lease of a job: heartbeats keep it until `end`. */
export interface Lease {
  /** Aborted when the lease is lost, the job is cancelled, or the worker has to stop. */
  readonly signal: AbortSignal;
  /** Aborted when the worker has to stop. */
  readonly stop: AbortSignal;
  /** Reason for which the lease is lost; undefined while this worker has it. */
  readonly lostReason: string | undefined;
  /** Tells the cloud with the next heartbeat. */
  progress(progress: Progress): void;
  end(): void;
}

/** Milliseconds between two heartbeats: while there is progress, and while there is none. */
const PROGRESS_INTERVAL = 400;
const HEARTBEAT_INTERVAL = 5_000;

/** Returns true if the cloud says that this worker has lost the lease. */
export function isGone(error: unknown): boolean {
  return error instanceof CloudError && ["LEASE_LOST", "JOB_UNKNOWN", "JOB_FINISHED"].includes(error.code);
}

/** Starts the heartbeats of a job's {@link Lease}. */
export function createLease(
  job: WorkerJob,
  { cloud, log }: { readonly cloud: WorkerClient; readonly log: Logger },
  stop: AbortSignal,
): Lease {
  const own = new AbortController();
  const ended = new AbortController();
  const signal = AbortSignal.any([own.signal, stop]);
  let lostReason: string | undefined;
  let news: Progress | undefined;
  let wake = new AbortController();

  const lose = (reason: string): void => {
    lostReason ??= reason;
    own.abort();
  };
  const beat = async (): Promise<void> => {
    const sending = news;
    news = undefined;
    try {
      const { cancelled } = await cloud.heartbeat(job, sending);
      if (cancelled) lose("it was cancelled");
    } catch (error) {
      if (isGone(error) && !ended.signal.aborted) lose(describe(error));
      // A cloud that is away may be back before the lease ends: the work goes on.
      else if (!ended.signal.aborted) log.debug({ job: job.id, reason: describe(error) }, "a heartbeat did not arrive");
    }
  };
  const run = async (): Promise<void> => {
    while (!ended.signal.aborted && lostReason === undefined) {
      if (news === undefined) {
        wake = new AbortController();
        await trySleep(HEARTBEAT_INTERVAL, AbortSignal.any([wake.signal, ended.signal]));
      }
      if (ended.signal.aborted) return;
      await beat();
      await trySleep(PROGRESS_INTERVAL, ended.signal);
    }
  };
  void run();

  return {
    ...{ signal, stop },
    get lostReason() {
      return lostReason;
    },
    progress: (progress) => {
      news = progress;
      wake.abort();
    },
    end: () => ended.abort(),
  };
}

/** Repeats a call while the cloud is away, as long as this worker has the lease. */
export async function retryWhileLeased<result>(call: () => Promise<result>, lease: Lease): Promise<result> {
  return retry(call, async (error, attempt) => isTransient(error) && trySleep(backoff(attempt), lease.signal));
}

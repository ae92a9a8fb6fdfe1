import type { WorkerJob } from "@gridnft/sdk/wire";
import { type CloudClient, CloudError } from "./cloud.ts";
import { describe } from "./errors.ts";
import type { Logger } from "./log.ts";
import { pause } from "./pause.ts";

/** How far a job is: image from 0, step from 1. */
export interface Progress {
  readonly image: number;
  readonly step: number;
  readonly steps: number;
}

/** A job while this worker has its lease: heartbeats go on until `end`. */
export interface Holding {
  /** Aborted when the lease is lost, the job is cancelled, or the worker has to stop. */
  readonly signal: AbortSignal;
  /** Aborted when the worker has to stop. */
  readonly stop: AbortSignal;
  /** Why the job is not this worker's any more; undefined while it is. */
  readonly lostTo: string | undefined;
  /** Tells the cloud with the next heartbeat. */
  progress(progress: Progress): void;
  end(): void;
}

/** Milliseconds between two heartbeats: while there is news, and while there is none. */
const NEWS = 400;
const QUIET = 5_000;

/** Returns true if the cloud says that a job is not this worker's any more. */
export function isGone(error: unknown): boolean {
  return error instanceof CloudError && ["LEASE_LOST", "JOB_UNKNOWN", "JOB_FINISHED"].includes(error.reason);
}

/** Starts to hold a job. */
export function createHolding(
  job: WorkerJob,
  { cloud, log }: { readonly cloud: CloudClient; readonly log: Logger },
  stop: AbortSignal,
): Holding {
  const own = new AbortController();
  const ended = new AbortController();
  const signal = AbortSignal.any([own.signal, stop]);
  let lostTo: string | undefined;
  let news: Progress | undefined;
  let wake = new AbortController();

  const lose = (reason: string): void => {
    lostTo ??= reason;
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
    while (!ended.signal.aborted && lostTo === undefined) {
      if (news === undefined) {
        wake = new AbortController();
        await pause(QUIET, AbortSignal.any([wake.signal, ended.signal]));
      }
      if (ended.signal.aborted) return;
      await beat();
      await pause(NEWS, ended.signal);
    }
  };
  void run();

  return {
    ...{ signal, stop },
    get lostTo() {
      return lostTo;
    },
    progress: (progress) => {
      news = progress;
      wake.abort();
    },
    end: () => ended.abort(),
  };
}

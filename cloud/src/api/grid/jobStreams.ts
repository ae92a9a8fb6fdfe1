import type { Cloud } from "../../cloud.ts";
import { describeError } from "../../error.ts";
import { findJob, isFinal, type JobRow } from "../../jobs/job.ts";
import { jobJson } from "./views.ts";

/** State of a job for its streams. */
export interface JobState {
  readonly version: number;
  readonly status: JobRow["status"];
  readonly isFinal: boolean;
  /** Job as JSON. */
  readonly data: string;
}

/** Reader of a job's changes. */
export interface JobListener {
  /** Receives the newest row, at first and after each change. */
  row?(job: JobRow): void;
  /** Receives the newest state, at first and after each change. It is made only for those who take it. */
  state?(state: JobState): void;
  /** Receives a regular tick, with or without a change. */
  tick?(): void;
  /** Receives the end of a job that was deleted. */
  gone(): void;
}

interface Watched {
  readonly listeners: Set<JobListener>;
  readonly stop: () => void;
  row: JobRow | undefined;
  latest: JobState | undefined;
  reading: boolean;
  /** Set when the job changed while it was read. */
  isStale: boolean;
}

/** Milliseconds between two ticks. */
const TICK_INTERVAL = 15_000;

/**
 * Publisher of job changes, for any number of readers. A notification has its job read once for all of them. At each tick one statement
 * compares the versions of all jobs, in case a notification was lost.
 */
export class JobStreams {
  readonly #jobs = new Map<string, Watched>();
  #ticking: NodeJS.Timeout | undefined;

  constructor(
    private readonly cloud: Pick<Cloud, "database" | "notifications" | "publicUrl" | "log">,
    private readonly tickEvery = TICK_INTERVAL,
  ) {}

  /** Adds a reader of a job that exists. Returns its removal. */
  on(id: string, listener: JobListener): () => void {
    const watched = this.#jobs.get(id) ?? this.#watch(id);
    watched.listeners.add(listener);
    // A row that is read already is the newest that was heard of.
    if (watched.row) listener.row?.(watched.row);
    if (listener.state && watched.row && !isCurrent(watched, watched.row.version)) this.#read(id, watched);
    else if (watched.latest) listener.state?.(watched.latest);
    this.#ticking ??= setInterval(() => this.#tick(), this.tickEvery).unref();
    return () => {
      watched.listeners.delete(listener);
      if (watched.listeners.size > 0 || this.#jobs.get(id) !== watched) return;
      watched.stop();
      this.#jobs.delete(id);
      if (this.#jobs.size > 0) return;
      clearInterval(this.#ticking);
      this.#ticking = undefined;
    };
  }

  /** Watches a job. Listening begins before the first read, so no change is missed. */
  #watch(id: string): Watched {
    const stop = this.cloud.notifications.on("cloud_job", id, () => this.#read(id, watched));
    const watched: Watched = {
      listeners: new Set(),
      stop,
      row: undefined,
      latest: undefined,
      reading: false,
      isStale: false,
    };
    this.#jobs.set(id, watched);
    this.#read(id, watched);
    return watched;
  }

  #read(id: string, watched: Watched): void {
    watched.isStale = true;
    if (watched.reading) return;
    watched.reading = true;
    const read = async (): Promise<void> => {
      while (watched.isStale && watched.listeners.size > 0) {
        watched.isStale = false;
        const job = await findJob(this.cloud.database, id);
        if (!job) {
          for (const listener of [...watched.listeners]) listener.gone();
          return;
        }
        if (job.version !== watched.row?.version) {
          watched.row = job;
          for (const listener of [...watched.listeners]) listener.row?.(job);
        }
        if (isCurrent(watched, job.version)) continue;
        watched.latest = {
          version: job.version,
          status: job.status,
          isFinal: isFinal(job),
          data: JSON.stringify(await jobJson(this.cloud, this.cloud.database, job)),
        };
        for (const listener of [...watched.listeners]) listener.state?.(watched.latest);
      }
    };
    // The first reader is added after this. A database that is away is asked again at the next tick.
    queueMicrotask(() => {
      read()
        .catch((error: unknown) =>
          this.cloud.log.warn({ job: id, error: describeError(error) }, "job could not be read"),
        )
        .finally(() => {
          watched.reading = false;
        });
    });
  }

  #tick(): void {
    for (const { listeners } of [...this.#jobs.values()]) for (const listener of [...listeners]) listener.tick?.();
    const ids = [...this.#jobs.keys()];
    this.cloud.database
      .all<{ id: string; version: number }>("SELECT id, version FROM cloud.job WHERE id = ANY ($1)", [ids])
      .then((rows) => {
        const versions = new Map(rows.map(({ id, version }) => [id, version]));
        for (const id of ids) {
          const watched = this.#jobs.get(id);
          const version = versions.get(id);
          if (watched && (version === undefined || !isCurrent(watched, version))) this.#read(id, watched);
        }
      })
      .catch(() => undefined);
  }
}

/** Returns true if all readers of a job have what they take of that version. */
function isCurrent({ listeners, row, latest }: Watched, version: number): boolean {
  if (row?.version !== version) return false;
  return latest?.version === version || [...listeners].every(({ state }) => state === undefined);
}

import type { CloudErrorCode } from "@gridnft/sdk/schemas";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Chain } from "./chain/chain.ts";

/** Numbers of live workers, jobs and lanes in the database. */
export interface Counts {
  readonly workers: number;
  readonly queued: number;
  readonly running: number;
  readonly lanes: number;
}

/** Finished request, by labels that no caller can invent. */
export interface FinishedRequest {
  readonly method: string;
  /** Pattern of the path. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

/** Prometheus metrics of one cloud. No label names an account, a job or a prompt. */
export interface Metrics {
  readonly contentType: string;
  request(finished: FinishedRequest): void;
  refusal(code: CloudErrorCode): void;
  jobPosted(rail: "direct" | "gateway"): void;
  jobDone(): void;
  /** Counts a block that was found damaged, or restored. */
  block(event: "damaged" | "mended"): void;
  /** Returns all metrics as text. Without counts the database is down. */
  text(counts: Counts | undefined): Promise<string>;
}

/** Bounds of the histogram, seconds. Long polls and waits for pictures take up to a minute. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Creates the metrics in a registry of their own, so that several clouds can run in one process. */
export function createMetrics(chain: Pick<Chain, "head">, stopping: AbortSignal): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: "grid_cloud_request_duration_seconds",
    help: "Time until the head of an answer, by method, pattern of the path and status.",
    labelNames: ["method", "route", "status"],
    buckets: BUCKETS,
    registers,
  });
  const refusals = new Counter({
    name: "grid_cloud_refusals_total",
    help: "Requests refused, by error code.",
    labelNames: ["code"],
    registers,
  });
  const posted = new Counter({
    name: "grid_cloud_jobs_posted_total",
    help: "Jobs queued by this process, by rail.",
    labelNames: ["rail"],
    registers,
  });
  const done = new Counter({
    name: "grid_cloud_jobs_done_total",
    help: "Deliveries that this process accepted.",
    registers,
  });
  const blocks = new Counter({
    name: "grid_cloud_blocks_total",
    help: "Blocks of pictures that this process found damaged, and those that it mended.",
    labelNames: ["event"],
    registers,
  });
  const jobs = new Gauge({
    name: "grid_cloud_jobs",
    help: "Jobs of all processes that are not over.",
    labelNames: ["status"],
    registers,
  });
  const workers = new Gauge({ name: "grid_cloud_workers", help: "Workers in touch now.", registers });
  const lanes = new Gauge({ name: "grid_cloud_lanes", help: "Open lanes of the gateway.", registers });
  const databaseUp = new Gauge({ name: "grid_cloud_database_up", help: "1 if the database answers.", registers });
  const headAge = new Gauge({
    name: "grid_cloud_chain_head_age_seconds",
    help: "Seconds since the newest block was seen.",
    registers,
  });
  const isStopping = new Gauge({ name: "grid_cloud_stopping", help: "1 while the process ends.", registers });

  return {
    contentType: registry.contentType,
    request: ({ method, route, status, seconds }) =>
      requests.observe({ method: /^[A-Z]{3,7}$/.test(method) ? method : "OTHER", route, status }, seconds),
    refusal: (code) => refusals.inc({ code }),
    jobPosted: (rail) => posted.inc({ rail }),
    jobDone: () => done.inc(),
    block: (event) => blocks.inc({ event }),
    text: (counts) => {
      databaseUp.set(counts ? 1 : 0);
      if (counts) {
        jobs.set({ status: "queued" }, counts.queued);
        jobs.set({ status: "running" }, counts.running);
        workers.set(counts.workers);
        lanes.set(counts.lanes);
      }
      headAge.set((Date.now() - chain.head().seenAt) / 1_000);
      isStopping.set(stopping.aborted ? 1 : 0);
      return registry.metrics();
    },
  };
}

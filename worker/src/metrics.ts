import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { WorkerError } from "./errors.ts";
import type { JobOutcome } from "./jobs/run.ts";

/** Metrics of the worker, in Prometheus' words. No label names an account, a job or a prompt. */
export interface Metrics {
  /** Counts a job from its claim on. Returns what to call once, at its end. */
  jobBegun(): (outcome: JobOutcome) => void;
  /** Returns a `fetch` whose requests are counted by route, status and time. */
  counted(fetcher: typeof fetch): typeof fetch;
  readonly contentType: string;
  text(): Promise<string>;
}

/** Address of the metrics. */
export interface MetricsAddress {
  readonly host: string;
  readonly port: number;
}

/** Creates the metrics in a registry of their own. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const busy = new Gauge({ name: "grid_worker_jobs_running", help: "Jobs that are being done.", registers });
  const jobs = new Histogram({
    name: "grid_worker_job_duration_seconds",
    help: "Time from the claim of a job to its end, by outcome.",
    labelNames: ["outcome"],
    buckets: [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900],
    registers,
  });
  const requests = new Histogram({
    name: "grid_worker_cloud_request_duration_seconds",
    help: "Time until the head of the cloud's answer, by method, pattern of the path and status; status 0 for no answer.",
    labelNames: ["method", "route", "status"],
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60],
    registers,
  });
  const lastAnswer = new Gauge({
    name: "grid_worker_cloud_last_answer_timestamp_seconds",
    help: "Unix time of the cloud's last answer.",
    registers,
  });
  /** Routes carry ids; a label with one would be another series for each job. */
  const routeOf = (path: string): string =>
    path
      .replace(/\/jobs\/[^/]+/, "/jobs/{id}")
      .replace(/\/images\/\d+/, "/images/{index}")
      .replace(/0x\w{64}/, "{id}");

  return {
    jobBegun: () => {
      busy.inc();
      const stop = jobs.startTimer();
      return (outcome) => {
        busy.dec();
        stop({ outcome });
      };
    },
    counted: (fetcher) => async (input, init) => {
      const { pathname } = new URL(String(input));
      const stop = requests.startTimer({ method: init?.method ?? "GET", route: routeOf(pathname) });
      try {
        const answer = await fetcher(input, init);
        stop({ status: answer.status });
        lastAnswer.setToCurrentTime();
        return answer;
      } catch (error) {
        stop({ status: 0 });
        throw error;
      }
    },
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}

/**
 * Serves `GET /metrics` until it is closed.
 * @returns Its URL, and what closes it.
 * @throws {@link WorkerError} `ENVIRONMENT_INVALID` when the port is taken, or the host is not this machine's.
 */
export async function serveMetrics(
  metrics: Metrics,
  { host, port }: MetricsAddress,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    const answer = (status: number, text: string, headers: Readonly<Record<string, string>> = {}): void => {
      response.writeHead(status, {
        "content-type": "text/plain; charset=utf-8",
        "cache-control": "no-store",
        ...headers,
      });
      response.end(request.method === "HEAD" ? undefined : text);
    };
    const [path] = (request.url ?? "").split("?");
    if (path !== "/metrics") return answer(404, "The metrics are at /metrics.\n");
    if (request.method !== "GET" && request.method !== "HEAD") {
      return answer(405, "The metrics are asked with GET.\n", { allow: "GET, HEAD" });
    }
    metrics.text().then(
      (text) => answer(200, text, { "content-type": metrics.contentType }),
      () => answer(500, "The metrics cannot be read.\n"),
    );
  });
  server.requestTimeout = 10_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const message = `GRID_WORKER_METRICS_PORT: metrics cannot be served at ${host}:${port} (${cause.code}).`;
      reject(new WorkerError("ENVIRONMENT_INVALID", message, { cause }));
    });
    server.listen(port, host, resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}/metrics`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

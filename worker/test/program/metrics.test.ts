/** Operator's view of a worker. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../../test/fixtures/until.ts";
import { createMetrics, serveMetrics } from "../../src/metrics.ts";
import { type RunningWorker, startWorker } from "../../src/worker.ts";
import { type ScriptedCloud, startScriptedCloud } from "./scriptedCloud.ts";
import { tinyEngine } from "./tinyEngine.ts";
import { PRICE, quiet, startWorkerGrid, type WorkerGrid } from "./workerGrid.ts";

let seeded: WorkerGrid;
let cloud: ScriptedCloud | undefined;
let worker: RunningWorker | undefined;

beforeAll(async () => {
  seeded = await startWorkerGrid();
}, 300_000);
afterEach(async () => {
  await worker?.stop();
  await cloud?.stop();
  worker = undefined;
});
afterAll(() => seeded?.stop());

const start = async (over: NodeJS.ProcessEnv): Promise<RunningWorker> => {
  cloud = await startScriptedCloud(seeded);
  const environment = seeded.environment({ GRID_CLOUD_URL: cloud.url, ...over });
  worker = await startWorker(environment, { log: quiet, software: "test", loadEngine: async () => tinyEngine({}) });
  return worker;
};
const give = async (prompt: string, price = PRICE) => cloud?.give({ ...(await seeded.directJob({ prompt })), price });

describe("metrics", () => {
  it("of a running worker count its jobs by outcome, and its requests by route", async () => {
    const { metricsUrl } = await start({ GRID_WORKER_METRICS_PORT: "0" });
    expect(metricsUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
    expect(await give("a lighthouse")).toHaveProperty("receipts");
    expect(await give("a cheap lighthouse", 1n)).toHaveProperty("released");
    const shown = (part: string) =>
      until(async () => {
        const now = await (await fetch(metricsUrl as string)).text();
        return now.includes(part) && now;
      });
    await shown('outcome="refused"');
    // A job that is another's by the time of its upload is lost, and no failure.
    (cloud as ScriptedCloud).behaviour.loseLease = "images";
    void give("a lost lighthouse");
    const text = await shown('outcome="lost"');
    expect(text).not.toContain('outcome="failed"');
    expect(text).toContain('grid_worker_job_duration_seconds_count{outcome="delivered"} 1');
    expect(text).toContain('grid_worker_job_duration_seconds_count{outcome="refused"} 1');
    expect(text).toContain("grid_worker_jobs_running 0");
    expect(text).toMatch(/method="PUT",route="\/v1\/worker\/jobs\/\{id\}\/images\/\{index\}",status="200"\} 1\n/);
    // No id and no text of a job is a label.
    expect(text).not.toMatch(/route="[^"]*[0-9a-f]{8}-|lighthouse/);
  });

  it("are shown nowhere unless the operator says where, and end with the worker", async () => {
    expect((await start({})).metricsUrl).toBeUndefined();
    await worker?.stop();
    await cloud?.stop();
    const { metricsUrl } = await start({ GRID_WORKER_METRICS_PORT: "0" });
    await worker?.stop();
    await expect(fetch(metricsUrl as string)).rejects.toThrow();
  });

  it("say at the start that their port is taken", async () => {
    const shown = await serveMetrics(createMetrics(), { host: "127.0.0.1", port: 0 });
    try {
      const { port } = new URL(shown.url);
      await expect(start({ GRID_WORKER_METRICS_PORT: port })).rejects.toMatchObject({
        ...{ code: "ENVIRONMENT_INVALID", message: expect.stringContaining("GRID_WORKER_METRICS_PORT") },
      });
      const ask = (path: string, method = "GET") => fetch(new URL(path, shown.url), { method });
      expect((await ask("/")).status).toBe(404);
      const posted = await ask("/metrics", "POST");
      expect([posted.status, posted.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
      const head = await ask("/metrics", "HEAD");
      expect([head.status, (await head.text()).length]).toEqual([200, 0]);
    } finally {
      await shown.close();
    }
  });
});

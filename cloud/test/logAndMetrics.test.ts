/** What an operator sees of a cloud: its log and its metrics, and nothing private in them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Program, startProgram } from "../../test/fixtures/program.ts";
import { until } from "../../test/fixtures/until.ts";
import { call, type Refusal, signIn, signOrders, startTestGrid, type TestGrid } from "./grid.ts";
import { scriptedWorker } from "./scriptedWorker.ts";

/** A line of the log. */
interface Line {
  readonly level: number;
  readonly msg: string;
  readonly request?: string;
  readonly method?: string;
  readonly path?: string;
  readonly status?: number;
  readonly ms?: number;
  readonly code?: string;
  readonly job?: string;
  readonly account?: string;
  readonly worker?: string;
}

const INFO = 30;
const SECRET = "a very private lighthouse";
let grid: TestGrid;
let program: Program;
let cloud: { url: string; stop: () => Promise<void> };
const folder = mkdtempSync(join(tmpdir(), "gridnft-observe-"));

beforeAll(async () => {
  grid = await startTestGrid();
  const deployment = join(folder, "deployment.json");
  writeFileSync(deployment, JSON.stringify(grid.chain.deployment));
  program = startProgram("cloud/src/main.ts", {
    environment: {
      ...{ PATH: process.env.PATH, GRID_RPC_URL: grid.chain.rpcUrl, GRID_DEPLOYMENT: deployment },
      ...{ DATABASE_URL: grid.postgres.url, GRID_CLOUD_PORT: "0", GRID_BLOCKS: join(folder, "blocks") },
    },
  });
  const ready = await program.says(/^\{"ready":true.*$/m);
  cloud = { ...(JSON.parse(ready) as { url: string }), stop: async () => {} };
}, 300_000);
afterAll(async () => {
  await program?.end("SIGTERM");
  await grid?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const lines = (): Line[] =>
  program
    .printed()
    .split("\n")
    .filter((line) => line.startsWith('{"level"'))
    .map((line) => JSON.parse(line) as Line);
/** The line of a request, once it is written. */
const lineOf = (id: string | null) =>
  until(async () => lines().find(({ msg, request }) => msg === "request" && request === id), "the request is logged");
const idOf = ({ headers }: { headers: Headers }) => headers.get("x-request-id");

describe("a log at info", () => {
  it("has each request with status, time, job and worker, and no prompt, signature or token", async () => {
    const account = grid.artist.account;
    const token = await signIn(grid, cloud, account);
    const worker = await scriptedWorker(grid, cloud, grid.workers[0]);
    const resolved = { prompt: SECRET, model: "1", width: 64, height: 64, steps: 2, salt: `0x${"5a".repeat(32)}` };
    const quoted = await call<{ quote: { parameters: object; candidates: { order: object }[] } }>(
      ...([cloud, "POST", "/v1/generate-image", { json: resolved, token }] as const),
    );
    expect(quoted.status).toBe(402);
    const query = await call(cloud, "GET", `/v1/quote?${new URLSearchParams({ prompt: SECRET, model: "1" })}`);
    const orders = await signOrders(
      ...([grid, account, quoted.body.quote.candidates.map(({ order }) => order)] as const),
    );
    const posted = await call<{ id: string }>(cloud, "POST", "/v1/generate-image", {
      json: { ...quoted.body.quote.parameters, payment: { rail: "direct", orders } },
      ...{ token, headers: { prefer: "respond-async" } },
    });
    const job = await until(() => worker.claim(5), "the worker gets the job");
    const beat = await worker.heartbeat(job, { image: 0, step: 1, steps: 2 });
    await worker.work(job);
    const refused = await call(cloud, "GET", `/v1/jobs/${job.id}`);
    const nowhere = await call(cloud, "GET", `/v2/${"x".repeat(1_000)}`);

    const workerAddress = grid.workers[0].party.address.toLowerCase();
    expect(await lineOf(idOf(query))).toMatchObject({ level: INFO, method: "GET", path: "/v1/quote", status: 200 });
    expect(await lineOf(idOf(posted))).toMatchObject({
      ...{ level: INFO, method: "POST", status: 202, job: job.id, account: account.address.toLowerCase() },
    });
    expect(await lineOf(idOf(beat))).toMatchObject({ level: INFO, status: 200, job: job.id, worker: workerAddress });
    expect(await lineOf(idOf(refused))).toMatchObject({ level: INFO, status: 403, code: "NOT_YOURS", job: job.id });
    const lost = await lineOf(idOf(nowhere));
    expect([lost.status, lost.code, lost.path?.length]).toEqual([404, "ROUTE_UNKNOWN", 200]);
    const claim = lines().find(({ path, job: claimed }) => path === "/v1/worker/claim" && claimed === job.id);
    expect(claim).toMatchObject({ level: INFO, status: 200, worker: workerAddress });
    for (const { ms } of lines().filter(({ msg }) => msg === "request")) expect(Number.isSafeInteger(ms)).toBe(true);

    expect(program.printed()).not.toContain(SECRET);
    expect(program.printed()).not.toContain(encodeURIComponent(SECRET).slice(0, 8));
    expect(program.printed()).not.toContain("private+lighthouse");
    for (const secret of [token, worker.token, job.lease.token, orders[0]?.signature ?? "none"]) {
      expect(program.printed()).not.toContain(secret);
    }
  });

  it("does not fill with what machines ask all the time", async () => {
    const [health, metrics] = await Promise.all([call(cloud, "GET", "/health"), call(cloud, "GET", "/metrics")]);
    const after = await call(cloud, "GET", "/v1/workers");
    await lineOf(idOf(after));
    const ids = lines().map(({ request }) => request);
    expect([ids.includes(idOf(health) ?? ""), ids.includes(idOf(metrics) ?? "")]).toEqual([false, false]);
  });
});

describe("metrics", () => {
  const read = async () => {
    const { status, headers, body } = await call<string>(cloud, "GET", "/metrics");
    expect([status, headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(headers.get("content-type")).toMatch(/^text\/plain; version=/);
    return body;
  };
  /** The value of one series. */
  const sampleOf = (text: string, series: string) =>
    Number(
      text
        .split("\n")
        .find((line) => line.startsWith(`${series} `))
        ?.slice(series.length),
    );

  it("count requests by the pattern of their paths, refusals by code, and jobs", async () => {
    const models = 'grid_cloud_request_duration_seconds_count{method="GET",route="/v1/models/{id}",status="404"}';
    const before = await read();
    for (const name of ["first", "second", "third"]) await call(cloud, "GET", `/v1/models/${name}`);
    for (let i = 0; i < 3; i++) await call(cloud, "GET", `/v2/${i}`);
    const after = await read();
    expect(sampleOf(after, models) - (sampleOf(before, models) || 0)).toBe(3);
    const unknown = 'grid_cloud_refusals_total{code="ROUTE_UNKNOWN"}';
    expect(sampleOf(after, unknown) - (sampleOf(before, unknown) || 0)).toBe(3);
    // No path that somebody made up is a label.
    expect(after).not.toMatch(/route="[^"]*(v2|first)/);
    expect(sampleOf(after, 'grid_cloud_jobs_posted_total{rail="direct"}')).toBe(1);
    expect(sampleOf(after, "grid_cloud_jobs_done_total")).toBe(1);
    expect(sampleOf(after, 'grid_cloud_jobs{status="queued"}')).toBe(0);
    expect(sampleOf(after, "grid_cloud_workers")).toBe(1);
    expect(sampleOf(after, "grid_cloud_database_up")).toBe(1);
    expect(sampleOf(after, "process_cpu_seconds_total")).toBeGreaterThan(0);
    expect(after).not.toContain(grid.artist.address.slice(2, 12));
  });
});

describe("what is no request", () => {
  const isUnreadable = ({ msg }: Line) => msg === "unreadable request";
  /** The response to bytes as they stand. */
  const send = (bytes: string) =>
    new Promise<string>((resolve, reject) => {
      const { hostname, port } = new URL(cloud.url);
      let answer = "";
      const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(bytes, "latin1"));
      socket.on("data", (chunk) => {
        answer += chunk;
      });
      socket.once("error", reject);
      socket.once("close", () => resolve(answer));
    });

  it.each([
    ["a URL that is not ASCII", "GET /v1/quote?prompt=\xe9 HTTP/1.1\r\nHost: a\r\n\r\n", 422],
    ["headers beyond their limit", `GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${"a".repeat(20_000)}\r\n\r\n`, 431],
    ["no HTTP", "hello\r\n\r\n", 400],
    ["a host that is none", "GET / HTTP/1.1\r\nHost: a/b\r\nConnection: close\r\n\r\n", 422],
    ["a URL without a path", "GET * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 422],
  ])("is logged and counted without its text: %s", async (_, bytes, status) => {
    const before = lines().filter(isUnreadable).length;
    expect(await send(bytes)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    await until(async () => lines().filter(isUnreadable).length > before || undefined, "it is logged");
    const line = lines().filter(isUnreadable).at(-1);
    expect(line).toMatchObject({ level: INFO, status });
    expect(JSON.stringify(line).length).toBeLessThan(200);
    const { body } = await call<string>(cloud, "GET", "/metrics");
    expect(body).toContain(`{method="OTHER",route="(unreadable)",status="${status}"}`);
  });
});

// After the metrics, which count the jobs of this file.
describe("a log of failures", () => {
  it("has the code of a job that failed, and not its worker's words about it", async () => {
    const account = grid.artist.account;
    const worker = await scriptedWorker(grid, cloud, grid.workers[0]);
    const asked = { prompt: SECRET, model: "1", width: 64, height: 64, steps: 2, salt: `0x${"5b".repeat(32)}` };
    const json = { ...asked, requester: account.address };
    const quoted = await call<{ quote: { parameters: object; candidates: { order: object }[] } }>(
      ...([cloud, "POST", "/v1/generate-image", { json }] as const),
    );
    const { parameters, candidates } = quoted.body.quote;
    const orders = await signOrders(
      grid,
      account,
      candidates.map(({ order }) => order),
    );
    const posted = call<Refusal>(cloud, "POST", "/v1/generate-image", {
      json: { ...parameters, payment: { rail: "direct", orders } },
    });
    const job = await until(() => worker.claim(5), "the worker gets the job");
    await worker.release(job, "failed", "ENGINE_FAILED", `cannot read: ${SECRET}`);

    const answer = await posted;
    expect(answer.status).toBe(502);
    // Its requester, who waits for it, does read them.
    expect(answer.body.error.message).toContain(SECRET);
    expect(await lineOf(idOf(answer))).toMatchObject({ status: 502, code: "JOB_FAILED", job: job.id });
    expect(program.printed()).not.toContain(SECRET);
  });
});

/** Refusals that pass: they neither count nor bar, pause the worker, and the job's owner is told. */
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { job as jobSchema } from "../../sdk/src/wire/index.ts";
import type { RunningCloud } from "../src/start.ts";
import { call, type Refusal, signIn, signOrders, startTestGrid, type TestGrid, until } from "./grid.ts";
import { type JobJson, type ScriptedWorker, scriptedWorker } from "./scriptedWorker.ts";

let grid: TestGrid;
let cloud: RunningCloud;
let workers: readonly [ScriptedWorker, ScriptedWorker];
let token: string;

beforeAll(async () => {
  grid = await startTestGrid({ dailyImages: 10_000 });
  cloud = await grid.cloud({ leaseSeconds: 60 });
}, 120_000);
afterAll(() => grid?.stop());

beforeEach(async () => {
  workers = await Promise.all([
    scriptedWorker(grid, cloud, grid.workers[0], { parallel: 8 }),
    scriptedWorker(grid, cloud, grid.workers[1], { parallel: 8 }),
  ]);
  token = await signIn(grid, cloud, privateKeyToAccount(generatePrivateKey()));
  await until(async () => (await grid.sql("SELECT 1 FROM cloud.lane WHERE state = 'open'")).length === 2, "two lanes");
});
afterEach(async () => {
  await grid.sql(`UPDATE cloud.job SET status = 'failed', lease_token = NULL, wanted = NULL
    WHERE status IN ('queued', 'claimed', 'running')`);
  await grid.sql("UPDATE cloud.worker SET pauses = 0, paused_until = NULL, lane_paused_until = NULL");
});

const wish = { prompt: "a pier", width: 64, height: 64, steps: 2 };

async function order(changes: object = {}): Promise<string> {
  const { status, body } = await call<{ id: string }>(cloud, "POST", "/v1/generate-image", {
    token,
    json: { ...wish, model: grid.open.toString(), ...changes },
    headers: { prefer: "respond-async" },
  });
  expect(status).toBe(202);
  return body.id;
}

async function look(id: string) {
  return jobSchema.parse((await call(cloud, "GET", `/v1/jobs/${id}`, { token })).body);
}

const gets = (worker: ScriptedWorker, what: string): Promise<JobJson> => until(() => worker.claim(5), what);
const endPauses = () => grid.sql("UPDATE cloud.worker SET lane_paused_until = now() - interval '1 second'");

it("of a worker without room cost no job an attempt, whatever their number, and others do the jobs", async () => {
  const ids = [];
  for (let i = 0; i < 5; i++) ids.push(await order());
  for (let round = 0; round < 12; round++) {
    const job = await gets(workers[0], "a job");
    expect(ids).toContain(job.id);
    await workers[0].release(job, "refused", "EXPOSURE", "1.5 AIPG of work on this lane have no voucher yet.");
    // It gets no other job that costs as much.
    expect(await workers[0].claim()).toBeUndefined();
    await endPauses();
  }
  for (const id of ids) expect(await look(id)).toMatchObject({ status: "queued", attempts: 0 });
  const told = { code: "EXPOSURE", message: "1.5 AIPG of work on this lane have no voucher yet." };
  expect((await Promise.all(ids.map(look))).map((job) => job.given_back)).toContainEqual(told);
  for (const _ of ids) await workers[1].work(await gets(workers[1], "the other worker gets it"));
  for (const id of ids) {
    const job = await look(id);
    expect(job).toMatchObject({ status: "done", attempts: 1 });
    expect(job.given_back).toBeUndefined();
  }
});

it("pause a worker for longer each time, and not at all for jobs that cost less", async () => {
  const seconds = async () =>
    (
      await grid.sql<{ pause: number }>(
        "SELECT round(extract(epoch FROM lane_paused_until - now()))::int AS pause FROM cloud.worker WHERE worker = $1",
        [grid.workers[0].party.address.toLowerCase()],
      )
    )[0]?.pause ?? 0;
  const dear = await order({ steps: 50 });
  const pauses: number[] = [];
  for (let i = 0; i < 7; i++) {
    const job = await gets(workers[0], "the dear one");
    await workers[0].release(job, "refused", "LANE_SHORT", "The lane has 1 AIPG, and would owe 2 AIPG.");
    pauses.push(await seconds());
    if (i < 6) await endPauses();
  }
  expect(pauses.every((pause, i) => pause >= (pauses[i - 1] ?? 0))).toBe(true);
  expect(pauses[0]).toBeLessThan(5);
  expect(pauses.at(-1)).toBeGreaterThan(50);
  const cheap = await order();
  const job = await gets(workers[0], "the cheap one");
  expect(job.id).toBe(cheap);
  expect(await look(dear)).toMatchObject({ status: "queued", attempts: 0 });
  // Its voucher, once accepted, makes room: the dear one comes at once.
  const { voucher } = await workers[0].work(job);
  if (!voucher) throw new Error("a voucher");
  const waiting = workers[0].claim(20);
  await workers[0].counterSign(voucher);
  expect(await waiting).toMatchObject({ id: dear });
});

it("of a lane that cannot be used concern all of its jobs, and no direct order", async () => {
  await order();
  const { voucher } = await workers[0].work(await gets(workers[0], "a job that it does"));
  await order();
  const job = await gets(workers[0], "a job");
  await workers[0].release(job, "refused", "LANE_THAWING");
  await order({ steps: 1 });
  expect(await workers[0].claim()).toBeUndefined();
  // A voucher that it accepts makes room, and no lane usable.
  if (!voucher) throw new Error("a voucher");
  await workers[0].counterSign(voucher);
  expect(await workers[0].claim()).toBeUndefined();
  const direct = await orderDirect(grid.workers[0].party.address);
  expect(await gets(workers[0], "the direct one")).toMatchObject({ id: direct });
});

it("of a worker that can't read the chain concern everything", async () => {
  const direct = await orderDirect(grid.workers[0].party.address);
  const job = await gets(workers[0], "the direct one");
  await workers[0].release(job, "refused", "CHAIN_UNREADABLE", "The worker cannot read the chain.");
  await order();
  expect(await workers[0].claim()).toBeUndefined();
  await grid.sql("UPDATE cloud.worker SET paused_until = NULL");
  await grid.sql("UPDATE cloud.job_failure SET until = now() WHERE kind = 'passing'");
  expect(await gets(workers[0], "the direct one again")).toMatchObject({ id: direct });
});

it("leave a direct order with its worker, which may do it after all", async () => {
  const id = await orderDirect(grid.workers[0].party.address);
  for (let i = 0; i < 4; i++) {
    const job = await gets(workers[0], "the order");
    expect(job.id).toBe(id);
    await workers[0].release(job, "refused", "BALANCE_TOO_LOW", "The payer has 0 AIPG free.");
    // This job has a pause, others have none.
    expect(await workers[0].claim()).toBeUndefined();
    await grid.sql("UPDATE cloud.job_failure SET until = now() WHERE job_id = $1", [id]);
  }
  expect(await look(id)).toMatchObject({ attempts: 0, given_back: { code: "BALANCE_TOO_LOW" } });
  await workers[0].work(await gets(workers[0], "the order at last"));
  expect(await look(id)).toMatchObject({ status: "done", attempts: 1 });
});

it("do not make a job wait for longer than it may, and its end says why nobody took it", async () => {
  const id = await order();
  await grid.sql("UPDATE cloud.job SET queued_at = now() - interval '599 seconds' WHERE id = $1", [id]);
  const before = await grid.sql("SELECT queued_at FROM cloud.job WHERE id = $1", [id]);
  await workers[0].release(await gets(workers[0], "a job"), "refused", "LANE_SHORT", "The lane has 0 AIPG.");
  expect(await grid.sql("SELECT queued_at FROM cloud.job WHERE id = $1", [id])).toEqual(before);
  const ended = await until(async () => {
    const job = await look(id);
    return job.status === "failed" && job;
  }, "it ends");
  expect(ended.error).toEqual({
    code: "NO_WORKER",
    message: "No worker took the job in time. Nobody paid for it. The last one said LANE_SHORT: The lane has 0 AIPG.",
  });
});

it("that are final count and bar as before, and so do codes that nobody knows", async () => {
  const id = await order();
  await workers[0].release(
    await gets(workers[0], "a job"),
    "refused",
    "UNSUPPORTED",
    "There is no sampler \u0007here.",
  );
  expect(await look(id)).toMatchObject({
    attempts: 1,
    given_back: { code: "UNSUPPORTED", message: "There is no sampler here." },
  });
  expect(await workers[0].claim()).toBeUndefined();
  const job = await gets(workers[1], "the other worker gets it");
  const wrong = await workers[1].release(job, "refused", "no room");
  expect([wrong.status, (wrong.body as Refusal).error]).toEqual([422, expect.objectContaining({ field: "code" })]);
  await workers[1].release(job, "refused", "NOT_IN_THE_MOOD");
  expect(await look(id)).toMatchObject({ attempts: 2, given_back: { code: "NOT_IN_THE_MOOD" } });
  expect(await workers[1].claim()).toBeUndefined();
});

/** A direct order of the artist for one worker. */
async function orderDirect(worker: string): Promise<string> {
  const json = { ...wish, model: grid.open.toString(), requester: grid.artist.address };
  const { body } = await call<{ quote: { parameters: object; candidates: { order: object; worker: string }[] } }>(
    cloud,
    "POST",
    "/v1/generate-image",
    { json },
  );
  const { parameters, candidates } = body.quote;
  const mine = candidates.filter((candidate) => candidate.worker.toLowerCase() === worker.toLowerCase());
  const orders = await signOrders(
    grid,
    grid.artist.account,
    mine.map((candidate) => candidate.order),
  );
  const posted = await call<{ id: string }>(cloud, "POST", "/v1/generate-image", {
    json: { ...parameters, payment: { rail: "direct", orders } },
    headers: { prefer: "respond-async" },
  });
  expect(posted.status).toBe(202);
  return posted.body.id;
}

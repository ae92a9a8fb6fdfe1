/** Refusals that pass: they neither count nor bar, pause the worker, and the job's owner is told. */
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { job as jobSchema } from "../../sdk/src/schemas/index.ts";
import { until } from "../../test/fixtures/until.ts";
import type { RunningCloud } from "../src/start.ts";
import { call, OPEN_HASH, png, type Refusal, signIn, signOrders, startTestGrid, type TestGrid } from "./grid.ts";
import { type JobJson, type ScriptedWorker, scriptedWorker } from "./scriptedWorker.ts";

let grid: TestGrid;
let cloud: RunningCloud;
let workers: readonly [ScriptedWorker, ScriptedWorker];
let token: string;

beforeAll(async () => {
  grid = await startTestGrid({ dailyImages: 10_000 });
  cloud = await grid.cloud({ leaseSeconds: 60 });
}, 300_000);
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
  await grid.sql(
    `UPDATE cloud.worker SET pauses = 0, paused_until = NULL, lane_paused_until = NULL, strikes = 0, blocked_until = NULL,
       ended_at = NULL`,
  );
  await grid.sql("UPDATE cloud.offer SET paused_until = NULL, pauses = 0");
});

const resolved = { prompt: "a pier", width: 64, height: 64, steps: 2 };

async function order(changes: object = {}): Promise<string> {
  const { status, body } = await call<{ id: string }>(cloud, "POST", "/v1/generate-image", {
    token,
    json: { ...resolved, model: grid.open.toString(), ...changes },
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

it("for want of time concern all of the gateway's jobs of as much work, for longer each time, and no smaller ones", async () => {
  const ids: string[] = [];
  for (let i = 0; i < 20; i++) ids.push(await order({ steps: 50 + (i % 3) }));
  const mine = grid.workers[0].party.address.toLowerCase();
  const claims: string[] = [];
  const pauses: number[] = [];
  for (let round = 0; round < 7; round++) {
    // Each pause and each bar is over.
    await grid.sql("UPDATE cloud.offer SET paused_until = least(paused_until, now())");
    await grid.sql("UPDATE cloud.job_failure SET until = now()");
    for (let job = await workers[0].claim(); job; job = await workers[0].claim()) {
      claims.push(job.id);
      await workers[0].release(job, "refused", "DEADLINE_TOO_NEAR", "The order ends in 600 s.");
    }
    const [row] = await grid.sql<{ pause: number }>(
      "SELECT extract(epoch FROM paused_until - now())::float8 AS pause FROM cloud.offer WHERE worker = $1 AND model_id = $2",
      [mine, grid.open.toString()],
    );
    pauses.push(row?.pause ?? 0);
  }
  // The first one in the queue is the smallest.
  expect(claims).toEqual(Array.from({ length: 7 }, () => ids[0]));
  expect(pauses.every((pause, i) => pause > (pauses[i - 1] ?? 0) || pause > 50)).toBe(true);
  expect(pauses.at(-1)).toBeGreaterThan(50);
  for (const id of ids) expect(await look(id)).toMatchObject({ status: "queued", attempts: 0 });
  const small = await order();
  expect(await workers[0].claim()).toMatchObject({ id: small });
  // Not of the first one's time.
  expect(await workers[1].claim()).toMatchObject({ id: ids[0] });
});

it("for want of time on a direct order, whose payer chose its deadline, concern that one alone", async () => {
  const direct = await orderDirect(grid.workers[0].party.address);
  const job = await gets(workers[0], "the direct one");
  expect(job.id).toBe(direct);
  await workers[0].release(job, "refused", "DEADLINE_TOO_NEAR");
  const next = await order();
  expect(await workers[0].claim()).toMatchObject({ id: next });
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
  const json = { ...resolved, model: grid.open.toString(), requester: grid.artist.address };
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

it("of a lease that is held without progress end it, count, and bar the worker; steps and pictures are progress", async () => {
  const id = await order({ n: 3 });
  const job = await gets(workers[0], "the first worker gets it");
  const pass = () =>
    grid.sql("UPDATE cloud.job SET progressed_at = progressed_at - interval '110 seconds' WHERE id = $1", [id]);
  const beat = async (progress?: { image: number; step: number; steps: number }) =>
    (await workers[0].heartbeat(job, progress)).status;
  // Each step is 110 s after the one before, which a bound of 120 s allows.
  for (const step of [1, 2, 3]) {
    await pass();
    expect(await beat({ image: 0, step, steps: 9 })).toBe(200);
  }
  await pass();
  await workers[0].upload(job, 0, await png(64, 64, 1));
  expect(await beat()).toBe(200);
  await pass();
  // The same picture again, and steps that were done before, are none.
  await workers[0].upload(job, 0, await png(64, 64, 2));
  expect(await beat({ image: 0, step: 4, steps: 9 })).toBe(200);
  expect(await beat({ image: 0, step: 1, steps: 9 })).toBe(200);
  await pass();
  const held = await workers[0].heartbeat(job, { image: 0, step: 5, steps: 9 });
  expect([held.status, (held.body as Refusal).error.code]).toEqual([409, "LEASE_LOST"]);
  expect(await look(id)).toMatchObject({ status: "queued", attempts: 1, given_back: { code: "NO_PROGRESS" } });
  expect(await grid.sql("SELECT kind, code FROM cloud.job_failure WHERE job_id = $1", [id])).toEqual([
    { kind: "failed", code: "NO_PROGRESS" },
  ]);
  expect(await grid.sql("SELECT strikes FROM cloud.worker WHERE strikes > 0")).toEqual([{ strikes: 1 }]);
  expect(await workers[0].claim()).toBeUndefined();
  await workers[1].work(await gets(workers[1], "the other worker gets it"));
  expect((await look(id)).status).toBe("done");
}, 180_000);

it("of a worker that makes its jobs one after the other don't come from the time that the others take", async () => {
  const ids = [await order(), await order()];
  const jobs = [await gets(workers[0], "a job"), await gets(workers[0], "another one")];
  await grid.sql("UPDATE cloud.job SET progressed_at = now() - interval '200 seconds' WHERE id = ANY ($1)", [ids]);
  for (const job of jobs) expect((await workers[0].heartbeat(job)).status).toBe(200);
  await grid.sql("UPDATE cloud.job SET progressed_at = now() - interval '250 seconds' WHERE id = $1", [jobs[0]?.id]);
  expect((await workers[0].heartbeat(jobs[0] as JobJson)).status).toBe(409);
  expect((await workers[0].heartbeat(jobs[1] as JobJson)).status).toBe(409);
});

it("of a worker's jobs don't come from the time that another one takes, as long as that gets on, nor at once when it is done", async () => {
  await order();
  await order();
  const [first, second] = [await gets(workers[0], "a job"), await gets(workers[0], "another one")];
  const beat = async (job: JobJson, step?: number) =>
    (await workers[0].heartbeat(job, step === undefined ? undefined : { image: 0, step, steps: 2 })).status;
  // The engine is at the first one for longer than the bound of both, 240 s; the second waits for it.
  await grid.sql("UPDATE cloud.job SET progressed_at = now() - interval '300 seconds' WHERE id = $1", [second.id]);
  expect(await beat(first, 1)).toBe(200);
  expect(await beat(second)).toBe(200);
  await workers[0].work(first);
  expect(await beat(second)).toBe(200);
  expect(await beat(second, 1)).toBe(200);
  // Now it has its own time, and no more.
  await grid.sql("UPDATE cloud.job SET progressed_at = now() - interval '130 seconds' WHERE id = $1", [second.id]);
  await grid.sql("UPDATE cloud.worker SET ended_at = ended_at - interval '110 seconds'");
  expect(await beat(second)).toBe(200);
  await grid.sql("UPDATE cloud.worker SET ended_at = ended_at - interval '20 seconds'");
  expect(await beat(second)).toBe(409);
});

it("that pass come before the work: later ones count and bar, so that nobody ends a job by holding and refusing it", async () => {
  const hold: Record<string, (job: JobJson) => Promise<unknown>> = {
    "with a step": (job) => workers[0].heartbeat(job, { image: 0, step: 1, steps: 2 }),
    "for long": (job) =>
      grid.sql("UPDATE cloud.job SET claimed_at = claimed_at - interval '130 seconds' WHERE id = $1", [job.id]),
  };
  for (const [how, held] of Object.entries(hold)) {
    const id = await order();
    const job = await gets(workers[0], "a job");
    await held(job);
    // All of its waiting time was over in this worker's hands.
    await grid.sql("UPDATE cloud.job SET queued_at = now() - interval '700 seconds' WHERE id = $1", [id]);
    expect((await workers[0].release(job, "refused", "EXPOSURE", "No room.")).status).toBe(204);
    expect(await workers[0].claim()).toBeUndefined();
    await workers[1].work(await gets(workers[1], `the other worker gets what was held ${how}`));
    expect(await look(id)).toMatchObject({ status: "done", attempts: 2 });
    expect(await grid.sql("SELECT kind, code FROM cloud.job_failure WHERE job_id = $1", [id])).toEqual([
      { kind: "refused", code: "EXPOSURE" },
    ]);
  }
});

it("for a lane's reason count on a direct order, which has none: it would come back at once, for ever", async () => {
  const id = await orderDirect(grid.workers[0].party.address);
  await workers[0].release(await gets(workers[0], "the order"), "refused", "EXPOSURE", "No room.");
  expect(await workers[0].claim()).toBeUndefined();
  expect(await look(id)).toMatchObject({ status: "failed", error: { code: "JOB_FAILED" } });
});

it("by a lease that heartbeats kept until its order was over bar the worker and count as strikes; one that went silent may come back", async () => {
  const end = (id: string, silent: boolean) =>
    grid.sql(
      `UPDATE cloud.job SET order_message = jsonb_set(order_message, '{deadline}', '"1"'),
         lease_expires_at = now() + $2 * interval '30 seconds' WHERE id = $1`,
      [id, silent ? -1 : 1],
    );
  for (const silent of [false, true]) {
    const id = await order();
    await gets(workers[0], "a job");
    await end(id, silent);
    const kind = await until(
      async () =>
        (await grid.sql<{ kind: string }>("SELECT kind FROM cloud.job_failure WHERE job_id = $1", [id]))[0]?.kind,
      "it is taken back",
    );
    expect([silent, kind]).toEqual([silent, silent ? "expired" : "failed"]);
    expect(await grid.sql("SELECT strikes FROM cloud.worker WHERE strikes > 0")).toEqual([{ strikes: 1 }]);
    await grid.sql("UPDATE cloud.job SET status = 'cancelled' WHERE id = $1", [id]);
  }
});

it("for a side that no engine takes come at submission, with the step and the nearest sizes", async () => {
  const stepped = { parallel: 8, models: [grid.open], sideStep: 64 };
  for (const identity of grid.workers) await scriptedWorker(grid, cloud, identity, stepped);
  const body = { ...resolved, model: grid.open.toString(), width: 520, height: 520 };
  const quote = `/v1/quote?model=${grid.open}&prompt=a&width=512&height=520&steps=2`;
  const refusals = [
    await call<Refusal>(cloud, "POST", "/v1/generate-image", { json: body }),
    await call<Refusal>(cloud, "POST", "/v1/generate-image", { token, json: body }),
  ];
  for (const { status, body: refused } of refusals) {
    expect([status, refused.error.code, refused.error.field]).toEqual([422, "FIELD_INVALID", "width"]);
    expect(refused.error.message).toBe(
      "width is not a multiple of 64, as the model needs it. The nearest sizes are 512 x 512 and 576 x 576.",
    );
  }
  expect((await call<Refusal>(cloud, "GET", quote)).body.error).toMatchObject({ field: "height" });
  expect((await call<{ side_step: number }>(cloud, "GET", `/v1/models/${grid.open}`)).body.side_step).toBe(64);
  // The largest size that the API takes has no neighbour above it.
  const wide = await call<Refusal>(cloud, "POST", "/v1/generate-image", {
    json: { ...body, width: 1_016, height: 960 },
  });
  expect(wide.body.error.message).toContain("960 x 960 and 1024 x 960");
  // Another worker takes them; the first gets the jobs that it can do.
  await scriptedWorker(grid, cloud, grid.workers[1], { parallel: 8, sideStep: 8 });
  const odd = await order({ width: 520, height: 520 });
  const even = await order({ width: 512, height: 576 });
  expect(await workers[0].claim()).toMatchObject({ id: even });
  expect(await workers[0].claim()).toBeUndefined();
  expect(await workers[1].claim()).toMatchObject({ id: odd });
});

it.each([
  ["height", { height: 520 }],
  ["height", { width: 576, height: 576 }],
  ["steps", { steps: 51 }],
  ["guidance_scale", { guidance_scale: 7.0005 }],
] as const)("defaults are refused whose %s its own request could not have: %o", async (field, change) => {
  const taken = { width: 512, height: 512, steps: 50, guidance_scale: 7.005, sampler: "ddim", scheduler: "normal" };
  const put = (defaults: object) =>
    call<Refusal>(cloud, "PUT", "/v1/worker/offer", {
      token: workers[0].token,
      json: {
        software: "scripted",
        parallel: 1,
        models: [
          {
            ...{ model_id: grid.open.toString(), model_hash: OPEN_HASH, rate: "1", side_step: 64, defaults },
            ...{ samplers: ["ddim"], schedulers: ["normal"], max_pixels: 512 * 512, max_steps: 50, max_count: 4 },
          },
        ],
      },
    });
  const refused = await put({ ...taken, ...change });
  expect([refused.status, refused.body?.error.field]).toEqual([422, `models.0.defaults.${field}`]);
  expect((await put(taken)).status).toBe(204);
});

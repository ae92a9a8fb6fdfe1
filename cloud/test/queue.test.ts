/** Jobs between two cloud processes on one database, workers that fail or lie, orders that are worth nothing: nobody pays. */
import { parseEther } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type JobReceipt, messageFromJson, receiptId, SETTLE_GRACE } from "../../sdk/src/index.ts";
import { until } from "../../test/fixtures/until.ts";
import type { RunningCloud } from "../src/start.ts";
import { call, png, type Refusal, signIn, signOrders, startTestGrid, type TestGrid } from "./grid.ts";
import { ENGINE, type JobJson, type ScriptedWorker, scriptedWorker } from "./scriptedWorker.ts";

let grid: TestGrid;
/** Two processes' worth of cloud; worker 1 talks to the first, worker 2 to the second. */
let clouds: readonly [RunningCloud, RunningCloud];
let workers: readonly [ScriptedWorker, ScriptedWorker];

beforeAll(async () => {
  grid = await startTestGrid({ dailyImages: 4 });
  const changes = { leaseSeconds: 60, waitSeconds: 15 };
  clouds = await Promise.all([grid.cloud(changes), grid.cloud(changes)]);
}, 300_000);
afterAll(() => grid?.stop());

beforeEach(async () => {
  workers = await Promise.all([
    scriptedWorker(grid, clouds[0], grid.workers[0]),
    scriptedWorker(grid, clouds[1], grid.workers[1]),
  ]);
});
/** Nothing of a test stays for the next one. */
afterEach(async () => {
  await grid.sql(`UPDATE cloud.job SET status = 'failed', lease_token = NULL, wanted = NULL
    WHERE status IN ('queued', 'claimed', 'running')`);
  await grid.sql("UPDATE cloud.worker SET strikes = 0, blocked_until = NULL");
});

const user = () => privateKeyToAccount(generatePrivateKey());
const resolved = () => ({ prompt: "a harbour", model: grid.open.toString(), width: 64, height: 64, steps: 2 });

interface JobAnswer {
  id: string;
  status: string;
  attempts: number;
  worker?: string;
  error?: { code: string; message: string };
}
const workloadOf = async (id: string, token?: string) =>
  (await call<JobAnswer>(clouds[0], "GET", `/v1/jobs/${id}`, { token })).body;
const becomes = (id: string, status: string, token?: string) =>
  until(async () => {
    const job = await workloadOf(id, token);
    return job.status === status && job;
  }, `job is ${status}`);

/** Has the gateway order something for a new account. */
async function gatewayJob(changes: object = {}): Promise<{ id: string; token: string }> {
  await until(async () => (await grid.sql("SELECT 1 FROM cloud.lane WHERE state = 'open'")).length === 2, "two lanes");
  const token = await signIn(grid, clouds[0], user());
  const { status, body } = await call<{ id: string }>(clouds[0], "POST", "/v1/generate-image", {
    token,
    json: { ...resolved(), ...changes },
    headers: { prefer: "respond-async" },
  });
  expect(status).toBe(202);
  return { id: body.id, token };
}

/** Signs the orders of a quote as the artist. */
async function directOrders(changes: object = {}) {
  const { body } = await call<{ quote: { parameters: object; candidates: { order: object; worker: string }[] } }>(
    clouds[0],
    "POST",
    "/v1/generate-image",
    { json: { ...resolved(), requester: grid.artist.address, ...changes } },
  );
  const { parameters, candidates } = body.quote;
  const sign = (orders: readonly object[]) => signOrders(grid, grid.artist.account, orders);
  return { parameters, orders: candidates.map(({ order }) => order), sign };
}
const postOrders = (parameters: object, orders: readonly object[], options: object = {}) =>
  call<Refusal & JobAnswer>(clouds[0], "POST", "/v1/generate-image", {
    json: { ...parameters, payment: { rail: "direct", orders } },
    headers: { prefer: "respond-async" },
    ...options,
  });
const promised = async () =>
  BigInt(
    (await grid.sql<{ sum: string }>("SELECT coalesce(sum(promised), 0)::text AS sum FROM cloud.lane_total"))[0]?.sum ??
      0,
  );

describe("two processes", () => {
  it("hand each job out once", async () => {
    const { id, token } = await gatewayJob();
    const claims = await Promise.all([...workers, ...workers, ...workers].map((worker) => worker.claim()));
    const got = claims.filter((job): job is JobJson => job !== undefined);
    expect(got.map((job) => job.id)).toEqual([id]);
    const worker = claims[0] || claims[2] || claims[4] ? workers[0] : workers[1];
    await worker.work(got[0] as JobJson);
    expect(await becomes(id, "done", token)).toMatchObject({ attempts: 1 });
  });

  it("hear of each other's jobs, and stream them", async () => {
    const { id } = await gatewayJob();
    const stream = await fetch(`${clouds[1].url}/v1/jobs/${id}/events`);
    const text = stream.text();
    const job = await until(() => workers[0].claim(5), "a worker gets it");
    await workers[0].heartbeat(job);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await workers[0].heartbeat(job, { image: 0, step: 1, steps: 2 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await workers[0].work(job);
    const events = [...(await text).matchAll(/^event: (\w+)$/gm)].map(([, name]) => name);
    expect(events[0]).toBe("state");
    expect(events).toContain("progress");
    expect(events.at(-1)).toBe("done");
    // Who has seen the end already hears it once more, and the stream ends.
    const again = await (
      await fetch(`${clouds[0].url}/v1/jobs/${id}`, { headers: { accept: "text/event-stream" } })
    ).text();
    expect(again).toContain("event: done");
  });

  it("take a job from a worker that is not heard of, and fence it off", async () => {
    const { id } = await gatewayJob();
    const first = await until(() => workers[0].claim(), "the first worker gets it");
    const upload = await workers[0].upload(first, 0, await png(64, 64, 1));
    await grid.sql("UPDATE cloud.job SET lease_expires_at = now() - interval '1 second' WHERE id = $1", [id]);
    const second = await until(() => workers[1].claim(5), "the second worker gets it");
    expect(second.order.worker).not.toBe(first.order.worker);
    const late = await workers[0].complete(first, [workers[0].receipt(first, 0, upload.body)]);
    expect([late.status, (late.body as unknown as Refusal).error.code]).toEqual([409, "LEASE_LOST"]);
    const { voucher, receipts } = await workers[1].work(second);
    expect(await becomes(id, "done")).toMatchObject({ attempts: 2 });
    // The second worker is paid for its own receipt, the first for nothing.
    expect(voucher?.lane.worker.toLowerCase()).toBe(second.order.worker.toLowerCase());
    expect(voucher?.receipt_ids.at(-1)).toBe(receiptId(receipts[0] as JobReceipt, grid.domain));
  });

  it("give a stopping worker's job to the other, without counting it", async () => {
    const { id } = await gatewayJob();
    const job = await until(() => workers[0].claim(), "the first worker gets it");
    expect((await workers[0].release(job, "stopping")).status).toBe(204);
    await workers[1].work(await until(() => workers[1].claim(5), "the second worker gets it"));
    expect(await becomes(id, "done")).toMatchObject({ attempts: 1 });
  });

  it("end a job that nobody can do, give its quota back, and let its requester cancel what waits", async () => {
    const { id, token } = await gatewayJob({ n: 3 });
    const quota = async () =>
      (await call<{ quota: { used: number } }>(clouds[0], "GET", "/v1/auth/session", { token })).body.quota.used;
    expect(await quota()).toBe(3);
    const over = await call<Refusal>(clouds[0], "POST", "/v1/generate-image", { token, json: { ...resolved(), n: 2 } });
    expect([over.status, over.body.error.code]).toEqual([402, "QUOTA_USED"]);
    const stranger = await signIn(grid, clouds[0], user());
    // Accounts cost nothing, so there is a limit for all of them together.
    await grid.sql("UPDATE cloud.quota SET spent = spent + 100000 * 10::numeric ^ 18 WHERE account = 'everybody'");
    const another = await call<Refusal>(clouds[0], "POST", "/v1/generate-image", { token: stranger, json: resolved() });
    expect([another.status, another.body.error.code]).toEqual([402, "QUOTA_USED"]);
    await grid.sql("UPDATE cloud.quota SET spent = spent - 100000 * 10::numeric ^ 18 WHERE account = 'everybody'");
    const notTheirs = await call<Refusal>(clouds[0], "DELETE", `/v1/jobs/${id}`, { token: stranger });
    expect(notTheirs.body.error.code).toBe("NOT_YOURS");
    expect((await call<JobAnswer>(clouds[1], "DELETE", `/v1/jobs/${id}`, { token })).body.status).toBe("cancelled");
    expect(await quota()).toBe(0);
    expect((await call<Refusal>(clouds[0], "DELETE", `/v1/jobs/${id}`, { token })).body.error.code).toBe(
      "JOB_FINISHED",
    );

    const other = await gatewayJob();
    for (const worker of workers) {
      const job = await until(() => worker.claim(5), "a worker gets it");
      const begun = await call<Refusal>(clouds[0], "DELETE", `/v1/jobs/${other.id}`, { token: other.token });
      expect(begun.body.error.code).toBe("JOB_STARTED");
      await worker.release(job, "failed");
    }
    expect(await workers[0].claim()).toBeUndefined();
    await grid.sql("UPDATE cloud.job SET queued_at = now() - interval '1 hour' WHERE id = $1", [other.id]);
    expect(await becomes(other.id, "failed")).toMatchObject({ error: { code: "NO_WORKER" } });
  });
});

describe("a worker that delivers something else", () => {
  const lies: [string, string, (worker: ScriptedWorker, job: JobJson) => Promise<{ status: number; body: unknown }>][] =
    [
      [
        "bytes that are no PNG",
        "IMAGE_INVALID",
        (worker, job) => worker.upload(job, 0, new TextEncoder().encode("GIF89a")),
      ],
      ["another size", "IMAGE_INVALID", async (worker, job) => worker.upload(job, 0, await png(128, 64, 7))],
      [
        "something after the PNG",
        "IMAGE_INVALID",
        async (worker, job) => worker.upload(job, 0, Buffer.concat([await png(64, 64, 7), Buffer.from("<script>")])),
      ],
      [
        "half a PNG",
        "IMAGE_INVALID",
        async (worker, job) => worker.upload(job, 0, (await png(64, 64, 7)).subarray(0, 100)),
      ],
    ];
  const receiptLies: [string, string, Partial<JobReceipt>][] = [
    ["another image hash", "IMAGE_MISMATCH", { imageHash: `0x${"11".repeat(32)}` }],
    ["another CID", "IMAGE_MISMATCH", { cidDigest: `0x${"11".repeat(32)}` }],
    ["a higher price", "RECEIPT_INVALID", { price: parseEther("1") }],
    ["another seed", "RECEIPT_INVALID", { seed: 8n }],
    ["another requester", "RECEIPT_INVALID", { requester: `0x${"11".repeat(20)}` }],
    ["another request", "RECEIPT_INVALID", { requestHash: `0x${"11".repeat(32)}` }],
    ["another order", "RECEIPT_INVALID", { orderHash: `0x${"11".repeat(32)}` }],
    ["another engine", "RECEIPT_INVALID", { engineHash: `0x${"11".repeat(32)}` }],
    ["a time of tomorrow", "RECEIPT_INVALID", { completedAt: BigInt(Math.floor(Date.now() / 1_000) + 86_400) }],
  ];
  for (const [what, code, changes] of receiptLies) {
    lies.push([
      what,
      code,
      async (worker, job) => {
        const { body } = await worker.upload(job, 0, await png(64, 64, 7));
        return worker.complete(job, [worker.receipt(job, 0, body, changes)]);
      },
    ]);
  }
  lies.push([
    "a receipt that a stranger signed",
    "RECEIPT_INVALID",
    async (worker, job) => {
      const { body } = await worker.upload(job, 0, await png(64, 64, 7));
      return worker.complete(job, [worker.receipt(job, 0, body)], ENGINE, undefined, workers[1].identity.key);
    },
  ]);
  it.each(lies)("%s: gets %s, is not paid, and the job goes to the other", async (_, code, deliver) => {
    const before = await promised();
    const { id } = await gatewayJob({ seed: 7 });
    const job = await until(() => workers[0].claim(5), "the first worker gets it");
    const { status, body } = await deliver(workers[0], job);
    expect([status, (body as Refusal).error?.code]).toEqual([422, code]);
    expect(await promised()).toBe(before);
    expect(await workers[0].claim()).toBeUndefined();
    const next = await until(() => workers[1].claim(5), "the second worker gets it");
    expect(next.id).toBe(id);
    await workers[1].work(next);
    await becomes(id, "done");
    expect(await promised()).toBe(before + BigInt(next.price));
  });

  it("after all, when the job is done: gets nothing changed", async () => {
    await gatewayJob();
    const job = await until(() => workers[0].claim(5), "the first worker gets it");
    const { files, receipts } = await workers[0].work(job);
    expect(files).toHaveLength(1);
    // The staging is closed: neither bytes nor receipts can be changed, and the same again is answered the same.
    const swap = await workers[0].upload(job, 0, await png(64, 64, 99));
    expect((swap.body as unknown as Refusal).error.code).toBe("LEASE_LOST");
    expect((await workers[0].complete(job, receipts)).status).toBe(200);
    const other = await workers[0].complete(job, [{ ...(receipts[0] as JobReceipt), seed: 1n }]);
    expect((other.body as unknown as Refusal).error.code).toBe("JOB_FINISHED");
    const stranger = { ...job, lease: { ...job.lease, token: "guessed" } };
    expect(((await workers[0].heartbeat(stranger)).body as Refusal).error.code).toBe("LEASE_LOST");
    expect(((await workers[1].heartbeat(job)).body as Refusal).error.code).toBe("LEASE_LOST");
  });

  it("three times: gets no jobs for a while", async () => {
    for (let i = 0; i < 3; i++) {
      await gatewayJob();
      const job = await until(() => workers[0].claim(5), "the first worker gets it");
      await workers[0].upload(job, 0, new Uint8Array(10));
      await workers[1].work(await until(() => workers[1].claim(5), "the second worker gets it"));
    }
    const { id } = await gatewayJob();
    expect(await workers[0].claim()).toBeUndefined();
    expect(await workers[1].claim()).toMatchObject({ id });
  });
});

describe("orders", () => {
  it("for two workers share a nonce; the second gets its own only when the first one's is over for good", async () => {
    const { parameters, orders, sign } = await directOrders();
    expect(orders).toHaveLength(2);
    const [first, second] = orders.map((order) => messageFromJson("JobOrder", order));
    if (!first || !second) throw new Error("two orders");
    expect(second.nonce).toBe(first.nonce);
    expect(second.deadline).toBeGreaterThan(first.deadline + BigInt(SETTLE_GRACE));
    const { body } = await postOrders(parameters, await sign(orders));
    const [mine, other] =
      first.worker.toLowerCase() === grid.workers[0].party.address.toLowerCase() ? workers : [workers[1], workers[0]];
    expect(await other.claim()).toBeUndefined();
    const job = await until(() => mine.claim(5), "the first candidate gets it");
    await mine.release(job, "failed");
    expect(await other.claim()).toBeUndefined();
    expect(await mine.claim()).toBeUndefined();
    expect((await workloadOf(body.id)).status).toBe("queued");
    // Past the deadline, but not past the grace.
    await grid.chain.pass(Number(first.deadline - (await grid.chain.now())) + 10);
    expect(await other.claim(1)).toBeUndefined();
    await grid.chain.pass(SETTLE_GRACE);
    const later = await until(() => other.claim(5), "the second candidate gets it");
    expect(later.order.nonce).toBe(first.nonce.toString());
    await other.upload(later, 0, await png(64, 64, 3));
  }, 180_000);

  it("go to the next worker at once while nobody has seen them", async () => {
    const { parameters, orders, sign } = await directOrders();
    const [first] = orders.map((order) => messageFromJson("JobOrder", order));
    const { body } = await postOrders(parameters, await sign(orders));
    const mine = first?.worker.toLowerCase() === grid.workers[0].party.address.toLowerCase() ? 0 : 1;
    await grid.sql("UPDATE cloud.worker SET last_seen = now() - interval '2 minutes' WHERE worker = $1", [
      first?.worker.toLowerCase(),
    ]);
    expect(
      await until(() => workers[1 - mine]?.claim(5) ?? Promise.resolve(undefined), "the second candidate"),
    ).toMatchObject({ id: body.id });
  });

  it("are refused when they are worth nothing", async () => {
    const { parameters, orders, sign } = await directOrders();
    const good = orders[0] as Record<string, unknown>;
    const refused = async (code: string, status: number, signed: readonly object[], options: object = {}) => {
      const answer = await postOrders(parameters, signed, options);
      expect([answer.status, answer.body.error?.code, answer.body.error?.message]).toEqual([
        status,
        code,
        expect.any(String),
      ]);
    };
    const changed = async (changes: object) => sign([{ ...good, ...changes }]);
    const now = Number(await grid.chain.now());
    await refused("ORDER_INVALID", 422, await changed({ maxPrice: "1" }));
    await refused("ORDER_INVALID", 422, await changed({ count: 2 }));
    await refused("ORDER_INVALID", 422, await changed({ laneId: `0x${"01".repeat(32)}` }));
    await refused("ORDER_INVALID", 422, await changed({ requestHash: `0x${"01".repeat(32)}` }));
    await refused("ORDER_INVALID", 422, await changed({ feeConfigId: 9 }));
    await refused("ORDER_EXPIRED", 422, await changed({ deadline: String(now - 10) }));
    await refused("ORDER_INVALID", 422, await changed({ deadline: String(now + 10 * 86_400) }));
    await refused("NO_WORKER", 503, await changed({ worker: `0x${"01".repeat(20)}` }));
    await refused("BALANCE_TOO_LOW", 402, await changed({ maxPrice: parseEther("5000").toString() }));
    const twice = await sign([good, { ...(orders[1] as object), deadline: good.deadline }]);
    await refused("ORDER_INVALID", 422, twice);
    const nonces = await sign([good, { ...(orders[1] as object), nonce: "77" }]);
    await refused("ORDER_INVALID", 422, nonces);

    const [signed] = await sign([good]);
    if (!signed) throw new Error("an order");
    const byOther = await signOrders(grid, user(), [good]);
    await refused("SIGNATURE_INVALID", 422, byOther);
    // The same signature with its s mirrored recovers the same key, but the contract refuses it.
    const s = BigInt(`0x${signed.signature.slice(66, 130)}`);
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const v = signed.signature.endsWith("1b") ? "1c" : "1b";
    const mirrored = `${signed.signature.slice(0, 66)}${(order - s).toString(16).padStart(64, "0")}${v}`;
    await refused("SIGNATURE_INVALID", 422, [{ ...signed, signature: mirrored }]);

    expect((await postOrders(parameters, [signed])).status).toBe(202);
    await refused("ORDER_REPLAYED", 409, [signed]);
  });

  it("posted twice at once make one job", async () => {
    const { parameters, orders, sign } = await directOrders();
    const signed = await sign(orders.slice(0, 1));
    const statuses = await Promise.all([1, 2, 3, 4].map(async () => (await postOrders(parameters, signed)).status));
    expect(statuses.sort()).toEqual([202, 409, 409, 409]);
  });

  it("do not name a nonce twice, while a quote is fresh", async () => {
    const quotes = await Promise.all([directOrders(), directOrders(), directOrders()]);
    const nonces = quotes.map(({ orders }) => (orders[0] as { nonce: string }).nonce);
    expect(new Set(nonces).size).toBe(3);
    expect(nonces.every((nonce) => BigInt(nonce) < 256n)).toBe(true);
  });
});

describe("a licensed model", () => {
  it("is for its licensees: by their session, or by their own signature", async () => {
    const model = { model: grid.licensed.toString() };
    const asked = await call<Refusal>(clouds[0], "POST", "/v1/generate-image", {
      json: { ...resolved(), ...model, requester: grid.artist.address },
    });
    expect([asked.status, asked.body.error.code]).toEqual([403, "MODEL_NOT_LICENSED"]);
    const stranger = await signIn(grid, clouds[0], user());
    const denied = await call<Refusal>(clouds[0], "POST", "/v1/generate-image", {
      token: stranger,
      json: { ...resolved(), ...model },
    });
    expect([denied.status, denied.body.error.code]).toEqual([403, "MODEL_NOT_LICENSED"]);

    // Its owner may use it; a payer who merely names the owner as requester may not.
    const owner = grid.owner.address;
    const { body } = await call<{ quote: { parameters: object; candidates: { order: object }[] } }>(
      clouds[0],
      "GET",
      `/v1/quote?model=${grid.licensed}&prompt=a%20harbour&width=64&height=64&steps=2&requester=${owner}&payer=${grid.artist.address}`,
    );
    const quote = body as unknown as { parameters: object; candidates: { order: object }[] };
    const signed = await signOrders(
      grid,
      grid.artist.account,
      quote.candidates.slice(0, 1).map(({ order }) => order),
    );
    const named = await postOrders(quote.parameters, signed);
    expect([named.status, named.body.error?.code]).toEqual([403, "MODEL_NOT_LICENSED"]);
    const token = await signIn(grid, clouds[0], grid.owner.account);
    expect((await postOrders(quote.parameters, signed, { token })).status).toBe(202);

    // Sold in mid-session: the next job asks the chain again.
    const mine = () =>
      call<Refusal>(clouds[0], "POST", "/v1/generate-image", {
        token,
        json: { ...resolved(), ...model },
        headers: { prefer: "respond-async" },
      });
    expect((await mine()).status).toBe(202);
    await grid.chain.mined(
      grid.owner.grid.aigc.write.transferFrom([grid.owner.address, grid.gateway.address, grid.licensed]),
    );
    expect((await mine()).status).toBe(403);
  });
});

it("stops gracefully: refuses new work, lets go of who waits", async () => {
  const third = await grid.cloud();
  const waiting = fetch(`${third.url}/v1/worker/claim`, {
    method: "POST",
    headers: { authorization: `Bearer ${workers[0].token}`, "content-type": "application/json" },
    body: JSON.stringify({ wait_seconds: 25 }),
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  await third.stop();
  const answer = await waiting;
  expect([answer.status, ((await answer.json()) as Refusal).error.code]).toEqual([503, "STOPPING"]);
});

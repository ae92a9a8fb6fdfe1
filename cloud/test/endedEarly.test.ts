/** Direct orders that their worker ends early, and workers whose bond won't be enough when an order is settled. */
import { type Hex, toHex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  checkBundle,
  type JobReceipt,
  messageFromJson,
  mintSeries,
  orderClosing,
  receiptPrice,
  SignerRole,
} from "../../sdk/src/index.ts";
import {
  generateImageResponse,
  job as jobSchema,
  quote as quoteSchema,
  receiptBundle,
} from "../../sdk/src/schemas/index.ts";
import { addSigner, signMessage } from "../../test/fixtures/seed.ts";
import { until } from "../../test/fixtures/until.ts";
import type { RunningCloud } from "../src/start.ts";
import { call, png, type Refusal, signIn, signOrders, startTestGrid, type TestGrid } from "./grid.ts";
import { ENGINE, type JobJson, type ScriptedWorker, scriptedWorker } from "./scriptedWorker.ts";

let grid: TestGrid;
let cloud: RunningCloud;
let worker: ScriptedWorker;

beforeAll(async () => {
  grid = await startTestGrid();
  cloud = await grid.cloud();
  worker = await scriptedWorker(grid, cloud, grid.workers[0], { parallel: 16 });
}, 300_000);
afterAll(() => grid?.stop());

const resolved = () => ({
  prompt: "a lighthouse at dusk",
  model: grid.open.toString(),
  width: 128,
  height: 64,
  steps: 5,
});
const ask = (n: number) => ({ ...resolved(), requester: grid.artist.address, seed: 42, n });

/** A quote for `n` images, and its orders, signed by the artist. */
async function quoted(n: number) {
  const { body } = await call<{ quote: { candidates: { order: unknown }[] } }>(cloud, "POST", "/v1/generate-image", {
    json: ask(n),
  });
  const candidates = body.quote.candidates.map((one) => one.order);
  return { ...quoteSchema.parse(body.quote), orders: await signOrders(grid, grid.artist.account, candidates) };
}

/** A direct job of `n` images, queued. */
async function order(n: number): Promise<string> {
  const { parameters, orders } = await quoted(n);
  const json = { ...parameters, payment: { rail: "direct", orders } };
  const queued = await call<{ id: string }>(cloud, "POST", "/v1/generate-image", {
    json,
    headers: { prefer: "respond-async" },
  });
  expect(queued.status).toBe(202);
  return queued.body.id;
}

/** A direct job in the worker's hands, with `made` of its images uploaded. */
async function begun(n: number, made: number): Promise<{ job: JobJson; receipts: JobReceipt[] }> {
  const id = await order(n);
  const job = await until(() => worker.claim(5), "the worker gets the job");
  expect(job.id).toBe(id);
  const receipts: JobReceipt[] = [];
  for (let index = 0; index < made; index++) {
    const { body } = await worker.upload(job, index, await png(128, 64, Date.now() + index));
    receipts.push(worker.receipt(job, index, body));
  }
  return { job, receipts };
}

const orderOf = (job: JobJson) => messageFromJson("JobOrder", job.order);

describe("a job that is done", () => {
  it("is over for its lease: no heartbeat, upload or release brings it back", async () => {
    const { job, receipts } = await begun(1, 1);
    expect((await worker.complete(job, receipts)).status).toBe(200);
    const again = [
      await worker.heartbeat(job, { image: 0, step: 1, steps: 2 }),
      await worker.upload(job, 0, await png(128, 64, 1)),
      await worker.release(job, "failed"),
    ];
    expect(again.map(({ status }) => status)).toEqual([409, 409, 409]);
    const rows = await grid.sql("SELECT status, attempts FROM cloud.job WHERE id = $1", [job.id]);
    expect(rows).toEqual([{ status: "done", attempts: 1 }]);
  });

  it("was completed once, though its result came four times at once", async () => {
    const { job, receipts } = await begun(1, 1);
    const answers = await Promise.all([1, 2, 3, 4].map(() => worker.complete(job, receipts)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const account = worker.identity.party.address.toLowerCase();
    const [counted] = await grid.sql<{ jobs_done: number }>("SELECT jobs_done FROM cloud.worker WHERE worker = $1", [
      account,
    ]);
    const done = await grid.sql("SELECT FROM cloud.job WHERE worker = $1 AND status = 'done'", [account]);
    expect(Number(counted?.jobs_done)).toBe(done.length);
  });
});

describe("an order that its worker ended early", () => {
  it("is done with what was made, says so, and is minted from its bundles", async () => {
    const { job, receipts } = await begun(4, 3);
    const closing = await worker.close(job, receipts);
    expect((await worker.complete(job, receipts, ENGINE, closing)).status).toBe(200);
    // The answer may have been lost.
    expect((await worker.complete(job, receipts, ENGINE, closing)).status).toBe(200);
    const shown = jobSchema.parse((await call(cloud, "GET", `/v1/jobs/${job.id}`)).body);
    expect(shown).toMatchObject({ status: "done", ended_early: true });
    expect(shown.images).toHaveLength(3);
    const bundles = await Promise.all(
      (shown.images ?? []).map(async ({ receipt_id }) =>
        receiptBundle.parse((await call(cloud, "GET", `/v1/receipts/${receipt_id}`)).body),
      ),
    );
    expect(bundles.map(({ direct }) => direct?.closing_signature)).toEqual([closing, closing, closing]);
    const { deployment } = grid.chain;
    for (const bundle of bundles) await checkBundle(grid.artist.wallet, { bundle, deployment });
    const before = (await grid.artist.grid.settlement.read.accountOf([grid.artist.address])).balance;
    const minted = await mintSeries(grid.artist.wallet, { deployment, bundles, series: { title: "Three of four" } });
    expect(minted.tokenIds).toHaveLength(3);
    const paid = [0, 1, 2].reduce((sum, index) => sum + receiptPrice(BigInt(job.price), 4, index), 0n);
    const { balance } = await grid.artist.grid.settlement.read.accountOf([grid.artist.address]);
    expect(before - balance).toBe(paid);
    await until(
      async () =>
        (await grid.sql("SELECT 1 FROM cloud.job WHERE id = $1 AND settled_at IS NOT NULL", [job.id])).length > 0,
      "the cloud sees that the order is settled",
    );
  });

  it("is answered with the images that there are, and what they cost", async () => {
    const { orders, ...quote } = await quoted(2);
    const answer = call(cloud, "POST", "/v1/generate-image", {
      json: { ...quote.parameters, payment: { rail: "direct", orders } },
    });
    const job = await until(() => worker.claim(5), "the worker gets the job");
    const { body: upload } = await worker.upload(job, 1, await png(128, 64, 77));
    const receipts = [worker.receipt(job, 1, upload)];
    expect((await worker.complete(job, receipts, ENGINE, await worker.close(job, receipts))).status).toBe(200);
    const result = generateImageResponse.parse((await answer).body);
    expect(result).toMatchObject({ ended_early: true, seed: "43" });
    expect(BigInt(Math.round(Number(result.cost_aipg) * 1e9)) * 10n ** 9n).toBe(receiptPrice(quote.price, 2, 1));
  });

  it.each<[string, (job: JobJson, receipts: JobReceipt[]) => Promise<[JobReceipt[], Hex | undefined]>]>([
    ["without the worker's closing", async (_, receipts) => [receipts, undefined]],
    [
      "with a closing of other receipts",
      async (job, receipts) => [receipts, await worker.close(job, receipts.slice(0, 1))],
    ],
    [
      "with a closing by a stranger",
      async (job, receipts) => {
        const closing = orderClosing({ order: orderOf(job), receipts, domain: grid.domain });
        return [receipts, await signMessage(grid.gatewayKey, grid.domain, "OrderClosing", closing)];
      },
    ],
    [
      "with a closing in another form",
      async (job, receipts) => [receipts, `${(await worker.close(job, receipts)).slice(0, -2)}01` as Hex],
    ],
    [
      "whose receipts are out of order",
      async (job, receipts) => [[...receipts].reverse(), await worker.close(job, receipts)],
    ],
    [
      "of an image that was not uploaded",
      async (job, [first]) => {
        const unseen = { ...(first as JobReceipt), index: 2, seed: 44n };
        return [[unseen], await worker.close(job, [unseen])];
      },
    ],
    [
      "for the whole price",
      async (job, [first]) => {
        const dear = [{ ...(first as JobReceipt), price: BigInt(job.price) }];
        return [dear, await worker.close(job, dear)];
      },
    ],
  ])("is refused %s", async (_, forge) => {
    await grid.sql("UPDATE cloud.worker SET strikes = 0, blocked_until = NULL");
    const { job, receipts } = await begun(4, 2);
    const [sent, closing] = await forge(job, receipts);
    const { status, body } = await worker.complete(job, sent, ENGINE, closing);
    expect(status).toBe(422);
    expect((body as unknown as Refusal).error.code).toMatch(/^(RECEIPT_INVALID|IMAGE_MISMATCH)$/);
    const [row] = await grid.sql<{ status: string }>("SELECT status FROM cloud.job WHERE id = $1", [job.id]);
    expect(row?.status).not.toBe("done");
  });

  it("is refused with all its receipts and a closing, and on a lane", async () => {
    await grid.sql("UPDATE cloud.worker SET strikes = 0, blocked_until = NULL");
    const { job, receipts } = await begun(2, 2);
    const closing = await worker.close(job, receipts.slice(0, 1));
    expect((await worker.complete(job, receipts, ENGINE, closing)).status).toBe(422);

    await grid.sql("UPDATE cloud.worker SET strikes = 0, blocked_until = NULL");
    const token = await signIn(grid, cloud, grid.artist.account);
    await until(
      async () => (await call<{ gateway?: { lanes: number } }>(cloud, "GET", "/health")).body.gateway?.lanes === 2,
      "the cloud knows the lanes",
    );
    const json = { ...resolved(), n: 2 };
    await call(cloud, "POST", "/v1/generate-image", { token, json, headers: { prefer: "respond-async" } });
    const onLane = await until(() => worker.claim(5), "the worker gets the job");
    const { body } = await worker.upload(onLane, 0, await png(128, 64, 99));
    const refused = await worker.complete(onLane, [worker.receipt(onLane, 0, body)], ENGINE, closing);
    expect(refused).toMatchObject({ status: 422, body: { error: { code: "RECEIPT_INVALID" } } });
  });
});

describe("a picture signed by a key that its worker has revoked", () => {
  it("is refused for a direct order, which could be settled when the key counts no more", async () => {
    await grid.sql("UPDATE cloud.worker SET strikes = 0, blocked_until = NULL");
    const { party } = grid.workers[0];
    const key = privateKeyToAccount(generatePrivateKey());
    await addSigner(grid.chain, party, key, SignerRole.WORKER_SIGNER);
    const { read, write } = party.grid.settlement;
    await grid.chain.mined(write.revokeSigner([key.address]));
    expect(await read.isSigner([party.address, SignerRole.WORKER_SIGNER, key.address])).toBe(true);
    const { job, receipts } = await begun(1, 1);
    expect(await worker.complete(job, receipts, ENGINE, undefined, key)).toMatchObject({
      ...{ status: 422, body: { error: { code: "RECEIPT_INVALID", message: expect.stringContaining("is revoked") } } },
    });
  });
});

describe("a worker that takes its bond back", () => {
  it("gets no direct order, quoted, posted or waiting, even while its bond is enough", async () => {
    await grid.sql("UPDATE cloud.worker SET strikes = 0, blocked_until = NULL");
    const { party } = grid.workers[0];
    const minBond = await party.grid.registry.read.minBond();
    await grid.chain.mined(party.grid.registry.write.addBond([party.address, minBond]));
    const { parameters, orders } = await quoted(1);
    const waiting = await order(1);
    await grid.chain.mined(party.grid.registry.write.announceUnbond([1n]));
    expect(await party.grid.registry.read.isBonded([party.address])).toBe(true);
    const naming = {
      status: 503,
      body: { error: { code: "NO_WORKER", message: expect.stringContaining(party.address) } },
    };
    await until(
      async () => (await call(cloud, "POST", "/v1/generate-image", { json: ask(1) })).status === 503,
      "the cloud has seen the announcement",
    );
    expect(await call(cloud, "POST", "/v1/generate-image", { json: ask(1) })).toMatchObject(naming);
    expect(
      await call(cloud, "POST", "/v1/generate-image", { json: { ...parameters, payment: { rail: "direct", orders } } }),
    ).toMatchObject(naming);
    // The job that waited for it is not handed out any more.
    expect(await worker.claim()).toBeUndefined();
    const { body } = await call<{ status: string; error: { message: string } }>(cloud, "GET", `/v1/jobs/${waiting}`);
    expect(body).toMatchObject({ status: "failed", error: { message: expect.stringContaining(party.address) } });

    await grid.chain.mined(party.grid.registry.write.cancelUnbond());
    await until(
      async () => (await call(cloud, "POST", "/v1/generate-image", { json: ask(1) })).status === 402,
      "it is quoted again",
    );
  });
});

describe("a worker whose bond an announced raise makes too small", () => {
  /** `_minBond` of WorkerRegistry as `setMinBond` leaves it, without the day of governance: now 96 bits, next 96, from 40. */
  async function setMinBond(current: bigint, next: bigint, from: bigint): Promise<void> {
    const { address } = grid.chain.deployment.contracts.WorkerRegistry;
    const word = toHex(current | (next << 96n) | (from << 192n), { size: 32 });
    const ask = (method: string, ...params: unknown[]) => grid.owner.wallet.request({ method, params } as never);
    await ask("anvil_setStorageAt", address, toHex(6, { size: 32 }), word);
    await ask("anvil_mine", 1);
    const { read } = grid.owner.grid.registry;
    expect([await read.minBond(), await read.nextMinBond()]).toEqual([current, [next, Number(from)]]);
  }

  it("gets no direct order that can be settled after it", async () => {
    const { read } = grid.owner.grid.registry;
    const minBond = await read.minBond();
    const { bond } = await read.workerOf([grid.workers[0].party.address]);
    const quoted = async () => (await call(cloud, "POST", "/v1/generate-image", { json: ask(1) })).status;
    await until(async () => (await quoted()) === 402, "it is quoted");
    const now = await grid.chain.now();
    const raised = async () => {
      await setMinBond(minBond, bond + 1n, now + 60n);
      await until(async () => (await quoted()) === 503, "the cloud has seen the raise");
    };
    await raised();
    await setMinBond(minBond, bond + 1n, now + 2n * 86_400n);
    await until(async () => (await quoted()) === 402, "it is quoted: the raise comes when the longest order is over");
    await raised();
    await setMinBond(minBond, bond, now + 60n);
    await until(async () => (await quoted()) === 402, "it is quoted: the bond is just enough");
    await raised();
    await setMinBond(minBond, 0n, 0n);
    await until(async () => (await quoted()) === 402, "it is quoted again");
  });
});

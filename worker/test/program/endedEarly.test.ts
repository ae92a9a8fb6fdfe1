/** Orders that end early, settlements that are not what the worker delivered, bond dips, and royalties about to rise. */
import { checkOrderClosing, type JobOrder, orderHash } from "@gridnft/sdk";
import { pino } from "pino";
import { type Hex, parseEther, zeroAddress, zeroHash } from "viem";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { anchorOf, settlementOf } from "../../../test/fixtures/order.ts";
import { until } from "../../../test/fixtures/until.ts";
import { risesAt } from "../../src/payouts/collect.ts";
import { type RunningWorker, startWorker } from "../../src/worker.ts";
import { delivered, type ScriptedCloud, type ScriptedResult, startScriptedCloud } from "./scriptedCloud.ts";
import { tinyEngine } from "./tinyEngine.ts";
import { PRICE, startWorkerGrid, type WorkerGrid } from "./workerGrid.ts";

let seeded: WorkerGrid;
let cloud: ScriptedCloud;
let worker: RunningWorker | undefined;
let lines: { level: number; msg: string; order?: Hex; [name: string]: unknown }[] = [];
const log = pino({ level: "debug" }, { write: (line: string) => void lines.push(JSON.parse(line)) });

beforeAll(async () => {
  seeded = await startWorkerGrid();
}, 300_000);
afterEach(async () => {
  await worker?.stop();
  await cloud?.stop();
  worker = undefined;
});
afterAll(() => seeded?.stop());

interface Choices {
  readonly over?: NodeJS.ProcessEnv;
  readonly stepMilliseconds?: number;
  readonly failAfter?: number;
}

async function start({ over = {}, ...engine }: Choices = {}): Promise<void> {
  cloud = await startScriptedCloud(seeded);
  lines = [];
  const environment = seeded.environment({ ...over, GRID_CLOUD_URL: cloud.url });
  worker = await startWorker(environment, { log, software: "test", loadEngine: async () => tinyEngine(engine) });
}

async function give(terms: Partial<JobOrder> = {}) {
  const job = await seeded.directJob({ seed: 7n }, terms);
  return { ...job, answer: cloud.give(job) };
}

/** A settlement of some of the receipts that a worker delivered. */
function itemOf(order: JobOrder, { receipts }: ScriptedResult, indices: readonly number[]) {
  const some = receipts.filter(({ receipt }) => indices.includes(receipt.index));
  return settlementOf(seeded.domain, seeded.artist.account, order, some);
}

const chain = () => seeded.owner.grid.settlement.read;
const said = (sentence: string, order: JobOrder) => async () =>
  lines.find(({ msg, order: hash }) => msg === sentence && hash === orderHash(order));
const settledEvent = async (order: JobOrder) =>
  (await seeded.owner.grid.settlement.getEvents.OrderSettled({ orderHash: orderHash(order) }, { fromBlock: 0n }))[0]
    ?.args;
const root = ({ receipts }: ScriptedResult): Hex => anchorOf(seeded.domain, zeroAddress, receipts).tree.root;

/** Insists on a closing of just the receipts that were delivered, signed by the worker's key. */
function requireClosed(order: JobOrder, result: ScriptedResult): void {
  if (!result.closing) throw new Error("no closing");
  const receipts = result.receipts.map(({ receipt }) => receipt);
  const signers = [seeded.workerKey.address];
  checkOrderClosing({ order, receipts, domain: seeded.domain, signature: result.closing, signers });
}

describe("an order that ends early", () => {
  it("is closed and delivered with what was made when the engine fails, and settled with just that", async () => {
    await start({ failAfter: 3 });
    const { order, answer } = await give({ count: 4 });
    const result = delivered(await answer);
    expect(result.receipts.map(({ receipt }) => receipt.index)).toEqual([0, 1, 2]);
    requireClosed(order, result);
    await until(said("an order is settled", order));
    expect(await settledEvent(order)).toMatchObject({ receiptCount: 3, root: root(result) });
  });

  it("is closed when its deadline passes in between", async () => {
    await start({ stepMilliseconds: 600, over: { GRID_WORKER_SETTLE_AFTER: "3600" } });
    const { order, answer } = await give({ count: 4, deadline: (await seeded.grid.now()) + 8n });
    const result = delivered(await answer);
    expect(result.receipts.length).toBeGreaterThan(0);
    expect(result.receipts.length).toBeLessThan(4);
    requireClosed(order, result);
  });

  it("is not closed when it comes back with time for what is missing", async () => {
    // An image takes about a second.
    await start({ stepMilliseconds: 250, over: { GRID_WORKER_SETTLE_AFTER: "3600" } });
    const { order, request, signature } = await give({ count: 8 });
    await until(async () => cloud.heartbeats.some(({ image }) => image === 7));
    cloud.behaviour.loseLease = true;
    await until(async () => lines.find(({ msg }) => msg === "a job is lost"));
    cloud.behaviour.loseLease = false;
    // Too little for eight images, by the worker's own estimate, and enough for the one that is missing.
    // The newest block may be some seconds old, so one is mined first.
    await seeded.grid.pass(1);
    await seeded.grid.pass(Number(order.deadline - (await seeded.grid.now())) - 14);
    const again = await cloud.give({ request, order, signature, price: order.maxPrice });
    expect(delivered(again).receipts).toHaveLength(8);
    expect(cloud.closings).toEqual([]);
  });

  it("is given back when nothing was made yet", async () => {
    await start({ failAfter: 0 });
    const { answer } = await give({ count: 2 });
    expect(await answer).toMatchObject({ released: "failed" });
    expect(cloud.closings).toEqual([]);
  });

  it("is not closed when the worker is told to stop, since the rest can still be made", async () => {
    await start({ stepMilliseconds: 500, over: { GRID_WORKER_STOP_GRACE: "0" } });
    const { answer } = await give({ count: 4 });
    await until(async () => cloud.heartbeats.some(({ image }) => image === 1));
    await worker?.stop();
    expect(await answer).toMatchObject({ released: "stopping" });
    expect(cloud.closings).toEqual([]);
  });

  it("of a lane is no such order: its job is given back as ever", async () => {
    await start({ failAfter: 1 });
    const { config, laneId } = await seeded.openLane(parseEther("5"));
    const request = seeded.request();
    const order = await seeded.order(request, { laneId, payer: config.payer, count: 2 });
    expect(await cloud.give({ request, order, lane: config, price: PRICE * 2n })).toMatchObject({ released: "failed" });
    expect(cloud.closings).toEqual([]);
  });
});

describe("a settlement that is not the worker's list", () => {
  it("robs it of three of four images, and is noticed", async () => {
    await start({ over: { GRID_WORKER_SETTLE_AFTER: "3600" } });
    const { order, answer } = await give({ count: 4 });
    const item = await itemOf(order, delivered(await answer), [2]);
    // Only who has the worker's key can do this: another process of it, or a thief.
    await seeded.grid.mined(seeded.worker.grid.settlement.write.settle([item]));
    const line = await until(said("an order was settled with other receipts, for less than is due", order));
    expect(line).toMatchObject({ level: 50, aipg: "0.065536", paid: "0.016384", receipts: 1, signed: 4 });
    expect(lines.some(({ msg, order: hash }) => msg === "an order is settled" && hash === orderHash(order))).toBe(
      false,
    );
  });

  it("by its payer in grace with the cheapest image is paid in full, and said so", async () => {
    const patient = seeded.variables({ GRID_WORKER_SETTLE_AFTER: "3600", GRID_WORKER_PURSE_INTERVAL: "3600" });
    await start({ over: patient });
    const { order, answer } = await give({ count: 4 });
    const item = await itemOf(order, delivered(await answer), [3]);
    await worker?.stop();
    await cloud.stop();
    await seeded.grid.pass(601);
    await seeded.grid.mined(seeded.artist.grid.settlement.write.settleInGrace([item]));
    expect(await settledEvent(order)).toMatchObject({ receiptCount: 1 });
    await start({ over: { ...patient, GRID_WORKER_PURSE_INTERVAL: "1" } });
    const line = await until(said("an order is paid in full, with other receipts than were delivered", order));
    expect(line).toMatchObject({ level: 40, aipg: "0.065536", paid: "0.065536", receipts: 1, signed: 4 });
  });
});

/** Has a direct order paid while the worker's bond is too small. */
async function paidInDip(): Promise<{ order: JobOrder; result: ScriptedResult }> {
  const { registry } = seeded.worker.grid;
  const { bond } = await registry.read.workerOf([seeded.worker.address]);
  await seeded.grid.mined(registry.write.announceUnbond([bond]));
  const { order, answer } = await give({ count: 2 });
  const result = delivered(await answer);
  await until(async () => chain().isNonceUsed([order.payer, order.nonce]));
  return { order, result };
}
const isPaidInDip = (order: JobOrder) =>
  said("an order is settled, but the bond is too small: its receipts are anchored once it is enough", order);
const bondAgain = () => seeded.grid.mined(seeded.worker.grid.registry.write.cancelUnbond());
const anchoredFor = async ({ payer }: JobOrder, result: ScriptedResult) =>
  (await chain().anchorOf([zeroHash, payer, root(result)]))[0];

describe("a bond dip", () => {
  it("leaves a waiting anchor, which the worker confirms once it is bonded again", async () => {
    await start();
    const { order, result } = await paidInDip();
    await until(isPaidInDip(order));
    expect((await chain().waitingAnchorOf([order.payer, root(result)]))[0]).toBe(seeded.worker.address);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(await anchoredFor(order, result)).toBe(zeroAddress);
    await bondAgain();
    await until(said("an anchor is confirmed", order));
    expect(await anchoredFor(order, result)).toBe(seeded.worker.address);
  });

  it("leaves an anchor that is confirmed again when a reorganisation takes the confirmation back", async () => {
    await start({ over: { GRID_WORKER_CONFIRMATIONS: "3" } });
    const { wallet } = seeded.owner;
    const ask = (method: string, ...params: unknown[]) => wallet.request({ method, params } as never);
    const { order, result } = await paidInDip();
    await ask("anvil_mine", 5);
    await until(isPaidInDip(order));
    await bondAgain();
    const snapshot = await ask("evm_snapshot");
    const isAnchored = async () => (await anchoredFor(order, result)) === seeded.worker.address;
    await until(isAnchored);
    await ask("evm_revert", snapshot);
    expect(await anchoredFor(order, result)).toBe(zeroAddress);
    expect(await said("an anchor is confirmed", order)()).toBeUndefined();
    await until(isAnchored);
    await ask("anvil_mine", 5);
    await until(said("an anchor is confirmed", order));
  });
});

describe("a lane whose royalty is about to rise", () => {
  /** A lane that goes by a royalty of 5%, and on which nothing but a royalty that rises makes the worker collect. */
  async function openPatientLane() {
    await start({ over: { GRID_WORKER_MIN_COLLECT: "1000", GRID_WORKER_COLLECT_AFTER: `${25 * 86_400}` } });
    const { config, laneId } = await seeded.openLane(parseEther("5"));
    const job = async () => {
      const request = seeded.request();
      const order = await seeded.order(request, { laneId, payer: config.payer });
      const before = cloud.counterSigned.length;
      delivered(await cloud.give({ request, order, lane: config, price: PRICE }));
      await until(async () => cloud.counterSigned.length > before);
    };
    const total = async () => chain().laneTotalOf([laneId, seeded.modelId]);
    await job();
    // The first collect reads the rate: brought about by the payer, who seems to leave.
    await seeded.grid.mined(seeded.gateway.grid.settlement.write.thawLane([config, 1n]));
    await until(async () => (await total()).royaltyReadAt !== 0);
    await seeded.grid.mined(seeded.gateway.grid.settlement.write.topUpLane([config, 1n]));
    const { royaltyBps, royaltyReadAt } = await total();
    return { job, total, royaltyBps, end: royaltyReadAt + 90 * 86_400 };
  }
  const passTo = async (time: number) => seeded.grid.pass(time - Number(await seeded.grid.now()));
  const announce = (bps: number) =>
    seeded.grid.mined(seeded.owner.grid.aigc.write.announceUsageRoyalty([seeded.modelId, bps]));

  it("is collected within the last day of its period, and not before", async () => {
    const { job, total, royaltyBps, end } = await openPatientLane();
    await announce(royaltyBps + 100);
    await passTo(end - 10 * 86_400);
    await job();
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect((await total()).cumulative).toBe(PRICE);
    await passTo(end - 86_400 + 3_600);
    await until(async () => (await total()).cumulative === PRICE * 2n);
    // Still at the rate of before.
    expect((await total()).royaltyBps).toBe(royaltyBps);
  });

  it("is collected before a rate that begins after the period's end", async () => {
    const { job, total, royaltyBps, end } = await openPatientLane();
    // In force an hour after the end.
    await passTo(end - 7 * 86_400 + 3_600);
    await announce(royaltyBps + 100);
    await passTo(end - 5 * 86_400);
    await job();
    await passTo(end + 60);
    await until(async () => (await total()).cumulative === PRICE * 2n);
    expect((await total()).royaltyBps).toBe(royaltyBps);
  });
});

describe("the time from which a lane reads a higher royalty", () => {
  const terms = (usageBps: number, nextUsageBps = 0, nextUsageFrom = 0) => ({
    ...{ spec: { usageBps }, nextUsageBps, nextUsageFrom },
  });
  it.each([
    ["its end, when the rate is higher already", terms(600), 1_000],
    ["never, when it isn't", terms(500), Number.POSITIVE_INFINITY],
    ["its end, when a higher one begins by then", terms(500, 600, 1_000), 1_000],
    ["when the higher one begins, after its end", terms(500, 600, 1_001), 1_001],
    ["never, when the higher one is taken back by then", terms(600, 500, 1_000), Number.POSITIVE_INFINITY],
    ["its end, when the higher one is taken back later", terms(600, 500, 1_001), 1_000],
    ["never, when a lower one is announced", terms(500, 400, 1_001), Number.POSITIVE_INFINITY],
  ])("is %s", (_, model, expected) => {
    expect(risesAt(500, 1_000, model)).toBe(expected);
  });
});

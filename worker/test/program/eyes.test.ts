/** Findings of a hostile reader: orders closed too soon, confirmations that a reorganisation takes, royalties that rise with the period. */
import { type JobOrder, orderHash, receiptTree } from "@gridnft/sdk";
import { pino } from "pino";
import { type Hex, parseEther, zeroHash } from "viem";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type RunningWorker, startWorker } from "../../src/worker.ts";
import { type ScriptedCloud, type ScriptedResult, startScriptedCloud } from "./scriptedCloud.ts";
import { tinyEngine } from "./tinyEngine.ts";
import { PRICE, startWorld, until, type World } from "./world.ts";

let world: World;
let cloud: ScriptedCloud;
let worker: RunningWorker | undefined;
let lines: { level: number; msg: string; order?: Hex; [name: string]: unknown }[] = [];
const log = pino({ level: "debug" }, { write: (line: string) => void lines.push(JSON.parse(line)) });

beforeAll(async () => {
  world = await startWorld();
}, 120_000);
afterEach(async () => {
  await worker?.stop();
  await cloud?.stop();
  worker = undefined;
});
afterAll(() => world?.stop());

async function start(over: NodeJS.ProcessEnv = {}, stepMilliseconds = 0): Promise<void> {
  cloud = await startScriptedCloud(world);
  lines = [];
  const environment = world.environment({ ...over, GRID_CLOUD_URL: cloud.url });
  const loadEngine = async () => tinyEngine({ stepMilliseconds });
  worker = await startWorker(environment, { log, software: "test", loadEngine });
}

function delivered(result: Awaited<ReturnType<ScriptedCloud["give"]>>): ScriptedResult {
  if ("released" in result) throw new Error(`released: ${result.released} ${result.message}`);
  return result;
}

const chain = () => world.owner.grid.settlement.read;
const said = (sentence: string, order?: JobOrder) => async () =>
  lines.find(({ msg, order: hash }) => msg === sentence && (order === undefined || hash === orderHash(order)));
const root = ({ receipts }: ScriptedResult): Hex =>
  receiptTree(
    receipts.map(({ receipt }) => receipt),
    world.domain,
  ).root;

it("an order that comes back is finished when there is time for what is missing", async () => {
  await start({ GRID_WORKER_SETTLE_AFTER: "3600" }, 250);
  const request = world.request({ seed: 7n });
  // An image takes a second. Three are made, one is missing, and there are ten seconds for it.
  const order = await world.order(request, { count: 4, deadline: (await world.grid.now()) + 14n });
  const job = { request, order, signature: await world.signOrder(order), price: order.maxPrice };
  void cloud.give(job);
  await until(async () => cloud.heartbeats.some(({ image }) => image === 3));
  cloud.behaviour.loseLease = true;
  await until(said("a job is lost"));
  cloud.behaviour.loseLease = false;
  const made = new Set(lines.map(({ msg }) => msg));
  expect(made.has("an order is ended early, with what is made of it")).toBe(false);
  expect(Number(order.deadline) - Date.now() / 1_000).toBeGreaterThan(6);
  expect(delivered(await cloud.give(job)).receipts).toHaveLength(4);
});

it("a confirmation that a reorganisation takes back is made again", async () => {
  await start({ GRID_WORKER_CONFIRMATIONS: "3" });
  const { registry } = world.worker.grid;
  const { bond } = await registry.read.workerOf([world.worker.address]);
  await world.grid.mined(registry.write.announceUnbond([bond]));
  const request = world.request({ seed: 7n });
  const order = await world.order(request, { count: 2 });
  const signature = await world.signOrder(order);
  const result = delivered(await cloud.give({ request, order, signature, price: order.maxPrice }));
  const { wallet } = world.owner;
  const mine = (blocks: number) => wallet.request({ method: "anvil_mine" as never, params: [blocks] as never });
  await until(async () => chain().isNonceUsed([order.payer, order.nonce]));
  await mine(5);
  await until(
    said("an order is settled, but the bond is too small: its receipts are anchored once it is enough", order),
  );
  await world.grid.mined(registry.write.cancelUnbond());
  const snapshot = await wallet.request({ method: "evm_snapshot" as never });
  await until(said("an anchor is confirmed", order));
  await wallet.request({ method: "evm_revert" as never, params: [snapshot] as never });
  expect((await chain().waitingAnchorOf([order.payer, root(result)]))[0]).toBe(world.worker.address);
  for (let i = 0; i < 8; i++) {
    await mine(1);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  expect((await chain().anchorOf([zeroHash, order.payer, root(result)]))[0]).toBe(world.worker.address);
});

it("a lane is collected before its period ends, when the announced royalty rises with the end", async () => {
  await start({ GRID_WORKER_MIN_COLLECT: "1000", GRID_WORKER_COLLECT_AFTER: `${25 * 86_400}` });
  const { config, laneId } = await world.openLane(parseEther("5"));
  const job = async () => {
    const request = world.request();
    const order = await world.order(request, { laneId, payer: config.payer });
    const before = cloud.counterSigned.length;
    delivered(await cloud.give({ request, order, lane: config, price: PRICE }));
    await until(async () => cloud.counterSigned.length > before);
  };
  const total = async () => chain().laneTotalOf([laneId, world.modelId]);
  await job();
  await world.grid.mined(world.gateway.grid.settlement.write.thawLane([config, 1n]));
  await until(async () => (await total()).royaltyReadAt !== 0);
  await world.grid.mined(world.gateway.grid.settlement.write.topUpLane([config, 1n]));
  const end = (await total()).royaltyReadAt + 90 * 86_400;
  expect((await total()).royaltyBps).toBe(500);
  const passTo = async (time: number) => world.grid.pass(time - Number(await world.grid.now()));
  // Announced just so that it begins a few seconds after the lane's period ends.
  await passTo(end - 7 * 86_400);
  await world.grid.mined(world.owner.grid.aigc.write.announceUsageRoyalty([world.modelId, 900]));
  await passTo(end - 5 * 86_400);
  await job();
  await passTo(end - 60);
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  const before = await total();
  await passTo(end + 60);
  await world.grid.mined(world.gateway.grid.settlement.write.thawLane([config, 1n]));
  await until(async () => (await total()).cumulative === PRICE * 2n);
  expect({ cumulative: before.cumulative, bps: (await total()).royaltyBps }).toEqual({
    cumulative: PRICE * 2n,
    bps: 500,
  });
});

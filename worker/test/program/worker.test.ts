/** The worker program on a real chain, with a router that the test controls. */
import { checkReceipt, type JobOrder, voucherDigest } from "@gridnft/sdk";
import { parseEther, recoverAddress, zeroHash } from "viem";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type RunningWorker, startWorker } from "../../src/worker.ts";
import { type ScriptedCloud, type ScriptedResult, startScriptedCloud } from "./scriptedCloud.ts";
import { PRICE, quiet, startWorld, tinyEngine, type World } from "./world.ts";

let world: World;
let cloud: ScriptedCloud;
let worker: RunningWorker | undefined;

beforeAll(async () => {
  world = await startWorld();
  cloud = await startScriptedCloud(world);
}, 120_000);

afterEach(async () => {
  await worker?.stop();
  worker = undefined;
  for (const key of Object.keys(cloud.behaviour)) delete cloud.behaviour[key as keyof typeof cloud.behaviour];
});

afterAll(async () => {
  await cloud?.stop();
  await world?.stop();
});

async function start(over: NodeJS.ProcessEnv = {}, stepMilliseconds = 0): Promise<RunningWorker> {
  const environment = world.environment({ GRID_CLOUD_URL: cloud.url, ...over });
  worker = await startWorker(environment, {
    log: quiet,
    software: "test",
    loadEngine: async () => tinyEngine({ stepMilliseconds }),
  });
  return worker;
}

function delivered(result: Awaited<ReturnType<ScriptedCloud["give"]>>): ScriptedResult {
  if ("released" in result) throw new Error(`released: ${result.released} ${result.message}`);
  return result;
}

async function until<value>(look: () => Promise<value | undefined | false>): Promise<value> {
  for (;;) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const earned = (): Promise<bigint> => world.owner.grid.settlement.read.earnedOf([world.worker.address]);
const isUsed = ({ payer, nonce }: JobOrder): Promise<boolean> =>
  world.owner.grid.settlement.read.isNonceUsed([payer, nonce]);

it("signs in for its cold account, delivers a direct order, and settles it", async () => {
  await start();
  const request = world.request({ seed: 77n });
  const order = await world.order(request, { count: 2 });
  const signature = await world.signOrder(order);
  const { receipts } = delivered(await cloud.give({ request, order, signature, price: PRICE * 2n }));
  expect(receipts.map(({ receipt }) => receipt.seed)).toEqual([77n, 78n]);
  for (const { receipt, signature: by } of receipts) {
    const signers = [world.workerKey.address];
    expect(checkReceipt(receipt, { domain: world.domain, request, order, signature: by, signers })).toBe(signers[0]);
  }
  expect(receipts.reduce((sum, { receipt }) => sum + receipt.price, 0n)).toBe(PRICE * 2n);
  expect(cloud.signIns.at(-1)).toEqual({
    address: world.workerKey.address,
    resources: [`eip155:${world.domain.chainId}:${world.worker.address}`],
  });
  await until(() => isUsed(order));
  expect(await earned()).toBeGreaterThan(0n);
});

it("takes vouchers on a lane, and collects what they promise", async () => {
  await start();
  const { config, laneId } = await world.openLane(parseEther("5"));
  for (let i = 0; i < 3; i++) {
    const request = world.request();
    const order = await world.order(request, { laneId, payer: world.gateway.address });
    delivered(await cloud.give({ request, order, lane: config, price: PRICE }));
  }
  await until(async () => cloud.counterSigned.filter((signed) => signed.laneId === laneId).length >= 3);
  await until(async () => {
    const { cumulative } = await world.owner.grid.settlement.read.laneTotalOf([laneId, world.modelId]);
    return cumulative === PRICE * 3n;
  });
  const last = cloud.counterSigned.filter((signed) => signed.laneId === laneId).at(-1);
  expect(await recoverAddress({ hash: last?.digest ?? zeroHash, signature: last?.signature ?? "0x" })).toBe(
    world.workerKey.address,
  );
  void voucherDigest;
});

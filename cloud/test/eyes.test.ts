/** Findings of a hostile reader: direct orders for workers whose bond won't be enough when they are settled. */
import { toHex } from "viem";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { RunningCloud } from "../src/start.ts";
import { call, startTestGrid, type TestGrid, until } from "./grid.ts";
import { scriptedWorker } from "./scriptedWorker.ts";

let grid: TestGrid;
let cloud: RunningCloud;

beforeAll(async () => {
  grid = await startTestGrid();
  cloud = await grid.cloud();
  await scriptedWorker(grid, cloud, grid.workers[0], { parallel: 16 });
}, 120_000);
afterAll(() => grid?.stop());

/** `_minBond` of WorkerRegistry: current 96 bits, next 96, nextFrom 40. As `setMinBond` leaves it, without the governance's delay. */
async function setMinBond(current: bigint, next = 0n, from = 0n): Promise<void> {
  const { address } = grid.chain.deployment.contracts.WorkerRegistry;
  const word = toHex(current | (next << 96n) | (from << 192n), { size: 32 });
  const { wallet } = grid.owner;
  await wallet.request({ method: "anvil_setStorageAt" as never, params: [address, toHex(6, { size: 32 }), word] as never });
  await wallet.request({ method: "anvil_mine" as never, params: [1] as never });
}

let minBond: bigint;
beforeAll(async () => {
  minBond = await grid.owner.grid.registry.read.minBond();
});
afterEach(() => setMinBond(minBond));

const wish = () => ({ prompt: "a lighthouse at dusk", model: grid.open.toString(), width: 128, height: 64, steps: 5 });
const quote = () =>
  call<{ quote: { candidates: { order: { deadline: string } }[] } }>(cloud, "POST", "/v1/generate-image", {
    json: { ...wish(), requester: grid.artist.address, seed: 42, n: 1 },
  });

it("a worker below the least bond in force is not quoted", async () => {
  expect((await quote()).status).toBe(402);
  await setMinBond(minBond + 1n);
  await until(async () => (await quote()).status === 503, "the cloud has seen it");
});

it("a worker that an announced raise leaves below the least bond before the order can be settled is not quoted", async () => {
  await until(async () => (await quote()).status === 402, "the bond is enough again");
  const from = (await grid.chain.now()) + 60n;
  await setMinBond(minBond, minBond * 2n, from);
  expect(await grid.owner.grid.registry.read.nextMinBond()).toEqual([minBond * 2n, Number(from)]);
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const { status, body } = await quote();
  // The deadline lies after the raise: the worker anchors nothing from `from` on.
  if (status === 402) {
    expect(BigInt(body.quote.candidates[0]?.order.deadline ?? 0)).toBeLessThan(from);
  } else expect(status).toBe(503);
});

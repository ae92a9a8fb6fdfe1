/** kill -9 at any moment: nothing that left is forgotten, nothing is signed twice. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ANY_SEED, type JobOrder, type JobReceipt, orderHash, receiptId } from "@gridnft/sdk";
import type { Hex } from "viem";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { openJournal } from "../../src/state/journal.ts";
import { type ScriptedCloud, startScriptedCloud } from "./scriptedCloud.ts";
import { PRICE, startWorld, until, type World } from "./world.ts";

let world: World;
let cloud: ScriptedCloud;
const children = new Set<ChildProcess>();
const runner = fileURLToPath(new URL("../../../tools/run.mjs", import.meta.url));
/** Milliseconds: processes start slowly on a busy machine. */
const LIMIT = { timeout: 480_000 };

beforeAll(async () => {
  world = await startWorld();
  cloud = await startScriptedCloud(world);
}, 300_000);

afterEach(() => Promise.all([...children].map(kill)));

afterAll(async () => {
  await cloud?.stop();
  await world?.stop();
});

function run(file: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): ChildProcess {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, [runner, path, ...args], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.add(child);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }
  children.delete(child);
}

function runWorker(state: string, step = 0, more: NodeJS.ProcessEnv = {}): ChildProcess {
  const log = { GRID_LOG_LEVEL: process.env.WORKER_TEST_LOG ?? "silent", TINY_STEP: `${step}`, ...more };
  const child = run("./child.ts", [], world.variables({ GRID_CLOUD_URL: cloud.url, GRID_WORKER_STATE: state, ...log }));
  if (process.env.WORKER_TEST_LOG) child.stdout?.pipe(process.stderr);
  else child.stdout?.resume();
  return child;
}

const isUsed = ({ payer, nonce }: JobOrder): Promise<boolean> =>
  world.owner.grid.settlement.read.isNonceUsed([payer, nonce]);

it("keeps every acknowledged line of the journal, whenever it is killed", LIMIT, async () => {
  const path = join(world.folder, "killed.jsonl");
  let acknowledged = -1;
  for (let round = 0; round < 3; round++) {
    const child = run("./journalChild.ts", [path]);
    let said = "";
    child.stdout?.on("data", (text: Buffer) => (said += text));
    await until(async () => said.split("\n").length > 20 + 37 * round);
    await kill(child);
    acknowledged = Math.max(acknowledged, Number(said.split("\n").at(-2)));
    const { journal, lines } = await openJournal(path);
    await journal.close();
    // All lines, the first ones in one since it was written anew.
    const numbers = lines.map((line) => line as { readonly n?: number; readonly through?: number });
    const first = numbers[0]?.through ?? 0;
    expect(numbers.map(({ n, through }) => n ?? through)).toEqual(numbers.map((_, i) => first + i));
    expect(first + lines.length - 1).toBeGreaterThanOrEqual(acknowledged);
  }
});

it("answers an order after kill -9 with the receipts that had left before, and settles it once", LIMIT, async () => {
  const state = join(world.folder, "killed-state");
  const request = world.request({ seed: ANY_SEED });
  const order = await world.order(request, { count: 3 });
  const job = { request, order, signature: await world.signOrder(order), price: PRICE * 3n };
  cloud.behaviour.refuseComplete = true;
  const first = runWorker(state);
  void cloud.give(job);
  await until(async () => cloud.seen.length >= 3);
  await kill(first);
  cloud.behaviour.refuseComplete = false;
  const left = cloud.seen.splice(0).slice(0, 3);
  runWorker(state);
  const answer = await cloud.give(job);
  if ("released" in answer) throw new Error(answer.message);
  // Any seed was allowed: made again, they would be other pictures.
  expect(answer.receipts).toEqual(left);
  await until(() => isUsed(order));
});

it("never signs two receipts for one image, killed at random moments", LIMIT, async () => {
  const state = join(world.folder, "random-state");
  const request = world.request({ seed: ANY_SEED });
  const order = await world.order(request, { count: 4 });
  const job = { request, order, signature: await world.signOrder(order), price: PRICE * 4n };
  const signed = new Map<number, Hex>();
  const look = (receipts: readonly { receipt: JobReceipt }[]): void => {
    for (const { receipt } of receipts) {
      const id = receiptId(receipt, world.domain);
      expect(signed.get(receipt.index) ?? id).toBe(id);
      signed.set(receipt.index, id);
    }
  };
  cloud.behaviour.refuseComplete = true;
  cloud.seen.splice(0);
  for (let round = 0; round < 3; round++) {
    const child = runWorker(state, 8);
    const before = cloud.heartbeats.length + cloud.seen.length;
    void cloud.give(job);
    await until(async () => cloud.heartbeats.length + cloud.seen.length > before);
    const wait = Math.random() * 250;
    await new Promise((resolve) => setTimeout(resolve, wait));
    await kill(child);
    look(cloud.seen.splice(0));
  }
  cloud.behaviour.refuseComplete = false;
  runWorker(state);
  const answer = await cloud.give(job);
  if ("released" in answer) throw new Error(answer.message);
  look(answer.receipts);
  await until(() => isUsed(order));
});

it(
  "closes an order after kill -9 with the receipts that it had closed it with before, and never makes another",
  LIMIT,
  async () => {
    const state = join(world.folder, "closed-state");
    const request = world.request({ seed: ANY_SEED });
    const order = await world.order(request, { count: 3 });
    const job = { request, order, signature: await world.signOrder(order), price: PRICE * 3n };
    cloud.behaviour.refuseComplete = true;
    cloud.seen.splice(0);
    cloud.closings.splice(0);
    const first = runWorker(state, 0, { TINY_FAIL_AFTER: "2" });
    void cloud.give(job);
    await until(async () => cloud.closings.length > 0);
    await kill(first);
    cloud.behaviour.refuseComplete = false;
    const [left, closed] = [cloud.seen.splice(0).slice(0, 2), cloud.closings.splice(0)[0]];
    // This engine could make the third.
    runWorker(state);
    const answer = await cloud.give(job);
    if ("released" in answer) throw new Error(answer.message);
    expect(answer.receipts).toEqual(left);
    expect(answer.closing).toBe(closed);
    await until(() => isUsed(order));
    const [settled] = await world.owner.grid.settlement.getEvents.OrderSettled(
      { orderHash: orderHash(order) },
      { fromBlock: 0n },
    );
    expect(settled?.args.receiptCount).toBe(2);
  },
);

it("settles after kill -9 what it had delivered before", LIMIT, async () => {
  const state = join(world.folder, "unsettled-state");
  const variables = world.variables({
    ...{ GRID_CLOUD_URL: cloud.url, GRID_WORKER_STATE: state, GRID_LOG_LEVEL: "silent" },
    GRID_WORKER_SETTLE_AFTER: "3600",
  });
  const first = run("./child.ts", [], variables);
  const request = world.request();
  const order = await world.order(request);
  await cloud.give({ request, order, signature: await world.signOrder(order), price: PRICE });
  await kill(first);
  expect(await isUsed(order)).toBe(false);
  runWorker(state);
  await until(() => isUsed(order));
});

/** kill -9 at any moment: nothing that left is forgotten, nothing is signed twice. */
import { join } from "node:path";
import { ANY_SEED, type JobOrder, type JobReceipt, orderHash, receiptId } from "@gridnft/sdk";
import type { Hex } from "viem";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type Program, startProgram } from "../../../test/fixtures/program.ts";
import { until } from "../../../test/fixtures/until.ts";
import { openJournal } from "../../src/state/journal.ts";
import { delivered, type ScriptedCloud, startScriptedCloud } from "./scriptedCloud.ts";
import { startWorkerGrid, type WorkerGrid } from "./workerGrid.ts";

let seeded: WorkerGrid;
let cloud: ScriptedCloud;
const programs: Program[] = [];
/** Milliseconds: processes start slowly on a busy machine. */
const LIMIT = { timeout: 480_000 };

beforeAll(async () => {
  seeded = await startWorkerGrid();
  cloud = await startScriptedCloud(seeded);
}, 300_000);

afterEach(() => Promise.all(programs.splice(0).map((program) => program.end("SIGKILL"))));

afterAll(async () => {
  await cloud?.stop();
  await seeded?.stop();
});

function run(file: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): Program {
  const path = `worker/test/program/${file}`;
  const program = startProgram(path, { args, environment: { ...process.env, ...environment } });
  if (process.env.WORKER_TEST_LOG) program.child.stdout?.pipe(process.stderr);
  programs.push(program);
  return program;
}

function runWorker(state: string, step = 0, more: NodeJS.ProcessEnv = {}): Program {
  const log = { GRID_LOG_LEVEL: process.env.WORKER_TEST_LOG ?? "silent", TINY_STEP: `${step}`, ...more };
  return run("child.ts", [], seeded.variables({ GRID_CLOUD_URL: cloud.url, GRID_WORKER_STATE: state, ...log }));
}

const isUsed = ({ payer, nonce }: JobOrder): Promise<boolean> =>
  seeded.owner.grid.settlement.read.isNonceUsed([payer, nonce]);

it("keeps every acknowledged line of the journal, whenever it is killed", LIMIT, async () => {
  const path = join(seeded.folder, "killed.jsonl");
  let acknowledged = -1;
  for (let round = 0; round < 3; round++) {
    const child = run("journalChild.ts", [path]);
    await until(() => child.printed().split("\n").length > 20 + 37 * round);
    await child.end("SIGKILL");
    acknowledged = Math.max(acknowledged, Number(child.printed().split("\n").at(-2)));
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
  const state = join(seeded.folder, "killed-state");
  const job = await seeded.directJob({ seed: ANY_SEED }, { count: 3 });
  cloud.behaviour.refuseComplete = true;
  const first = runWorker(state);
  void cloud.give(job);
  await until(async () => cloud.seen.length >= 3);
  await first.end("SIGKILL");
  cloud.behaviour.refuseComplete = false;
  const left = cloud.seen.splice(0).slice(0, 3);
  runWorker(state);
  const answer = delivered(await cloud.give(job));
  // Any seed was allowed: made again, they would be other pictures.
  expect(answer.receipts).toEqual(left);
  await until(() => isUsed(job.order));
});

it("never signs two receipts for one image, killed at random moments", LIMIT, async () => {
  const state = join(seeded.folder, "random-state");
  const job = await seeded.directJob({ seed: ANY_SEED }, { count: 4 });
  const signed = new Map<number, Hex>();
  const look = (receipts: readonly { receipt: JobReceipt }[]): void => {
    for (const { receipt } of receipts) {
      const id = receiptId(receipt, seeded.domain);
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
    await child.end("SIGKILL");
    look(cloud.seen.splice(0));
  }
  cloud.behaviour.refuseComplete = false;
  runWorker(state);
  const answer = delivered(await cloud.give(job));
  look(answer.receipts);
  await until(() => isUsed(job.order));
});

it(
  "closes an order after kill -9 with the receipts that it had closed it with before, and never makes another",
  LIMIT,
  async () => {
    const state = join(seeded.folder, "closed-state");
    const job = await seeded.directJob({ seed: ANY_SEED }, { count: 3 });
    cloud.behaviour.refuseComplete = true;
    cloud.seen.splice(0);
    cloud.closings.splice(0);
    const first = runWorker(state, 0, { TINY_FAIL_AFTER: "2" });
    void cloud.give(job);
    await until(async () => cloud.closings.length > 0);
    await first.end("SIGKILL");
    cloud.behaviour.refuseComplete = false;
    const [left, closed] = [cloud.seen.splice(0).slice(0, 2), cloud.closings.splice(0)[0]];
    // This engine could make the third.
    runWorker(state);
    const answer = delivered(await cloud.give(job));
    expect(answer.receipts).toEqual(left);
    expect(answer.closing).toBe(closed);
    await until(() => isUsed(job.order));
    const [settled] = await seeded.owner.grid.settlement.getEvents.OrderSettled(
      { orderHash: orderHash(job.order) },
      { fromBlock: 0n },
    );
    expect(settled?.args.receiptCount).toBe(2);
  },
);

it("settles after kill -9 what it had delivered before", LIMIT, async () => {
  const state = join(seeded.folder, "unsettled-state");
  const variables = seeded.variables({
    ...{ GRID_CLOUD_URL: cloud.url, GRID_WORKER_STATE: state, GRID_LOG_LEVEL: "silent" },
    GRID_WORKER_SETTLE_AFTER: "3600",
  });
  const first = run("child.ts", [], variables);
  const job = await seeded.directJob();
  await cloud.give(job);
  await first.end("SIGKILL");
  expect(await isUsed(job.order)).toBe(false);
  runWorker(state);
  await until(() => isUsed(job.order));
});

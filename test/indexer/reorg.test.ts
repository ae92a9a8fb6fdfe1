/**
 * Blocks that are taken back: as deep as the indexer follows by itself, under an indexer that was killed, and deeper than that,
 * which takes one command. Each time every row must be what the contracts say.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningProcess } from "../../local/src/processes.ts";
import { sleep } from "../../sdk/src/node/index.ts";
import { mine, revert, snapshot } from "../fixtures/anvil.ts";
import { type LocalGrid, startGrid } from "../fixtures/chain.ts";
import { createIndexer, type TestHealth, type TestIndexer } from "../fixtures/indexer.ts";
import { startPostgres, type TestPostgres } from "../fixtures/postgres.ts";
import { compareAll } from "./compare.ts";
import { attempt, happen, newTally } from "./history.ts";
import { type HistoryState, startHistory } from "./historyState.ts";

const seed = Number(process.env.GRID_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
/** Blocks behind the head that the indexer calls final when it starts. */
const FINALITY = 30;
/** Deeper than what it calls final while it runs: that moves on when twice as many blocks have come. */
const DEEP = 3 * FINALITY + 10;
/** Blocks of a branch in which something happens: what is deeper need not take longer. */
const EVENTFUL = 20;

let grid: LocalGrid;
let postgres: TestPostgres;
let indexer: TestIndexer;
let rebuilder: TestIndexer;
let state: HistoryState;
let running: RunningProcess | undefined;
let rebuilding: RunningProcess | undefined;
const tally = newTally();

beforeAll(async () => {
  console.log(`GRID_TEST_SEED=${seed}`);
  [grid, postgres] = await Promise.all([startGrid(), startPostgres()]);
  indexer = await createIndexer(grid, postgres);
  rebuilder = await createIndexer(grid, postgres, { command: "rebuild" });
  state = await startHistory(grid, seed);
  for (const name of ["models.register", "models.register", "bonds.register", "bonds.register", "lanes.open"]) {
    await attempt(state, name, tally);
  }
  await happen(state, 25, tally);
  await mine(grid, FINALITY);
  running = await indexer.start();
}, 400_000);

afterAll(async () => {
  await Promise.all([running?.stop(), rebuilding?.stop()]);
  await postgres?.stop();
  await grid?.stop();
  indexer?.cleanUp();
  rebuilder?.cleanUp();
});

const height = async () => Number(await grid.party(0).wallet.getBlockNumber({ cacheTime: 0 }));

/**
 * Lets things happen in `depth` blocks, the first of them, and takes them back. What comes instead is up to the caller.
 * @param happenOnce Lets one thing happen.
 */
async function takeBack(depth: number, happenOnce = () => happen(state, 1, tally)): Promise<void> {
  const before = await snapshot(grid);
  const { models, lanes, toMint, waiting } = state;
  const known = [models, lanes, toMint, waiting].map((list) => list.length);
  const from = await height();
  const eventful = Math.min(depth - 8, EVENTFUL);
  while ((await height()) < from + eventful) await happenOnce();
  await mine(grid, Math.max(0, from + depth - (await height())));
  await indexer.caughtUp();
  const then = await grid.now();
  await revert(grid, before);
  await grid.pass(Number(then - (await grid.now()))); // time goes on
  [models, lanes, toMint, waiting].forEach((list, i) => {
    list.splice(known[i] ?? 0);
  });
}

describe("blocks that are taken back", () => {
  it.each([1, 7, 20])(
    "%i deep, other ones come instead",
    async (depth) => {
      await takeBack(depth);
      await happen(state, 4, tally);
      await mine(grid, depth + 8);
      const began = Date.now();
      await indexer.caughtUp();
      console.log(`converged on another branch, ${depth} blocks deep, in ${Date.now() - began} ms`);
      await compareAll(grid, postgres.url, indexer.schema);
    },
    300_000,
  );

  it("20 deep, under an indexer that was killed", async () => {
    await takeBack(20);
    await running?.kill();
    await happen(state, 6, tally);
    await mine(grid, 25);
    const began = Date.now();
    running = await indexer.start();
    console.log(`ready ${Date.now() - began} ms after kill -9`);
    await indexer.caughtUp();
    await compareAll(grid, postgres.url, indexer.schema);
  }, 600_000);
});

describe("blocks that are taken back from under what is final", () => {
  const health = async () => (await indexer.get<TestHealth>("/v1/health")).body;
  const until = async (status: string) => {
    const began = Date.now();
    while ((await health()).status !== status) await sleep(50);
    return Date.now() - began;
  };

  /** Lets something happen that fits the rows of either branch. An indexer of the other one may end at anything else. */
  const happenAnywhere = () => attempt(state, state.dice.chance(0.7) ? "accounts.deposit" : "accounts.thaw", tally);

  it("is said so, also after a restart and newer rows", async () => {
    // What is numbered would have its numbers again on the other branch, and an indexer that was started again would end there.
    await takeBack(DEEP, happenAnywhere);
    await happen(state, 3, tally);
    await mine(grid, DEEP + 10);
    console.log(`said reorganised after ${await until("reorganised")} ms`);
    const { reason, canonical } = await health();
    expect(canonical).toBe(false);
    expect(reason).toContain("npm run rebuild -w indexer");

    await running?.stop();
    running = await indexer.start("Started live indexing");
    await attempt(state, "models.register", tally);
    const head = await height();
    while (((await health()).indexed?.block ?? 0) < head) await sleep(50);
    expect(await health()).toMatchObject({ status: "reorganised", canonical: false });
  }, 600_000);

  it("is put right by one command, while the old one answers", async () => {
    const began = Date.now();
    rebuilding = await rebuilder.start();
    await until("ok");
    console.log(`put right ${Date.now() - began} ms after the command`);
    for (let i = 0; i < 5; i++) await happenAnywhere();
    await indexer.caughtUp();
    await compareAll(grid, postgres.url, "grid_test_2");
  }, 600_000);

  it("and the indexer goes on there when it is started again", async () => {
    await running?.stop();
    running = await indexer.start();
    expect(await rebuilding?.ended).toBe("exit code 0");
    rebuilding = undefined;
    expect(await indexer.prune()).toEqual([
      { schema: "grid_test", removed: true, reason: "nobody uses it" },
      { schema: "grid_test_2", removed: false, reason: "gallery shows it" },
    ]);
    await happen(state, 5, tally);
    await indexer.caughtUp();
    await compareAll(grid, postgres.url, "grid_test_2");
  }, 600_000);
});

/**
 * The indexer, against a random history of everything that the four contracts can do: killed while it backfills, killed while
 * it follows the chain, and with blocks taken away under it. Each time every row must be what the contracts say.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningProcess } from "../../script/local/processes.ts";
import { type LocalGrid, startGrid } from "../e2e/chain.ts";
import { startPostgres, type TestPostgres } from "../utils/postgres.ts";
import { actions } from "./actions.ts";
import { mine, revert, snapshot } from "./anvil.ts";
import { compareAll } from "./compare.ts";
import { govern } from "./governance.ts";
import { happen, newTally } from "./history.ts";
import { createIndexer, type TestIndexer } from "./indexer.ts";
import { createWorld, type World } from "./world.ts";

const seed = Number(process.env.GRID_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

let grid: LocalGrid;
let postgres: TestPostgres;
let indexer: TestIndexer;
let world: World;
let running: RunningProcess | undefined;
const tally = newTally();

beforeAll(async () => {
  console.log(`GRID_TEST_SEED=${seed}`);
  [grid, postgres] = await Promise.all([startGrid(), startPostgres()]);
  indexer = await createIndexer(grid, postgres);
  world = await createWorld(grid, seed);
  for (const name of ["models.register", "models.register", "bonds.register", "bonds.register", "lanes.open"]) {
    await actions[name]?.(world).catch(() => undefined);
  }
}, 300_000);

afterAll(async () => {
  await running?.stop();
  await postgres?.stop();
  await grid?.stop();
  indexer?.cleanUp();
});

const compare = () => compareAll(grid, postgres.url, indexer.schema);

describe("after a random history", () => {
  it("has every row as the contracts say, though it was killed in its backfill", async () => {
    await happen(world, 140, tally);
    await govern(world);
    await happen(world, 60, tally);
    await mine(grid, 40); // so that most of it is final, and backfilled
    const killed = await indexer.start("Started backfill indexing");
    await killed.kill();
    running = await indexer.start();
    await indexer.caughtUp();
    const sizes = await compare();
    // The comparison meant something.
    for (const [table, size] of Object.entries(sizes)) expect([table, size > 0]).toEqual([table, true]);
    for (const name of Object.keys(actions)) {
      expect([name, tally.done.get(name) ?? tally.refused.get(name)]).toEqual([name, expect.any(Number)]);
    }
  }, 300_000);

  it("follows what happens, though it is killed in the middle of it", async () => {
    await happen(world, 15, tally);
    await running?.kill();
    await happen(world, 15, tally);
    running = await indexer.start();
    await happen(world, 10, tally);
    await indexer.caughtUp();
    await compare();
  }, 300_000);

  it("forgets what a reorganisation took away", async () => {
    const before = await snapshot(grid);
    const { models, lanes, toMint } = world;
    const known = [models, lanes, toMint].map((list) => list.length);
    await happen(world, 12, tally);
    await indexer.caughtUp();
    await revert(grid, before);
    [models, lanes, toMint].forEach((list, i) => {
      list.splice(known[i] ?? 0);
    });
    await happen(world, 25, tally);
    await mine(grid, 12); // longer than what was taken away
    await indexer.caughtUp();
    await compare();
  }, 300_000);
});

/** Indexers whose standard output breaks. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { type LocalGrid, startGrid } from "../fixtures/chain.ts";
import { createIndexer, type TestHealth } from "../fixtures/indexer.ts";
import { startPostgres, type TestPostgres } from "../fixtures/postgres.ts";
import { brokenOutputs } from "../fixtures/program.ts";
import { until } from "../fixtures/until.ts";

let grid: LocalGrid;
let postgres: TestPostgres;

beforeAll(async () => {
  [grid, postgres] = await Promise.all([startGrid(), startPostgres()]);
}, 300_000);
afterAll(async () => {
  await postgres?.stop();
  await grid?.stop();
});

it.each(brokenOutputs)(
  "index and answer all the same: %s",
  async (_, stdout) => {
    const indexer = await createIndexer(grid, postgres);
    const program = indexer.startUnheard(stdout);
    let code: number | null | undefined;
    void program.ended.then((ended) => {
      code = ended;
    });
    try {
      const isOk = async () => (await indexer.get<TestHealth>("/v1/health").catch(() => undefined))?.status === 200;
      await until(async () => code !== undefined || (await isOk()), "it answers");
      expect([await isOk(), code]).toEqual([true, undefined]);
      expect(await program.end("SIGTERM")).toBe(0);
    } finally {
      await program.end("SIGKILL");
      indexer.cleanUp();
    }
  },
  180_000,
);

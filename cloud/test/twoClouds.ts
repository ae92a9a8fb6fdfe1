/** Grid with two processes of a cloud, and one worker at both. */
import { leafOf, merkleTree, messageFromJson, voucherDigest } from "@gridnft/sdk";
import type { Hex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, expect } from "vitest";
import { until } from "../../test/fixtures/until.ts";
import type { Database } from "../src/database/database.ts";
import type { RunningCloud } from "../src/start.ts";
import { call, signIn, startTestGrid, type TestGrid } from "./grid.ts";
import { type JobJson, type ScriptedWorker, scriptedWorker, type VoucherJson } from "./scriptedWorker.ts";

/** Grid with two clouds on one database. Its hooks start and stop it. */
export function twoClouds() {
  let grid: TestGrid;
  let clouds: readonly [RunningCloud, RunningCloud];
  let workers: readonly [ScriptedWorker, ScriptedWorker];
  let token: string;
  beforeAll(async () => {
    grid = await startTestGrid({ dailyImages: 10_000 });
    clouds = [await grid.cloud({ leaseSeconds: 60 }), await grid.cloud({ leaseSeconds: 60 })];
    const [identity] = grid.workers;
    workers = [
      await scriptedWorker(grid, clouds[0], identity, { parallel: 32 }),
      await scriptedWorker(grid, clouds[1], identity, { parallel: 32 }),
    ];
    token = await signIn(grid, clouds[0], privateKeyToAccount(generatePrivateKey()));
    await until(async () => (await grid.sql("SELECT 1 FROM cloud.lane WHERE state = 'open'")).length > 0, "a lane");
  }, 300_000);
  afterAll(() => grid?.stop());

  return {
    /** Running grid, its two clouds, and one worker at each of them: there once the tests run. */
    get grid() {
      return grid;
    },
    get clouds() {
      return clouds;
    },
    get workers() {
      return workers;
    },
    /** Session of an account that orders. */
    get token() {
      return token;
    },
    /** Id of a job that is ordered at the first cloud. */
    order: async (changes: object = {}): Promise<string> => {
      const { status, body } = await call<{ id: string }>(clouds[0], "POST", "/v1/generate-image", {
        token,
        json: { prompt: "a quay", model: grid.open.toString(), width: 64, height: 64, steps: 2, ...changes },
        headers: { prefer: "respond-async" },
      });
      expect(status).toBe(202);
      return body.id;
    },
    gets: (worker: ScriptedWorker): Promise<JobJson> => until(() => worker.claim(5), "a job"),
    digestOf: ({ voucher }: VoucherJson): Hex => voucherDigest(messageFromJson("Voucher", voucher), grid.domain),
  };
}

/** Root of the tree of receipts. */
export const rootOf = (ids: readonly Hex[]): Hex => merkleTree(ids.map(leafOf)).root;

/** Database whose statements are counted. */
export function counted(database: Database): { database: Database; statements: () => number } {
  let statements = 0;
  const count = <Method extends (...given: never[]) => unknown>(method: Method): Method =>
    ((...given: never[]) => {
      statements++;
      return method(...given);
    }) as Method;
  return {
    database: {
      ...database,
      all: count(database.all),
      one: count(database.one),
      run: count(database.run),
      runOnce: count(database.runOnce),
      transaction: (work, ...turns) =>
        database.transaction(
          ({ all, one, run, notify }) => {
            statements++;
            return work({ all: count(all), one: count(one), run: count(run), notify });
          },
          ...turns,
        ),
    },
    statements: () => statements,
  };
}

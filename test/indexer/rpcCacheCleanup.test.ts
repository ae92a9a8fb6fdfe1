/** What a start does about an old branch: it forgets what Ponder fetched of it, and keeps a witness of the rows that stay. */
import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ChainReader, KnownBlock, Verdict } from "../../indexer/ops/chainReader.ts";
import { keepCheckpoint, readCheckpoints, releaseCheckpoints } from "../../indexer/ops/finalizedCheckpoint.ts";
import { removeOrphanedBlocks } from "../../indexer/ops/rpcCacheCleanup.ts";
import { currentSchema, nextSchema, succeeds, versionOf } from "../../indexer/ops/schemaVersions.ts";
import { startPostgres, type TestPostgres } from "../fixtures/postgres.ts";

const chainId = 31_337;

let postgres: TestPostgres;
let client: pg.Client;

beforeAll(async () => {
  postgres = await startPostgres();
  client = await postgres.connect();
}, 180_000);

afterAll(async () => {
  await postgres?.stop();
});

/** A chain that still has the blocks below `fork`. */
function chainUpTo(fork: number, beyond: Verdict = "no"): Pick<ChainReader, "has"> {
  return { has: async ({ number }: KnownBlock) => (number < fork ? "yes" : beyond) };
}

describe("what was fetched", () => {
  const numbers = [10, 20, 25, 40, 41, 60];
  const others = ["transactions", "transaction_receipts", "logs", "traces", "rpc_request_results", "factory_addresses"];

  beforeEach(async () => {
    await client.query(`drop schema if exists ponder_sync cascade; create schema ponder_sync;
      create table ponder_sync.blocks (chain_id bigint, number bigint, hash text);
      create table ponder_sync.intervals (fragment_id text primary key, chain_id bigint, blocks nummultirange);
      ${others.map((table) => `create table ponder_sync.${table} (chain_id bigint, block_number bigint);`).join("\n")}`);
    for (const number of numbers) {
      await client.query("insert into ponder_sync.blocks values ($1, $2, $3), (1, $2, $3)", [
        chainId,
        number,
        `0x${number}`,
      ]);
      for (const table of others) {
        await client.query(`insert into ponder_sync.${table} values ($1, $2), (1, $2)`, [chainId, number]);
      }
    }
    await client.query(
      `insert into ponder_sync.intervals values
         ('a', $1, '{[0,15],[18,61]}'), ('late', $1, '{[30,61]}'), ('other', 1, '{[0,61]}')`,
      [chainId],
    );
  });

  const left = async (table: string, chain = chainId) => {
    const column = table === "blocks" ? "number" : "block_number";
    const text = `select ${column}::int as number from ponder_sync.${table} where chain_id = $1 order by 1`;
    return (await client.query<{ number: number }>(text, [chain])).rows.map(({ number }) => number);
  };
  const intervals = async () =>
    (await client.query("select fragment_id as id, blocks::text from ponder_sync.intervals order by 1")).rows;

  it.each([
    ["all", 61, undefined, numbers],
    ["all but the last", 60, 41, [10, 20, 25, 40, 41]],
    ["half", 30, 25, [10, 20, 25]],
    ["nothing", 5, -1, []],
  ] as const)("stays as far as the chain has it: %s", async (_, fork, last, kept) => {
    expect(await removeOrphanedBlocks(client, chainUpTo(fork) as ChainReader, chainId)).toBe(last);
    for (const table of ["blocks", ...others]) {
      expect([table, await left(table)]).toEqual([table, kept]);
      expect([table, await left(table, 1)]).toEqual([table, numbers]);
    }
  });

  it("counts as fetched up to the last block that is kept", async () => {
    await removeOrphanedBlocks(client, chainUpTo(30) as ChainReader, chainId);
    expect(await intervals()).toEqual([
      { id: "a", blocks: "{[0,15],[18,25]}" },
      { id: "other", blocks: "{[0,61]}" },
    ]);
  });

  it("stays when a node can't tell, and when there is none yet", async () => {
    expect(await removeOrphanedBlocks(client, chainUpTo(30, "unknown") as ChainReader, chainId)).toBe(undefined);
    expect(await left("blocks")).toEqual(numbers);
    await client.query("drop schema ponder_sync cascade");
    expect(await removeOrphanedBlocks(client, chainUpTo(30) as ChainReader, chainId)).toBe(undefined);
  });
});

describe("a witness", () => {
  const reader = {
    query: async (text: string, values: readonly unknown[]) => (await client.query(text, [...values])).rows,
  };

  beforeEach(() =>
    client.query(`drop schema if exists w cascade; create schema w;
      create table w.protocol (last_event_block bigint, last_event_hash text);
      create table w._reorg__protocol (last_event_block bigint, last_event_hash text, operation int, operation_id int);`),
  );

  it("is the newest row's block when all is final", async () => {
    expect(await readCheckpoints(reader as never, "w")).toEqual([]);
    await client.query("insert into w.protocol values (90, '0x90')");
    await keepCheckpoint(client, "w");
    await keepCheckpoint(client, "w");
    expect(await readCheckpoints(reader as never, "w")).toEqual([{ number: 90, hash: "0x90" }]);
  });

  it("is the last one before what will be taken back", async () => {
    await client.query(`insert into w.protocol values (120, '0x120');
      insert into w._reorg__protocol values (110, '0x110', 1, 8), (95, '0x95', 1, 7)`);
    await keepCheckpoint(client, "w");
    expect(await readCheckpoints(reader as never, "w")).toEqual([{ number: 95, hash: "0x95" }]);
  });

  it("is none where nothing is final, or nothing is there", async () => {
    await keepCheckpoint(client, "w");
    await client.query(`insert into w.protocol values (120, '0x120');
      insert into w._reorg__protocol values (110, '0x110', 0, 7)`);
    await keepCheckpoint(client, "w");
    await keepCheckpoint(client, "nowhere");
    expect(await readCheckpoints(reader as never, "w")).toEqual([]);
  });

  it("goes when the chain was seen to have a newer one", async () => {
    for (const number of [90, 95, 97]) {
      await client.query(`delete from w.protocol; insert into w.protocol values (${number}, '0x${number}')`);
      await keepCheckpoint(client, "w");
    }
    await releaseCheckpoints(client, "w", (await readCheckpoints(reader as never, "w")).slice(1));
    expect((await readCheckpoints(reader as never, "w")).map(({ number }) => number)).toEqual([97, 95]);
  });
});

describe("tables that are built again", () => {
  it.each([
    ["grid_1", "grid_1", 1],
    ["grid_1", "grid_1_2", 2],
    ["grid_1", "grid_1_10", 10],
    ["grid_1", "grid_1_1", undefined],
    ["grid_1", "grid_1_02", undefined],
    ["grid_1", "grid_2", undefined],
    ["grid", "grid_1_2", undefined],
  ] as const)("%s: %s is number %s", (base, schema, generation) => {
    expect(versionOf(base, schema)).toBe(generation);
  });

  it.each([
    ["grid_a_2", "grid_a", true],
    ["grid_a_3", "grid_a_2", true],
    ["grid_a", "grid_a", false],
    ["grid_a", "grid_a_2", false],
    ["grid_a_2", "grid_a_2", false],
    ["grid_b_2", "grid_a", false],
    ["grid_b_3", "grid_a_2", false],
  ] as const)("%s succeeds %s: %s", (candidate, own, answer) => {
    expect(succeeds(candidate, own)).toBe(answer);
  });

  it("go beside those that the views show, else beside the last ones", async () => {
    for (const schema of ["grid_x", "grid_x_4", "grid_x_6"]) {
      await client.query(`create schema ${schema}; create table ${schema}._ponder_meta (key text);
        create table ${schema}._ponder_checkpoint (chain_id bigint)`);
    }
    const show = (schema: string) =>
      client.query(`drop schema if exists views cascade; create schema views;
        create view views._ponder_checkpoint as select * from ${schema}._ponder_checkpoint`);
    const both = async (base: string) => [
      await currentSchema(client, base, "views"),
      await nextSchema(client, base, "views"),
    ];
    expect(await both("grid_x")).toEqual(["grid_x_6", "grid_x_7"]);
    await show("grid_x_4");
    expect(await both("grid_x")).toEqual(["grid_x_4", "grid_x_5"]);
    expect(await both("grid_y")).toEqual(["grid_y", "grid_y_2"]);
  });
});

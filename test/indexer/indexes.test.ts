/** Indexes outlast a restart: Ponder drops and makes them by their names. */
import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { hideIndexes, showIndexes } from "../../indexer/ops/indexes.ts";
import { startPostgres, type TestPostgres } from "../fixtures/postgres.ts";
import { indexesOf } from "./indexes.ts";

let postgres: TestPostgres;
let client: pg.Client;

beforeAll(async () => {
  postgres = await startPostgres();
  client = await postgres.connect();
}, 180_000);

afterAll(async () => {
  await postgres?.stop();
});

beforeEach(async () => {
  await client.query(`drop schema if exists tables cascade; create schema tables;
    create table tables.artwork (id int primary key, seq int, worker text);
    create index artwork_seq_index on tables.artwork (seq);
    create index artwork_worker_index on tables.artwork (worker);
    create table tables._reorg (id int); create index reorg_index on tables._reorg (id)`);
});

const made = () => indexesOf(postgres.url, "tables");
/** What Ponder does when it goes on with tables, and when it has caught up. */
const drop = () => client.query("drop index if exists tables.artwork_seq_index, tables.artwork_worker_index");
const create = () =>
  client.query(`create index if not exists artwork_seq_index on tables.artwork (seq);
    create index if not exists artwork_worker_index on tables.artwork (worker)`);

describe("indexes", () => {
  it("are there while Ponder drops them, and are not made anew", async () => {
    const before = await made();
    await hideIndexes(client, "tables");
    await drop();
    const files = Object.values(before).sort();
    expect(Object.values(await made()).sort()).toEqual(files);
    await showIndexes(client, "tables");
    await create();
    expect(await made()).toEqual(before);
    expect(Object.keys(before)).toEqual(["artwork_seq_index", "artwork_worker_index"]);
  });

  it("have their names again after a start that ended in the middle", async () => {
    const before = await made();
    await hideIndexes(client, "tables");
    await drop();
    await hideIndexes(client, "tables");
    await drop();
    await showIndexes(client, "tables");
    await showIndexes(client, "tables");
    expect(await made()).toEqual(before);
  });

  it("are kept once when Ponder has made one anew meanwhile", async () => {
    await hideIndexes(client, "tables");
    await create();
    const anew = await made();
    await showIndexes(client, "tables");
    const { artwork_seq_index, artwork_worker_index } = anew;
    expect(await made()).toEqual({ artwork_seq_index, artwork_worker_index });
  });

  it("may have names as long as names can be", async () => {
    await client.query(`create index "${"x'".repeat(31)}" on tables.artwork (seq, worker)`);
    const before = await made();
    await hideIndexes(client, "tables");
    expect(Object.keys(await made()).filter((name) => name in before)).toEqual([]);
    await showIndexes(client, "tables");
    expect(await made()).toEqual(before);
  });
});

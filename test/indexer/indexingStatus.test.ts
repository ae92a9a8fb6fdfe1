/**
 * The block at which answers are true, over tables that are made and changed as Ponder does it: that those moments are short in
 * a running indexer is no reason to get them wrong.
 */
import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import type { ChainReader } from "../../indexer/ops/chainReader.ts";
import type { IndexedBlock } from "../../indexer/src/api/query/queryContext.ts";
import { newHealthMemory, readHealth } from "../../indexer/src/api/status/health.ts";
import {
  BlockNotIndexedError,
  createIndexingStatus,
  type IndexingStatus,
} from "../../indexer/src/api/status/indexingStatus.ts";
import { sleep } from "../../sdk/src/node/index.ts";
import { startPostgres, type TestPostgres } from "../fixtures/postgres.ts";

const chainId = 31_337;

let postgres: TestPostgres;
let client: pg.Client;
const open: IndexingStatus[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
  client = await postgres.connect();
}, 180_000);

afterAll(async () => {
  await postgres?.stop();
});

beforeEach(() => createTables("a"));

afterEach(async () => {
  for (const indexingStatus of open.splice(0)) await indexingStatus.close();
  await client.query(
    "drop schema if exists a cascade; drop schema if exists b cascade; drop schema if exists gallery cascade",
  );
});

function follow(options: Partial<Parameters<typeof createIndexingStatus>[0]> = {}): IndexingStatus {
  const indexingStatus = createIndexingStatus({ databaseUrl: postgres.url, schema: "a", chainId, ...options });
  open.push(indexingStatus);
  return indexingStatus;
}

/** As Ponder's `encodeCheckpoint`, for the end of a block. */
function checkpoint(number: number, timestamp = 1_000_000 + number * 2): string {
  const parts: [number, number][] = [
    [timestamp, 10],
    [chainId, 16],
    [number, 16],
  ];
  return `${parts.map(([part, digits]) => String(part).padStart(digits, "0")).join("")}${"9".repeat(33)}`;
}

async function createTables(schema: string): Promise<void> {
  await client.query(`
    create schema ${schema};
    create table ${schema}._ponder_meta (key text primary key, value jsonb not null);
    insert into ${schema}._ponder_meta values ('app', '{"is_ready": 0}');
    create table ${schema}._ponder_checkpoint (chain_name text primary key, chain_id bigint not null, safe_checkpoint varchar(75) not null,
      latest_checkpoint varchar(75) not null, finalized_checkpoint varchar(75) not null);
    create table ${schema}.protocol (chain_id bigint primary key, last_event_block bigint not null, last_event_hash text not null,
      next_min_bond_from bigint not null default 0);
    create function ${schema}.live_query_notify() returns trigger language plpgsql as
      $$ begin perform pg_notify('${schema}_live_query', '[]'); return null; end $$;`);
}

/** A range of the backfill: all three move. */
async function backfill(number: number, schema = "a"): Promise<void> {
  await client.query(
    `insert into ${schema}._ponder_checkpoint values ('grid', ${chainId}, $1, $1, $1)
     on conflict (chain_name) do update set safe_checkpoint = $1, latest_checkpoint = $1, finalized_checkpoint = $1`,
    [checkpoint(number)],
  );
}

function trigger(schema = "a"): string {
  return `create trigger live_query_notify after insert or update or delete on ${schema}._ponder_checkpoint
          for each statement execute procedure ${schema}.live_query_notify()`;
}

async function goLive(schema = "a"): Promise<void> {
  await client.query(trigger(schema));
  await client.query(`update ${schema}._ponder_meta set value = '{"is_ready": 1}'`);
}

async function block(number: number, schema = "a"): Promise<void> {
  await client.query(`update ${schema}._ponder_checkpoint set latest_checkpoint = $1`, [checkpoint(number)]);
}

/** What Ponder does to the triggers while it takes rows back. */
async function takeBack(): Promise<void> {
  await client.query(`begin; drop trigger live_query_notify on a._ponder_checkpoint; ${trigger()}; commit`);
}

/** What is said once `condition` holds: the looks come every 200 ms, and a test has its own deadline. */
async function until(
  indexingStatus: IndexingStatus,
  condition: (indexingStatus: IndexingStatus) => boolean,
): Promise<number | undefined> {
  while (!condition(indexingStatus)) await sleep(10);
  return indexingStatus.current()?.number;
}

it("knows no block before there is one, and follows a backfill without being told", async () => {
  const indexingStatus = follow();
  await indexingStatus.started;
  expect([indexingStatus.current(), indexingStatus.ready()]).toEqual([undefined, false]);
  await backfill(10);
  expect(await until(indexingStatus, () => indexingStatus.current() !== undefined)).toBe(10);
  expect(indexingStatus.current()).toEqual({ chainId, number: 10, timestamp: 1_000_020 });
  await backfill(4_000);
  expect(await until(indexingStatus, () => indexingStatus.current()?.number !== 10)).toBe(4_000);
  await goLive();
  await until(indexingStatus, () => indexingStatus.ready());
  await block(4_001);
  expect((await indexingStatus.atLeast(4_001, 5_000)).number).toBe(4_001);
});

it("says what is certain while rows are taken back, and the new block after that", async () => {
  await backfill(100);
  await goLive();
  await block(120);
  const indexingStatus = follow();
  await indexingStatus.started;
  expect(indexingStatus.current()?.number).toBe(120);
  await takeBack();
  expect(await until(indexingStatus, () => indexingStatus.current()?.number !== 120)).toBe(100);
  await block(101);
  expect((await indexingStatus.atLeast(101, 5_000)).number).toBe(101);
});

it("does not believe the checkpoint that a restart has left", async () => {
  await backfill(100);
  await goLive();
  await block(120);
  // Ponder takes back what is not final, and leaves the checkpoint as it was.
  await client.query(`begin; drop trigger live_query_notify on a._ponder_checkpoint;
    update a._ponder_meta set value = '{"is_ready": 0}'; commit`);
  const indexingStatus = follow();
  await indexingStatus.started;
  expect([indexingStatus.current()?.number, indexingStatus.ready()]).toEqual([100, false]);
  await goLive();
  await until(indexingStatus, () => indexingStatus.ready());
  expect(indexingStatus.current()?.number).toBe(100);
  await block(121);
  expect((await indexingStatus.atLeast(121, 5_000)).number).toBe(121);
});

it("forgets what was remembered with every block, one of the same number too", async () => {
  await backfill(100);
  await goLive();
  await block(120);
  const indexingStatus = follow();
  await indexingStatus.started;
  const cache = indexingStatus.cachedPerBlock<string, number>(2);
  let made = 0;
  const ask = (key: string) => cache.remember(key, async () => ++made);
  expect([await ask("a"), await ask("a"), await ask("b"), await ask("a"), await ask("c"), await ask("a")]).toEqual([
    1, 1, 2, 1, 3, 1,
  ]);
  expect([cache.size, await ask("b")]).toEqual([2, 4]); // it was the one asked for longest ago
  await expect(cache.remember("d", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await ask("d")).toBe(5);

  const heard = new Promise<number>((resolve) => {
    indexingStatus.onBlock(({ number }) => resolve(number));
  });
  await block(120);
  expect(await heard).toBe(120);
  expect([cache.size, await ask("a")]).toEqual([0, 6]);
});

it("gives up waiting with an error that says how far it is", async () => {
  await backfill(100);
  const indexingStatus = follow();
  await indexingStatus.started;
  const refusal = await indexingStatus.atLeast(107, 20).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(BlockNotIndexedError);
  expect(refusal).toMatchObject({ code: "BLOCK_NOT_INDEXED", asked: 107, block: { number: 100 } });
  expect((refusal as Error).message).toBe(
    "Block 100 is the last one that is indexed, and minBlock asks for 107: ask again in a moment, or for a lower block.",
  );
});

it("goes where the views go, as long as the code can read it", async () => {
  await createTables("b");
  await backfill(100);
  await backfill(90, "b");
  const show = (schema: string) =>
    client.query(`begin; create schema if not exists gallery;
      ${["_ponder_meta", "_ponder_checkpoint", "protocol"]
        .map(
          (table) =>
            `drop view if exists gallery.${table}; create view gallery.${table} as select * from ${schema}.${table};`,
        )
        .join("\n")} commit`);
  await show("a");
  const required = [{ table: "protocol", column: "last_event_hash" }];
  const reader = follow({ schema: "gallery", required });
  const picky = follow({ schema: "gallery", required: [...required, { table: "protocol", column: "mint_fee" }] });
  await Promise.all([reader.started, picky.started]);
  expect([reader.schema(), reader.current()?.number, picky.schema()]).toEqual(["a", 100, "a"]);
  await show("b");
  expect(await until(reader, () => reader.schema() === "b")).toBe(90);
  await backfill(101); // picky looks at least once more
  expect(await until(picky, () => picky.current()?.number === 101)).toBe(101);
  expect(picky.schema()).toBe("a");
});

it("follows an indexer's own tables, but for newer ones of the same name", async () => {
  await createTables("a_2");
  try {
    await backfill(100);
    const indexer = follow({ viewsSchema: "gallery" });
    await createTables("b");
    await client.query(
      "create schema gallery; create view gallery._ponder_checkpoint as select * from b._ponder_checkpoint",
    );
    await indexer.started;
    await backfill(101);
    expect([await until(indexer, () => indexer.current()?.number === 101), indexer.schema()]).toEqual([101, "a"]);
    await backfill(60, "a_2");
    await client.query(
      "begin; drop view gallery._ponder_checkpoint; create view gallery._ponder_checkpoint as select * from a_2._ponder_checkpoint; commit",
    );
    expect(await until(indexer, () => indexer.schema() === "a_2")).toBe(60);
    const rebuilt = follow({ schema: "a_2", viewsSchema: "gallery" });
    await rebuilt.started;
    await client.query(
      "begin; drop view gallery._ponder_checkpoint; create view gallery._ponder_checkpoint as select * from a._ponder_checkpoint; commit",
    );
    await backfill(61, "a_2");
    expect([await until(rebuilt, () => rebuilt.current()?.number === 61), rebuilt.schema()]).toEqual([61, "a_2"]);
  } finally {
    for (const indexingStatus of open.splice(0)) await indexingStatus.close();
    await client.query("drop schema a_2 cascade");
  }
});

it("is what health says: a block that answers do not have yet is not named", async () => {
  await backfill(10);
  await goLive();
  const block = { number: 10, timestamp: 1_000_020 };
  const waited: number[] = [];
  let answer: ((block: IndexedBlock | undefined) => void) | undefined;
  const look = () =>
    readHealth({
      ...{ chainId, schema: () => "a", maxLag: 5, pollingInterval: 100, memory: newHealthMemory() },
      reader: { query: async (text, values) => (await client.query(text, values as unknown[])).rows },
      chain: { head: async () => block, has: async () => "yes" } as unknown as ChainReader,
      answersAt: (number) => {
        waited.push(number);
        return new Promise((resolve) => {
          answer = resolve;
        });
      },
    });
  const health = look();
  expect(await Promise.race([health, sleep(200).then(() => "not yet")])).toBe("not yet");
  answer?.({ chainId, ...block });
  expect((await health).indexed?.block).toBe(10);
  expect(waited).toEqual([10]);
  // Answers that do not come that far in time.
  const cases = [
    [
      { chainId, number: 3, timestamp: 1_000_006 },
      { status: "behind", indexed: { block: 3 }, lag_blocks: 7 },
    ],
    [undefined, { status: "starting", indexed: null }],
  ] as const;
  for (const [reached, expected] of cases) {
    const { length } = waited;
    const late = look();
    while (waited.length === length) await sleep(10);
    answer?.(reached);
    expect(await late).toMatchObject(expected);
  }
});

/** Cost of a job: what a voucher reads and sends, what a heartbeat asks, whom a notice wakes, what a claim looks at. */
import { createFastDigester, type Digester, leafOf, merkleTree, messageFromJson, voucherDigest } from "@gridnft/sdk";
import pg from "pg";
import { type Address, type Hex, keccak256, toHex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Cloud } from "../src/cloud.ts";
import { type Database, openDatabase, type Queries } from "../src/database/database.ts";
import type { Notices } from "../src/database/notices.ts";
import { LaneTrees } from "../src/payment/laneTrees.ts";
import { claimJob } from "../src/queue/claim.ts";
import { heartbeat } from "../src/queue/lease.ts";
import { WaitingClaims } from "../src/queue/waiting.ts";
import type { RunningCloud } from "../src/start.ts";
import { call, signIn, startTestGrid, type TestGrid, until } from "./grid.ts";
import { type JobJson, type ScriptedWorker, scriptedWorker, type VoucherJson } from "./scriptedWorker.ts";

let grid: TestGrid;
let clouds: readonly [RunningCloud, RunningCloud];
/** One worker, at two processes. */
let workers: readonly [ScriptedWorker, ScriptedWorker];
let digester: Digester;
let token: string;

beforeAll(async () => {
  digester = await createFastDigester();
  grid = await startTestGrid({ dailyImages: 10_000 });
  clouds = [await grid.cloud({ leaseSeconds: 60 }), await grid.cloud({ leaseSeconds: 60 })];
  const [identity] = grid.workers;
  workers = [
    await scriptedWorker(grid, clouds[0], identity, { parallel: 32 }),
    await scriptedWorker(grid, clouds[1], identity, { parallel: 32 }),
  ];
  token = await signIn(grid, clouds[0], privateKeyToAccount(generatePrivateKey()));
  await until(async () => (await grid.sql("SELECT 1 FROM cloud.lane WHERE state = 'open'")).length > 0, "a lane");
}, 120_000);
afterAll(() => grid?.stop());

async function order(changes: object = {}): Promise<string> {
  const { status, body } = await call<{ id: string }>(clouds[0], "POST", "/v1/generate-image", {
    token,
    json: { prompt: "a quay", model: grid.open.toString(), width: 64, height: 64, steps: 2, ...changes },
    headers: { prefer: "respond-async" },
  });
  expect(status).toBe(202);
  return body.id;
}

const gets = (worker: ScriptedWorker): Promise<JobJson> => until(() => worker.claim(5), "a job");
const digestOf = ({ voucher }: VoucherJson): Hex => voucherDigest(messageFromJson("Voucher", voucher), grid.domain);
const rootOf = (ids: readonly Hex[]): Hex => merkleTree(ids.map(leafOf)).root;

describe("a voucher", () => {
  it("comes with the receipts since the one that the worker has, through any process", async () => {
    const ids: Hex[] = [];
    let known: Hex | undefined;
    for (let i = 0; i < 9; i++) {
      await order({ n: 1 + (i % 3) });
      const worker = workers[i % 2 === 0 ? 0 : 1];
      const { voucher } = await worker.work(await gets(worker), undefined, known);
      if (!voucher) throw new Error("a voucher");
      expect(voucher.after).toBe(known);
      ids.push(...voucher.receipt_ids);
      expect(voucher.receipt_ids).toHaveLength(1 + (i % 3));
      expect(voucher.voucher).toMatchObject({ receiptCount: ids.length, receiptsRoot: rootOf(ids) });
      known = digestOf(voucher);
    }
    // One that it does not know, and none: all of them.
    for (const other of [undefined, `0x${"12".repeat(32)}` as const]) {
      await order();
      const { voucher } = await workers[0].work(await gets(workers[0]), undefined, other);
      expect(voucher?.after).toBeUndefined();
      expect(voucher?.receipt_ids.slice(0, ids.length)).toEqual(ids);
      ids.push(...(voucher?.receipt_ids.slice(ids.length) ?? []));
    }
    const list = async (query: string) =>
      (
        await call<{ vouchers: VoucherJson[] }>(clouds[1], "GET", `/v1/worker/vouchers${query}`, {
          token: workers[1].token,
        })
      ).body.vouchers;
    expect((await list(""))[0]?.receipt_ids).toEqual(ids);
    const [since] = await list(`?known=0x${"34".repeat(32)},${known}`);
    expect(since).toMatchObject({ after: known, receipt_ids: ids.slice(-2) });
    const [nothing] = await list(`?known=${digestOf(since as VoucherJson)}`);
    expect(nothing).toMatchObject({ after: digestOf(since as VoucherJson), receipt_ids: [] });
  }, 60_000);

  it("keeps up when jobs of a lane end together", async () => {
    for (let i = 0; i < 8; i++) await order();
    const jobs = [];
    for (let i = 0; i < 8; i++) jobs.push(await gets(workers[0]));
    const done = await Promise.all(jobs.map((job, i) => workers[i % 2 === 0 ? 0 : 1].work(job)));
    const counts = done.map(({ voucher }) => voucher?.voucher.receiptCount ?? 0).sort((a, b) => a - b);
    expect(new Set(counts).size).toBe(8);
    for (const { voucher } of done) expect(voucher?.voucher.receiptsRoot).toBe(rootOf(voucher?.receipt_ids ?? []));
  }, 60_000);
});

describe("the trees of lanes", () => {
  const LANE: Hex = `0x${"1a".repeat(32)}`;
  const idAt = (place: number): Hex => keccak256(toHex(place));

  /** Receipts of a lane by place, from 1, and the number of those that were read. */
  function table(count: number) {
    const rows = new Map(Array.from({ length: count }, (_, i) => [i + 1, idAt(i + 1)]));
    let read = 0;
    const all = async (_sql: string, [, after, last]: readonly unknown[] = []) => {
      const found = [...rows].filter(([place]) => place > Number(after) && place <= Number(last));
      read += found.length;
      return found.map(([, receipt_id]) => ({ receipt_id }));
    };
    const queries = { all } as unknown as Queries;
    const idsOf = (first: number, last: number): Hex[] =>
      Array.from({ length: last - first + 1 }, (_, i) => rows.get(first + i) as Hex);
    return {
      rows,
      queries,
      read: () => read,
      stored: (first: number, last: number) => ({ first, last, root: rootOf(idsOf(first, last)) }),
      idsOf,
    };
  }

  it("read each receipt once", async () => {
    const { queries, read, stored, idsOf } = table(200);
    const trees = new LaneTrees(digester);
    for (let last = 1; last <= 200; last++) {
      const newest = last === 1 ? undefined : stored(1, last - 1);
      expect((await trees.treeOf(queries, LANE, { first: 1, last, newest })).root).toBe(rootOf(idsOf(1, last)));
    }
    // The first voucher of all had none before it to check by.
    expect(read()).toBeLessThanOrEqual(202);
  });

  it("forget what was rolled back, and what a database that went back has no more", async () => {
    const { queries, rows, stored, idsOf } = table(20);
    const trees = new LaneTrees(digester);
    await trees.treeOf(queries, LANE, { first: 1, last: 10, newest: stored(1, 9) });
    await trees.treeOf(queries, LANE, { first: 1, last: 12, newest: stored(1, 10) });
    // Places 11 and 12 were of a transaction that came to nothing; others have them now.
    rows.set(11, idAt(111));
    rows.set(12, idAt(112));
    expect((await trees.treeOf(queries, LANE, { first: 1, last: 12, newest: stored(1, 10) })).root).toBe(
      rootOf(idsOf(1, 12)),
    );
    // The same places, committed, with other receipts than this process has seen.
    rows.set(5, idAt(105));
    expect((await trees.treeOf(queries, LANE, { first: 1, last: 14, newest: stored(1, 12) })).receiptIds).toEqual(
      idsOf(1, 14),
    );
    // Anchored through 7: the tree begins anew.
    const anew = await trees.treeOf(queries, LANE, { first: 8, last: 15, newest: stored(1, 14) });
    expect([anew.root, anew.receiptIds]).toEqual([rootOf(idsOf(8, 15)), idsOf(8, 15)]);
  });

  it("refuse a lane whose receipts are not those of its newest voucher, or have gaps", async () => {
    const { queries, rows, stored } = table(5);
    const trees = new LaneTrees(digester);
    const newest = { ...stored(1, 4), root: rootOf([idAt(1)]) };
    await expect(trees.treeOf(queries, LANE, { first: 1, last: 5, newest })).rejects.toThrow(/newest voucher/);
    rows.delete(3);
    await expect(trees.treeOf(queries, LANE, { first: 1, last: 5, newest: undefined })).rejects.toThrow(/4 receipts/);
  });
});

/** A database whose statements are counted. */
function counted(database: Database): { database: Database; statements: () => number } {
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
      transaction: (work, turn) =>
        database.transaction(({ all, one, run }) => {
          statements++;
          return work({ all: count(all), one: count(one), run: count(run) });
        }, turn),
    },
    statements: () => statements,
  };
}

describe("heartbeats", () => {
  it("are one statement, tell news alone, and keep within the job", async () => {
    await order({ n: 2 });
    const job = await gets(workers[0]);
    const own = openDatabase(grid.postgres.url, () => undefined);
    const { database, statements } = counted(own);
    const listener = new pg.Client({ connectionString: grid.postgres.url });
    const heard: string[] = [];
    listener.on("notification", ({ payload }) => heard.push(payload ?? ""));
    await listener.connect();
    await listener.query("LISTEN cloud_job");
    try {
      const cloud = { database, settings: { leaseSeconds: 60 } } as unknown as Cloud;
      const worker = grid.workers[0].party.address.toLowerCase() as Address;
      const key = { worker, jobId: job.id, token: job.lease.token };
      const row = async () =>
        (
          await grid.sql<{ status: string; version: number; progress_image: number; progress_step: number }>(
            "SELECT status, version, progress_image, progress_step, progress_steps FROM cloud.job WHERE id = $1",
            [job.id],
          )
        )[0];
      const before = await row();
      await heartbeat(cloud, key, undefined);
      const begun = await row();
      expect(begun).toMatchObject({ status: "running", version: (before?.version ?? 0) + 1 });
      await heartbeat(cloud, key, undefined);
      expect(await row()).toEqual(begun);
      await heartbeat(cloud, key, { image: 9_007_199_254_740_991, step: -5, steps: 99_999_999 });
      expect(await row()).toMatchObject({ progress_image: 1, progress_step: 0, progress_steps: 10_000 });
      await heartbeat(cloud, key, { image: 0, step: 2, steps: 1 });
      expect(await row()).toMatchObject({ progress_image: 0, progress_step: 1, progress_steps: 1 });
      expect(statements()).toBe(4);
      await listener.query("SELECT 1");
      expect(heard).toEqual([job.id, job.id, job.id]);
      const lost = { code: "LEASE_LOST" };
      await expect(heartbeat(cloud, { ...key, token: "guessed" }, undefined)).rejects.toMatchObject(lost);
      await expect(heartbeat(cloud, { ...key, jobId: "no id" }, undefined)).rejects.toMatchObject(lost);
    } finally {
      await listener.end();
      await own.close();
    }
    await workers[0].work(job);
  });

  it("by the hundred on one job, which is locked, leave everybody else alone", async () => {
    await order();
    const job = await gets(workers[0]);
    const locker = new pg.Client({ connectionString: grid.postgres.url });
    await locker.connect();
    await locker.query("BEGIN");
    await locker.query("SELECT 1 FROM cloud.job WHERE id = $1 FOR UPDATE", [job.id]);
    const beats = Promise.all(Array.from({ length: 100 }, () => workers[0].heartbeat(job)));
    for (let i = 0; i < 30; i++) expect((await call(clouds[0], "GET", "/v1/models")).status).toBe(200);
    await locker.query("COMMIT");
    await locker.end();
    expect(new Set((await beats).map(({ status }) => status))).toEqual(new Set([200]));
    await workers[0].work(job);
  });
});

describe("waiting claims", () => {
  const [first, second] = ["0x1111", "0x2222"] as unknown as [Address, Address];

  function board() {
    const listeners = new Map<string, Set<() => void>>();
    const notices: Pick<Notices, "on"> = {
      on: (channel, payload, listener) => {
        const key = `${channel} ${payload}`;
        const set = listeners.get(key) ?? new Set();
        listeners.set(key, set.add(listener));
        return () => set.delete(listener);
      },
    };
    const tell = (payload: string) => {
      for (const listener of listeners.get(`cloud_queue ${payload}`) ?? []) listener();
    };
    const listening = () => [...listeners.values()].reduce((sum, set) => sum + set.size, 0);
    return { claims: new WaitingClaims(notices), tell, listening };
  }

  it("are woken one of each worker that a job is for, and nobody else", async () => {
    const { claims, tell, listening } = board();
    const woken: string[] = [];
    const end = new AbortController();
    const wait = (name: string, worker: Address, models: string[]) =>
      claims.next(worker, models, 60_000, end.signal).then(() => woken.push(name));
    const all = [wait("a", first, ["1", "2"]), wait("b", first, ["1", "2"]), wait("c", second, ["2"])];
    const settle = () => new Promise((resolve) => setImmediate(resolve));
    tell("model 3");
    tell("worker 0x3333");
    await settle();
    expect(woken).toEqual([]);
    tell("model 1");
    await settle();
    expect(woken).toEqual(["a"]);
    tell("model 2");
    await settle();
    expect(woken).toEqual(["a", "b", "c"]);
    all.push(wait("d", second, ["2"]), wait("e", second, ["2", "4"]));
    // The worker serves more since: the newest word counts for all of its claims.
    tell("model 4");
    await settle();
    expect(woken.slice(3)).toEqual(["d"]);
    tell(`worker ${second}`);
    await settle();
    expect(woken.slice(3)).toEqual(["d", "e"]);
    end.abort();
    await Promise.all(all);
    expect(listening()).toBe(0);
  });

  it("end with their time, or with their client", async () => {
    const { claims, listening } = board();
    await claims.next(first, ["1"], 1);
    const gone = new AbortController();
    const waiting = claims.next(first, ["1"], 60_000, gone.signal);
    gone.abort();
    await waiting;
    await claims.next(first, ["1"], 60_000, AbortSignal.abort());
    expect(listening()).toBe(0);
  });
});

it("a claim looks at a worker's own orders and its models' jobs, however long the queue is", async () => {
  const mine = await order({ steps: 3 });
  const [copied] = await grid.sql<{ columns: string }>(
    `SELECT string_agg(column_name::text, ', ') AS columns FROM information_schema.columns
     WHERE table_schema = 'cloud' AND table_name = 'job' AND column_name NOT IN ('id', 'place', 'model_id', 'rail', 'wanted', 'candidate')`,
  );
  // Older ones, of other models and for other workers.
  const place = "(SELECT min(place) FROM cloud.job) - 1 - n";
  await grid.sql(
    `INSERT INTO cloud.job (place, model_id, rail, wanted, candidate, ${copied?.columns}) OVERRIDING SYSTEM VALUE
     SELECT ${place}, 1000 + n % 100, CASE WHEN n % 2 = 0 THEN 'gateway' ELSE 'direct' END,
       CASE WHEN n % 2 = 1 THEN '0xdead' || n % 100 END,
       CASE WHEN n % 2 = 1 THEN 0 END, ${copied?.columns}
     FROM cloud.job, generate_series(1, 20000) n WHERE id = $1`,
    [mine],
  );
  await grid.sql("ANALYZE cloud.job");
  const database = openDatabase(grid.postgres.url, () => undefined, 1);
  try {
    const read = async (): Promise<number> => {
      await database.one("SELECT pg_stat_force_next_flush()");
      const row = await database.one<{ read: string }>(
        `SELECT (t.seq_tup_read + sum(i.idx_tup_read))::text AS read
         FROM pg_stat_user_tables t JOIN pg_stat_user_indexes i USING (relid)
         WHERE t.schemaname = 'cloud' AND t.relname = 'job' GROUP BY t.seq_tup_read`,
      );
      return Number(row?.read);
    };
    await Promise.all(clouds.map((cloud) => cloud.stop()));
    const { statements, database: own } = counted(database);
    const cloud = {
      database: own,
      chain: { staysBonded: async () => true, now: () => BigInt(Math.floor(Date.now() / 1_000)) },
      gateway: { account: grid.gateway.address, signer: grid.gatewayKey, maxRate: 10n ** 18n, patience: 5 },
      checker: { digester },
      settings: { leaseSeconds: 60, orderSeconds: 600 },
    } as unknown as Cloud;
    const worker = grid.workers[0].party.address.toLowerCase() as Address;
    const before = await read();
    const job = await claimJob(cloud, worker);
    const after = await read();
    expect(job?.id).toBe(mine);
    // Entries of jobs that are over stand in the indexes for a while.
    expect(after - before).toBeLessThan(1_000);
    expect(statements()).toBeLessThanOrEqual(10);
  } finally {
    await database.close();
  }
});

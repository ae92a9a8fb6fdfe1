/** Cost of a job: what a voucher reads and sends, what a heartbeat asks, whom a notice wakes, what a claim looks at. */
import { createHash } from "node:crypto";
import {
  createFastChecker,
  createFastDigester,
  type Digester,
  jobOrder,
  jobPrice,
  leafOf,
  merkleTree,
  messageFromJson,
  voucherDigest,
} from "@gridnft/sdk";
import { sleep } from "@gridnft/sdk/node";
import pg from "pg";
import { pino } from "pino";
import { type Address, type Hex, keccak256, toHex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signMessage } from "../../test/fixtures/seed.ts";
import { until } from "../../test/fixtures/until.ts";
import { createApp } from "../src/api/app.ts";
import { JobStreams } from "../src/api/grid/jobStreams.ts";
import { type SessionRecord, Sessions } from "../src/auth/sessions.ts";
import { openChain } from "../src/chain/chain.ts";
import { modelCatalogue } from "../src/chain/models.ts";
import type { Cloud } from "../src/cloud.ts";
import { type Database, openDatabase, type Queries } from "../src/database/database.ts";
import { listen, type Notifications } from "../src/database/pgNotify.ts";
import { readSettings } from "../src/environment.ts";
import { ApiError } from "../src/error.ts";
import { cancelJob } from "../src/jobs/cancel.ts";
import { claimJob, type WorkerJobJson } from "../src/jobs/claim.ts";
import { completeJob, type Delivery } from "../src/jobs/complete.ts";
import type { JobRow } from "../src/jobs/job.ts";
import { heartbeat, penalizeWhenWrong, releaseJob } from "../src/jobs/lease.ts";
import { putOffer } from "../src/jobs/offers.ts";
import { type WatchJob, waitForEnd } from "../src/jobs/wait.ts";
import { WaitingClaims } from "../src/jobs/waitingClaims.ts";
import { createMetrics } from "../src/metrics.ts";
import { LaneTrees } from "../src/payment/laneTrees.ts";
import { quoteNonce } from "../src/payment/nonces.ts";
import type { RunningCloud } from "../src/start.ts";
import { call, RATE, signIn, startTestGrid, type TestGrid } from "./grid.ts";
import { ENGINE, type JobJson, type ScriptedWorker, scriptedWorker, type VoucherJson } from "./scriptedWorker.ts";

/** Connection of a request that comes over no network. */
const CALLER = { incoming: { socket: { remoteAddress: "127.0.0.1" } } };
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
}, 300_000);
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
    const foreign: Hex = `0x${"55".repeat(32)}`;
    await grid.sql(
      `INSERT INTO cloud.voucher (lane_id, number, digest, message, root, payer_signature, first, last)
       SELECT other.lane_id, 1, $2, v.message, v.root, v.payer_signature, v.first, v.last
       FROM cloud.voucher v, (SELECT lane_id FROM cloud.lane WHERE worker = $3 LIMIT 1) other WHERE v.digest = $1`,
      [known, foreign, grid.workers[1].party.address.toLowerCase()],
    );
    // None, one that there is not, and one of another lane: all of them.
    for (const other of [undefined, `0x${"12".repeat(32)}` as const, foreign]) {
      await order();
      const { voucher } = await workers[0].work(await gets(workers[0]), undefined, other);
      expect(voucher?.after).toBeUndefined();
      expect(voucher?.receipt_ids.slice(0, ids.length)).toEqual(ids);
      ids.push(...(voucher?.receipt_ids.slice(ids.length) ?? []));
    }
    expect(await grid.sql("DELETE FROM cloud.voucher WHERE digest = $1 RETURNING number", [foreign])).toHaveLength(1);
    const list = async (query: string) =>
      (
        await call<{ vouchers: VoucherJson[] }>(clouds[1], "GET", `/v1/worker/vouchers${query}`, {
          token: workers[1].token,
        })
      ).body.vouchers;
    expect((await list(""))[0]?.receipt_ids).toEqual(ids);
    const [since] = await list(`?known=0x${"34".repeat(32)},${known}`);
    expect(since).toMatchObject({ after: known, receipt_ids: ids.slice(-3) });
    const [nothing] = await list(`?known=${digestOf(since as VoucherJson)}`);
    expect(nothing).toMatchObject({ after: digestOf(since as VoucherJson), receipt_ids: [] });
  }, 180_000);

  it("keeps up when jobs of a lane end together", async () => {
    for (let i = 0; i < 8; i++) await order();
    const jobs = [];
    for (let i = 0; i < 8; i++) jobs.push(await gets(workers[0]));
    const done = await Promise.all(jobs.map((job, i) => workers[i % 2 === 0 ? 0 : 1].work(job)));
    const counts = done.map(({ voucher }) => voucher?.voucher.receiptCount ?? 0).sort((a, b) => a - b);
    expect(new Set(counts).size).toBe(8);
    for (const { voucher } of done) expect(voucher?.voucher.receiptsRoot).toBe(rootOf(voucher?.receipt_ids ?? []));
  }, 180_000);
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

  it("read none of the receipts that this process added, and each of another's once", async () => {
    const { queries, read, stored, idsOf } = table(160);
    const trees = new LaneTrees(digester);
    for (let last = 1; last <= 80; last++) {
      const newest = last === 1 ? undefined : stored(1, last - 1);
      const tree = await trees.treeOf(queries, LANE, { first: 1, newest, added: [idAt(last)] });
      expect(tree).toEqual({ first: 1, receiptIds: idsOf(1, last), root: rootOf(idsOf(1, last)) });
    }
    expect(read()).toBe(0);
    for (let last = 82; last <= 160; last += 2) {
      const tree = await trees.treeOf(queries, LANE, { first: 1, newest: stored(1, last - 1), added: [idAt(last)] });
      expect(tree.root).toBe(rootOf(idsOf(1, last)));
    }
    expect(read()).toBe(40);
  });

  it("forget what was rolled back, and what a database that went back has no more", async () => {
    const { queries, rows, stored, idsOf, read } = table(20);
    const trees = new LaneTrees(digester);
    await trees.treeOf(queries, LANE, { first: 1, newest: stored(1, 9), added: [idAt(10)] });
    await trees.treeOf(queries, LANE, { first: 1, newest: stored(1, 10), added: [idAt(111), idAt(112)] });
    expect(read()).toBe(9);
    // Places 11 and 12 were of a transaction that came to nothing; others have them now.
    const added = idsOf(11, 12);
    expect((await trees.treeOf(queries, LANE, { first: 1, newest: stored(1, 10), added })).root).toBe(
      rootOf(idsOf(1, 12)),
    );
    expect(read()).toBe(9);
    // The same places, committed, with other receipts than this process has seen.
    rows.set(5, idAt(105));
    expect(
      (await trees.treeOf(queries, LANE, { first: 1, newest: stored(1, 12), added: idsOf(13, 14) })).receiptIds,
    ).toEqual(idsOf(1, 14));
    // Anchored through 7: the tree begins anew.
    const anew = await trees.treeOf(queries, LANE, { first: 8, newest: stored(1, 14), added: [idAt(15)] });
    expect([anew.root, anew.receiptIds]).toEqual([rootOf(idsOf(8, 15)), idsOf(8, 15)]);
  });

  it("refuse a lane whose receipts are not those of its newest voucher, or have gaps", async () => {
    const { queries, rows, stored } = table(5);
    const trees = new LaneTrees(digester);
    const newest = { ...stored(1, 4), root: rootOf([idAt(1)]) };
    await expect(trees.treeOf(queries, LANE, { first: 1, newest, added: [] })).rejects.toThrow(/newest voucher/);
    const whole = stored(1, 5);
    rows.delete(3);
    const torn = trees.treeOf(queries, LANE, { first: 1, newest: whole, added: [] });
    await expect(torn).rejects.toThrow(/4 receipts/);
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
      const hears = (times: number) => until(() => heard.length === times, `it is told of ${times} times`);
      const before = await row();
      await heartbeat(cloud, key, undefined);
      await hears(1);
      const begun = await row();
      expect(begun).toMatchObject({ status: "running", version: (before?.version ?? 0) + 1 });
      await heartbeat(cloud, key, undefined);
      expect(await row()).toEqual(begun);
      await sleep(50);
      expect(heard).toEqual([job.id]);
      await heartbeat(cloud, key, { image: 9_007_199_254_740_991, step: -5, steps: 99_999_999 });
      expect(await row()).toMatchObject({ progress_image: 1, progress_step: 0, progress_steps: 10_000 });
      await hears(2);
      await heartbeat(cloud, key, { image: 0, step: 2, steps: 1 });
      expect(await row()).toMatchObject({ progress_image: 0, progress_step: 1, progress_steps: 1 });
      await hears(3);
      expect(statements()).toBe(4);
      const lost = { code: "LEASE_LOST" };
      await expect(heartbeat(cloud, { ...key, token: "guessed" }, undefined)).rejects.toMatchObject(lost);
      for (const jobId of ["no id", "-".repeat(36), `${"0".repeat(32)}----`]) {
        await expect(heartbeat(cloud, { ...key, jobId }, undefined)).rejects.toMatchObject(lost);
        expect((await workers[0].release({ ...job, id: jobId }, "failed")).status).toBe(409);
      }
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
    // Few: the beats wait for some seconds, and no longer.
    for (let i = 0; i < 8; i++) expect((await call(clouds[0], "GET", "/v1/models")).status).toBe(200);
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
    const notifications: Pick<Notifications, "on"> = {
      on: (channel, payload, listener) => {
        const key = `${channel} ${payload}`;
        const set = listeners.get(key) ?? new Set();
        listeners.set(key, set.add(listener));
        return () => set.delete(listener);
      },
    };
    const notify = (payload: string) => {
      for (const listener of listeners.get(`cloud_queue ${payload}`) ?? []) listener();
    };
    const listening = () => [...listeners.values()].reduce((sum, set) => sum + set.size, 0);
    return { claims: new WaitingClaims(notifications), notify, listening };
  }

  it("are woken one of each worker that a job is for, and nobody else", async () => {
    const { claims, notify, listening } = board();
    const woken: string[] = [];
    const end = new AbortController();
    const wait = (name: string, worker: Address, models: string[]) =>
      claims.next(worker, models, 60_000, end.signal).then(() => woken.push(name));
    const all = [wait("a", first, ["1", "2"]), wait("b", first, ["1", "2"]), wait("c", second, ["2"])];
    const settle = () => new Promise((resolve) => setImmediate(resolve));
    notify("model 3");
    notify("worker 0x3333");
    await settle();
    expect(woken).toEqual([]);
    notify("model 1");
    await settle();
    expect(woken).toEqual(["a"]);
    notify("model 2");
    await settle();
    expect(woken).toEqual(["a", "b", "c"]);
    all.push(wait("d", second, ["2"]), wait("e", second, ["2", "4"]));
    // The worker serves more since: the newest word counts for all of its claims.
    notify("model 4");
    await settle();
    expect(woken.slice(3)).toEqual(["d"]);
    notify(`worker ${second}`);
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

describe("claims of one worker at two processes", () => {
  it("hand out as many jobs as it takes, and no more than its lane has room for", async () => {
    const ids = [];
    for (let i = 0; i < 12; i++) ids.push(await order({ steps: 5 }));
    const worker = grid.workers[0].party.address.toLowerCase();
    const claimAll = async () =>
      (await Promise.all(Array.from({ length: 12 }, (_, i) => workers[i % 2 === 0 ? 0 : 1].claim()))).flatMap((job) =>
        job ? [job] : [],
      );
    await grid.sql("UPDATE cloud.worker SET parallel = 5 WHERE worker = $1", [worker]);
    const jobs = await claimAll();
    expect(jobs).toHaveLength(5);
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(5);
    // Room for these, and for two and a half more.
    const price = BigInt(jobs[0]?.price ?? 0);
    const [lane] = await grid.sql<{ lane_id: string; free: string }>(
      "SELECT lane_id, free::text FROM cloud.lane WHERE worker = $1 AND state = 'open'",
      [worker],
    );
    const [promised] = await grid.sql<{ due: string }>(
      "SELECT coalesce(sum(promised - collected), 0)::text AS due FROM cloud.lane_total WHERE lane_id = $1",
      [lane?.lane_id],
    );
    const room = BigInt(promised?.due ?? 0) + (15n * price) / 2n;
    await grid.sql("UPDATE cloud.lane SET free = $2 WHERE lane_id = $1", [lane?.lane_id, room.toString()]);
    await grid.sql("UPDATE cloud.worker SET parallel = 32 WHERE worker = $1", [worker]);
    jobs.push(...(await claimAll()));
    expect(jobs).toHaveLength(7);
    await Promise.all(jobs.map((job, i) => workers[i % 2 === 0 ? 0 : 1].work(job)));
    await grid.sql("UPDATE cloud.lane SET free = $2 WHERE lane_id = $1", [lane?.lane_id, lane?.free]);
    const [sums] = await grid.sql<{ promised: string; earned: string; vouchers: number; receipts: number }>(
      `SELECT (SELECT sum(promised)::text FROM cloud.lane_total) AS promised, (SELECT sum(price)::text FROM cloud.receipt) AS earned,
         (SELECT max(last) FROM cloud.voucher WHERE lane_id = $1) AS vouchers, (SELECT receipts FROM cloud.lane WHERE lane_id = $1)`,
      [lane?.lane_id],
    );
    expect(sums?.promised).toBe(sums?.earned);
    expect(sums?.vouchers).toBe(sums?.receipts);
    await grid.sql("UPDATE cloud.job SET status = 'cancelled' WHERE status = 'queued'");
  }, 180_000);
});

it("a job that is claimed for a worker that hung up meanwhile goes back at once, and that costs no attempt", async () => {
  const id = await order();
  const locker = new pg.Client({ connectionString: grid.postgres.url });
  await locker.connect();
  await locker.query("BEGIN");
  await locker.query("SELECT 1 FROM cloud.worker FOR UPDATE");
  const hangUp = new AbortController();
  const claiming = fetch(`${clouds[0].url}/v1/worker/claim`, {
    method: "POST",
    headers: { authorization: `Bearer ${workers[0].token}`, "content-type": "application/json" },
    body: JSON.stringify({ wait_seconds: 20 }),
    signal: hangUp.signal,
  }).catch(() => "hung up");
  const sql = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'gridnft-cloud' AND wait_event_type = 'Lock'";
  await until(async () => (await grid.sql(sql)).length > 0, "the claim waits for the worker's row");
  hangUp.abort();
  expect(await claiming).toBe("hung up");
  await new Promise((resolve) => setTimeout(resolve, 200));
  await locker.query("COMMIT");
  await locker.end();
  const failed = "SELECT kind FROM cloud.job_failure WHERE job_id = $1";
  expect(await until(async () => (await grid.sql(failed, [id]))[0], "it goes back")).toEqual({ kind: "stopping" });
  const job = await gets(workers[1]);
  expect(job.id).toBe(id);
  await workers[1].work(job);
  expect(await grid.sql("SELECT attempts FROM cloud.job WHERE id = $1", [id])).toEqual([{ attempts: 1 }]);
});

it("the streams of 500 readers read a job once a change, and ask nothing by time but one statement for all", async () => {
  const own = openDatabase(grid.postgres.url, () => undefined);
  const { database, statements } = counted(own);
  const heard = new Map<string, Set<() => void>>();
  const notifications = {
    on: (_: string, payload: string, listener: () => void) => {
      heard.set(payload, (heard.get(payload) ?? new Set()).add(listener));
      return () => heard.get(payload)?.delete(listener);
    },
  } as unknown as Notifications;
  const change = (id: string) => {
    for (const listener of heard.get(id) ?? []) listener();
  };
  const log = { warn: () => undefined } as unknown as Cloud["log"];
  const id = await order();
  const job = await gets(workers[0]);
  expect(job.id).toBe(id);
  try {
    const read = (streams: JobStreams) => {
      const seen = Array.from({ length: 500 }, () => ({ versions: [] as number[], ticks: 0 }));
      const offs = seen.map((reader) =>
        streams.on(id, {
          state: ({ version }) => reader.versions.push(version),
          tick: () => reader.ticks++,
          gone: () => undefined,
        }),
      );
      return {
        all: (what: string, versions: number) =>
          until(async () => seen.every((reader) => reader.versions.length === versions), what),
        ticks: () => seen[0]?.ticks ?? 0,
        end: () => {
          for (const off of offs) off();
        },
      };
    };
    const told = read(new JobStreams({ database, notifications, publicUrl: "", log }, 3_600_000));
    await told.all("everybody has the state", 1);
    expect(statements()).toBe(1);
    await workers[0].heartbeat(job, { image: 0, step: 1, steps: 2 });
    change(id);
    change(id);
    await told.all("everybody has the change", 2);
    // Two notices in a row are one more look at most.
    expect(statements()).toBeLessThanOrEqual(3);
    told.end();
    // A notice that was lost is made up for by a tick, which is one statement for all.
    const streams = new JobStreams({ database, notifications, publicUrl: "", log }, 300);
    const before = statements();
    const ticking = read(streams);
    await ticking.all("everybody has the state", 1);
    await workers[0].heartbeat(job, { image: 0, step: 2, steps: 2 });
    await ticking.all("everybody has the change all the same", 2);
    // The first look, that at the change, and a tick that is under way.
    expect(statements() - before - ticking.ticks()).toBeLessThanOrEqual(3);
    ticking.end();
    // Readers of a job that is deleted hear that it is gone, at first and by a tick.
    const [deleted = "", next] = [await order(), await gets(workers[0])];
    const gone: string[] = [];
    const listen = (name: string) =>
      streams.on(deleted, {
        state: () => gone.push(`${name} state`),
        tick: () => undefined,
        gone: () => gone.push(name),
      });
    const offDeleted = [listen("early")];
    await until(async () => gone.length > 0, "it has the state");
    expect(next.id).toBe(deleted);
    await grid.sql("DELETE FROM cloud.job WHERE id = $1", [deleted]);
    await until(async () => gone.includes("early"), "it hears by a tick");
    offDeleted.pop()?.();
    offDeleted.push(listen("late"));
    await until(async () => gone.includes("late"), "it hears at once");
    for (const off of offDeleted) off();
    expect(gone.filter((word) => word.endsWith("state"))).toEqual(["early state"]);
    expect([...heard.values()].every((listeners) => listeners.size === 0)).toBe(true);
  } finally {
    await own.close();
  }
  await workers[0].work(job);
});

it("a model's name that nobody has costs one question a block, and none when it is asked again; a new model is found", async () => {
  const names = ["Open Sea"];
  let asked = 0;
  let head: Hex = "0x01";
  const read = {
    totalSupply: async () => {
      asked++;
      return BigInt(names.length);
    },
    modelsOf: async ([ids]: [bigint[]]) => {
      asked++;
      return ids.map((modelId) => ({
        modelId,
        spec: { name: names[Number(modelId) - 1], version: "1", family: 0, access: 0, weightsHash: "0x", usageBps: 0 },
        nextUsageFrom: 0,
      }));
    },
    ownerOf: async () => {
      asked++;
      return `0x${"11".repeat(20)}`;
    },
  };
  const catalogue = modelCatalogue({ read } as never, () => head);
  expect((await catalogue.modelNamed("open sea")).modelId).toBe(1n);
  const known = asked;
  const unknown = (name: string) => expect(catalogue.modelNamed(name)).rejects.toMatchObject({ code: "MODEL_UNKNOWN" });
  await Promise.all(Array.from({ length: 200 }, (_, i) => unknown(`a name ${i}`)));
  expect(asked - known).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 300));
  for (let i = 0; i < 200; i++) await unknown(`A name ${i} `);
  expect(asked - known).toBe(1);
  names.push("A name 7");
  head = "0x02";
  expect((await catalogue.modelNamed("a name 7")).modelId).toBe(2n);
  expect((await catalogue.modelNamed("2")).modelId).toBe(2n);
});

it("calls that lock the same rows take their turn without a connection each", async () => {
  const own = openDatabase(grid.postgres.url, () => undefined, 8);
  let inside = 0;
  let most = 0;
  const database: Database = {
    ...own,
    transaction: (work, ...turns) =>
      own.transaction(
        async (queries) => {
          most = Math.max(most, ++inside);
          return work(queries).finally(() => inside--);
        },
        ...turns,
      ),
  };
  const atOnce = async (what: string, calls: readonly (() => Promise<unknown>)[]): Promise<void> => {
    most = 0;
    await Promise.all(calls.map((one) => one()));
    expect([what, most]).toEqual([what, 1]);
  };
  const times = <Item>(count: number, item: Item): Item[] => Array.from({ length: count }, () => item);
  const worker = grid.workers[0].party.address.toLowerCase() as Address;
  try {
    const chain = { nonceWordOf: async () => 0n } as unknown as Cloud["chain"];
    const quoted = () => quoteNonce({ database, chain }, grid.artist.address, "one caller", 300);
    await atOnce("quotes", times(16, quoted));

    const other = privateKeyToAccount(generatePrivateKey()).address.toLowerCase() as Address;
    const offered = () => putOffer(database, other, { software: "scripted", parallel: 1, models: [] });
    await atOnce("offers", times(16, offered));
    await grid.sql("DELETE FROM cloud.worker WHERE worker = $1", [other]);

    const keys = [];
    for (let i = 0; i < 8; i++) await order();
    for (let i = 0; i < 8; i++) {
      const job = await gets(workers[0]);
      keys.push({ worker, jobId: job.id, token: job.lease.token });
    }
    const cloud = { database, settings: { stallSeconds: 120 }, log: { warn: () => undefined } } as unknown as Cloud;
    const released = keys.slice(0, 6).map((key) => () => releaseJob(cloud, key, { reason: "failed" }));
    await atOnce("releases", released);
    const wrong = async (): Promise<void> => {
      throw new ApiError("IMAGE_INVALID", "It is no picture.");
    };
    const penalized = keys.slice(6).map((key) => () => penalizeWhenWrong(cloud, key, wrong).catch(() => undefined));
    await atOnce("strikes", penalized);
    await grid.sql("UPDATE cloud.worker SET strikes = 0, blocked_until = NULL");

    for (const { jobId } of keys) {
      const [job] = await grid.sql<{ requester: Address }>("SELECT requester FROM cloud.job WHERE id = $1", [jobId]);
      const session = { account: job?.requester } as SessionRecord;
      const ends: (string | undefined)[] = [];
      const cancelled = () =>
        cancelJob(database, jobId, session).then(
          () => ends.push("cancelled"),
          (error: unknown) => ends.push(error instanceof ApiError ? error.code : undefined),
        );
      await atOnce("cancellations", times(4, cancelled));
      expect(ends.sort()).toEqual([...times(3, "JOB_FINISHED"), "cancelled"]);
    }
  } finally {
    await own.close();
  }
});

it("a request that waits has the end of a job at once that others saw before", async () => {
  const done = { status: "done" } as JobRow;
  let isWatched = true;
  const watch: WatchJob = (_, { row }) => {
    row(done);
    return () => {
      isWatched = false;
    };
  };
  const never = new AbortController().signal;
  const cloud = { database: {}, stopping: never } as unknown as Cloud;
  expect(await waitForEnd(cloud, watch, "a job", 60, never)).toBe(done);
  expect(isWatched).toBe(false);
});

it("requests that wait for a job, and its streams, read it once a change for all of them", async () => {
  const own = openDatabase(grid.postgres.url, () => undefined);
  const { database, statements } = counted(own);
  const { rpcUrl, deployment } = grid.chain;
  const chain = await openChain({ rpcUrl, deployment, pollEvery: 1_000 }, () => undefined);
  const stopping = new AbortController();
  const notifications = await listen(grid.postgres.url, () => undefined);
  const { gatewayTerms: gateway } = grid;
  const settings = readSettings({ GRID_RPC_URL: rpcUrl, DATABASE_URL: grid.postgres.url, GRID_BLOCKS: "unused" });
  const app = createApp(
    {
      ...{
        settings,
        publicUrl: "http://127.0.0.1",
        database,
        notifications,
        chain,
        gateway,
        log: pino({ level: "silent" }),
      },
      ...{ checker: await createFastChecker(), metrics: createMetrics(chain, stopping.signal) },
      stopping: stopping.signal,
    } as unknown as Cloud,
    () => undefined,
  );
  const authorization = `Bearer ${token}`;
  const ask = (path: string, init: RequestInit = {}) =>
    app.request(path, { ...init, headers: { authorization, ...init.headers } }, CALLER);
  const body = JSON.stringify({ prompt: "a pier", model: grid.open.toString(), width: 64, height: 64, steps: 2 });
  // The same request again waits for the same job.
  const post = () =>
    ask("/v1/generate-image", {
      ...{ method: "POST", body },
      headers: { "content-type": "application/json", "idempotency-key": "piers", prefer: "wait=60" },
    });
  /** Resolves when no more statements are made, or some seconds later. */
  const quiet = async () => {
    for (let [last, looks] = [-1, 0]; last !== statements() && looks < 10; looks++) {
      last = statements();
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  };
  try {
    const first = post();
    const job = await gets(workers[0]);
    const waiting = [first, ...Array.from({ length: 9 }, post)];
    const streams = await Promise.all(Array.from({ length: 10 }, () => ask(`/v1/jobs/${job.id}/events`)));
    const texts = streams.map((stream) => stream.text());
    await quiet();
    const before = statements();
    await workers[0].heartbeat(job, { image: 0, step: 1, steps: 2 });
    await quiet();
    expect(statements() - before).toBe(1);
    await workers[0].work(job);
    for (const answer of await Promise.all(waiting)) expect(answer.status).toBe(200);
    for (const text of await Promise.all(texts)) expect(text).toContain("event: done");
  } finally {
    stopping.abort();
    chain.stop();
    await notifications.close();
    await own.close();
  }
});

it("a claim is one statement that looks at a few jobs, however long the queue is; a completion is two", async () => {
  await order();
  await workers[0].work(await gets(workers[0]));
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
  // Younger ones of the same model.
  await grid.sql(
    `INSERT INTO cloud.job (model_id, rail, wanted, candidate, ${copied?.columns})
     SELECT model_id, rail, wanted, candidate, ${copied?.columns} FROM cloud.job, generate_series(1, 5000) n WHERE id = $1`,
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
      chain: {
        staysBonded: async () => true,
        isSigner: async () => true,
        now: () => BigInt(Math.floor(Date.now() / 1_000)),
        domain: grid.domain,
      },
      gateway: { account: grid.gateway.address, signer: grid.gatewayKey, maxRate: 10n ** 18n, cheapestHoldSeconds: 5 },
      checker: { ...(await createFastChecker()), digester },
      laneTrees: new LaneTrees(digester),
      pictures: { holds: async () => true },
      settings: { leaseSeconds: 60, orderSeconds: 600 },
    } as unknown as Cloud;
    const worker = grid.workers[0].party.address.toLowerCase() as Address;
    const listener = await grid.postgres.connect();
    const heard: string[] = [];
    listener.on("notification", ({ payload }) => heard.push(payload ?? ""));
    await listener.query("LISTEN cloud_job");
    const isTold = (times: number) =>
      until(() => heard.filter((id) => id === mine).length === times, `whoever waits for it is told ${times} times`);
    const before = await read();
    const job = await claimJob(cloud, worker);
    const after = await read();
    expect(job?.id).toBe(mine);
    await isTold(1);
    // Entries of jobs that are over stand in the indexes for a while.
    expect(after - before).toBeLessThan(1_000);
    expect(statements()).toBe(1);
    if (!job) throw new Error("a job");
    const order = messageFromJson("JobOrder", job.order);
    const request = messageFromJson("GenerationRequest", job.request);
    // The order that SQL wrote is the one that everybody else writes.
    const { requester, payer, worker: maker, laneId, feeConfigId, count, maxPrice, deadline, nonce } = order;
    const terms = { requester, payer, worker: maker, laneId, feeConfigId, count, maxPrice, deadline, nonce };
    expect(order).toEqual(jobOrder(request, terms));
    const { width, height, steps } = request;
    expect(maxPrice).toBe(jobPrice({ width, height, steps, count }, RATE));
    const stage = async (each: WorkerJobJson, name: string): Promise<Delivery> => {
      const [image_hash, cid_digest] = [keccak256(toHex(`image ${name}`)), keccak256(toHex(`cid ${name}`))];
      await grid.sql(
        "INSERT INTO cloud.staged_image (job_id, lease_token, index, image_hash, cid_digest, cid, bytes) VALUES ($1, $2, 0, $3, $4, $5, 1)",
        [each.id, each.lease.token, image_hash, cid_digest, `cid ${name}`],
      );
      const receipt = workers[0].receipt(each as JobJson, 0, { image_hash, cid_digest, ipfs_hash: "" });
      const signature = await signMessage(grid.workers[0].key, grid.domain, "JobReceipt", receipt);
      return { engine: ENGINE, receipts: [{ receipt, signature }] };
    };
    const claims = async (): Promise<WorkerJobJson> => {
      const each = await claimJob(cloud, worker);
      if (!each) throw new Error("a job");
      return each;
    };
    const complete = async (each: WorkerJobJson, delivery: Delivery, by = cloud): Promise<readonly string[]> => {
      const key = { worker, jobId: each.id, token: each.lease.token };
      const { answer } = await completeJob(by, key, delivery);
      return answer.voucher?.receipt_ids ?? [];
    };
    const idOf = ({ receipts }: Delivery): Hex =>
      digester.receiptId((receipts[0] as Delivery["receipts"][number]).receipt, grid.domain);
    // The second one finds this process' tree of the lane; the first reads what others added.
    for (const [i, each] of [job, await claims()].entries()) {
      const delivery = await stage(each, `${i}`);
      const before = statements();
      expect((await complete(each, delivery)).at(-1)).toBe(idOf(delivery));
      expect(statements() - before).toBe(i === 0 ? 3 : 2);
      if (i === 0) await isTold(2);
    }
    // Both have read the lane before the first one is stored: the other reads it again, and stores nothing in vain.
    const both = [await claims(), await claims()];
    const deliveries = await Promise.all(both.map((each, i) => stage(each, `both ${i}`)));
    const begun = statements();
    const ids = await Promise.all(both.map((each, i) => complete(each, deliveries[i] as Delivery)));
    expect(statements() - begun).toBe(5);
    const newest = ids.reduce((a, b) => (a.length > b.length ? a : b));
    expect(newest.slice(-2).sort()).toEqual(deliveries.map(idOf).sort());
    // The same one twice: the other one finds the lane with its receipts in it, and answers the same.
    const twice = await claims();
    const delivery = await stage(twice, "twice");
    const answers = await Promise.all([complete(twice, delivery), complete(twice, delivery)]);
    expect(answers[0]?.at(-1)).toBe(idOf(delivery));
    expect(answers[1]).toEqual(answers[0]);
    // So it does after races, when it reads under locks.
    const raced = await claims();
    const last = await stage(raced, "raced");
    let outrun = 0;
    const slow: Database = {
      ...own,
      serialized: (_, work) => work(),
      runOnce: async (...given) => {
        outrun++;
        await grid.sql("UPDATE cloud.lane SET synced_block = synced_block + 1 WHERE worker = $1", [worker]);
        return own.runOnce(...given);
      },
      transaction: async (work) => {
        await complete(raced, last, { ...cloud, laneTrees: new LaneTrees(digester) });
        return own.transaction(work);
      },
    };
    expect((await complete(raced, last, { ...cloud, database: slow })).at(-1)).toBe(idOf(last));
    expect(outrun).toBe(3);
    const paid = await grid.sql("SELECT count(*)::int AS receipts FROM cloud.receipt WHERE job_id = ANY ($1)", [
      [twice.id, raced.id],
    ]);
    expect(paid).toEqual([{ receipts: 2 }]);
    // Others have locked all jobs that a claim looks at: it looks at more, once.
    const oldest = `SELECT id FROM cloud.job WHERE status = 'queued' AND rail = 'gateway' AND model_id = $1 ORDER BY place LIMIT $2`;
    const [next] = (await grid.sql<{ id: string }>(oldest, [grid.open.toString(), 21])).slice(-1);
    await listener.query("BEGIN");
    await listener.query(`${oldest} FOR UPDATE`, [grid.open.toString(), 20]);
    const claimed = statements();
    expect((await claims()).id).toBe(next?.id);
    expect(statements() - claimed).toBe(3);
    await listener.query("ROLLBACK");
  } finally {
    await database.close();
  }
});

it("a session is looked up once by each process, and is over at all of them when it is signed out at one", async () => {
  const own = openDatabase(grid.postgres.url, () => undefined);
  const { database, statements } = counted(own);
  const [here, there] = await Promise.all([listen(grid.postgres.url, () => {}), listen(grid.postgres.url, () => {})]);
  try {
    const processes = [new Sessions(database, here), new Sessions(database, there)] as const;
    const session = { account: privateKeyToAccount(generatePrivateKey()).address, worker: undefined };
    const expiresAt = new Date(Date.now() + 60_000);
    const token = await processes[0].open({ ...session, expiresAt });
    const opened = statements();
    for (let i = 0; i < 5; i++) for (const one of processes) expect(await one.find(token)).toMatchObject(session);
    expect(statements() - opened).toBe(2);
    // At the other one the notice ends it, not the time.
    const told = there.next("cloud_session", createHash("sha256").update(token).digest("hex"), 5_000);
    await processes[0].close(token);
    await told;
    for (const one of processes) expect(await one.find(token)).toBeUndefined();
    // Nobody's session is not remembered as such.
    const before = statements();
    for (const _ of [1, 2]) expect(await processes[1].find("grid_guessed")).toBeUndefined();
    expect(statements() - before).toBe(2);
    const over = await processes[0].open({ ...session, expiresAt: new Date(Date.now() - 1) });
    expect(await processes[0].find(over)).toBeUndefined();
  } finally {
    await Promise.all([here.close(), there.close(), own.close()]);
  }
});

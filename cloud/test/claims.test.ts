/** Claims and heartbeats: statements of one, whom a notice wakes, what a claim looks at. */
import { createFastChecker, jobOrder, jobPrice, messageFromJson } from "@gridnft/sdk";
import { sleep } from "@gridnft/sdk/node";
import pg from "pg";
import { type Address, type Hex, keccak256, toHex } from "viem";
import { describe, expect, it } from "vitest";
import { signMessage } from "../../test/fixtures/seed.ts";
import { until } from "../../test/fixtures/until.ts";
import type { Cloud } from "../src/cloud.ts";
import { type Database, openDatabase } from "../src/database/database.ts";
import type { Notifications } from "../src/database/pgNotify.ts";
import { claimJob, type WorkerJobJson } from "../src/jobs/claim.ts";
import { completeJob, type Delivery } from "../src/jobs/complete.ts";
import { heartbeat } from "../src/jobs/lease.ts";
import { WaitingClaims } from "../src/jobs/waitingClaims.ts";
import { LaneTrees } from "../src/payment/laneTrees.ts";
import { call, RATE } from "./grid.ts";
import { ENGINE, type JobJson } from "./scriptedWorker.ts";
import { counted, twoClouds } from "./twoClouds.ts";

const two = twoClouds();
const { order, gets } = two;

describe("heartbeats", () => {
  it("are one statement, tell news alone, and keep within the job", async () => {
    await order({ n: 2 });
    const job = await gets(two.workers[0]);
    const own = openDatabase(two.grid.postgres.url, () => undefined);
    const { database, statements } = counted(own);
    const listener = new pg.Client({ connectionString: two.grid.postgres.url });
    const heard: string[] = [];
    listener.on("notification", ({ payload }) => heard.push(payload ?? ""));
    await listener.connect();
    await listener.query("LISTEN cloud_job");
    try {
      const cloud = { database, settings: { leaseSeconds: 60 } } as unknown as Cloud;
      const worker = two.grid.workers[0].party.address.toLowerCase() as Address;
      const key = { worker, jobId: job.id, token: job.lease.token };
      const row = async () =>
        (
          await two.grid.sql<{ status: string; version: number; progress_image: number; progress_step: number }>(
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
        expect((await two.workers[0].release({ ...job, id: jobId }, "failed")).status).toBe(409);
      }
    } finally {
      await listener.end();
      await own.close();
    }
    await two.workers[0].work(job);
  });

  it("by the hundred on one job, which is locked, leave everybody else alone", async () => {
    await order();
    const job = await gets(two.workers[0]);
    const locker = new pg.Client({ connectionString: two.grid.postgres.url });
    await locker.connect();
    await locker.query("BEGIN");
    await locker.query("SELECT 1 FROM cloud.job WHERE id = $1 FOR UPDATE", [job.id]);
    const beats = Promise.all(Array.from({ length: 100 }, () => two.workers[0].heartbeat(job)));
    // Few: the beats wait for some seconds, and no longer.
    for (let i = 0; i < 8; i++) expect((await call(two.clouds[0], "GET", "/v1/models")).status).toBe(200);
    await locker.query("COMMIT");
    await locker.end();
    expect(new Set((await beats).map(({ status }) => status))).toEqual(new Set([200]));
    await two.workers[0].work(job);
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
    const worker = two.grid.workers[0].party.address.toLowerCase();
    const claimAll = async () =>
      (await Promise.all(Array.from({ length: 12 }, (_, i) => two.workers[i % 2 === 0 ? 0 : 1].claim()))).flatMap(
        (job) => (job ? [job] : []),
      );
    await two.grid.sql("UPDATE cloud.worker SET parallel = 5 WHERE worker = $1", [worker]);
    const jobs = await claimAll();
    expect(jobs).toHaveLength(5);
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(5);
    // Room for these, and for two and a half more.
    const price = BigInt(jobs[0]?.price ?? 0);
    const [lane] = await two.grid.sql<{ lane_id: string; free: string }>(
      "SELECT lane_id, free::text FROM cloud.lane WHERE worker = $1 AND state = 'open'",
      [worker],
    );
    const [promised] = await two.grid.sql<{ due: string }>(
      "SELECT coalesce(sum(promised - collected), 0)::text AS due FROM cloud.lane_total WHERE lane_id = $1",
      [lane?.lane_id],
    );
    const room = BigInt(promised?.due ?? 0) + (15n * price) / 2n;
    await two.grid.sql("UPDATE cloud.lane SET free = $2 WHERE lane_id = $1", [lane?.lane_id, room.toString()]);
    await two.grid.sql("UPDATE cloud.worker SET parallel = 32 WHERE worker = $1", [worker]);
    jobs.push(...(await claimAll()));
    expect(jobs).toHaveLength(7);
    await Promise.all(jobs.map((job, i) => two.workers[i % 2 === 0 ? 0 : 1].work(job)));
    await two.grid.sql("UPDATE cloud.lane SET free = $2 WHERE lane_id = $1", [lane?.lane_id, lane?.free]);
    const [sums] = await two.grid.sql<{ promised: string; earned: string; vouchers: number; receipts: number }>(
      `SELECT (SELECT sum(promised)::text FROM cloud.lane_total) AS promised, (SELECT sum(price)::text FROM cloud.receipt) AS earned,
         (SELECT max(last) FROM cloud.voucher WHERE lane_id = $1) AS vouchers, (SELECT receipts FROM cloud.lane WHERE lane_id = $1)`,
      [lane?.lane_id],
    );
    expect(sums?.promised).toBe(sums?.earned);
    expect(sums?.vouchers).toBe(sums?.receipts);
    await two.grid.sql("UPDATE cloud.job SET status = 'cancelled' WHERE status = 'queued'");
  }, 180_000);
});

it("a job that is claimed for a worker that hung up meanwhile goes back at once, and that costs no attempt", async () => {
  const id = await order();
  const locker = new pg.Client({ connectionString: two.grid.postgres.url });
  await locker.connect();
  await locker.query("BEGIN");
  await locker.query("SELECT 1 FROM cloud.worker FOR UPDATE");
  const hangUp = new AbortController();
  const claiming = fetch(`${two.clouds[0].url}/v1/worker/claim`, {
    method: "POST",
    headers: { authorization: `Bearer ${two.workers[0].token}`, "content-type": "application/json" },
    body: JSON.stringify({ wait_seconds: 20 }),
    signal: hangUp.signal,
  }).catch(() => "hung up");
  const sql = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'gridnft-cloud' AND wait_event_type = 'Lock'";
  await until(async () => (await two.grid.sql(sql)).length > 0, "the claim waits for the worker's row");
  hangUp.abort();
  expect(await claiming).toBe("hung up");
  await new Promise((resolve) => setTimeout(resolve, 200));
  await locker.query("COMMIT");
  await locker.end();
  const failed = "SELECT kind FROM cloud.job_failure WHERE job_id = $1";
  expect(await until(async () => (await two.grid.sql(failed, [id]))[0], "it goes back")).toEqual({ kind: "stopping" });
  const job = await gets(two.workers[1]);
  expect(job.id).toBe(id);
  await two.workers[1].work(job);
  expect(await two.grid.sql("SELECT attempts FROM cloud.job WHERE id = $1", [id])).toEqual([{ attempts: 1 }]);
});

it("a claim is one statement that looks at a few jobs, however long the queue is; a completion is two", async () => {
  await order();
  await two.workers[0].work(await gets(two.workers[0]));
  const mine = await order({ steps: 3 });
  const [copied] = await two.grid.sql<{ columns: string }>(
    `SELECT string_agg(column_name::text, ', ') AS columns FROM information_schema.columns
     WHERE table_schema = 'cloud' AND table_name = 'job' AND column_name NOT IN ('id', 'place', 'model_id', 'rail', 'wanted', 'candidate')`,
  );
  // Older ones, of other models and for other workers.
  const place = "(SELECT min(place) FROM cloud.job) - 1 - n";
  await two.grid.sql(
    `INSERT INTO cloud.job (place, model_id, rail, wanted, candidate, ${copied?.columns}) OVERRIDING SYSTEM VALUE
     SELECT ${place}, 1000 + n % 100, CASE WHEN n % 2 = 0 THEN 'gateway' ELSE 'direct' END,
       CASE WHEN n % 2 = 1 THEN '0xdead' || n % 100 END,
       CASE WHEN n % 2 = 1 THEN 0 END, ${copied?.columns}
     FROM cloud.job, generate_series(1, 20000) n WHERE id = $1`,
    [mine],
  );
  // Younger ones of the same model.
  await two.grid.sql(
    `INSERT INTO cloud.job (model_id, rail, wanted, candidate, ${copied?.columns})
     SELECT model_id, rail, wanted, candidate, ${copied?.columns} FROM cloud.job, generate_series(1, 5000) n WHERE id = $1`,
    [mine],
  );
  await two.grid.sql("ANALYZE cloud.job");
  const database = openDatabase(two.grid.postgres.url, () => undefined, 1);
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
    await Promise.all(two.clouds.map((cloud) => cloud.stop()));
    const { statements, database: own } = counted(database);
    const checker = await createFastChecker();
    const cloud = {
      database: own,
      chain: {
        staysBonded: async () => true,
        isSigner: async () => true,
        now: () => BigInt(Math.floor(Date.now() / 1_000)),
        domain: two.grid.domain,
      },
      gateway: {
        account: two.grid.gateway.address,
        signer: two.grid.gatewayKey,
        maxRate: 10n ** 18n,
        cheapestHoldSeconds: 5,
      },
      checker,
      laneTrees: new LaneTrees(checker.digester),
      pictures: { holds: async () => true },
      settings: { leaseSeconds: 60, orderSeconds: 600 },
    } as unknown as Cloud;
    const worker = two.grid.workers[0].party.address.toLowerCase() as Address;
    const listener = await two.grid.postgres.connect();
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
      await two.grid.sql(
        "INSERT INTO cloud.staged_image (job_id, lease_token, index, image_hash, cid_digest, cid, bytes) VALUES ($1, $2, 0, $3, $4, $5, 1)",
        [each.id, each.lease.token, image_hash, cid_digest, `cid ${name}`],
      );
      const receipt = two.workers[0].receipt(each as JobJson, 0, { image_hash, cid_digest, ipfs_hash: "" });
      const signature = await signMessage(two.grid.workers[0].key, two.grid.domain, "JobReceipt", receipt);
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
      checker.digester.receiptId((receipts[0] as Delivery["receipts"][number]).receipt, two.grid.domain);
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
        await two.grid.sql("UPDATE cloud.lane SET synced_block = synced_block + 1 WHERE worker = $1", [worker]);
        return own.runOnce(...given);
      },
      transaction: async (work) => {
        await complete(raced, last, { ...cloud, laneTrees: new LaneTrees(checker.digester) });
        return own.transaction(work);
      },
    };
    expect((await complete(raced, last, { ...cloud, database: slow })).at(-1)).toBe(idOf(last));
    expect(outrun).toBe(3);
    const paid = await two.grid.sql("SELECT count(*)::int AS receipts FROM cloud.receipt WHERE job_id = ANY ($1)", [
      [twice.id, raced.id],
    ]);
    expect(paid).toEqual([{ receipts: 2 }]);
    // Others have locked all jobs that a claim looks at: it looks at more, once.
    const oldest = `SELECT id FROM cloud.job WHERE status = 'queued' AND rail = 'gateway' AND model_id = $1 ORDER BY place LIMIT $2`;
    const [next] = (await two.grid.sql<{ id: string }>(oldest, [two.grid.open.toString(), 21])).slice(-1);
    await listener.query("BEGIN");
    await listener.query(`${oldest} FOR UPDATE`, [two.grid.open.toString(), 20]);
    const claimed = statements();
    expect((await claims()).id).toBe(next?.id);
    expect(statements() - claimed).toBe(3);
    await listener.query("ROLLBACK");
  } finally {
    await database.close();
  }
});

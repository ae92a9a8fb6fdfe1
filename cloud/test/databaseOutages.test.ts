/** A cloud whose connections to Postgres are terminated under load, or whose Postgres restarts or only reads: nothing is lost, nothing paid twice. */
import { connect, createServer, type Socket } from "node:net";
import pg from "pg";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { listen } from "../../test/fixtures/scriptedServer.ts";
import { until } from "../../test/fixtures/until.ts";
import { openDatabase } from "../src/database/database.ts";
import { migrate, migrateWhenUp } from "../src/database/migrate.ts";
import type { ApiError } from "../src/error.ts";
import type { RunningCloud } from "../src/start.ts";
import { call, type Refusal, signIn, startTestGrid, type TestGrid } from "./grid.ts";
import { type JobJson, type ScriptedWorker, scriptedWorker } from "./scriptedWorker.ts";

/** Times that all connections of the cloud are terminated. */
const ROUNDS = 60;

let grid: TestGrid;
let cloud: RunningCloud;
let workers: readonly [ScriptedWorker, ScriptedWorker];
let admin: pg.Client;
let token: string;

beforeAll(async () => {
  grid = await startTestGrid({ dailyImages: 100_000 });
  cloud = await grid.cloud({ leaseSeconds: 60 });
  workers = await Promise.all([
    scriptedWorker(grid, cloud, grid.workers[0], { parallel: 16 }),
    scriptedWorker(grid, cloud, grid.workers[1], { parallel: 16 }),
  ]);
  token = await signIn(grid, cloud, privateKeyToAccount(generatePrivateKey()));
  await until(async () => (await grid.sql("SELECT 1 FROM cloud.lane WHERE state = 'open'")).length === 2, "two lanes");
}, 300_000);
afterAll(() => grid?.stop());

beforeEach(async () => {
  admin = new pg.Client({ connectionString: grid.postgres.url, application_name: "test" });
  admin.on("error", () => undefined);
  await admin.connect();
});
afterEach(() => admin.end());

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Terminates the connections of all clouds. @returns Number of them. */
async function terminate(): Promise<number> {
  const { rowCount } = await admin.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'gridnft-cloud%'",
  );
  return rowCount ?? 0;
}

/** Users, workers and readers, until `end`; then the workers do what is left. @returns Ids of accepted jobs, and answers that none may give. */
async function load(end: AbortSignal): Promise<{ accepted: string[]; faults: string[] }> {
  const accepted: string[] = [];
  const faults: string[] = [];
  const isAway = ({ status, body }: { status: number; body: unknown }) =>
    status === 503 && (body as Refusal | undefined)?.error?.code === "DATABASE_UNAVAILABLE";
  const ask = async (method: string, path: string, json?: object) => {
    const answer = await call<{ id: string }>(cloud, method, path, {
      token,
      ...(json && { json }),
      headers: { prefer: "respond-async" },
    });
    if (answer.status >= 300 && !isAway(answer))
      faults.push(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer;
  };
  const user = async () => {
    while (!end.aborted) {
      const json = { prompt: "a tide", model: grid.open.toString(), width: 64, height: 64, steps: 2 };
      const { status, body } = await ask("POST", "/v1/generate-image", json);
      if (status === 202) accepted.push(body.id);
      await pause(20);
    }
  };
  const reader = async () => {
    while (!end.aborted) await ask("GET", `/v1/jobs/${accepted.at(-1) ?? ""}`.replace(/\/$/, ""));
  };
  const lister = async () => {
    while (!end.aborted) await ask("GET", "/v1/models");
  };
  const finish = async (worker: ScriptedWorker, job: JobJson) => {
    for (;;) {
      try {
        await worker.heartbeat(job, { image: 0, step: 1, steps: 2 });
        await worker.work(job);
        return;
      } catch (error) {
        const text = String(error);
        // The cloud had it all the same: it could not say so while Postgres was away.
        if (text.includes("JOB_FINISHED") || (text.includes("LEASE_LOST") && (await isDone(job)))) return;
        if (!text.includes("DATABASE_UNAVAILABLE")) {
          faults.push(text);
          return;
        }
      }
    }
  };
  const work = async (worker: ScriptedWorker) => {
    for (;;) {
      const job = (await worker.claim(1)) as JobJson | Refusal | undefined;
      if (job && "error" in job) {
        if (job.error.code !== "DATABASE_UNAVAILABLE") faults.push(`claim: ${job.error.code} ${job.error.message}`);
      } else if (job) await finish(worker, job);
      else if (end.aborted) return;
    }
  };
  await Promise.all([
    ...[user(), user(), lister()],
    until(async () => accepted.length > 0, "a job is accepted").then(() => Promise.all([reader(), reader(), reader()])),
    ...[workers[0], workers[0], workers[1], workers[1]].map(work),
  ]);
  return { accepted, faults };
}

/** Returns whether a job was completed under the lease that its worker has. */
async function isDone({ id, lease }: JobJson): Promise<boolean> {
  const done = "SELECT 1 FROM cloud.job WHERE id = $1 AND lease_token = $2 AND status = 'done'";
  return (await until(() => grid.sql(done, [id, lease.token]).catch(() => undefined), "Postgres is back")).length > 0;
}

/** Every accepted job is done, made once, and paid for once. */
async function expectAllDone(accepted: readonly string[]): Promise<void> {
  const jobs = await grid.sql<{ id: string; status: string; attempts: number; receipts: number }>(
    `SELECT id, status, attempts, (SELECT count(*)::int FROM cloud.receipt r WHERE r.job_id = j.id) AS receipts
     FROM cloud.job j WHERE id = ANY ($1)`,
    [accepted],
  );
  expect(jobs).toHaveLength(accepted.length);
  expect(
    jobs.filter(({ status, attempts, receipts }) => status !== "done" || attempts !== 1 || receipts !== 1),
  ).toEqual([]);
  const [sums] = await grid.sql<{ promised: string; earned: string }>(
    `SELECT (SELECT sum(promised)::text FROM cloud.lane_total) AS promised, (SELECT sum(price)::text FROM cloud.receipt) AS earned`,
  );
  expect(sums?.promised).toBe(sums?.earned);
  // What the gateway counts is what its jobs cost, or may yet cost: no transaction that ran again counted or gave back twice.
  expect((await call(cloud, "GET", "/v1/auth/session", { token })).status).toBe(200);
  const [counted] = await grid.sql<{ spent: string; used: string; cost: string; images: string }>(
    `SELECT (SELECT sum(spent)::text FROM cloud.quota WHERE account = 'everybody') AS spent,
       (SELECT sum(used)::text FROM cloud.quota WHERE account = 'everybody') AS used,
       sum(CASE WHEN status = 'done' THEN price ELSE max_price END)::text AS cost, sum(count)::text AS images
     FROM cloud.job WHERE rail = 'gateway' AND status NOT IN ('failed', 'cancelled')`,
  );
  expect([counted?.spent, counted?.used]).toEqual([counted?.cost, counted?.images]);
}

it(`survives ${ROUNDS} terminations of all its connections under load`, async () => {
  const end = new AbortController();
  const loaded = load(end.signal);
  let ended = 0;
  // On a machine that is busy a round finds few connections, or none yet.
  for (let i = 0; i < ROUNDS || ended <= ROUNDS; i++) {
    await pause(20 + (i % 7) * 15);
    ended += await terminate();
  }
  end.abort();
  const { accepted, faults } = await loaded;
  expect(faults).toEqual([]);
  await expectAllDone(accepted);
}, 480_000);

it("survives a restart of Postgres under load", async () => {
  const end = new AbortController();
  const loaded = load(end.signal);
  for (let i = 0; i < 2; i++) {
    await pause(300);
    await grid.postgres.restart();
  }
  await pause(300);
  end.abort();
  const { accepted, faults } = await loaded;
  expect(faults).toEqual([]);
  await expectAllDone(accepted);
}, 480_000);

it("leaves connections to a server that only reads, and hears of jobs again", async () => {
  await admin.query("ALTER ROLE CURRENT_USER SET default_transaction_read_only = on");
  await terminate();
  const later = await signInLater();
  const { rows } = await admin.query<{ sessions: number }>(
    "SELECT count(*)::int AS sessions FROM pg_stat_activity WHERE application_name = 'gridnft-cloud'",
  );
  expect(rows[0]?.sessions).toBeGreaterThan(0);
  const waiting = workers[0].claim(20);
  const ordered = await call<{ id: string }>(cloud, "POST", "/v1/generate-image", {
    token: later,
    json: { prompt: "a tide", model: grid.open.toString(), width: 64, height: 64, steps: 2 },
    headers: { prefer: "respond-async" },
  });
  expect(ordered.status).toBe(202);
  expect(await waiting).toMatchObject({ id: ordered.body.id });
}, 180_000);

/** Signs in while the server only reads: that waits, and ends well once the server writes again. */
async function signInLater(): Promise<string> {
  const signingIn = until(
    () => signIn(grid, cloud, privateKeyToAccount(generatePrivateKey())).catch(() => undefined),
    "sign-in",
  );
  await pause(300);
  await admin.query("SET default_transaction_read_only = off");
  await admin.query("ALTER ROLE CURRENT_USER RESET default_transaction_read_only");
  return signingIn;
}

it("asks what became of a commit that was not answered, and refuses what nobody can know", async () => {
  const database = openDatabase(grid.postgres.url, () => undefined);
  try {
    await database.run("CREATE TABLE IF NOT EXISTS cloud.loss_test (id integer PRIMARY KEY)");
    // Lost before the commit: nothing was done, so it is done again.
    let runs = 0;
    const done = database.transaction(async (queries) => {
      runs++;
      await queries.run("INSERT INTO cloud.loss_test VALUES ($1)", [1]);
      if (runs === 1) {
        const row = await queries.one<{ pid: number }>("SELECT pg_backend_pid() AS pid");
        await admin.query("SELECT pg_terminate_backend($1)", [row?.pid]);
      }
      return "done";
    });
    expect(await done).toBe("done");
    expect(runs).toBe(2);
    expect(await grid.sql("SELECT id FROM cloud.loss_test")).toEqual([{ id: 1 }]);
    // Lost in the commit, which that undoes: it is done again.
    await database.run("CREATE SEQUENCE cloud.loss_count");
    await database.run(`CREATE FUNCTION cloud.loss() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF nextval('cloud.loss_count') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(10); END IF;
      RETURN NULL; END $$`);
    await database.run(`CREATE CONSTRAINT TRIGGER loss AFTER INSERT ON cloud.loss_test DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW WHEN (NEW.id = 4) EXECUTE FUNCTION cloud.loss()`);
    let undone = 0;
    const repeated = database.transaction(async (queries) => {
      undone++;
      await queries.run("INSERT INTO cloud.loss_test VALUES ($1)", [4]);
    });
    await repeated;
    expect(undone).toBe(2);
    expect(await grid.sql("SELECT id FROM cloud.loss_test ORDER BY id")).toEqual([{ id: 1 }, { id: 4 }]);
    // Lost in the commit, which waits for a replica that there isn't, and is done by then: it is not done again.
    await admin.query("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    await admin.query("SELECT pg_reload_conf()");
    await until(isCommitWaiting, "commits wait");
    let again = 0;
    let pid = 0;
    const committed = database.transaction(async (queries) => {
      again++;
      pid = (await queries.one<{ pid: number }>("SELECT pg_backend_pid() AS pid"))?.pid ?? 0;
      await queries.run("INSERT INTO cloud.loss_test VALUES ($1)", [3]);
      return "committed";
    });
    await until(async () => pid !== 0 && (await terminateWaiting(pid)), "the commit waits");
    expect(await committed).toBe("committed");
    expect(again).toBe(1);
    await admin.query("ALTER SYSTEM RESET synchronous_standby_names");
    await admin.query("SELECT pg_reload_conf()");
    expect(await grid.sql("SELECT id FROM cloud.loss_test ORDER BY id")).toEqual([{ id: 1 }, { id: 3 }, { id: 4 }]);
    // A single statement that writes is not asked again: it may have had its effect.
    const slow = database.run("INSERT INTO cloud.loss_test SELECT 2 FROM (SELECT pg_sleep(600)) s");
    const refused = expect(slow).rejects.toMatchObject({ code: "DATABASE_UNAVAILABLE" } satisfies Partial<ApiError>);
    await until(
      async () =>
        (
          await admin.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()",
          )
        ).rowCount === 1,
      "the statement runs",
    );
    await refused;
  } finally {
    await admin.query("ALTER SYSTEM RESET synchronous_standby_names");
    await admin.query("SELECT pg_reload_conf()");
    await database.run(
      "DROP TABLE cloud.loss_test; DROP FUNCTION IF EXISTS cloud.loss; DROP SEQUENCE IF EXISTS cloud.loss_count",
    );
    await database.close();
  }
});

/** Returns whether a commit waits now, by one of its own. What a session says of the setting does not tell: the server may not know it yet. */
async function isCommitWaiting(): Promise<boolean> {
  const probe = new pg.Client({ connectionString: grid.postgres.url });
  probe.on("error", () => undefined);
  await probe.connect();
  const { rows } = await probe.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  const pid = rows[0]?.pid ?? 0;
  let isOver = false;
  const end = () => {
    isOver = true;
  };
  // Only a transaction that wrote something waits.
  probe
    .query("BEGIN; INSERT INTO cloud.loss_test VALUES (0); DELETE FROM cloud.loss_test WHERE id = 0; COMMIT")
    .then(end, end);
  let waits = false;
  while (!isOver && !waits) {
    await pause(10);
    waits = await terminateWaiting(pid);
  }
  await probe.end().catch(() => undefined);
  return waits;
}

/** Terminates a session if its commit waits for a replica. Others' are left alone: the cloud commits, too. */
async function terminateWaiting(pid: number): Promise<boolean> {
  const sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'SyncRep'";
  return (await admin.query(sql, [pid])).rowCount === 1;
}

it("does not take another transaction for one that a crash of Postgres lost", async () => {
  const proxy = await startProxy(Number(new URL(grid.postgres.url).port));
  const url = new URL(grid.postgres.url);
  url.port = String(proxy.port);
  const database = openDatabase(url.href, () => undefined);
  try {
    // A table that a crash empties, and that leaves nothing in the log: as what was not written in time.
    await database.run("CREATE UNLOGGED TABLE cloud.crash_test (id integer)");
    let id = "";
    const stored = database
      .transaction(async (queries) => {
        await queries.run("INSERT INTO cloud.crash_test VALUES (1)");
        if (id !== "") return "stored";
        id = (await queries.one<{ id: string }>("SELECT pg_current_xact_id()::text AS id"))?.id ?? "";
        proxy.mute();
        return "stored";
      })
      .catch((error: unknown) => error as ApiError);
    await until(async () => proxy.isSwallowing(), "the commit is on its way");
    await grid.postgres.crash();
    // The ids begin again below the lost one; somebody else gets it, and commits.
    await until(async () => {
      const sql = 'SELECT pg_current_xact_id() >= $1::xid8 AS "isPast"';
      const rows = await grid.sql<{ isPast: boolean }>(sql, [id]).catch(() => []);
      return rows[0]?.isPast;
    }, "the id is used again");
    proxy.breakOff();
    const outcome = await stored;
    const rows = await grid.sql("SELECT id FROM cloud.crash_test");
    if (outcome === "stored") expect(rows).toEqual([{ id: 1 }]);
    else {
      expect(outcome).toMatchObject({ code: "DATABASE_UNAVAILABLE" });
      expect(rows).toEqual([]);
    }
  } finally {
    await database.run("DROP TABLE IF EXISTS cloud.crash_test");
    await database.close();
    await proxy.stop();
  }
});

/** Way to a server on which what a client says can be swallowed. */
async function startProxy(port: number) {
  const open = new Set<Socket>();
  let isMute = false;
  let swallowed = 0;
  const server = createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", () => undefined);
    }
    client.on("data", (bytes) => {
      if (isMute) swallowed += bytes.length;
      else upstream.write(bytes);
    });
    client.on("close", () => upstream.destroy());
    upstream.on("data", (bytes) => client.write(bytes));
    // A mute connection does not show that its server is gone.
    upstream.on("close", () => isMute || client.destroy());
  });
  return {
    port: await listen(server),
    mute: () => {
      isMute = true;
    },
    isSwallowing: () => swallowed > 0,
    /** Ends all connections; new ones get through. */
    breakOff: () => {
      isMute = false;
      for (const socket of open) socket.destroy();
    },
    stop: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

it("names the job to whoever waits for it when the database goes away: asking again would make another", async () => {
  const keeper = privateKeyToAccount(generatePrivateKey());
  const own = await signIn(grid, cloud, keeper);
  const asking = call<{ id: string; status: string }>(cloud, "POST", "/v1/generate-image", {
    token: own,
    json: { prompt: "a tide", model: grid.open.toString(), width: 64, height: 64, steps: 2 },
    headers: { prefer: "wait=20" },
  });
  const jobs = () =>
    grid.sql<{ id: string }>("SELECT id FROM cloud.job WHERE requester = $1", [keeper.address.toLowerCase()]);
  const [queued] = await until(async () => {
    const found = await jobs();
    return found.length > 0 && found;
  }, "the job is queued");
  // Nobody can read the job for longer than the cloud tries.
  await admin.query("BEGIN");
  try {
    await admin.query("LOCK TABLE cloud.job IN ACCESS EXCLUSIVE MODE");
    const other = new pg.Client({ connectionString: grid.postgres.url });
    await other.connect();
    await other.query("SELECT pg_notify('cloud_job', $1)", [queued?.id]);
    await other.end();
    const { status, headers, body } = await asking;
    expect([status, headers.get("location"), body.id]).toEqual([202, `/v1/jobs/${queued?.id}`, queued?.id]);
  } finally {
    await admin.query("ROLLBACK");
  }
  expect(await jobs()).toHaveLength(1);
  await grid.sql("UPDATE cloud.job SET status = 'failed' WHERE id = $1", [queued?.id]);
}, 180_000);

it("holds no connection while it waits for a lock", async () => {
  const database = openDatabase(grid.postgres.url, () => undefined, 2);
  const locker = new pg.Client({ connectionString: grid.postgres.url });
  locker.on("error", () => undefined);
  await locker.connect();
  try {
    await locker.query("BEGIN");
    await locker.query("SELECT pg_advisory_xact_lock(4711)");
    const wait = () =>
      database.transaction(async (queries) => {
        await queries.run("SELECT pg_advisory_xact_lock(4711)");
        return "got it";
      }, "turn");
    const waiting = Promise.all(Array.from({ length: 50 }, wait));
    // With two connections in all, others are answered while fifty wait.
    for (let i = 0; i < 20; i++) expect(await database.one("SELECT 1 AS one")).toEqual({ one: 1 });
    await locker.query("COMMIT");
    expect(new Set(await waiting)).toEqual(new Set(["got it"]));
  } finally {
    await locker.end();
    await database.close();
  }
});

it("lets those who waited for their turn go when the database is away, each after one look", async () => {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  const port = await listen(server);
  const database = openDatabase(`postgresql://grid@127.0.0.1:${port}/grid`, () => undefined, 2, 1_500);
  try {
    const asked = Array.from({ length: 5 }, () => database.transaction((queries) => queries.run("SELECT 1"), "turn"));
    const refused = { code: "DATABASE_UNAVAILABLE" } satisfies Partial<ApiError>;
    await expect(asked[0]).rejects.toMatchObject(refused);
    const byTheFirst = connections;
    for (const waiting of asked.slice(1)) await expect(waiting).rejects.toMatchObject(refused);
    expect(byTheFirst).toBeGreaterThan(1);
    expect(connections - byTheFirst).toBe(4);
  } finally {
    await database.close();
    await new Promise((resolve) => server.close(resolve));
  }
});

it("starts when its database comes, says once that it waits, and gives up with the error of today", async () => {
  const target = new URL(grid.postgres.url);
  const sockets = new Set<Socket>();
  let refused = 0;
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    if (refused < 3) {
      refused++;
      socket.destroy();
      return;
    }
    const onward = connect(Number(target.port), target.hostname);
    onward.on("error", () => socket.destroy());
    for (const one of [socket, onward]) sockets.add(one);
    socket.pipe(onward).pipe(socket);
  });
  const url = new URL(target.href);
  url.hostname = "127.0.0.1";
  url.port = `${await listen(server)}`;
  const waits: unknown[] = [];
  try {
    const started = await grid.cloud({ databaseUrl: url.href });
    expect([refused, (await call(started, "GET", "/v1/models")).status]).toEqual([3, 200]);
    await started.stop();
    refused = 0;
    await migrateWhenUp(url.href, (error) => waits.push(error));
    expect([refused, waits.length]).toEqual([3, 1]);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
  const said = await migrate(url.href).catch((error: unknown) => error);
  await expect(migrateWhenUp(url.href, () => undefined, 0)).rejects.toMatchObject({ ...(said as object) });
  // A server that refuses is not away.
  const wrong = new URL(target.href);
  wrong.pathname = "/no_such_database";
  await expect(migrateWhenUp(wrong.href, (error) => waits.push(error))).rejects.toMatchObject({ code: "3D000" });
  expect(waits).toHaveLength(1);
});

it("waits no longer for a server that takes connections and never answers, and for a socket that is not there yet", async () => {
  const server = createServer(() => undefined);
  const url = new URL(grid.postgres.url);
  url.port = `${await listen(server)}`;
  const waits: unknown[] = [];
  try {
    await expect(migrateWhenUp(url.href, () => undefined, 400)).rejects.toThrow(/timeout|terminated/);
  } finally {
    server.close();
  }
  const socket = `postgresql://grid@/grid?host=${encodeURIComponent("/nowhere")}`;
  await expect(migrateWhenUp(socket, (error) => waits.push(error), 50)).rejects.toMatchObject({ code: "ENOENT" });
  expect(waits).toHaveLength(1);
});

it("migrates to the end after it was stopped between a migration and the row that says so", async () => {
  await admin.query("CREATE DATABASE half_way");
  const url = new URL(grid.postgres.url);
  url.pathname = "/half_way";
  const own = new pg.Client({ connectionString: url.href });
  await own.connect();
  try {
    await own.query(`CREATE SCHEMA cloud; CREATE TABLE cloud.schemaversion (version bigint PRIMARY KEY);
      INSERT INTO cloud.schemaversion VALUES (0);
      CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid());
        PERFORM pg_sleep(10); RETURN NEW; END $$;
      CREATE TRIGGER stop BEFORE INSERT ON cloud.schemaversion FOR EACH ROW WHEN (NEW.version = 3) EXECUTE FUNCTION stop()`);
    await expect(migrate(url.href)).rejects.toThrow();
    await own.query("DROP TRIGGER stop ON cloud.schemaversion");
    const version = await migrate(url.href);
    expect(await migrate(url.href)).toBe(version);
    expect((await own.query("SELECT closing_signature FROM cloud.job")).rows).toEqual([]);
  } finally {
    await own.end();
    await admin.query("DROP DATABASE half_way WITH (FORCE)");
  }
});

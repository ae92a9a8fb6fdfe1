/**
 * Claim and completion of a job through the cloud's router, beside the least that a queue in Postgres needs: one UPDATE that takes a row
 * by SKIP LOCKED, and one that ends it. `npm run bench:routing [-- --workers 8 --batches 3 --rounds 5 --assert]`; nothing else should
 * run beside it. Writes bench/results/routing.json.
 */
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import pg from "pg";
import { type Hex, parseEther, zeroHash } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { openChain } from "../cloud/src/chain/chain.ts";
import type { Cloud } from "../cloud/src/cloud.ts";
import { openDatabase } from "../cloud/src/database/database.ts";
import { fastAccount } from "../cloud/src/fastAccount.ts";
import { openPictures, type PictureStore } from "../cloud/src/files/pictures.ts";
import { claimJob, type WorkerJobJson } from "../cloud/src/jobs/claim.ts";
import { completeJob, type Delivery } from "../cloud/src/jobs/complete.ts";
import { LaneTrees } from "../cloud/src/payment/laneTrees.ts";
import { call, signIn, startTestGrid, type TestGrid, type WorkerIdentity } from "../cloud/test/grid.ts";
import { scriptedWorker } from "../cloud/test/scriptedWorker.ts";
import {
  createFastChecker,
  engineHash,
  type FastChecker,
  jobReceipt,
  messageFromJson,
  messageToJson,
  receiptPrice,
} from "../sdk/src/index.ts";
import { setBalance } from "../test/fixtures/anvil.ts";
import { type Program, startProgram } from "../test/fixtures/program.ts";
import { fund, registerWorker } from "../test/fixtures/seed.ts";
import { until } from "../test/fixtures/until.ts";
import { cpuSecondsOfTree } from "./measure/process.ts";
import { machine, median, ratio, table, writeResults } from "./measure/results.ts";

/** Statements of a job, and times that the router may be slower than the floor. */
const TARGET = { statements: 8, ratio: 10 };
const ENGINE = "bench 1.0";
/** Jobs that a worker claims before it completes them. */
const HELD = 32;
/** Connections, of every contender. */
const CONNECTIONS = 12;

const { values: options } = parseArgs({
  options: {
    workers: { type: "string", default: "8" },
    batches: { type: "string", default: "3" },
    rounds: { type: "string", default: "5" },
    assert: { type: "boolean", default: false },
  },
});
const [workerCount, batches, rounds] = [options.workers, options.batches, options.rounds].map(Number) as [
  number,
  number,
  number,
];

/** A worker of the bench with its session. */
interface BenchWorker {
  readonly identity: WorkerIdentity;
  readonly worker: Hex;
  readonly token: string;
}

/** Contender: hands jobs out and takes their results. */
interface Contender {
  readonly name: string;
  /** Makes `count` jobs that wait. */
  fill(count: number): Promise<void>;
  claim(worker: BenchWorker): Promise<WorkerJobJson | undefined>;
  /** Signs and stages what a completion needs: the worker's part, and that of uploads. */
  prepare(jobs: readonly Held[]): Promise<void>;
  complete(held: Held): Promise<void>;
}

interface Held {
  readonly worker: BenchWorker;
  readonly job: WorkerJobJson;
  delivery?: Delivery;
}

const closing: (() => unknown)[] = [];

/** Statements that this process sent. */
let statements = 0;
const query = pg.Client.prototype.query;
pg.Client.prototype.query = function (this: pg.Client, ...given: Parameters<typeof query>) {
  const [config] = given as unknown as [string | { readonly text?: string }];
  const text = typeof config === "string" ? config : (config.text ?? "");
  statements += text.split(";").filter((part) => part.trim() !== "").length;
  return (query as (...all: unknown[]) => unknown).apply(this, given);
} as typeof query;

/** One contender in one round. */
interface Measured {
  readonly jobsPerSecond: number;
  readonly claimMs: number;
  readonly completeMs: number;
  /** Statements of a job that this process sent. */
  readonly statements: { readonly claim: number; readonly complete: number };
  /** CPU time of a job, milliseconds: of this process (for the routes their client alone), and of Postgres. */
  readonly cpuMs: { readonly node: number; readonly postgres: number };
}

/** Server process of the database. */
let postgresPid = 0;

async function measure(contender: Contender, workers: readonly BenchWorker[]): Promise<Measured> {
  const phases = { claim: { seconds: 0, statements: 0 }, complete: { seconds: 0, statements: 0 } };
  const cpu = { node: 0, postgres: 0 };
  const timed = async (phase: keyof typeof phases, work: () => Promise<unknown>): Promise<void> => {
    const [before, begun] = [statements, performance.now()];
    const [node, postgres] = [process.cpuUsage(), cpuSecondsOfTree(postgresPid)];
    await work();
    const { user, system } = process.cpuUsage(node);
    cpu.node += (user + system) / 1_000;
    cpu.postgres += 1_000 * (cpuSecondsOfTree(postgresPid) - postgres);
    phases[phase].seconds += (performance.now() - begun) / 1_000;
    phases[phase].statements += statements - before;
  };
  const jobs = workers.length * HELD * batches;
  for (let batch = 0; batch < batches; batch++) {
    await contender.fill(workers.length * HELD);
    const held: Held[][] = workers.map(() => []);
    await timed("claim", () =>
      Promise.all(
        workers.map(async (worker, i) => {
          for (let n = 0; n < HELD; n++) {
            const job = await contender.claim(worker);
            if (!job) throw new Error(`${contender.name}: there is no job left.`);
            held[i]?.push({ worker, job });
          }
        }),
      ),
    );
    await contender.prepare(held.flat());
    await timed("complete", () =>
      Promise.all(
        held.map(async (own) => {
          for (const one of own) await contender.complete(one);
        }),
      ),
    );
  }
  const { claim, complete } = phases;
  return {
    jobsPerSecond: Math.round(jobs / (claim.seconds + complete.seconds)),
    claimMs: Number(((1_000 * claim.seconds) / jobs).toFixed(3)),
    completeMs: Number(((1_000 * complete.seconds) / jobs).toFixed(3)),
    statements: {
      claim: Number((claim.statements / jobs).toFixed(2)),
      complete: Number((complete.statements / jobs).toFixed(2)),
    },
    cpuMs: { node: Number((cpu.node / jobs).toFixed(3)), postgres: Number((cpu.postgres / jobs).toFixed(3)) },
  };
}

/** One more worker: an account with ETH and a bond, and its hot key. */
async function addWorker({ chain }: TestGrid, number: number): Promise<WorkerIdentity> {
  const party = chain.party(100 + number);
  const key = privateKeyToAccount(generatePrivateKey());
  await setBalance(chain, party.address, parseEther("100"));
  await fund(chain, [party], parseEther("10000"), ["WorkerRegistry"]);
  await registerWorker(chain, party, key);
  return { party, key };
}

/** Copies the job of an order, so that many wait. */
async function copier(grid: TestGrid, template: string): Promise<(count: number) => Promise<void>> {
  const [columns] = await grid.sql<{ names: string }>(
    `SELECT string_agg(column_name::text, ', ') AS names FROM information_schema.columns
     WHERE table_schema = 'cloud' AND table_name = 'job' AND column_name NOT IN ('id', 'place')`,
  );
  await grid.sql(`CREATE TABLE bench_template AS SELECT * FROM cloud.job WHERE id = $1`, [template]);
  await grid.sql("UPDATE cloud.job SET status = 'cancelled' WHERE id = $1", [template]);
  return async (count) => {
    await grid.sql(
      `INSERT INTO cloud.job (${columns?.names}) SELECT ${columns?.names} FROM bench_template, generate_series(1, $1::int)`,
      [count],
    );
  };
}

/** Stores and stages pictures, and signs their receipts. */
function preparer(grid: TestGrid, checker: FastChecker, pictures: PictureStore): Contender["prepare"] {
  return async (held) => {
    const images = await Promise.all(held.map(() => pictures.put(randomBytes(1_000))));
    await grid.sql(
      `INSERT INTO cloud.staged_image (job_id, lease_token, index, image_hash, cid_digest, cid, bytes)
       SELECT id, token, 0, hash, digest, cid, 1000
       FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[]) AS given (id, token, hash, digest, cid)`,
      [
        held.map(({ job }) => job.id),
        held.map(({ job }) => job.lease.token),
        images.map(({ imageHash }) => imageHash),
        images.map(({ cidDigest }) => cidDigest),
        images.map(({ cid }) => cid),
      ],
    );
    for (const [i, one] of held.entries()) {
      const order = messageFromJson("JobOrder", one.job.order);
      const receipt = jobReceipt(order, {
        index: 0,
        seed: BigInt(i),
        engineHash: engineHash(ENGINE),
        imageHash: images[i]?.imageHash ?? zeroHash,
        cidDigest: images[i]?.cidDigest ?? zeroHash,
        completedAt: BigInt(Math.floor(Date.now() / 1_000)),
        price: receiptPrice(BigInt(one.job.price), 1, 0),
      });
      const signature = await one.worker.identity.key.sign({ hash: checker.digester.receiptId(receipt, grid.domain) });
      const known = knownVouchers.get(one.worker.worker);
      one.delivery = {
        engine: ENGINE,
        receipts: [{ receipt, signature }],
        known_voucher: known,
      };
    }
  };
}

/** Newest voucher that each worker has. */
const knownVouchers = new Map<Hex, Hex>();

function remember(checker: FastChecker, grid: TestGrid, worker: BenchWorker, voucher: unknown): void {
  const message = messageFromJson("Voucher", voucher);
  knownVouchers.set(worker.worker, checker.digester.voucherDigest(message, grid.domain));
}

/** The cloud's own functions, in this process. */
async function functionsOf(
  grid: TestGrid,
  checker: FastChecker,
  pictures: PictureStore,
): Promise<Omit<Contender, "fill" | "prepare">> {
  const fail = (error: unknown): void => console.error(error);
  const chain = await openChain(
    { rpcUrl: grid.chain.rpcUrl, deployment: grid.chain.deployment, pollEvery: 1_000 },
    fail,
  );
  const database = openDatabase(grid.postgres.url, fail, CONNECTIONS);
  closing.push(
    () => chain.stop(),
    () => database.close(),
  );
  const cloud = {
    database,
    chain,
    checker,
    pictures,
    laneTrees: new LaneTrees(checker.digester),
    gateway: { ...grid.gatewayTerms, signer: fastAccount(grid.gatewaySecret), treasurer: undefined },
    settings: { leaseSeconds: 600, orderSeconds: 3_600 },
  } as unknown as Cloud;
  return {
    name: "ours, functions",
    claim: ({ worker }) => claimJob(cloud, worker),
    complete: async ({ worker, job, delivery }) => {
      if (!delivery) throw new Error("There is nothing to deliver.");
      const key = { worker: worker.worker, jobId: job.id, token: job.lease.token };
      const { answer } = await completeJob(cloud, key, delivery);
      remember(checker, grid, worker, answer.voucher?.voucher);
    },
  };
}

/** The cloud's HTTP routes. */
function routesOf(
  grid: TestGrid,
  checker: FastChecker,
  url: string,
  name: string,
): Omit<Contender, "fill" | "prepare"> {
  // Node's own client: fetch takes 2 ms of CPU a job for the worker's side, which is not what is measured.
  const agent = new Agent({ keepAlive: true });
  closing.push(() => agent.destroy());
  const ask = <Body>(worker: BenchWorker, path: string, json: object): Promise<Body> =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${worker.token}`, "content-type": "application/json" };
      const asked = request(`${url}${path}`, { method: "POST", agent, headers }, async (response) => {
        const text = (await response.setEncoding("utf8").toArray()).join("");
        if (response.statusCode === 200) resolve(JSON.parse(text));
        else reject(new Error(`${path}: ${response.statusCode} ${text}`));
      });
      asked.on("error", reject).end(JSON.stringify(json));
    });
  return {
    name,
    claim: (worker) => ask<WorkerJobJson>(worker, "/v1/worker/claim", { wait_seconds: 0 }),
    complete: async ({ worker, job, delivery }) => {
      if (!delivery) throw new Error("There is nothing to deliver.");
      const body = await ask<{ voucher: { voucher: unknown } }>(worker, `/v1/worker/jobs/${job.id}/complete`, {
        lease: job.lease.token,
        engine: delivery.engine,
        receipts: delivery.receipts.map(({ receipt, signature }) => ({
          receipt: messageToJson("JobReceipt", receipt),
          signature,
        })),
        ...(delivery.known_voucher && { known_voucher: delivery.known_voucher }),
      });
      remember(checker, grid, worker, body.voucher.voucher);
    },
  };
}

/** The floor: a table of jobs and nothing else. */
async function floorOf(grid: TestGrid): Promise<Contender> {
  const pool = grid.postgres.pool(CONNECTIONS);
  await pool.query(`CREATE TABLE bench_job (id bigserial PRIMARY KEY, status text NOT NULL DEFAULT 'queued', worker text,
    request jsonb NOT NULL, claimed_at timestamptz, finished_at timestamptz)`);
  await pool.query("CREATE INDEX ON bench_job (id) WHERE status = 'queued'");
  return {
    name: "SKIP LOCKED (floor)",
    fill: async (count) => {
      await pool.query(
        `INSERT INTO bench_job (request) SELECT request FROM bench_template, generate_series(1, $1::int)`,
        [count],
      );
    },
    claim: async ({ worker }) => {
      const { rows } = await pool.query({
        name: "claim",
        text: `UPDATE bench_job SET status = 'claimed', worker = $1, claimed_at = now()
          WHERE id = (SELECT id FROM bench_job WHERE status = 'queued' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
          RETURNING id, request`,
        values: [worker],
      });
      return rows[0];
    },
    prepare: async () => {},
    complete: async ({ job, worker }) => {
      await pool.query({
        name: "done",
        text: `UPDATE bench_job SET status = 'done', finished_at = now() WHERE id = $1 AND worker = $2`,
        values: [job.id, worker.worker],
      });
    },
  };
}

/** The cloud as a process of its own. */
async function startCloudProgram(grid: TestGrid, folder: string): Promise<Program & { readonly url: string }> {
  const deployment = join(folder, "deployment.json");
  const json = JSON.stringify(grid.chain.deployment, (_, value) => (typeof value === "bigint" ? `${value}` : value));
  writeFileSync(deployment, json);
  const program = startProgram("cloud/src/main.ts", {
    environment: {
      ...process.env,
      GRID_RPC_URL: grid.chain.rpcUrl,
      GRID_DEPLOYMENT: deployment,
      DATABASE_URL: grid.postgres.url,
      GRID_CLOUD_PORT: "0",
      GRID_BLOCKS: join(folder, "blocks"),
      GRID_GATEWAY_ACCOUNT: grid.gateway.address,
      GRID_GATEWAY_SIGNER_KEY: grid.gatewaySecret,
      GRID_GATEWAY_MAX_RATE: (10n ** 18n).toString(),
      GRID_CLOUD_LEASE_SECONDS: "600",
      GRID_CLOUD_REQUESTS_PER_MINUTE: "10000000",
      GRID_LOG_LEVEL: "warn",
    },
  });
  const { url } = JSON.parse(await program.says(/^\{"ready":true.*$/m)) as { url: string };
  return { ...program, url };
}

/** Process id of the server whose session answers. 0 where there is no /proc. */
async function serverPid(grid: TestGrid): Promise<number> {
  const [row] = await grid.sql<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  const path = `/proc/${row?.pid}/status`;
  return existsSync(path) ? Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(path, "utf8"))?.[1] ?? 0) : 0;
}

/** Every job is done, and what is promised is what was earned. */
async function check(grid: TestGrid, jobs: number): Promise<void> {
  const [row] = await grid.sql<{ done: number; promised: string; earned: string }>(
    `SELECT (SELECT count(*)::int FROM cloud.job WHERE status = 'done') AS done,
       (SELECT sum(promised)::text FROM cloud.lane_total) AS promised, (SELECT sum(price)::text FROM cloud.receipt) AS earned`,
  );
  if (row?.done !== jobs || row.promised !== row.earned) throw new Error(`Not sound: ${JSON.stringify(row)}`);
}

/** Prints and writes the result: medians of the rounds, and ratios to the floor of the same setting. */
function report(runs: ReadonlyMap<string, readonly Measured[]>, routes: Measured): void {
  const medianOf = (key: string, pick: (measured: Measured) => number): number =>
    median((runs.get(key) ?? []).map(pick));
  const rows = [...runs.keys()].map((key) => {
    const [name, setting] = key.split(/, (?=synchronous)/) as [string, string];
    const floor = medianOf(`SKIP LOCKED (floor), ${setting}`, (one) => one.jobsPerSecond);
    const jobsPerSecond = medianOf(key, (one) => one.jobsPerSecond);
    const sent = name.includes("HTTP") ? routes.statements : (runs.get(key)?.[0]?.statements ?? routes.statements);
    return {
      name,
      setting,
      jobsPerSecond,
      claimMs: medianOf(key, (one) => one.claimMs),
      completeMs: medianOf(key, (one) => one.completeMs),
      statements: { ...sent, job: Number((sent.claim + sent.complete).toFixed(2)) },
      cpuMs: { node: medianOf(key, (one) => one.cpuMs.node), postgres: medianOf(key, (one) => one.cpuMs.postgres) },
      floorToThis: ratio(floor, jobsPerSecond),
    };
  });
  console.log(
    `\n${table(
      ["", "setting", "jobs/s", "claim ms", "complete ms", "statements a job", "CPU ms Node", "Postgres", "floor/this"],
      rows.map((row) => [
        row.name,
        row.setting,
        row.jobsPerSecond,
        row.claimMs,
        row.completeMs,
        row.statements.job,
        row.cpuMs.node,
        row.cpuMs.postgres,
        row.floorToThis,
      ]),
    )}`,
  );
  const ours = rows.filter(({ name }) => name.startsWith("ours"));
  const worst = {
    statements: Math.max(...ours.map((row) => row.statements.job)),
    ratio: Math.max(...ours.map(({ floorToThis }) => floorToThis ?? Number.POSITIVE_INFINITY)),
  };
  const isReached = worst.statements <= TARGET.statements && worst.ratio <= TARGET.ratio;
  console.log(
    `target: at most ${TARGET.statements} statements a job (${worst.statements}) and within ${TARGET.ratio}x of the floor (${worst.ratio}x): ${
      isReached ? "reached" : "missed"
    }`,
  );
  writeResults("routing", {
    workers: workerCount,
    jobs: workerCount * HELD * batches,
    rounds,
    target: TARGET,
    rows,
    machine: machine(),
  });
  if (options.assert && !isReached) process.exitCode = 1;
}

const folder = mkdtempSync(join(tmpdir(), "gridnft-bench-routing-"));
try {
  const grid = await startTestGrid();
  closing.push(() => grid.stop());
  postgresPid = await serverPid(grid);
  const checker = await createFastChecker();
  const identities: WorkerIdentity[] = [...grid.workers];
  while (identities.length < workerCount) {
    const added = await addWorker(grid, identities.length);
    await grid.openLane(added);
    identities.push(added);
  }
  await grid.tellLanes();
  const program = await startCloudProgram(grid, folder);
  closing.push(() => program.end("SIGTERM"));
  const pictures = await openPictures(join(folder, "blocks"));
  const workers: BenchWorker[] = [];
  for (const identity of identities.slice(0, workerCount)) {
    const terms = { parallel: 64, models: [grid.open] };
    const { token } = await scriptedWorker(grid, { url: program.url } as never, identity, terms);
    workers.push({ identity, token, worker: identity.party.address.toLowerCase() as Hex });
  }
  const countLanes = () => grid.sql("SELECT 1 FROM cloud.lane WHERE state = 'open'");
  await until(async () => (await countLanes()).length === identities.length, "a lane to each worker");
  const user = await signIn(grid, { url: program.url } as never, privateKeyToAccount(generatePrivateKey()));
  const { body } = await call<{ id: string }>(program, "POST", "/v1/generate-image", {
    token: user,
    json: { prompt: "a lock", model: grid.open.toString(), width: 64, height: 64, steps: 2 },
    headers: { prefer: "respond-async" },
  });
  const fill = await copier(grid, body.id);
  const prepare = preparer(grid, checker, pictures);
  const contenders: Contender[] = [
    { ...(await functionsOf(grid, checker, pictures)), fill, prepare },
    { ...routesOf(grid, checker, program.url, "ours, HTTP routes"), fill, prepare },
    await floorOf(grid),
  ];

  const runs = new Map<string, Measured[]>();
  let done = 0;
  for (const synchronousCommit of ["on", "off"] as const) {
    await grid.sql(`ALTER SYSTEM SET synchronous_commit = ${synchronousCommit}`);
    await grid.sql("SELECT pg_reload_conf()");
    for (let round = 0; round <= rounds; round++) {
      for (const contender of contenders) {
        await grid.sql("VACUUM ANALYZE");
        const measured = await measure(contender, workers);
        if (contender.name.startsWith("ours")) done += workerCount * HELD * batches;
        // The first one warms up.
        if (round === 0) continue;
        const key = `${contender.name}, synchronous_commit ${synchronousCommit}`;
        runs.set(key, [...(runs.get(key) ?? []), measured]);
        console.log(`round ${round}: ${key}: ${measured.jobsPerSecond} jobs/s`);
      }
    }
  }
  // Statements of the routes are counted with a cloud in this process, sessions and duties with them.
  const own = await grid.cloud({
    gateway: { ...grid.gatewayTerms, treasurer: undefined },
    blocks: join(folder, "blocks"),
    leaseSeconds: 600,
  });
  const counted = await measure({ ...routesOf(grid, checker, own.url, "routes"), fill, prepare }, workers);
  await own.stop();
  await check(grid, done + workerCount * HELD * batches);
  report(runs, counted);
} finally {
  for (const close of closing.reverse()) await close();
  rmSync(folder, { recursive: true, force: true });
}

/** A light grid that can be killed part by part: a chain, Postgres, two clouds behind one address, two workers without a model. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { type Hex, parseEther } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { anyPort } from "../../../local/src/ports.ts";
import { removePostgres, startPostgres } from "../../../local/src/postgres.ts";
import { createProcesses, lastLines, type RunningProcess, readyLine } from "../../../local/src/processes.ts";
import { program } from "../../../local/src/services.ts";
import { type Deployment, laneId, messageToJson, SignerRole } from "../../../sdk/src/index.ts";
import { sleep } from "../../../sdk/src/node/index.ts";
import { MODEL_HASH } from "../../../worker/test/program/tinyEngine.ts";
import { type LocalGrid, type Party, startGrid } from "../../fixtures/chain.ts";
import { addSigner, fund, laneTo, registerModel, registerWorker } from "../../fixtures/seed.ts";
import { type Balancer, type LostAnswers, repeat, startBalancer } from "./balancer.ts";
import type { Fault, FaultMix } from "./plan.ts";

/** AIPG wei per megapixel and step. Odd, so that shares have to be rounded. */
const RATE = 10n ** 16n + 7n;
/** AIPG in the lane to each worker. */
const LANE_FUNDING = "100";

/** The cloud was done with these completions, and the worker is not told: it asks again. */
const LOST_ANSWERS: LostAnswers = { to: /^POST \/v1\/worker\/jobs\/[^/ ]+\/complete /, every: 4 };
/** Commits of which one is undone: those that post a job, and those that change one's state. */
const UNDO_POSTED = 5;
const UNDO_CHANGED = 9;

/** Worker's account, and where its journal lies. */
export interface KillableWorker {
  readonly party: Pick<Party, "address">;
  readonly state: string;
  /** Secret of its hot key, where somebody else may speak for it. */
  readonly key?: Hex;
}

/** A grid that faults can be done to. */
export interface KillableGrid {
  readonly deployment: Deployment;
  /** Address of all clouds together, and of each. */
  readonly cloudUrl: string;
  readonly cloudUrls: readonly string[];
  readonly modelId: bigint;
  readonly workers: readonly KillableWorker[];
  readonly gateway: Pick<Party, "address">;
  /** Accounts with money in GridSettlement. */
  readonly payers: readonly Pick<Party, "address" | "wallet">[];
  /** A party that only reads. */
  readonly reader: Pick<Party, "wallet" | "grid">;
  /** Size of the pictures that are ordered. */
  readonly parameters: { readonly width: number; readonly height: number; readonly steps: number };
  readonly mix: FaultMix;
  /** Parts that ended by themselves, with the end of what they said. */
  readonly crashes: readonly string[];
  /** Starts that failed, because something else was away: they are tried again. */
  readonly failedStarts: number;
  /** Numbers of faults that come by themselves all the time, by kind; absent where there are none. */
  steadyFaults?(): Readonly<Record<string, number>>;
  /** Rows of the cloud's database, which is waited for. */
  sql<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Does a fault. @returns Number of processes or connections that it hit; 0 when there was nothing to hit. */
  inflict(fault: Fault): Promise<number>;
  /** Resolves when every part is up. */
  whole(): Promise<void>;
  /** Moves the chain's clock. */
  pass(seconds: number): Promise<void>;
  /** Ends the workers; their journals can be read then. */
  stopWorkers(): Promise<void>;
  /** Log files of clouds and workers. */
  logs(): readonly string[];
  /** Looks at what else has to be right once all is at rest. @returns Sentences about what is not. */
  check(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** Milliseconds between two tries to start a part that needs another one. */
const AGAIN = 150;

/** Parts by name, each of which is started again when it ended. */
class Supervisor {
  readonly crashes: string[] = [];
  failedStarts = 0;
  readonly #parts = new Map<string, { start: () => Promise<RunningProcess>; running?: RunningProcess | undefined }>();
  readonly #starting = new Set<Promise<void>>();
  #isStopping = false;

  /** Listens to the processes: what ends without having been killed is a crash. */
  readonly onCrash = (name: string, how: string, log: string): void => {
    const part = this.#parts.get(name);
    if (!part?.running || this.#isStopping) return;
    part.running = undefined;
    this.crashes.push(`${name} ended by itself (${how}). ${lastLines(log)}`);
    this.#revive(name, 0);
  };

  async add(name: string, start: () => Promise<RunningProcess>): Promise<void> {
    const running = await start();
    this.#parts.set(name, { start, running });
  }

  running(name: string): RunningProcess | undefined {
    return this.#parts.get(name)?.running;
  }

  /** Kills a part, and starts it again after a while. Returns false for one that does not run. */
  async kill(name: string, down: number): Promise<boolean> {
    const part = this.#parts.get(name);
    const process = part?.running;
    if (!part || !process) return false;
    part.running = undefined;
    await process.kill();
    this.#revive(name, down);
    return true;
  }

  async whole(): Promise<void> {
    while (this.#starting.size > 0) await Promise.all(this.#starting);
  }

  async stop(names: readonly string[] = [...this.#parts.keys()].reverse()): Promise<void> {
    await this.whole();
    for (const name of names) {
      const part = this.#parts.get(name);
      const process = part?.running;
      if (!part || !process) continue;
      part.running = undefined;
      await process.stop();
    }
  }

  async end(): Promise<void> {
    this.#isStopping = true;
    await Promise.allSettled([...this.#starting]);
    await this.stop();
  }

  #revive(name: string, down: number): void {
    const part = this.#parts.get(name);
    if (!part) return;
    const work = (async () => {
      await sleep(down);
      while (!this.#isStopping) {
        try {
          part.running = await part.start();
          return;
        } catch {
          // Its database is away: whoever looks after programs starts them again.
          this.failedStarts++;
          await sleep(AGAIN);
        }
      }
    })();
    this.#starting.add(work);
    void work.finally(() => this.#starting.delete(work));
  }
}

/** Starts the light grid. `step`: milliseconds of each of a picture's steps. */
export async function startKillableGrid({ lease = 4, step = 10 } = {}): Promise<KillableGrid> {
  const home = mkdtempSync(join(tmpdir(), "gridnft-kills-"));
  const supervisor = new Supervisor();
  const processes = createProcesses(home, supervisor.onCrash);
  const undo: (() => Promise<unknown> | unknown)[] = [
    () => {
      removePostgres(join(home, "postgres"));
      if (!process.env.GRID_KILLS_KEEP) rmSync(home, { recursive: true, force: true });
    },
  ];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const postgresOptions = {
      ...{ folder: join(home, "postgres"), port: await anyPort(), password: "test", processes },
    };
    const database = `postgresql://grid:test@127.0.0.1:${postgresOptions.port}/grid`;
    undo.push(() => supervisor.end());
    const [chain] = await Promise.all([
      startGrid().then((chain) => {
        undo.push(() => chain.stop());
        return chain;
      }),
      supervisor.add("postgres", async () => (await startPostgres(postgresOptions)).process),
    ]);
    const furnished = await furnish(chain, home);
    const ports = [await anyPort(), await anyPort()];
    const balancer: Balancer = await startBalancer(ports, LOST_ANSWERS);
    undo.push(() => balancer.stop());
    const cloudUrl = `http://127.0.0.1:${balancer.port}`;
    const common = { GRID_RPC_URL: chain.rpcUrl, GRID_DEPLOYMENT: furnished.deploymentFile };
    const clouds = ports.map((port, i) => () => ({
      name: `cloud-${i + 1}`,
      ...program("cloud/src/main.ts"),
      environment: variables({
        ...common,
        DATABASE_URL: database,
        GRID_CLOUD_PORT: `${port}`,
        GRID_CLOUD_URL: cloudUrl,
        GRID_BLOCKS: join(home, "blocks"),
        GRID_CHAIN_POLL_MS: "400",
        GRID_CLOUD_LEASE_SECONDS: `${lease}`,
        GRID_CLOUD_ORDER_SECONDS: "120",
        GRID_CLOUD_REQUESTS_PER_MINUTE: "1000000",
        GRID_CLOUD_JOBS_PER_MINUTE: "1000000",
        GRID_GATEWAY_ACCOUNT: furnished.gateway.address,
        GRID_GATEWAY_SIGNER_KEY: furnished.gatewayKey,
        GRID_GATEWAY_DAILY_IMAGES: "100000",
      }),
      isReady: readyLine,
      patience: 60_000,
    }));
    const workers = furnished.workers.map(({ party, key, state }, i) => () => ({
      name: `worker-${i + 1}`,
      ...program("worker/test/program/child.ts"),
      environment: variables({
        ...common,
        GRID_CLOUD_URL: cloudUrl,
        GRID_WORKER_ACCOUNT: party.address,
        GRID_WORKER_SIGNER_KEY: key,
        GRID_WORKER_MODELS: `${furnished.modelId}=${home}`,
        GRID_WORKER_STATE: state,
        GRID_WORKER_RATE: RATE.toString(),
        GRID_WORKER_PARALLEL: "2",
        GRID_WORKER_SETTLE_AFTER: "0",
        GRID_WORKER_PURSE_INTERVAL: "1",
        TINY_STEP: `${step}`,
      }),
      isReady: readyLine,
      patience: 60_000,
    }));
    // The database's schema is made by whichever cloud is first.
    await Promise.all(clouds.map((spec) => supervisor.add(spec().name, () => processes.start(spec()))));
    const { ask, sql } = databaseAt(database);
    await openLanes(chain, furnished, sql);
    await undoCommits(sql);
    await Promise.all(workers.map((spec) => supervisor.add(spec().name, () => processes.start(spec()))));
    const workerNames = workers.map((spec) => spec().name);
    const cloudNames = clouds.map((spec) => spec().name);

    return {
      ...{ deployment: chain.deployment, cloudUrl },
      cloudUrls: ports.map((port) => `http://127.0.0.1:${port}`),
      modelId: furnished.modelId,
      workers: furnished.workers,
      gateway: furnished.gateway,
      payers: furnished.payers,
      reader: chain.party(0),
      parameters: { width: 64, height: 64, steps: 4 },
      mix: {
        parts: [
          ...cloudNames.map((name) => ({ name, weight: 14 })),
          ...workerNames.map((name) => ({ name, weight: 11 })),
          { name: "postgres", weight: 8 },
        ],
        stallable: [...cloudNames, ...workerNames, "postgres"],
        terminate: 36,
        backend: 6,
        longestGap: 2_000,
      },
      crashes: supervisor.crashes,
      get failedStarts() {
        return supervisor.failedStarts;
      },
      steadyFaults: () => ({
        "lose the answer to a completion": balancer.lost.length,
        "undo a commit": undoneCommits(home),
      }),
      sql,
      inflict: (fault) =>
        fault.kind === "kill"
          ? supervisor.kill(fault.part, fault.down).then(Number)
          : inflict(fault, ask, (part) => supervisor.running(part)?.pid),
      whole: () => supervisor.whole(),
      pass: (seconds) => chain.pass(seconds),
      stopWorkers: () => supervisor.stop(workerNames),
      logs: () => [...cloudNames, ...workerNames].map((name) => join(home, "logs", `${name}.log`)),
      check: () => repeatLost(balancer, ports),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Gives the chain what the clouds need: a model, bonded workers with hot keys, payers and a gateway with money. */
async function furnish(chain: LocalGrid, home: string) {
  const deploymentFile = join(home, "deployment.json");
  writeFileSync(deploymentFile, JSON.stringify(chain.deployment));
  // anvil has ten accounts with ETH; those from 1 to 6 govern, which does not hinder them here.
  const [owner, ...others] = [0, 7, 5, 8, 6, 9].map((index) => chain.party(index)) as [Party, ...Party[]];
  const [artist, patron, first, second, gateway] = others as [Party, Party, Party, Party, Party];
  await fund(chain, [owner], parseEther("10000"), ["AIGC"]);
  await fund(chain, [first, second], parseEther("10000"), ["WorkerRegistry"]);
  await fund(chain, [artist, patron, gateway], parseEther("10000"), ["GridSettlement"]);
  const modelId = await registerModel(chain, owner, { name: "Null", weightsHash: MODEL_HASH, usageBps: 333 });
  const workers = [];
  for (const [i, party] of [first, second].entries()) {
    const key = generatePrivateKey();
    const signer = privateKeyToAccount(key);
    await registerWorker(chain, party, signer);
    await chain.mined(party.wallet.sendTransaction({ to: signer.address, value: parseEther("100") }));
    const state = join(home, `worker-${i + 1}`);
    mkdirSync(state, { recursive: true });
    workers.push({ party, key, state });
  }
  for (const payer of [artist, patron, gateway]) {
    await chain.mined(payer.grid.settlement.write.deposit([parseEther("1000")]));
  }
  const gatewayKey = generatePrivateKey();
  await addSigner(chain, gateway, privateKeyToAccount(gatewayKey), SignerRole.PAYER_SIGNER);
  return { deploymentFile, modelId, workers, gateway, gatewayKey, payers: [artist, patron] };
}

/** Opens the gateway's lane to each worker; the cloud has heard of it, as of those that it wants itself. */
async function openLanes(
  chain: LocalGrid,
  { gateway, gatewayKey, workers }: Awaited<ReturnType<typeof furnish>>,
  sql: KillableGrid["sql"],
): Promise<void> {
  const payerSigner = privateKeyToAccount(gatewayKey).address;
  for (const { party } of workers) {
    const config = await laneTo(gateway, { payerSigner, worker: party.address, salt: generatePrivateKey() });
    const id = laneId(config, chain.domain);
    await sql(
      `INSERT INTO cloud.lane (lane_id, config, payer, payer_signer, worker, state)
       VALUES ($1, $2, lower($3), lower($4), lower($5), 'opening')`,
      [id, JSON.stringify(messageToJson("LaneConfig", config)), config.payer, config.payerSigner, config.worker],
    );
    await chain.mined(gateway.grid.settlement.write.openLane([config, parseEther(LANE_FUNDING)]));
  }
  while ((await sql("SELECT 1 FROM cloud.lane WHERE state = 'open'")).length < workers.length) await sleep(50);
}

/**
 * Has Postgres end the connection of every so many commits that post a job or change its state, in the commit itself, which undoes it:
 * its client gets no answer. Sequences count them, because what they count is not undone.
 */
async function undoCommits(sql: KillableGrid["sql"]): Promise<void> {
  await sql(`
    CREATE SCHEMA kills;
    CREATE SEQUENCE kills.posted;
    CREATE SEQUENCE kills.changed;
    CREATE FUNCTION kills.undo() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF nextval(TG_ARGV[0]::regclass) % TG_ARGV[1]::int = 0 THEN
        PERFORM pg_terminate_backend(pg_backend_pid());
        PERFORM pg_sleep(10);
      END IF;
      RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER undo_posted AFTER INSERT ON cloud.job DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION kills.undo('kills.posted', ${UNDO_POSTED});
    CREATE CONSTRAINT TRIGGER undo_changed AFTER UPDATE ON cloud.job DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status)
      EXECUTE FUNCTION kills.undo('kills.changed', ${UNDO_CHANGED})`);
}

/** Asks each cloud again for what was done and not answered. @returns Sentences about answers that are not the same. */
async function repeatLost({ lost }: Balancer, ports: readonly number[]): Promise<string[]> {
  const findings: string[] = [];
  for (const [n, request] of lost.entries()) {
    const status = await repeat(ports[n % ports.length] ?? 0, request);
    const [line] = request.toString("latin1").split("\r\n");
    if (status !== "200") findings.push(`${line} was done, and is answered ${status} when it is asked again.`);
  }
  return findings;
}

/** Returns the number of commits that were undone: Postgres logs each with the function that did it. */
function undoneCommits(home: string): number {
  return readFileSync(join(home, "logs", "postgres.log"), "utf8").split("PL/pgSQL function kills.undo()").length - 1;
}

/** Questions to the cloud's database. */
export interface Asking {
  /** Asks once. */
  ask<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Asks until the database is there. */
  sql: KillableGrid["sql"];
}

/** The cloud's database, each question on a connection of its own. */
export function databaseAt(url: string): Asking {
  const ask: Asking["ask"] = async <Row extends object>(text: string, values: readonly unknown[] = []) => {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 20_000 });
    client.on("error", () => undefined);
    try {
      await client.connect();
      return (await client.query(text, [...values])).rows as Row[];
    } finally {
      await client.end().catch(() => undefined);
    }
  };
  return {
    ask,
    sql: async (text, values) => {
      for (let tries = 0; ; tries++) {
        try {
          return await ask(text, values);
        } catch (error) {
          const isAway = !(error instanceof pg.DatabaseError) || /^(57P|08|53)/.test(error.code ?? "");
          if (!isAway || tries > 300) throw error;
          await sleep(100);
        }
      }
    },
  };
}

/** Does a fault that needs no supervisor. @returns Number of processes or connections that it hit. */
export async function inflict(
  fault: Exclude<Fault, { kind: "kill" }>,
  ask: Asking["ask"],
  pidOf: (part: string) => number | undefined,
): Promise<number> {
  const backends = "pg_stat_activity WHERE application_name LIKE 'gridnft-cloud%'";
  switch (fault.kind) {
    case "terminate": {
      // Drawn by the database: which connections there are nobody can foresee.
      const statement = `SELECT pg_terminate_backend(pid) FROM ${backends} AND random() < $1`;
      return (await ask(statement, [fault.share]).catch(() => [])).length;
    }
    case "backend": {
      const found = await ask<{ pid: number }>(`SELECT pid FROM ${backends} ORDER BY pid`).catch(() => []);
      const pid = found[Math.floor(fault.which * found.length)]?.pid;
      return pid !== undefined && signal(pid, "SIGKILL") ? 1 : 0;
    }
    case "stall": {
      const pid = pidOf(fault.part);
      if (pid === undefined || !signal(pid, "SIGSTOP")) return 0;
      setTimeout(() => signal(pid, "SIGCONT"), fault.milliseconds);
      return 1;
    }
  }
}

/** Environment of a part: nothing of another grid's settings leaks into it. */
function variables(own: Record<string, string>): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(GRID_|DATABASE_|PONDER_)/.test(name));
  return { ...Object.fromEntries(inherited), ...own };
}

/** Sends a signal. Returns false where there is no process. */
function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

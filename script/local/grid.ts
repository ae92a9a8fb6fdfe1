// A whole grid on this machine: chain, database, indexer, cloud, workers. `npm start` shows it, the system tests use it.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Deployment, parseDeployment } from "../../sdk/src/index.ts";
import { type ListedAccount, listedAccounts } from "./accounts.ts";
import { localChainId, startChain } from "./chain/chain.ts";
import { deploy, sourcesHash } from "./deployment.ts";
import { LocalError } from "./errors.ts";
import {
  claimHome,
  clearHome,
  type GridFile,
  type Home,
  hasChain,
  homeAt,
  indexerSchema,
  lastPorts,
  readSecrets,
  writePrivately,
} from "./home.ts";
import { holdLeash } from "./leash.ts";
import { lockHome } from "./lock.ts";
import { type LocalModel, localModels } from "./models.ts";
import {
  cloudProcess,
  indexerProcess,
  type PartContext,
  prepareIndexerSchema,
  program,
  treasuryProcess,
  workerProcess,
} from "./parts.ts";
import { choosePort } from "./ports.ts";
import { startPostgres } from "./postgres.ts";
import { createProcesses, lastLines, type Processes, type RunningProcess } from "./processes.ts";
import { endRecorded } from "./processTable.ts";
import { type HotKeys, type SeededModel, seedAccounts, seedModels } from "./seed.ts";

/** The parts of a local grid that run as processes. */
export type PartName = "chain" | "postgres" | "indexer" | "cloud" | "treasury" | "worker-1" | "worker-2";

/** What a display shows of a part, or of a piece of work. */
export interface Progress {
  readonly part: PartName | "deployment" | "models" | "seed";
  readonly state: "waiting" | "working" | "ready" | "stopped";
  /** What it waits for, what it does, or where it is. */
  readonly detail: string;
}

export interface LocalGridOptions {
  /** State folder; default `GRID_HOME`, else `.grid` in the checkout. */
  home?: string | undefined;
  /** Begin with a new chain and empty databases. */
  reset?: boolean | undefined;
  /** How many workers, default 1. */
  workers?: 1 | 2 | undefined;
  /** Ports that must be used; others are chosen. */
  ports?: Partial<Record<"rpc" | "cloud" | "indexer" | "postgres", number | undefined>> | undefined;
  /** Services to start of indexer, cloud (with the gateway's treasury) and workers; default all. */
  parts?: readonly ("indexer" | "cloud" | "worker")[] | undefined;
  /** More environment variables, by part. */
  environment?: Partial<Record<PartName, Record<string, string>>> | undefined;
  onProgress?: ((progress: Progress) => void) | undefined;
  /** A part ended that nobody stopped. `log` is the end of what it said. */
  onCrash?: ((part: string, how: string, log: string) => void) | undefined;
  /** Gives up starting. */
  signal?: AbortSignal | undefined;
}

/** A running grid. */
export interface LocalGridSystem {
  readonly home: Home;
  readonly rpcUrl: string;
  readonly cloudUrl: string;
  readonly indexerUrl: string;
  readonly graphqlUrl: string;
  readonly databaseUrl: string;
  readonly deployment: Deployment;
  readonly accounts: readonly ListedAccount[];
  readonly models: readonly SeededModel[];
  readonly keys: HotKeys;
  /** Something the user should know, e.g. that the contracts have changed since this chain was made. */
  readonly notices: readonly string[];
  /** Process id and log of a part. */
  process(part: PartName): { pid: number; log: string };
  /** Whether it runs: not when it was killed, or ended by itself. */
  isRunning(part: PartName): boolean;
  /** kill -9. */
  kill(part: PartName): Promise<void>;
  /** Starts a part again, on its port and with its state; stops it first when it runs. */
  restart(part: PartName): Promise<void>;
  /** Stops everything: workers, then cloud and indexer, then database and chain. */
  stop(): Promise<void>;
}

/** Brings a grid up: everything that can be at the same time is. */
export async function startLocalGrid(options: LocalGridOptions = {}): Promise<LocalGridSystem> {
  const home = homeAt(options.home);
  claimHome(home);
  const lock = lockHome(home.folder);
  let leash: { release: () => void } | undefined;
  let supervisor: Supervisor | undefined;
  const stop = async (): Promise<void> => {
    await supervisor?.stop();
    leash?.release();
    lock.release();
  };
  try {
    await endRecorded(home.folder);
    if (options.reset || !hasChain(home)) clearHome(home);
    mkdirSync(home.logs, { recursive: true });
    leash = holdLeash(home.folder);
    supervisor = createSupervisor(home, options);
    options.signal?.addEventListener("abort", () => void supervisor?.stop());
    options.signal?.throwIfAborted();
    return { ...(await bringUp(home, options, supervisor)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Starts, kills and stops parts by name. */
interface Supervisor {
  readonly processes: Processes;
  /** Runs a part, and remembers how, for a restart. */
  run<part extends { process: RunningProcess; stop?: () => Promise<void>; kill?: () => Promise<void> }>(
    name: PartName,
    start: () => Promise<part>,
  ): Promise<part>;
  process(name: PartName): RunningProcess;
  isRunning(name: PartName): boolean;
  kill(name: PartName): Promise<void>;
  restart(name: PartName): Promise<void>;
  stop(): Promise<void>;
}

/** Parts that are stopped together, one row after the other. */
const stopOrder: readonly (readonly PartName[])[] = [
  ["worker-1", "worker-2"],
  ["cloud", "treasury", "indexer"],
  ["postgres", "chain"],
];

function createSupervisor(home: Home, { onCrash, onProgress = () => {} }: LocalGridOptions): Supervisor {
  type Part = { process: RunningProcess; stop?: () => Promise<void>; kill?: () => Promise<void> };
  const parts = new Map<PartName, { start: () => Promise<Part>; running?: Part | undefined }>();
  let stopping: Promise<void> | undefined;
  const processes = createProcesses(home.folder, (name, how, log) => {
    const part = parts.get(name as PartName);
    // One that ends while it starts makes its start fail, which says more.
    if (!part?.running || stopping) return;
    part.running = undefined;
    onCrash?.(name, how, lastLines(log));
  });
  const known = (name: PartName) => {
    const part = parts.get(name);
    if (!part) throw new LocalError("PART", `There is no ${name} in this grid.`);
    return part;
  };
  const running = (name: PartName): Part => {
    const part = known(name).running;
    if (!part) throw new LocalError("PART", `The ${name} doesn't run.`);
    return part;
  };
  const stopPart = async (name: PartName): Promise<void> => {
    const part = parts.get(name);
    const current = part?.running;
    if (!part || !current) return;
    part.running = undefined;
    onProgress({ part: name, state: "working", detail: "stopping" });
    await (current.stop ?? current.process.stop)();
    onProgress({ part: name, state: "stopped", detail: "" });
  };
  return {
    processes,
    run: async (name, start) => {
      parts.set(name, { start });
      const part = await start();
      parts.set(name, { start, running: part });
      return part;
    },
    process: (name) => running(name).process,
    isRunning: (name) => parts.get(name)?.running !== undefined,
    kill: async (name) => {
      const part = running(name);
      known(name).running = undefined;
      await (part.kill ?? part.process.kill)();
    },
    restart: async (name) => {
      await stopPart(name);
      const part = known(name);
      part.running = await part.start();
    },
    stop: () => {
      stopping ??= (async () => {
        const orphans = processes.close(
          [...parts].flatMap(([, { running }]) => (running ? [running.process.pid] : [])),
        );
        for (const row of stopOrder) await Promise.all(row.map(stopPart));
        await orphans;
      })();
      return stopping;
    },
  };
}

async function bringUp(
  home: Home,
  options: LocalGridOptions,
  supervisor: Supervisor,
): Promise<Omit<LocalGridSystem, "stop">> {
  const { onProgress = () => {}, workers = 1, parts = ["indexer", "cloud", "worker"] } = options;
  const show = (part: Progress["part"], state: Progress["state"], detail: string) =>
    onProgress({ part, state, detail });
  const { postgres: password, ...keys } = readSecrets(home);
  const ports = await choosePorts(home, options);
  const rpcUrl = `http://127.0.0.1:${ports.rpc}`;
  const [cloudUrl, indexerUrl] = [`http://127.0.0.1:${ports.cloud}`, `http://127.0.0.1:${ports.indexer}`];
  const notices: string[] = [];
  const context = (databaseUrl: string): PartContext => ({
    ...{ home, rpcUrl, databaseUrl, keys, cloudPort: ports.cloud, indexerPort: ports.indexer },
    environment: options.environment ?? {},
  });
  const workerNames = (["worker-1", "worker-2"] as const).slice(0, parts.includes("worker") ? workers : 0);
  for (const part of ["deployment", "seed"] as const) show(part, "waiting", "for the chain");
  for (const part of ["indexer", "cloud"] as const) {
    if (parts.includes(part)) show(part, "waiting", "for contracts and database");
  }
  if (parts.includes("cloud")) show("treasury", "waiting", "for the cloud's tables");
  for (const name of workerNames) show(name, "waiting", "for cloud and models");

  const modelFolders = (async () => {
    show("models", "working", "making the development models");
    const models = await makeModels(home);
    show("models", "ready", models.map(({ card }) => card.name).join("; "));
    return models;
  })();
  const database = (async () => {
    show("postgres", "working", existsSync(home.postgres) ? "starting" : "making its data folder");
    const { processes } = supervisor;
    const start = () => startPostgres({ folder: home.postgres, port: ports.postgres, password, processes });
    const { url } = await supervisor.run("postgres", start);
    show("postgres", "ready", `127.0.0.1:${ports.postgres}`);
    return url;
  })();
  const chain = (async () => {
    show("chain", "working", "starting");
    const onReplay = (done: number, of: number) => show("chain", "working", `replaying call ${done} of ${of}`);
    const { processes } = supervisor;
    const start = () => startChain({ folder: home.chain, port: ports.rpc, processes, onReplay });
    const started = await supervisor.run("chain", start);
    show("chain", "ready", rpcUrl);
    return started;
  })();
  const deployment = (async () => {
    const { isNew } = await chain;
    show("deployment", "working", isNew ? "sending the contracts" : "reading");
    const found = isNew
      ? await deployNew(home, rpcUrl, (line) => show("deployment", "working", line))
      : known(home, notices);
    show("deployment", "ready", `GridNFT ${found.contracts.GridNFT.address}`);
    return found;
  })();
  const seedOptions = async () => ({
    ...{ rpcUrl, deployment: await deployment, keys, workers },
    log: (line: string) => show("seed", "working", line),
  });
  const accounts = (async () => {
    const seeding = await seedOptions();
    show("seed", "working", "accounts");
    await seedAccounts(seeding);
  })();
  const models = (async () => {
    const [seeding, folders] = await Promise.all([seedOptions(), modelFolders, accounts]);
    const seeded = await seedModels(seeding, folders);
    show(
      "seed",
      "ready",
      `${seeded.length} models, ${workers} bonded worker${workers === 1 ? "" : "s"}, funded gateway`,
    );
    return seeded;
  })();
  const indexer = (async () => {
    if (!parts.includes("indexer")) return;
    const [databaseUrl] = await Promise.all([database, deployment]);
    show("indexer", "working", "starting");
    const schema = indexerSchema(home);
    await supervisor.run("indexer", async () => {
      await prepareIndexerSchema(databaseUrl, schema);
      return { process: await supervisor.processes.start(indexerProcess(context(databaseUrl), schema)) };
    });
    show("indexer", "ready", indexerUrl);
  })();
  const cloud = (async () => {
    if (!parts.includes("cloud")) return;
    const [databaseUrl] = await Promise.all([database, accounts]);
    show("cloud", "working", "starting");
    const start = async () => ({ process: await supervisor.processes.start(cloudProcess(context(databaseUrl))) });
    await supervisor.run("cloud", start);
    show("cloud", "ready", cloudUrl);
  })();
  const treasury = (async () => {
    if (!parts.includes("cloud")) return;
    const [databaseUrl] = await Promise.all([database, cloud]);
    show("treasury", "working", "starting");
    await supervisor.run("treasury", async () => ({
      process: await supervisor.processes.start(treasuryProcess(context(databaseUrl))),
    }));
    show("treasury", "ready", "opens and thaws the gateway's lanes");
  })();
  const fleet = Promise.all(
    workerNames.map(async (name, index) => {
      const [served, databaseUrl] = await Promise.all([models, database, cloud]);
      show(name, "working", "loading models");
      await supervisor.run(name, async () => ({
        process: await supervisor.processes.start(workerProcess(context(databaseUrl), index === 0 ? 1 : 2, served)),
      }));
      show(name, "ready", `${served.length} models`);
    }),
  );
  await allOrFirstFault([database, chain, deployment, accounts, models, indexer, cloud, treasury, fleet], () =>
    supervisor.stop(),
  );

  writePrivately(home.gridFile, gridFile(home, { rpcUrl, cloudUrl, indexerUrl }));
  return {
    ...{ home, rpcUrl, cloudUrl, indexerUrl, graphqlUrl: `${indexerUrl}/graphql`, keys, notices },
    databaseUrl: await database,
    deployment: await deployment,
    models: await models,
    accounts: listedAccounts(),
    process: (name) => supervisor.process(name),
    isRunning: (name) => supervisor.isRunning(name),
    kill: (name) => supervisor.kill(name),
    restart: (name) => supervisor.restart(name),
  };
}

/** Waits for all; on the first fault stops what runs, waits until nothing moves any more, and throws it. */
async function allOrFirstFault(work: readonly Promise<unknown>[], stop: () => Promise<void>): Promise<void> {
  try {
    await Promise.all(work);
  } catch (error) {
    await stop();
    await Promise.allSettled(work);
    throw error;
  }
}

async function choosePorts(home: Home, { ports: wanted = {} }: LocalGridOptions) {
  const last = lastPorts(home);
  const usual = { rpc: 8545, cloud: 8787, indexer: 42_069, postgres: 54_329 };
  const taken = new Set<number>();
  const chosen = { ...usual };
  for (const name of ["rpc", "cloud", "indexer", "postgres"] as const) {
    const liked = [name === "postgres" ? undefined : last[name], usual[name]];
    chosen[name] = await choosePort({ name, wanted: wanted[name], liked }, taken);
    taken.add(chosen[name]);
  }
  return chosen;
}

/** In a process of its own: it computes for seconds. */
async function makeModels(home: Home): Promise<LocalModel[]> {
  const { command, args, cwd } = program("script/local/modelsMain.ts");
  try {
    const run = await promisify(execFile)(command, [...args, home.models], { cwd, maxBuffer: 64 * 1024 * 1024 });
    return localModels.parse(JSON.parse(run.stdout)) as LocalModel[];
  } catch (cause) {
    const said = (cause as { stderr?: string }).stderr?.trim().split("\n").slice(-12).join("\n") ?? "";
    throw new LocalError("MODELS", `The models in ${home.models} can't be made or read.\n${said}`, { cause });
  }
}

const sourcesFile = (home: Home): string => join(home.chain, "sources");

async function deployNew(home: Home, rpcUrl: string, log: (line: string) => void): Promise<Deployment> {
  const { deployment } = await deploy({ rpcUrl, path: home.deployment, log });
  writeFileSync(sourcesFile(home), sourcesHash());
  return deployment;
}

/** The deployment of a chain that is there already. */
function known(home: Home, notices: string[]): Deployment {
  const sources = existsSync(sourcesFile(home)) ? readFileSync(sourcesFile(home), "utf8") : undefined;
  if (sources !== sourcesHash()) {
    notices.push("The contracts have changed since this chain was made: npm start -- --reset deploys them anew.");
  }
  return parseDeployment(JSON.parse(readFileSync(home.deployment, "utf8")));
}

function gridFile(home: Home, urls: { rpcUrl: string; cloudUrl: string; indexerUrl: string }): GridFile {
  return {
    version: 1,
    chain_id: localChainId,
    rpc_url: urls.rpcUrl,
    cloud_url: urls.cloudUrl,
    indexer_url: urls.indexerUrl,
    graphql_url: `${urls.indexerUrl}/graphql`,
    deployment: home.deployment,
    models_folder: home.models,
    accounts: listedAccounts(),
  };
}

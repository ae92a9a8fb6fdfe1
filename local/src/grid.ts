// Local grid: chain, database, indexer, cloud and workers on this machine. `npm start` shows it, the system tests use it.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Content } from "@gridnft/devmodel";
import { type Deployment, parseDeployment } from "@gridnft/sdk";
import { type ListedAccount, listedAccounts } from "./accounts.ts";
import { localChainId, startChain } from "./chain.ts";
import { deploy, sourcesHash } from "./deployment.ts";
import { LocalError } from "./errors.ts";
import { guardsGone } from "./guard.ts";
import { type LocalModel, localModels } from "./models.ts";
import { choosePort } from "./ports.ts";
import { startPostgres } from "./postgres.ts";
import type { ProcessSpec } from "./processes.ts";
import { type HotKeys, type SeededModel, seedAccounts, seedModels } from "./seed.ts";
import {
  cloudProcess,
  galleryProcess,
  indexerProcess,
  program,
  pruneIndexer,
  type ServiceContext,
  treasuryProcess,
  workerProcess,
} from "./services.ts";
import {
  claimStateDir,
  clearStateDir,
  type GridFile,
  hasChain,
  lastPorts,
  lockStateDir,
  readSecrets,
  type StateDir,
  stateDirAt,
  writePrivately,
} from "./stateDir.ts";
import { createSupervisor, type ServiceName, type Supervisor } from "./supervisor.ts";

/** Progress of a service, or of another step of the start. */
export interface Progress {
  readonly step: ServiceName | "deployment" | "models" | "seed";
  readonly state: "waiting" | "working" | "ready" | "stopped";
  /** Text for the user: the thing that it waits for, its work, or its address. */
  readonly detail: string;
}

export interface LocalGridOptions {
  /** State folder; default `GRID_HOME`, else `.grid` in the checkout. */
  home?: string | undefined;
  /** Begin with a new chain and empty databases. */
  reset?: boolean | undefined;
  /** Number of workers, default 1. */
  workers?: 1 | 2 | undefined;
  /** Ports that must be used; others are chosen. */
  ports?: Partial<Record<"rpc" | "cloud" | "indexer" | "gallery" | "postgres", number | undefined>> | undefined;
  /** Services to start of indexer, cloud (with the gateway's treasury), workers and web gallery; default all. */
  services?: readonly ("indexer" | "cloud" | "worker" | "gallery")[] | undefined;
  /** Things that the development models can paint, default all. Models of a few load at once. */
  things?: readonly Content[] | undefined;
  /** More environment variables, by service. */
  environment?: Partial<Record<ServiceName, Record<string, string>>> | undefined;
  onProgress?: ((progress: Progress) => void) | undefined;
  /** Called when a service ends that nobody stopped. `log` is the end of its log. */
  onCrash?: ((service: string, how: string, log: string) => void) | undefined;
  /** Ends the start. */
  signal?: AbortSignal | undefined;
}

/** Running grid. */
export interface LocalGridSystem {
  readonly state: StateDir;
  readonly rpcUrl: string;
  readonly cloudUrl: string;
  readonly indexerUrl: string;
  readonly graphqlUrl: string;
  /** Undefined where no gallery was asked for. */
  readonly galleryUrl: string | undefined;
  readonly databaseUrl: string;
  readonly deployment: Deployment;
  readonly accounts: readonly ListedAccount[];
  readonly models: readonly SeededModel[];
  readonly keys: HotKeys;
  /** Sentences for the user, e.g. that the contracts have changed since this chain was made. */
  readonly notices: readonly string[];
  /** Returns process id and log of a service. */
  process(service: ServiceName): { pid: number; log: string };
  /** Returns true while it runs: not when it was killed, or ended by itself. */
  isRunning(service: ServiceName): boolean;
  /** Sends SIGKILL. */
  kill(service: ServiceName): Promise<void>;
  /** Starts a service again, on its port and with its state; stops it first when it runs. */
  restart(service: ServiceName): Promise<void>;
  /** Stops everything: workers, then cloud and indexer, then database and chain. */
  stop(): Promise<void>;
}

/** Starts a grid. Steps that do not wait for each other run at the same time. */
export async function startLocalGrid(options: LocalGridOptions = {}): Promise<LocalGridSystem> {
  const state = stateDirAt(options.home);
  claimStateDir(state);
  const { onCrash, onProgress, signal } = options;
  const onWait = (detail: string) => onProgress?.({ step: "chain", state: "waiting", detail });
  const lock = await lockStateDir(state, { ...(signal && { signal }), onWait });
  let supervisor: Supervisor | undefined;
  const stop = async (): Promise<void> => {
    await supervisor?.stop();
    lock.release();
  };
  try {
    await guardsGone(state.folder);
    if (options.reset || !hasChain(state)) clearStateDir(state);
    mkdirSync(state.logs, { recursive: true });
    supervisor = createSupervisor(state.folder, {
      onCrash,
      onStop: (step, now) => onProgress?.({ step, state: now, detail: now === "working" ? "stopping" : "" }),
    });
    signal?.addEventListener("abort", () => void supervisor?.stop());
    signal?.throwIfAborted();
    return { ...(await bringUp(state, options, supervisor)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function bringUp(
  state: StateDir,
  options: LocalGridOptions,
  supervisor: Supervisor,
): Promise<Omit<LocalGridSystem, "stop">> {
  const { onProgress = () => {}, workers = 1, services = ["indexer", "cloud", "worker", "gallery"] } = options;
  const show = (step: Progress["step"], now: Progress["state"], detail: string) =>
    onProgress({ step, state: now, detail });
  const { postgres: password, ...keys } = readSecrets(state);
  const ports = await choosePorts(state, options);
  const rpcUrl = `http://127.0.0.1:${ports.rpc}`;
  const [cloudUrl, indexerUrl] = [`http://127.0.0.1:${ports.cloud}`, `http://127.0.0.1:${ports.indexer}`];
  const galleryUrl = services.includes("gallery") ? `http://127.0.0.1:${ports.gallery}` : undefined;
  const notices: string[] = [];
  const context = (databaseUrl: string): ServiceContext => ({
    ...{ state, rpcUrl, databaseUrl, keys, cloudPort: ports.cloud, indexerPort: ports.indexer },
    galleryPort: ports.gallery,
    environment: options.environment ?? {},
  });
  const workerNames = (["worker-1", "worker-2"] as const).slice(0, services.includes("worker") ? workers : 0);
  for (const step of ["deployment", "seed"] as const) show(step, "waiting", "for the chain");
  for (const service of ["indexer", "cloud"] as const) {
    if (services.includes(service)) show(service, "waiting", "for contracts and database");
  }
  if (services.includes("cloud")) show("treasury", "waiting", "for the cloud's tables");
  for (const name of workerNames) show(name, "waiting", "for cloud and models");

  const modelFolders = (async () => {
    show("models", "working", "making the development models");
    const models = await makeModels(state, options.things);
    show("models", "ready", models.map(({ card }) => card.name).join("; "));
    return models;
  })();
  const database = (async () => {
    show("postgres", "working", existsSync(state.postgres) ? "starting" : "making its data folder");
    const { processes } = supervisor;
    const start = () => startPostgres({ folder: state.postgres, port: ports.postgres, password, processes });
    const { url } = await supervisor.run("postgres", start);
    show("postgres", "ready", `127.0.0.1:${ports.postgres}`);
    return url;
  })();
  const chain = (async () => {
    show("chain", "working", "starting");
    const onReplay = (done: number, of: number) => show("chain", "working", `replaying call ${done} of ${of}`);
    const { processes } = supervisor;
    const start = () => startChain({ folder: state.chain, port: ports.rpc, processes, onReplay });
    const started = await supervisor.run("chain", start);
    show("chain", "ready", rpcUrl);
    return started;
  })();
  const deployment = (async () => {
    const { isNew } = await chain;
    show("deployment", "working", isNew ? "sending the contracts" : "reading");
    const found = isNew
      ? await deployNew(state, rpcUrl, (line) => show("deployment", "working", line))
      : known(state, notices);
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
  const run = async (name: ServiceName, spec: () => Promise<ProcessSpec>, work: string, detail: string) => {
    const { processes } = supervisor;
    const wanted = await spec();
    show(name, "working", work);
    await supervisor.run(name, async () => ({ process: await processes.start(wanted) }));
    show(name, "ready", detail);
  };
  const indexerSpec = async () => indexerProcess(context((await Promise.all([database, deployment]))[0]));
  const indexer = services.includes("indexer") && run("indexer", indexerSpec, "starting", indexerUrl);
  const cloudSpec = async () => cloudProcess(context((await Promise.all([database, accounts]))[0]));
  const cloud = services.includes("cloud") && run("cloud", cloudSpec, "starting", cloudUrl);
  const treasurySpec = async () => treasuryProcess(context((await Promise.all([database, cloud]))[0]));
  const treasury = cloud && run("treasury", treasurySpec, "starting", "opens and thaws the gateway's lanes");
  // Its pages say themselves what is not there yet.
  const gallerySpec = async () => galleryProcess(context(await database));
  const gallery = galleryUrl !== undefined && run("gallery", gallerySpec, "starting", galleryUrl);
  const fleet = workerNames.map(async (name, index) => {
    const [served, databaseUrl] = await Promise.all([models, database, cloud]);
    const workerSpec = async () => workerProcess(context(databaseUrl), index === 0 ? 1 : 2, served);
    await run(name, workerSpec, "loading models", `${served.length} models`);
  });
  await allOrFirstFault(
    [database, chain, deployment, accounts, models, indexer, cloud, treasury, gallery, ...fleet],
    () => supervisor.stop(),
  );

  // A new chain has no tables of earlier versions.
  if (services.includes("indexer") && !(await chain).isNew) {
    void pruneIndexer(context(await database)).catch(() => undefined);
  }
  writePrivately(state.gridFile, gridFile(state, { rpcUrl, cloudUrl, indexerUrl, galleryUrl }));
  return {
    ...{ state, rpcUrl, cloudUrl, indexerUrl, graphqlUrl: `${indexerUrl}/graphql`, galleryUrl, keys, notices },
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

/** Waits for all. On the first error stops what runs, waits until all work has ended, and throws it. */
async function allOrFirstFault(work: readonly (Promise<unknown> | false)[], stop: () => Promise<void>): Promise<void> {
  try {
    await Promise.all(work);
  } catch (error) {
    await stop();
    await Promise.allSettled(work);
    throw error;
  }
}

async function choosePorts(state: StateDir, { ports: wanted = {} }: LocalGridOptions) {
  const last = lastPorts(state);
  const usual = { rpc: 8545, cloud: 8787, indexer: 42_069, gallery: 3_400, postgres: 54_329 };
  const taken = new Set<number>();
  const chosen = { ...usual };
  for (const name of ["rpc", "cloud", "indexer", "gallery", "postgres"] as const) {
    const liked = [name === "postgres" ? undefined : last[name], usual[name]];
    chosen[name] = await choosePort({ name, wanted: wanted[name], liked }, taken);
    taken.add(chosen[name]);
  }
  return chosen;
}

/** Makes the models in a process of its own: it computes for seconds. */
async function makeModels(state: StateDir, things: readonly Content[] | undefined): Promise<LocalModel[]> {
  const { command, args, cwd } = program("local/src/makeModels.ts");
  try {
    const asked = [state.models, ...(things ? [things.join()] : [])];
    const run = await promisify(execFile)(command, [...args, ...asked], { cwd, maxBuffer: 64 * 1024 * 1024 });
    return localModels.parse(JSON.parse(run.stdout)) as LocalModel[];
  } catch (cause) {
    const said = (cause as { stderr?: string }).stderr?.trim().split("\n").slice(-12).join("\n") ?? "";
    throw new LocalError("MODELS", `The models in ${state.models} can't be made or read.\n${said}`, { cause });
  }
}

const sourcesFile = (state: StateDir): string => join(state.chain, "sources");

async function deployNew(state: StateDir, rpcUrl: string, log: (line: string) => void): Promise<Deployment> {
  const { deployment } = await deploy({ rpcUrl, path: state.deployment, log });
  writeFileSync(sourcesFile(state), sourcesHash());
  return deployment;
}

/** Reads the deployment of a chain that is there already. */
function known(state: StateDir, notices: string[]): Deployment {
  const sources = existsSync(sourcesFile(state)) ? readFileSync(sourcesFile(state), "utf8") : undefined;
  if (sources !== sourcesHash()) {
    notices.push("The contracts have changed since this chain was made: npm start -- --reset deploys them anew.");
  }
  return parseDeployment(JSON.parse(readFileSync(state.deployment, "utf8")));
}

function gridFile(
  state: StateDir,
  urls: { rpcUrl: string; cloudUrl: string; indexerUrl: string; galleryUrl: string | undefined },
): GridFile {
  return {
    version: 1,
    chain_id: localChainId,
    rpc_url: urls.rpcUrl,
    cloud_url: urls.cloudUrl,
    indexer_url: urls.indexerUrl,
    graphql_url: `${urls.indexerUrl}/graphql`,
    ...(urls.galleryUrl !== undefined && { gallery_url: urls.galleryUrl }),
    deployment: state.deployment,
    models_folder: state.models,
    accounts: listedAccounts(),
  };
}

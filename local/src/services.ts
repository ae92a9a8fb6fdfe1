// Services of a local grid: the command, environment and readiness of each program.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { privateKeyToAccount } from "viem/accounts";
import { projectRoot } from "../../tools/check.ts";
import { testAccount } from "./accounts.ts";
import { programArguments } from "./packages.ts";
import { type ProcessSpec, readyLine } from "./processes.ts";
import type { HotKeys, SeededModel } from "./seed.ts";
import type { StateDir } from "./stateDir.ts";

/** Settings that all services share. */
export interface ServiceContext {
  readonly state: StateDir;
  readonly rpcUrl: string;
  readonly databaseUrl: string;
  readonly keys: HotKeys;
  readonly cloudPort: number;
  readonly indexerPort: number;
  readonly galleryPort: number;
  /** More variables, by service. */
  readonly environment: Partial<Record<string, Record<string, string>>>;
}

/** AIPG wei per megapixel and step that the local workers ask: 0.05 AIPG for a picture of 512 x 512 in 20 steps. */
const WORKER_RATE = 10n ** 16n;

/** Returns the indexer. It names its tables' schema itself. */
export function indexerProcess(context: ServiceContext): ProcessSpec {
  return {
    name: "indexer",
    ...indexerProgram("start"),
    environment: indexerEnvironment(context),
    isReady: readyLine,
    patience: 120_000,
  };
}

/** Removes tables of earlier versions of the indexer, which are indexed again when they are wanted. */
export async function pruneIndexer(context: ServiceContext): Promise<void> {
  const { command, args, cwd } = indexerProgram("prune");
  await promisify(execFile)(command, args, { cwd, env: indexerEnvironment(context) });
}

function indexerProgram(command: "start" | "prune"): Pick<ProcessSpec, "command" | "args" | "cwd"> {
  return { command: process.execPath, args: [join(projectRoot, "indexer/main.mjs"), command], cwd: projectRoot };
}

function indexerEnvironment(context: ServiceContext): NodeJS.ProcessEnv {
  return environmentOf(context, "indexer", {
    DATABASE_URL: context.databaseUrl,
    GRID_INDEXER_PORT: `${context.indexerPort}`,
    NODE_ENV: "production",
  });
}

/** Returns the AI Cloud API. */
export function cloudProcess(context: ServiceContext): ProcessSpec {
  const { cloudPort, databaseUrl, state, keys } = context;
  const gateway = testAccount("gateway");
  return {
    name: "cloud",
    ...program("cloud/src/main.ts"),
    environment: environmentOf(context, "cloud", {
      DATABASE_URL: databaseUrl,
      GRID_CLOUD_PORT: `${cloudPort}`,
      GRID_CLOUD_URL: `http://127.0.0.1:${cloudPort}`,
      GRID_BLOCKS: state.blocks,
      GRID_CHAIN_POLL_MS: "250",
      GRID_GATEWAY_ACCOUNT: gateway.address,
      GRID_GATEWAY_SIGNER_KEY: keys.gateway,
      GRID_GATEWAY_TREASURER_KEY: keys.treasurer,
    }),
    isReady: readyLine,
    patience: 120_000,
  };
}

/** Returns the web gallery. */
export function galleryProcess(context: ServiceContext): ProcessSpec {
  const { cloudPort, galleryPort, indexerPort } = context;
  return {
    name: "gallery",
    ...program("gallery/src/main.ts"),
    environment: environmentOf(context, "gallery", {
      GRID_GALLERY_PORT: `${galleryPort}`,
      GRID_GALLERY_URL: `http://127.0.0.1:${galleryPort}`,
      GRID_GRAPHQL_URL: `http://127.0.0.1:${indexerPort}/graphql`,
      GRID_CLOUD_URL: `http://127.0.0.1:${cloudPort}`,
      NODE_ENV: "production",
    }),
    isReady: readyLine,
    patience: 120_000,
  };
}

/** Returns the gateway's treasury: the only service that has the key of the account that pays. */
export function treasuryProcess(context: ServiceContext): ProcessSpec {
  const { databaseUrl, keys } = context;
  return {
    name: "treasury",
    ...program("cloud/src/treasury.ts"),
    environment: environmentOf(context, "treasury", {
      DATABASE_URL: databaseUrl,
      GRID_GATEWAY_ACCOUNT_KEY: privateKeyOf(testAccount("gateway")),
      GRID_GATEWAY_SIGNER: privateKeyToAccount(keys.gateway).address,
      GRID_GATEWAY_TREASURER: privateKeyToAccount(keys.treasurer).address,
      GRID_TREASURY_POLL_MS: "500",
    }),
    isReady: readyLine,
    patience: 120_000,
  };
}

/** Returns worker number `n`, from 1. */
export function workerProcess(context: ServiceContext, n: 1 | 2, models: readonly SeededModel[]): ProcessSpec {
  const { cloudPort, state, keys } = context;
  return {
    name: `worker-${n}`,
    ...program("worker/src/main.ts"),
    environment: environmentOf(context, `worker-${n}`, {
      GRID_CLOUD_URL: `http://127.0.0.1:${cloudPort}`,
      GRID_WORKER_ACCOUNT: testAccount(n === 1 ? "worker1" : "worker2").address,
      GRID_WORKER_SIGNER_KEY: n === 1 ? keys.worker1 : keys.worker2,
      GRID_WORKER_MODELS: models.map(({ modelId, folder }) => `${modelId}=${folder}`).join(","),
      GRID_WORKER_STATE: state.worker(n),
      GRID_WORKER_RATE: `${WORKER_RATE}`,
    }),
    isReady: readyLine,
    patience: 600_000, // real weights are gigabytes
    grace: 30_000, // it finishes its picture
  };
}

/** Returns the command of a TypeScript program of this project, run from its sources. */
export function program(path: string): Pick<ProcessSpec, "command" | "args" | "cwd"> {
  return { command: process.execPath, args: programArguments(path), cwd: projectRoot };
}

function environmentOf(context: ServiceContext, name: string, more: Record<string, string>): NodeJS.ProcessEnv {
  // The caller's own settings for another grid must not leak into this one.
  const inherited = Object.entries(process.env).filter(([variable]) => !/^(GRID_|DATABASE_|PONDER_)/.test(variable));
  return {
    ...Object.fromEntries(inherited),
    GRID_RPC_URL: context.rpcUrl,
    GRID_DEPLOYMENT: context.state.deployment,
    ...more,
    ...context.environment[name],
  };
}

function privateKeyOf(account: ReturnType<typeof testAccount>): string {
  const key = account.getHdKey().privateKey;
  if (!key) throw new Error("The mnemonic's account has no key.");
  return `0x${Buffer.from(key).toString("hex")}`;
}

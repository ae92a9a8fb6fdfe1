// State folder of a local grid.
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type FolderLock, FolderLockError, type FolderLockTerms, lockFolder } from "@gridnft/sdk/node";
import type { Hex } from "viem";
import { generatePrivateKey } from "viem/accounts";
import { z } from "zod";
import { projectRoot } from "../../tools/check.ts";
import type { ListedAccount } from "./accounts.ts";
import { LocalError } from "./errors.ts";
import { removePostgres } from "./postgres.ts";
import type { HotKeys } from "./seed.ts";

/** Paths inside the state folder. */
export interface StateDir {
  readonly folder: string;
  readonly chain: string;
  readonly postgres: string;
  readonly blocks: string;
  readonly models: string;
  readonly logs: string;
  readonly deployment: string;
  readonly gridFile: string;
  /** Returns the state folder of worker number `n`, from 1. */
  worker(n: number): string;
}

/** Returns the state folder of the flag, else of `GRID_HOME`, else of the checkout. */
export function stateDirAt(folder = process.env.GRID_HOME || join(projectRoot, ".grid")): StateDir {
  const root = resolve(folder);
  return {
    folder: root,
    chain: join(root, "chain"),
    postgres: join(root, "postgres"),
    blocks: join(root, "blocks"),
    models: join(root, "models"),
    logs: join(root, "logs"),
    deployment: join(root, "deployment.json"),
    gridFile: join(root, "grid.json"),
    worker: (n) => join(root, `worker-${n}`),
  };
}

/** File that marks a state folder. Nothing is ever deleted in a folder that does not have it. */
const MARKER = "gridnft-state";

/**
 * Makes the state folder, or takes the one that was made before.
 * @throws {@link LocalError} when it has other things in it.
 */
export function claimStateDir(state: StateDir): void {
  mkdirSync(state.folder, { recursive: true });
  const entries = readdirSync(state.folder);
  if (entries.includes(MARKER)) return;
  // Model folders may have been made, or put there, before the first start.
  const foreign = entries.filter((name) => name !== "models");
  if (foreign.length > 0) {
    throw new LocalError(
      "ARGUMENT",
      `${state.folder} has other things in it (${foreign.slice(0, 3).join(", ")}): --home wants a new folder, or one of its own.`,
    );
  }
  writeFileSync(join(state.folder, MARKER), "State of npm start, see docs/deploy.md.\n");
}

/**
 * Makes this process the only one at work in a state folder.
 * @throws {@link LocalError} `ALREADY_RUNNING`.
 */
export async function lockStateDir(
  { folder }: StateDir,
  terms: Pick<FolderLockTerms, "signal" | "onWait"> = {},
): Promise<FolderLock> {
  try {
    return await lockFolder(folder, { ...terms, program: "grid", noun: "state folder" });
  } catch (cause) {
    if (!(cause instanceof FolderLockError) || cause.code !== "LOCKED") throw cause;
    const fault =
      cause.pid === undefined
        ? `${cause.message} If no grid runs there, remove that file.`
        : `A grid runs in ${folder} already (process ${cause.pid}). Stop it there, or choose another folder with --home.`;
    throw new LocalError("ALREADY_RUNNING", fault, { cause });
  }
}

/** Returns true if there is a chain with the protocol on it to go on with. */
export function hasChain(state: StateDir): boolean {
  return existsSync(join(state.chain, "journal.jsonl")) && existsSync(state.deployment);
}

/** Removes everything that belongs to a chain. Model folders stay: some are the operator's. */
export function clearStateDir(state: StateDir): void {
  removePostgres(state.postgres);
  const belongings = [
    state.chain,
    state.blocks,
    state.logs,
    state.deployment,
    state.gridFile,
    join(state.folder, "keys.json"),
  ];
  for (const path of [...belongings, state.worker(1), state.worker(2)]) rmSync(path, { recursive: true, force: true });
}

const key = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/)
  .transform((text) => text as Hex);
const secrets = z.strictObject({
  worker1: key,
  worker2: key,
  gateway: key,
  treasurer: key,
  postgres: z.string().min(16),
});

/** Reads the hot keys and the database's password. They are random, made once, and readable by their owner only. */
export function readSecrets(state: StateDir): HotKeys & { postgres: string } {
  const path = join(state.folder, "keys.json");
  const known: unknown = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
  const complete = secrets.safeParse(known);
  if (complete.success) return complete.data;
  // A folder of an earlier version lacks some; what it has stays.
  const made = secrets.parse({
    worker1: generatePrivateKey(),
    worker2: generatePrivateKey(),
    gateway: generatePrivateKey(),
    treasurer: generatePrivateKey(),
    postgres: randomBytes(18).toString("hex"),
    ...(known as object),
  });
  writePrivately(path, made);
  return made;
}

/** Contents of `grid.json`: where the running grid is. The CLI reads it. */
export interface GridFile {
  version: 1;
  chain_id: number;
  rpc_url: string;
  cloud_url: string;
  indexer_url: string;
  graphql_url: string;
  /** Missing where no gallery runs. */
  gallery_url?: string | undefined;
  deployment: string;
  models_folder: string;
  accounts: ListedAccount[];
}

/** Reads the ports of the last run from its `grid.json`. */
export function lastPorts(state: StateDir): {
  rpc?: number | undefined;
  cloud?: number | undefined;
  indexer?: number | undefined;
  gallery?: number | undefined;
} {
  try {
    const last = JSON.parse(readFileSync(state.gridFile, "utf8")) as Partial<GridFile>;
    const port = (url: string | undefined): number | undefined => (url ? Number(new URL(url).port) : undefined);
    return {
      ...{ rpc: port(last.rpc_url), cloud: port(last.cloud_url), indexer: port(last.indexer_url) },
      gallery: port(last.gallery_url),
    };
  } catch {
    return {};
  }
}

/** Writes a JSON file that only its owner may read. A reader sees the old one or the new one. */
export function writePrivately(path: string, json: object): void {
  mkdirSync(join(path, ".."), { recursive: true });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(json, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, path);
}

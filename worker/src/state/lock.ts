import { randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { WorkerError } from "../errors.ts";

/** A folder that nobody else works in. */
export interface FolderLock {
  release(): void;
}

/**
 * Takes a state folder for this process, making it if need be (mode 0700). Two processes on one folder would keep two journals
 * of what was signed; a second signature for one image costs the bond.
 *
 * A lock whose process has died is taken over. Whether a pid is still the same process is told by its start time where the
 * system says it (/proc); a lock made on another machine is never taken over.
 *
 * @throws {@link WorkerError} `STATE_LOCKED`, `STATE_UNWRITABLE`.
 */
export function lockFolder(folder: string): FolderLock {
  const path = join(folder, "lock");
  const mine = JSON.stringify({
    pid: process.pid,
    started: startTime(process.pid),
    host: hostname(),
    id: randomUUID(),
  });
  const draft = `${path}.${process.pid}.${randomUUID().slice(0, 8)}`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(draft, mine, { mode: 0o600 });
  } catch (cause) {
    throw new WorkerError("STATE_UNWRITABLE", `The state folder ${folder} cannot be written.`, { cause });
  }
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      // A hard link appears whole or not at all, and never replaces.
      if (link(draft, path)) return { release: () => readText(path) === mine && rmSync(path, { force: true }) };
      const theirs = readText(path);
      if (theirs === undefined) continue;
      if (isAlive(theirs)) {
        throw new WorkerError("STATE_LOCKED", `Another worker (${holderOf(theirs)}) uses the state folder ${folder}.`);
      }
      const moved = `${draft}.old`;
      try {
        renameSync(path, moved);
      } catch {
        continue;
      }
      // Somebody quicker may have put a live lock in its place meanwhile: that one goes back.
      if (readText(moved) !== theirs) link(moved, path);
      rmSync(moved, { force: true });
    }
  } finally {
    rmSync(draft, { force: true });
  }
  throw new WorkerError("STATE_LOCKED", `Other workers compete for the state folder ${folder}.`);
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw new WorkerError("STATE_UNWRITABLE", `The lock ${to} cannot be made.`, { cause: error });
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

interface Holder {
  readonly pid: number;
  readonly started: string | null;
  readonly host: string;
}

function parse(text: string): Holder | undefined {
  try {
    const { pid, started, host } = JSON.parse(text) as Partial<Holder>;
    if (typeof pid === "number" && typeof host === "string") return { pid, started: started ?? null, host };
  } catch {
    // Not ours; treated as held, below.
  }
  return undefined;
}

function isAlive(text: string): boolean {
  const holder = parse(text);
  if (holder === undefined || holder.host !== hostname()) return true;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return holder.started === null || startTime(holder.pid) === holder.started;
}

function holderOf(text: string): string {
  const holder = parse(text);
  return holder ? `process ${holder.pid} on ${holder.host}` : "its lock file is not readable";
}

/** Start of a process in clock ticks since boot, with the boot's id; null where there is no /proc. */
function startTime(pid: number): string | null {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === undefined) return null;
  const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  return `${readText("/proc/sys/kernel/random/boot_id")?.trim() ?? ""}:${ticks}`;
}

import { randomUUID } from "node:crypto";
import {
  linkSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { trySleep } from "../lib/sleep.js";

/** Lock of a folder. */
export interface FolderLock {
  /**
   * Insists that the lock is still this process': one that was stopped for long may have lost it.
   * @throws {@link FolderLockError} `UNWRITABLE`.
   */
  require(): void;
  release(): void;
}

/** Reason for which a folder is not locked: another process has it, it cannot be written, or the signal ended the waiting. */
export type FolderLockErrorCode = "LOCKED" | "UNWRITABLE" | "STOPPED";

/** A folder could not be locked, or its lock is lost. The message is a sentence for the operator. */
export class FolderLockError extends Error {
  override readonly name = "FolderLockError";
  /** Process that has the lock, if that is known. */
  readonly pid: number | undefined;

  constructor(
    readonly code: FolderLockErrorCode,
    message: string,
    options?: ErrorOptions & { readonly pid?: number | undefined },
  ) {
    super(message, options);
    this.pid = options?.pid;
  }
}

/** Names for messages, and the time for which a lock is watched before it counts as left behind. */
export interface FolderLockTerms {
  /** Noun for the program, e.g. "worker". */
  readonly program: string;
  /** Noun for the folder, e.g. "state folder". */
  readonly noun: string;
  /** Milliseconds between two signs of life of whoever holds the lock. */
  readonly beat?: number;
  /** Milliseconds without a sign of life after which a lock is taken over. */
  readonly stale?: number;
  /** Ends the watching. */
  readonly signal?: AbortSignal;
  /** Called when a lock is watched, with a sentence for the operator. */
  readonly onWait?: (sentence: string) => void;
}

/**
 * Locks a folder for this process, making it if need be (mode 0700).
 *
 * The holder of the lock touches its file every few seconds. A lock whose process is known to have died, because the system still counts
 * processes as it did then, is taken over at once. Any other one, of another host name, container or boot, is watched for half a minute: one
 * that is touched is held, one that is not was left behind. Clocks of different machines are not compared.
 *
 * @throws {@link FolderLockError}
 */
export async function lockFolder(
  folder: string,
  { program, noun, beat = 3_000, stale = 30_000, signal, onWait = () => {} }: FolderLockTerms,
): Promise<FolderLock> {
  const path = join(folder, "lock");
  const holder: Holder = {
    pid: process.pid,
    started: startTime(process.pid),
    host: hostname(),
    space: processSpace(),
    beats: true,
  };
  const mine = JSON.stringify({ ...holder, id: randomUUID() });
  const draft = `${path}.${randomUUID()}`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(draft, mine, { mode: 0o600, flush: true });
  } catch (cause) {
    throw new FolderLockError("UNWRITABLE", `The ${noun} ${folder} cannot be written.`, { cause });
  }
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      // A hard link appears whole or not at all, and never replaces.
      if (link(draft, path)) return held(path, mine, beat);
      const theirs = readText(path);
      if (theirs === undefined) continue;
      if (!(await isLeft(path, theirs, { program, noun, beat, stale, signal, onWait }))) continue;
      if (readText(path) !== theirs) continue;
      const moved = `${draft}.old`;
      try {
        renameSync(path, moved);
      } catch {
        continue;
      }
      // Another process may have put a live lock in its place meanwhile: that lock goes back.
      if (readText(moved) !== theirs) link(moved, path);
      rmSync(moved, { force: true });
    }
  } finally {
    rmSync(draft, { force: true });
  }
  throw new FolderLockError("LOCKED", `Other ${program}s compete for the ${noun} ${folder}.`);
}

/** Returns the lock, and touches its file at intervals. */
function held(path: string, mine: string, beat: number): FolderLock {
  let isLost = false;
  const timer = setInterval(() => {
    if (readText(path) !== mine) {
      isLost = true;
      clearInterval(timer);
      return;
    }
    try {
      const now = new Date();
      utimesSync(path, now, now);
    } catch {
      // The disk does not do it now; whoever takes the folder over is noticed before the next line is written.
    }
  }, beat);
  timer.unref();
  return {
    require: () => {
      isLost ||= readText(path) !== mine;
      if (!isLost) return;
      throw new FolderLockError(
        "UNWRITABLE",
        `The lock ${path} is not this process' any more: it was stopped for long, and another one took the folder.`,
      );
    },
    release: () => {
      clearInterval(timer);
      if (readText(path) === mine) rmSync(path, { force: true });
    },
  };
}

/**
 * Returns true if a lock was left by a process that has ended; false if it changed hands meanwhile.
 * @throws {@link FolderLockError} `LOCKED` for one that is held, `STOPPED`.
 */
async function isLeft(
  path: string,
  text: string,
  {
    program,
    noun,
    beat,
    stale,
    signal,
    onWait,
  }: Required<Omit<FolderLockTerms, "signal">> & {
    readonly signal: AbortSignal | undefined;
  },
): Promise<boolean> {
  const holder = parse(text);
  // A lock is empty where the power was cut before its bytes were on the disk.
  const isEmpty = /^\0*$/.test(text);
  const name = holder ? `process ${holder.pid} on ${holder.host}` : "a process that left an empty lock";
  const refuse = (): never => {
    const who = holder || isEmpty ? name : "its lock file is not readable";
    throw new FolderLockError("LOCKED", `Another ${program} (${who}) uses the ${noun}: ${path}.`, { pid: holder?.pid });
  };
  if (holder === undefined && !isEmpty) return refuse();
  const fate = holder ? fateOf(holder) : "unknown";
  if (fate === "gone") return true;
  // Programs of before give no signs of life.
  if (fate === "alive" || holder?.beats === false) return refuse();
  const before = touchedAt(path);
  onWait(`the ${noun} was used by ${name}: waiting ${stale / 1_000} s for a sign of its life`);
  for (const end = performance.now() + stale; performance.now() < end; ) {
    if (!(await trySleep(Math.min(beat / 2, stale), signal))) {
      throw new FolderLockError("STOPPED", `The ${program} was stopped.`);
    }
    if (readText(path) !== text) return false;
    if (touchedAt(path) !== before) refuse();
  }
  return true;
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw new FolderLockError("UNWRITABLE", `The lock ${to} cannot be made.`, { cause: error });
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function touchedAt(path: string): bigint | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.mtimeNs;
}

interface Holder {
  readonly pid: number;
  /** Boot's id and start of the process; null where the system does not say. */
  readonly started: string | null;
  readonly host: string;
  /** Namespace of its process ids; null where there is none. */
  readonly space: string | null;
  /** Its lock is touched while it lives. */
  readonly beats: boolean;
}

function parse(text: string): Holder | undefined {
  try {
    const { pid, started, host, space, beats } = JSON.parse(text) as Partial<Holder>;
    if (typeof pid !== "number" || typeof host !== "string") return undefined;
    return { pid, started: started ?? null, host, space: space ?? null, beats: beats === true };
  } catch {
    // Not ours; treated as held.
    return undefined;
  }
}

/** Returns the fate of a process; "unknown" for one of another system, boot or process namespace. */
function fateOf({ pid, started, host, space, beats }: Holder): "gone" | "alive" | "unknown" {
  if (host !== hostname()) return "unknown";
  // Container platforms give one name to several machines' containers. Locks of before do not say more than the name.
  if (beats && (space !== processSpace() || bootOf(started) !== bootOf(startTime(process.pid)))) return "unknown";
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return "gone";
  }
  if (started === null) return beats ? "unknown" : "alive";
  return startTime(pid) === started ? "alive" : "gone";
}

function processSpace(): string | null {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return null;
  }
}

function bootOf(started: string | null): string | null {
  return started?.split(":")[0] ?? null;
}

/** Start of a process in clock ticks since boot, with the boot's id; null where there is no /proc. */
function startTime(pid: number): string | null {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === undefined) return null;
  const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  return `${readText("/proc/sys/kernel/random/boot_id")?.trim() ?? ""}:${ticks}`;
}

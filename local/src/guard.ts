// Guards: a small shell beside each program ends it when its standard input closes, as it does when the supervisor is gone.
import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from "node:child_process";
import { closeSync, constants, existsSync, openSync } from "node:fs";
import { join } from "node:path";
import { sleep } from "@gridnft/sdk/node";

/** Most milliseconds between signal and force. */
const MAX_GRACE = 8_000;

/** Guard of a program, and the program's place. */
export interface GuardOptions extends Pick<SpawnOptions, "cwd" | "env" | "uid" | "gid"> {
  /** Name that `ps` shows for the guard. */
  readonly name: string;
  /** Signal that stops the program in good order. */
  readonly signal?: "SIGINT" | "SIGTERM";
  /** Milliseconds between the guard's signal and force; 8 s at most. */
  readonly grace?: number;
  /** Descriptor of the log. */
  readonly output?: number;
  /** Folder where `guardsGone` waits for the guard. */
  readonly folder?: string;
}

/**
 * Script of a shell that becomes the program: process id, signals and exit code are the program's own. The guard stays in the program's
 * process group as a child of nobody. While it lives no other process can get the number `$$`, which is the group's as well.
 */
const script = `exec 4<&0 </dev/null
( (
  trap "" HUP INT TERM
  read -r line <&4
  kill "-$1" $$ || exit
  tenths=$2
  while kill -0 $$; do
    [ $tenths -gt 0 ] || kill -KILL 0
    tenths=$((tenths - 1))
    sleep 0.1
  done
) >/dev/null 2>&1 & )
shift 2
exec "$@" 3<&- 4<&-`;

/** Starts a program in a process group of its own, which Ctrl-C does not reach. */
export function spawnGuarded(command: string, args: readonly string[], options: GuardOptions): ChildProcess {
  const { name, signal = "SIGTERM", grace = MAX_GRACE, output = "ignore", folder, ...place } = options;
  const mark = folder === undefined ? "ignore" : openSync(markOf(folder), constants.O_RDONLY | constants.O_NONBLOCK);
  const settings = [name, signal.slice("SIG".length), `${Math.ceil(Math.min(grace, MAX_GRACE) / 100)}`];
  const line = ["-c", script, ...settings, command, ...args];
  const child = spawn("/bin/sh", line, { ...place, detached: true, stdio: ["pipe", output, output, mark] });
  if (mark !== "ignore") closeSync(mark);
  return child;
}

/** Waits until no guard of the folder is left, and so no program: a killed supervisor's are still ending theirs. */
export async function guardsGone(folder: string): Promise<void> {
  while (hasReader(markOf(folder))) await sleep(50);
}

/** Returns the path of a named pipe that guards have open: the system knows whether there are any. */
function markOf(folder: string): string {
  const path = join(folder, "guards");
  if (!existsSync(path)) execFileSync("mkfifo", ["-m", "600", path]);
  return path;
}

function hasReader(pipe: string): boolean {
  try {
    closeSync(openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENXIO") return false;
    throw error;
  }
}

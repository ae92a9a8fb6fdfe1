// Record on disk of the processes that run, so that the watchdog, or a later start, can end what a dead supervisor left behind.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const record = z.strictObject({
  name: z.string(),
  pid: z.int(),
  /** Start time, as the system tells it: a pid alone may be another process by now. */
  began: z.string(),
  /** Signal that stops it in good order. */
  signal: z.enum(["SIGINT", "SIGTERM"]),
});
export type ProcessRecord = z.infer<typeof record>;

/** Returns the start time of the process with that pid, undefined when there is none. Tells two processes with one pid apart. */
export function beganAt(pid: number): string | undefined {
  if (existsSync("/proc/self/stat")) {
    try {
      // The name, in brackets, may have blanks: count from behind it. Field 3 is the state, field 22 the start.
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\)/s, "").trim().split(" ");
      return fields[0] === "Z" || fields[0] === "X" ? undefined : `${bootOf()}/${fields[19]}`;
    } catch {
      return undefined;
    }
  }
  try {
    return execFileSync("ps", ["-o", "lstart=", "-p", `${pid}`], { encoding: "utf8" }).trim() || undefined;
  } catch {
    return undefined;
  }
}

/** Returns the boot's id, from which start times count. Its time moves a little when the clock is set. */
function bootOf(): string {
  const id = "/proc/sys/kernel/random/boot_id";
  if (existsSync(id)) return readFileSync(id, "utf8").trim();
  return /^btime (\d+)/m.exec(readFileSync("/proc/stat", "utf8"))?.[1] ?? "";
}

/** Returns true if it is still that very process. */
export function isAlive({ pid, began }: Pick<ProcessRecord, "pid" | "began">): boolean {
  return beganAt(pid) === began;
}

const file = (folder: string): string => join(folder, "processes.json");

/** Reads the recorded processes, in starting order. */
export function readProcesses(folder: string): ProcessRecord[] {
  try {
    return z.array(record).parse(JSON.parse(readFileSync(file(folder), "utf8")));
  } catch {
    return [];
  }
}

/** Replaces the record. */
export function writeProcesses(folder: string, records: readonly ProcessRecord[]): void {
  const next = `${file(folder)}.${process.pid}`;
  writeFileSync(next, `${JSON.stringify(records)}\n`, { mode: 0o600 });
  renameSync(next, file(folder));
}

/** Ends what is on record and still alive, latest first; by force what does not end in `grace` milliseconds. Returns the names. */
export async function endRecorded(folder: string, grace = 8_000): Promise<string[]> {
  const alive = readProcesses(folder).filter(isAlive).reverse();
  for (const { pid, signal } of alive) send(pid, signal);
  const deadline = Date.now() + grace;
  while (alive.some(isAlive) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
  for (const left of alive.filter(isAlive)) send(left.pid, "SIGKILL");
  while (alive.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 20));
  writeProcesses(folder, []);
  return alive.map(({ name }) => name);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

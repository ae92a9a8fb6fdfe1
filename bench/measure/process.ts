// Processes as Linux counts them: other programs share the machine, so CPU time tells more than the clock.
import { existsSync, readdirSync, readFileSync } from "node:fs";

/** Clock ticks per second of /proc/<pid>/stat: 100 on every Linux that Node runs on. */
const TICKS = 100;

/** Most memory that a process has had, MB (VmHWM). Undefined where there is no /proc, or no such process. */
export function peakMemory(pid: number): number | undefined {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return undefined;
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(path, "utf8")) ?? [];
  return kilobytes === undefined ? undefined : Math.round(Number(kilobytes) / 1_024);
}

/** CPU seconds that a process and those of its children that it has waited for have used. 0 when it is gone. */
export function cpuSeconds(pid: number): number {
  const fields = statOf(pid);
  if (!fields) return 0;
  const [user, system, childrensUser, childrensSystem] = fields.slice(11, 15).map(Number);
  return ((user ?? 0) + (system ?? 0) + (childrensUser ?? 0) + (childrensSystem ?? 0)) / TICKS;
}

/** CPU seconds of a process and all its living descendants, e.g. a Postgres with its sessions. */
export function cpuSecondsOfTree(pid: number): number {
  return [pid, ...descendantsOf(pid)].reduce((sum, each) => sum + cpuSeconds(each), 0);
}

function descendantsOf(pid: number): number[] {
  if (!existsSync("/proc")) return [];
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const parent = Number(statOf(Number(name))?.[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found: number[] = [];
  const open = [pid];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const own = children.get(next) ?? [];
    found.push(...own);
    open.push(...own);
  }
  return found;
}

/** Fields of /proc/<pid>/stat from the third on: the name before them may hold anything. */
function statOf(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined; // ended meanwhile
  }
}

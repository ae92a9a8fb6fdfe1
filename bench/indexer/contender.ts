// Contender of the indexing bench: how it is run, and what is measured of it.
import { join } from "node:path";
import type { Processes } from "../../local/src/processes.ts";
import { projectRoot } from "../../tools/check.ts";
import type { BenchPostgres } from "../measure/postgres.ts";
import { cpuSeconds, cpuSecondsOfTree, peakMemory } from "../measure/process.ts";

/** What every contender is given. */
export interface Arena {
  readonly processes: Processes;
  readonly postgres: BenchPostgres;
  readonly rpcUrl: string;
  /** Events of the chain, and the last block that has some. */
  readonly events: number;
  readonly lastBlock: number;
  /** A folder for files. */
  readonly home: string;
}

/** One run of one contender. */
export interface IndexingRun {
  /** Milliseconds since 1970 when indexing began. */
  readonly began: number;
  /** Seconds from the start of the process to the start of indexing. */
  readonly boot: number;
  /** Seconds from the start of indexing to the last event's row. */
  readonly seconds: number;
  readonly eventsPerSecond: number;
  /** MB. */
  readonly peakMemory: number | undefined;
  /** Seconds of the indexer's process and of Postgres from start to end, boot included. */
  readonly cpu: { readonly indexer: number; readonly postgres: number };
}

/** A contender's process, started but perhaps not done. */
export interface Started {
  readonly pid: number;
  /** Milliseconds since 1970 when indexing began and ended. */
  readonly began: number;
  readonly ended: number;
  stop(): Promise<void>;
}

/** Measures one run, and ends it. `run` resolves when the last event is indexed, with the process still there. */
export async function measure(arena: Arena, run: () => Promise<Started>): Promise<IndexingRun> {
  const before = cpuSecondsOfTree(arena.postgres.pid);
  const started = Date.now();
  const { pid, began, ended, stop } = await run();
  const seconds = (ended - began) / 1_000;
  const result = {
    began,
    boot: round((began - started) / 1_000, 2),
    seconds: round(seconds, 2),
    eventsPerSecond: Math.round(arena.events / seconds),
    peakMemory: peakMemory(pid),
    cpu: {
      indexer: round(cpuSeconds(pid), 1),
      postgres: round(cpuSecondsOfTree(arena.postgres.pid) - before, 1),
    },
  };
  await stop();
  return result;
}

/** The endpoint under several names: Ponder limits the requests to each. */
export function aliases(rpcUrl: string, count: number): string {
  return Array.from({ length: count }, (_, i) => `${rpcUrl}/?k=${i}`).join(",");
}

/** Time (ms since 1970) of a line of Ponder's log. */
export function timeOf(log: string, message: string): number {
  for (const line of log.split("\n")) {
    if (!line.includes(`"msg":"${message}"`)) continue;
    return (JSON.parse(line) as { time: number }).time;
  }
  throw new Error(`Ponder's log lacks "${message}".`);
}

/** Path of Ponder's program. */
export const ponderProgram = join(projectRoot, "node_modules/ponder/dist/esm/bin/ponder.js");

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

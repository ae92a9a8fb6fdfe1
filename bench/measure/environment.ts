import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createProcesses, type Processes } from "../../local/src/processes.ts";
import { type BenchPostgres, removeBenchPostgres, startBenchPostgres } from "./postgres.ts";

/** Folder, processes and database server of a bench. Nothing of it is left afterwards. */
export interface BenchEnvironment {
  readonly home: string;
  readonly processes: Processes;
  readonly postgres: BenchPostgres;
}

/** Lends folder, processes and database server to a bench, and clears them away whatever happens. */
export async function withBenchEnvironment(work: (environment: BenchEnvironment) => Promise<void>): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "gridnft-bench-"));
  let isOver = false;
  const processes = createProcesses(home, (name, how, log) => {
    if (!isOver) console.error(`The ${name} ended by itself (${how}): see ${log}`);
  });
  try {
    const postgres = await startBenchPostgres(home, processes);
    await work({ home, processes, postgres });
    await postgres.stop();
  } finally {
    isOver = true;
    await processes.close([]);
    removeBenchPostgres(home);
    rmSync(home, { recursive: true, force: true });
  }
}

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createProcesses, type Processes } from "../../local/src/processes.ts";
import { type BenchPostgres, removeBenchPostgres, startBenchPostgres } from "./postgres.ts";

/** Where a bench works: a folder, processes, a database server. Nothing of it is left afterwards. */
export interface Workshop {
  readonly home: string;
  readonly processes: Processes;
  readonly postgres: BenchPostgres;
}

/** Lends a workshop, and clears it away whatever happens. */
export async function withWorkshop(work: (workshop: Workshop) => Promise<void>): Promise<void> {
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

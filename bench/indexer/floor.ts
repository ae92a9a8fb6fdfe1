import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../tools/check.ts";
import { execute } from "../measure/postgres.ts";
import { type Arena, type IndexingRun, measure } from "./contender.ts";
import { peerTables } from "./peerTables.ts";

/** Runs the hand-written loop. */
export async function runFloor(arena: Arena, name: string): Promise<IndexingRun> {
  const database = await arena.postgres.database("bench_floor");
  await execute(database, peerTables);
  return measure(arena, async () => {
    const running = await arena.processes.start({
      name,
      command: process.execPath,
      args: [
        "--import",
        "tsx",
        join(projectRoot, "bench/indexer/handwritten.ts"),
        arena.rpcUrl,
        database,
        `${arena.lastBlock}`,
      ],
      cwd: projectRoot,
      environment: process.env,
      isReady: (printed) => (printed.includes('"ready":true') ? true : undefined),
      patience: 10 * 60_000,
    });
    const line =
      readFileSync(running.log, "utf8")
        .split("\n")
        .find((each) => each.includes('"ready":true')) ?? "";
    const { began, ended } = JSON.parse(line) as { began: number; ended: number };
    return { pid: running.pid, began, ended, stop: running.stop };
  });
}

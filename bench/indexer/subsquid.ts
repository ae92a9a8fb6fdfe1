import { join } from "node:path";
import { sleep } from "../../sdk/src/node/index.ts";
import { projectRoot } from "../../tools/check.ts";
import { execute, withClient } from "../measure/postgres.ts";
import { type Arena, type IndexingRun, measure } from "./contender.ts";
import { peerIndexes, peerTables } from "./peerTables.ts";

/** Runs Subsquid until its rows reach the last block, then stops it. */
export async function runSubsquid(arena: Arena, name: string): Promise<IndexingRun> {
  const database = await arena.postgres.database("bench_subsquid");
  await execute(database, [...peerTables, ...peerIndexes]); // as its migrations do
  await fetch(arena.rpcUrl, { method: "DELETE" });
  const program = join(projectRoot, "bench/peers/subsquid/main.mjs");
  return measure(arena, async () => {
    const running = await arena.processes.start({
      name,
      command: process.execPath,
      args: ["--import", "tsx", program, arena.rpcUrl],
      cwd: projectRoot,
      environment: {
        ...process.env,
        NODE_ENV: "production",
        TSX_TSCONFIG_PATH: join(projectRoot, "tsconfig.json"),
        DB_URL: database,
      },
      isReady: () => true,
    });
    let how: string | undefined;
    void running.ended.then((end) => {
      how = end;
    });
    await withClient(database, async (client) => {
      for (;;) {
        if (how !== undefined) throw new Error(`Subsquid ended (${how}): see ${running.log}.`);
        const height = await client
          .query<{ height: number }>("select height from squid_processor.status")
          .then(({ rows }) => rows[0]?.height ?? -1)
          .catch(() => -1); // it makes the table itself
        if (height >= arena.lastBlock) return;
        await sleep(10);
      }
    });
    const ended = Date.now();
    const { firstLogs } = (await (await fetch(arena.rpcUrl)).json()) as { firstLogs: number };
    return { pid: running.pid, began: firstLogs, ended, stop: running.stop };
  });
}

// Ours and plain Ponder: both are measured by what Ponder writes into its log.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { anyPort } from "../../local/src/ports.ts";
import type { ProcessSpec } from "../../local/src/processes.ts";
import { projectRoot } from "../../tools/check.ts";
import { indexerEnvironment } from "../api/servers.ts";
import { execute, withClient } from "../measure/postgres.ts";
import { type Arena, aliases, type IndexingRun, measure, ponderProgram, timeOf } from "./contender.ts";

/** How one run is to be. */
export interface PonderRun {
  readonly name: string;
  readonly whose: "ours" | "plain";
  /** URLs of the same endpoint. */
  readonly urls: number;
  readonly database: string;
  /** Folder for a CPU profile. */
  readonly profile?: string;
}

const schema = "bench";

/** Runs until everything is indexed, then stops. Rows of a run before are dropped, answers of the endpoint are kept. */
export async function runPonder(arena: Arena, run: PonderRun): Promise<IndexingRun> {
  await execute(run.database, [`drop schema if exists ${schema} cascade`, "drop schema if exists gallery cascade"]);
  const port = await anyPort();
  const program = run.whose === "ours" ? ours(arena, run, port) : plain(arena, run, port);
  return measure(arena, async () => {
    const running = await arena.processes.start({
      name: run.name,
      command: process.execPath,
      cwd: projectRoot,
      isReady: (printed) => (printed.includes('"endpoint":"/ready"') ? true : undefined),
      patience: 20 * 60_000,
      signal: "SIGINT", // Ponder lets go of its lock
      ...program,
    });
    await requireAll(arena, run);
    const log = readFileSync(running.log, "utf8");
    return {
      pid: running.pid,
      began: timeOf(log, "Started backfill indexing"),
      ended: timeOf(log, "Completed backfill indexing across all chains"),
      stop: running.stop,
    };
  });
}

type Program = Pick<ProcessSpec, "args" | "environment">;

function ours({ rpcUrl, home }: Arena, { urls, database, profile }: PonderRun, port: number): Program {
  const profiling = profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profile}`];
  return {
    args: [...profiling, join(projectRoot, "indexer/main.mjs")],
    environment: indexerEnvironment({ home, rpcUrl: aliases(rpcUrl, urls), database, schema }, port),
  };
}

function plain({ rpcUrl }: Arena, { urls, database }: PonderRun, port: number): Program {
  const { PORT: _, ...environment } = process.env;
  const place = ["--hostname", "127.0.0.1", "--port", `${port}`, "--log-format", "json"];
  return {
    args: [ponderProgram, "start", "--root", join(projectRoot, "bench/plain"), ...place],
    environment: {
      ...environment,
      NODE_ENV: "production",
      PONDER_TELEMETRY_DISABLED: "1",
      PLAIN_RPC_URL: aliases(rpcUrl, urls),
      DATABASE_URL: database,
      DATABASE_SCHEMA: schema,
    },
  };
}

/** What is not there was not indexed, however fast. */
async function requireAll({ events }: Arena, { whose, database, name }: PonderRun): Promise<void> {
  await withClient(database, async (client) => {
    const { rows } = await client.query<{ artworks: number; transfers: number }>(
      `select (select count(*)::int from ${schema}.artwork) as artworks, (select count(*)::int from ${schema}.transfer) as transfers`,
    );
    const [counted] = rows;
    if (!counted || counted.artworks === 0 || counted.transfers < counted.artworks) {
      throw new Error(`${name} (${whose}) has not indexed the ${events} events: ${JSON.stringify(counted)}.`);
    }
  });
}

// The processes of the API bench.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { anyPort } from "../../local/src/ports.ts";
import type { Processes, ProcessSpec, RunningProcess } from "../../local/src/processes.ts";
import { projectRoot } from "../../tools/check.ts";
import { ponderProgram } from "../indexer/contender.ts";
import { deployment } from "../synthetic/deployment.ts";

/** A server that answers. */
export interface Server {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** What all of them need to know. */
export interface Place {
  readonly processes: Processes;
  readonly home: string;
  readonly rpcUrl: string;
  readonly database: string;
  /** Where the indexer's tables are. */
  readonly schema: string;
}

const ready = (printed: string): true | undefined => (printed.includes('"ready":true') ? true : undefined);

async function start(
  { processes }: Place,
  name: string,
  spec: (port: number) => Omit<ProcessSpec, "name" | "command" | "cwd">,
): Promise<Server> {
  const port = await anyPort();
  const running: RunningProcess = await processes.start({
    name,
    command: process.execPath,
    cwd: projectRoot,
    patience: 20 * 60_000,
    ...spec(port),
  });
  return { name, port, pid: running.pid, stop: running.stop };
}

/** Environment of the indexer on the synthetic chain. */
export function indexerEnvironment(
  { home, rpcUrl, database, schema }: Omit<Place, "processes">,
  port: number,
): NodeJS.ProcessEnv {
  const file = join(home, "deployment.json");
  writeFileSync(file, JSON.stringify(deployment));
  return {
    ...process.env,
    NODE_ENV: "production",
    GRID_RPC_URL: rpcUrl,
    GRID_DEPLOYMENT: file,
    GRID_INDEXER_PORT: `${port}`,
    DATABASE_URL: database,
    DATABASE_SCHEMA: schema,
  };
}

/** The indexer: it follows the chain, and answers as well. */
export function startIndexer(place: Place): Promise<Server> {
  return start(place, "indexer", (port) => ({
    args: [join(projectRoot, "indexer/main.mjs")],
    environment: indexerEnvironment(place, port),
    isReady: (printed) => (printed.includes('"endpoint":"/ready"') ? true : undefined),
    signal: "SIGINT",
  }));
}

/** A process of ours that only answers; with a CPU profile of its life in a folder, if one is given. */
export function startReader(place: Place, number: number, profile?: string): Promise<Server> {
  const profiling = profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profile}`];
  return start(place, `reader ${number}`, (port) => ({
    args: [...profiling, join(projectRoot, "indexer/main.mjs"), "serve"],
    environment: indexerEnvironment(place, port),
    isReady: () => answers(port, "{ block { number } }"),
    signal: "SIGINT",
  }));
}

/** Ponder's own GraphQL, in a process of its own. */
export function startGenerated(place: Place): Promise<Server> {
  const root = join(projectRoot, "bench/generated");
  return start(place, "generated", (port) => ({
    args: [ponderProgram, "serve", "--root", root, "--hostname", "127.0.0.1", "--port", `${port}`],
    environment: { ...indexerEnvironment(place, port), PONDER_TELEMETRY_DISABLED: "1" },
    isReady: () => answers(port, "{ models(limit: 1) { items { modelId } } }"),
    signal: "SIGINT",
  }));
}

async function answers(port: number, query: string): Promise<true | undefined> {
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query }),
  }).catch(() => undefined);
  return response?.status === 200 ? true : undefined;
}

/** Hono and SQL by hand. */
export function startRaw(place: Place): Promise<Server> {
  return start(place, "raw", (port) => ({
    args: ["--import", "tsx", join(projectRoot, "bench/api/raw.ts"), place.database, place.schema, `${port}`],
    environment: { ...process.env, NODE_ENV: "production" },
    isReady: ready,
  }));
}

/** PostGraphile 4. */
export function startPostGraphile(place: Place): Promise<Server> {
  return start(place, "postgraphile", (port) => ({
    args: [join(projectRoot, "bench/peers/postgraphile/main.mjs"), place.database, place.schema, `${port}`],
    environment: { ...process.env, NODE_ENV: "production", GRAPHILE_ENV: "production" },
    isReady: ready,
  }));
}

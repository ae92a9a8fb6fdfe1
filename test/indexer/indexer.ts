import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { anyPort } from "../../local/src/ports.ts";
import { createProcesses, type RunningProcess } from "../../local/src/processes.ts";
import { sleep } from "../../sdk/src/node/index.ts";
import { projectRoot } from "../../tools/check.ts";
import type { LocalGrid } from "../e2e/chain.ts";
import type { TestPostgres } from "../utils/postgres.ts";

/** The indexer of a test: a process that can be started, stopped and killed. */
export interface TestIndexer {
  readonly url: string;
  readonly schema: string;
  /** Starts it; resolves when it has caught up, or when `until` is in its log. */
  start(until?: string): Promise<RunningProcess>;
  /** Resolves when it is at the chain's head. */
  caughtUp(): Promise<void>;
  /** A question of the gallery schema; throws if there are errors. */
  ask<Answer>(query: string, variables?: Record<string, unknown>): Promise<Answer>;
  /** Status and JSON of a GET. */
  get<Answer>(path: string): Promise<{ readonly status: number; readonly body: Answer }>;
  /** Runs `prune`; resolves to what it said. */
  prune(): Promise<unknown[]>;
  cleanUp(): void;
}

/** What `/v1/health` says. */
export interface TestHealth {
  readonly status: string;
  readonly reason: string | null;
  readonly indexed: { readonly block: number } | null;
  readonly lag_blocks: number | null;
  readonly canonical: boolean | null;
}

/** What can be otherwise than usual. */
export interface IndexerOptions {
  /** What to run; `start` unless said otherwise. */
  readonly command?: "start" | "serve" | "rebuild";
  readonly schema?: string;
  /** More variables. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Prepares an indexer for a chain and a database. */
export async function createIndexer(
  grid: LocalGrid,
  postgres: TestPostgres,
  { command = "start", schema = "grid_test", environment = {} }: IndexerOptions = {},
): Promise<TestIndexer> {
  const home = mkdtempSync(join(tmpdir(), "gridnft-indexer-"));
  const deployment = join(home, "deployment.json");
  writeFileSync(deployment, JSON.stringify(grid.deployment));
  const processes = createProcesses(home, (name, how, log) => {
    console.error(`${name} ended by itself (${how}):\n${readFileSync(log, "utf8").slice(-6_000)}`);
  });
  const port = await anyPort();
  const url = `http://127.0.0.1:${port}`;

  const get = async <Answer>(path: string) => {
    const response = await fetch(`${url}${path}`);
    return { status: response.status, body: (await response.json()) as Answer };
  };
  const program = join(projectRoot, "indexer/main.mjs");
  const variables = {
    ...process.env,
    // Ponder asks each URL but some times a second.
    GRID_RPC_URL: Array.from({ length: 12 }, (_, alias) => `${grid.rpcUrl}?k=${alias}`).join(","),
    GRID_DEPLOYMENT: deployment,
    GRID_INDEXER_PORT: `${port}`,
    GRID_POLL_MILLISECONDS: "100",
    DATABASE_URL: postgres.url,
    DATABASE_SCHEMA: schema,
    ...environment,
  };
  return {
    url,
    schema,
    get,
    start: (until = '"ready":true') =>
      processes.start({
        name: command,
        command: process.execPath,
        args: [program, command],
        cwd: projectRoot,
        environment: variables,
        isReady: (printed) => (printed.includes(until) ? true : undefined),
        patience: 180_000,
      }),
    caughtUp: async () => {
      const head = Number(await grid.party(0).wallet.getBlockNumber({ cacheTime: 0 }));
      for (;;) {
        const { body, status } = await get<TestHealth>("/v1/health");
        if (status === 200 && body.canonical && body.indexed && body.indexed.block >= head) return;
        await sleep(50);
      }
    },
    ask: async <Answer>(query: string, variables: Record<string, unknown> = {}) => {
      const response = await fetch(`${url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ query, variables }),
      });
      const { data, errors } = (await response.json()) as { data?: Answer; errors?: unknown };
      if (errors !== undefined || data === undefined) throw new Error(JSON.stringify(errors));
      return data;
    },
    prune: async () => {
      const { stdout } = await promisify(execFile)(process.execPath, [program, "prune"], { env: variables });
      return stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown);
    },
    cleanUp: () => rmSync(home, { recursive: true, force: true }),
  };
}

import { join } from "node:path";
import pg from "pg";
import { anyPort } from "../../local/src/ports.ts";
import { removePostgres, startPostgres } from "../../local/src/postgres.ts";
import type { Processes } from "../../local/src/processes.ts";

/** The database server of a bench: the one that npm installed, with settings as a small production machine has them. */
export interface BenchPostgres {
  readonly pid: number;
  /** Makes an empty database, in place of one of that name. Returns its URL. */
  database(name: string): Promise<string>;
  /** Ends it. */
  stop(): Promise<void>;
}

const settings = {
  shared_buffers: "'512MB'",
  jit: "off",
  synchronous_commit: "off",
  max_wal_size: "'4GB'",
  maintenance_work_mem: "'256MB'",
};

/** Starts an empty PostgreSQL in `home`. */
export async function startBenchPostgres(home: string, processes: Processes): Promise<BenchPostgres> {
  const options = { folder: join(home, "postgres"), port: await anyPort(), password: "bench", processes };
  const first = await startPostgres(options);
  await execute(
    first.url,
    Object.entries(settings).map(([name, value]) => `alter system set ${name} = ${value}`),
  );
  await first.process.stop();
  const { url, process } = await startPostgres(options);
  return {
    pid: process.pid,
    database: async (name) => {
      await execute(url, [`drop database if exists ${name} with (force)`, `create database ${name}`]);
      return Object.assign(new URL(url), { pathname: `/${name}` }).href;
    },
    stop: process.stop,
  };
}

/** Deletes its data. */
export function removeBenchPostgres(home: string): void {
  removePostgres(join(home, "postgres"));
}

/** Executes statements, one after the other. */
export async function execute(url: string, statements: readonly string[]): Promise<void> {
  await withClient(url, async (client) => {
    for (const statement of statements) await client.query(statement);
  });
}

/** Lends a connection. */
export async function withClient<Result>(url: string, use: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

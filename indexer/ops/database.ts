import pg from "pg";
import { IndexerEnvironmentError } from "./environment.ts";
import { messageOf } from "./log.ts";

/** Limits of a connection that looks after tables. */
export interface MaintenanceSettings {
  /** Name of the work, as Postgres shows it. */
  readonly work: string;
  /** Milliseconds that a statement may take. */
  readonly statementTimeout: number;
  /** Milliseconds to wait for a lock: others wait behind whoever waits for one. */
  readonly lockTimeout: number;
}

/** Runs work on tables over a connection of its own to the indexer's database, and closes it. */
export async function withMaintenanceClient<Result>(
  { work, statementTimeout, lockTimeout }: MaintenanceSettings,
  run: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = openClient({
    connectionString: process.env.DATABASE_URL,
    application_name: `gridnft-${work}`,
    statement_timeout: statementTimeout,
    lock_timeout: lockTimeout,
  });
  await client.connect();
  return run(client).finally(() => client.end());
}

/**
 * Does something with a connection of its own.
 * @throws {@link IndexerEnvironmentError} when there is no database.
 */
export async function withDatabase<Result>(url: string, use: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = openClient({
    connectionString: url,
    application_name: "gridnft-operate",
    connectionTimeoutMillis: 10_000,
  });
  await client.connect().catch((cause: unknown) => {
    // The URL may hold a password: name its place alone.
    const { host, pathname } = new URL(url);
    const message = `No database answers at ${host}${pathname} (DATABASE_URL): ${messageOf(cause)}`;
    throw new IndexerEnvironmentError("DATABASE_UNREACHABLE", message, { cause });
  });
  return use(client).finally(() => client.end());
}

/** A connection that is lost fails the statement that runs; without a listener it would end the process. */
function openClient(config: pg.ClientConfig): pg.Client {
  return new pg.Client(config).on("error", () => undefined);
}

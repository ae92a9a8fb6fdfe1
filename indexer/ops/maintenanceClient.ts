import pg from "pg";

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
  const client = new pg.Client({
    connectionString: process.env.DATABASE_URL,
    application_name: `gridnft-${work}`,
    statement_timeout: statementTimeout,
    lock_timeout: lockTimeout,
  });
  // A connection that is lost fails the statement that runs; without a listener it would end the process.
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await run(client);
  } finally {
    await client.end();
  }
}

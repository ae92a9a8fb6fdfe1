import { fileURLToPath } from "node:url";
import { backoff, errnoOf, retry, sleep } from "@gridnft/sdk/node";
import pg from "pg";
import Postgrator from "postgrator";

/** Milliseconds that a start waits for a server that is away. */
const AWAY_TIMEOUT = 60_000;
/** Milliseconds that a server has to answer to a new connection. */
const CONNECTION_TIMEOUT = 10_000;
/** Milliseconds that it has however short the wait is. */
const MIN_CONNECTION_TIMEOUT = 1_000;

/**
 * Migrates as `migrate`, once the server is there.
 * @param onWait Gets the error of the first attempt that found the server away.
 * @throws The last attempt's error, when the server is away for too long.
 */
export async function migrateWhenUp(
  databaseUrl: string,
  onWait: (error: unknown) => void,
  timeout = AWAY_TIMEOUT,
): Promise<number> {
  const end = Date.now() + timeout;
  return retry(
    () => migrate(databaseUrl, Math.max(MIN_CONNECTION_TIMEOUT, Math.min(CONNECTION_TIMEOUT, timeout))),
    async (error, attempt) => {
      if (!isAway(error) || Date.now() >= end) return false;
      if (attempt === 0) onWait(error);
      await sleep(Math.min(backoff(attempt, { first: 100, max: 2_000, jitter: 1 / 4 }), end - Date.now()));
      return true;
    },
  );
}

/** Returns true for an error of the network, a lost connection, or a server that starts or stops. */
function isAway(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return error.code?.startsWith("57P") ?? false;
  if (!(error instanceof Error)) return false;
  return (
    // ENOENT: a socket in a folder, which the server makes when it starts.
    /^E(CONN|AI_AGAIN|NOTFOUND|NOENT|TIMEDOUT|HOST|NET|PIPE)/.test(errnoOf(error) ?? "") ||
    /^Connection terminated|^timeout expired/.test(error.message)
  );
}

/**
 * Migrates the schema `cloud`, in one transaction with the row that records it. Processes that start together wait for each other.
 * @returns The schema's version.
 */
export async function migrate(databaseUrl: string, connectionTimeout = CONNECTION_TIMEOUT): Promise<number> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: "gridnft-cloud migrations",
    connectionTimeoutMillis: connectionTimeout,
  });
  // A connection that is lost fails the statement that runs; without a listener it would end the process.
  client.on("error", () => undefined);
  await client.connect();
  try {
    await client.query("SELECT pg_advisory_lock(hashtextextended('gridnft cloud migrations', 0))");
    await client.query("CREATE SCHEMA IF NOT EXISTS cloud");
    const postgrator = new Postgrator({
      driver: "pg",
      migrationPattern: fileURLToPath(new URL("migrations/*.sql", import.meta.url)),
      schemaTable: "cloud.schemaversion",
      execQuery: (sql) => client.query(sql),
    });
    await client.query("BEGIN");
    await postgrator.migrate();
    const version = await postgrator.getDatabaseVersion();
    await client.query("COMMIT");
    return version;
  } finally {
    await client.end();
  }
}

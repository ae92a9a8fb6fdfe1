import pg from "pg";
import { IndexerEnvironmentError } from "./environment.ts";

/**
 * Does something with a connection of its own.
 * @throws {@link IndexerEnvironmentError} when there is no database.
 */
export async function withDatabase<Result>(url: string, use: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({
    connectionString: url,
    application_name: "gridnft-operate",
    connectionTimeoutMillis: 10_000,
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (cause) {
    // The URL may hold a password: name its place alone.
    const { host, pathname } = new URL(url);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new IndexerEnvironmentError(
      "DATABASE_UNREACHABLE",
      `No database answers at ${host}${pathname} (DATABASE_URL): ${reason}`,
      { cause },
    );
  }
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

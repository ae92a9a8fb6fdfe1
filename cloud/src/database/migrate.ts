import { fileURLToPath } from "node:url";
import pg from "pg";
import Postgrator from "postgrator";

/**
 * Migrates the schema `cloud`, in one transaction with the row that records it. Processes that start together wait for each other.
 * @returns The schema's version.
 */
export async function migrate(databaseUrl: string): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: "gridnft-cloud migrations" });
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

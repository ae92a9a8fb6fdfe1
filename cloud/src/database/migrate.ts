import { fileURLToPath } from "node:url";
import pg from "pg";
import Postgrator from "postgrator";

/**
 * Brings the schema `cloud` up to date. Processes that start together take turns.
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
      execSqlScript: async (sql) => {
        await client.query(`BEGIN; ${sql}; COMMIT;`);
      },
    });
    await postgrator.migrate();
    return await postgrator.getDatabaseVersion();
  } finally {
    await client.end();
  }
}

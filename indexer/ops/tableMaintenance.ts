import { withMaintenanceClient } from "./database.ts";
import { log, messageOf } from "./log.ts";
import { quoted } from "./sql.ts";

/** Share of a table's rows that may have changed before Postgres cleans it up and counts it again. */
const SCALE = 0.02;
const MINUTE = 60_000;

/**
 * Prepares tables for reading, once, when their history is indexed: indexes answer alone only for pages that a vacuum has seen,
 * plans need statistics, and from then on both are kept fresh more often than Postgres would by itself. A failure is logged and
 * tried again at the next start; the indexer goes on meanwhile.
 */
export function maintainTables(schema: string): void {
  void run(schema).catch((error: unknown) => {
    log(40, "Tables could not be tended", { error: messageOf(error) });
  });
}

// A reorganisation takes its locks on all tables at once: never stand in line behind one with locks of our own.
const settings = { work: "tend", statementTimeout: 30 * MINUTE, lockTimeout: 5_000 };

function run(schema: string): Promise<void> {
  return withMaintenanceClient(settings, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where n.nspname = $1 and c.relkind = 'r' and c.relname !~ '^_'
         and not coalesce(c.reloptions::text[] @> array[$2], false)
       order by c.relname`,
      [schema, `autovacuum_vacuum_scale_factor=${SCALE}`],
    );
    for (const { name } of rows) {
      const table = `${quoted(schema)}.${quoted(name)}`;
      await client.query(`vacuum (analyze) ${table}`);
      await client.query(
        `alter table ${table} set (autovacuum_vacuum_scale_factor = ${SCALE},
           autovacuum_vacuum_insert_scale_factor = ${SCALE}, autovacuum_analyze_scale_factor = ${SCALE})`,
      );
    }
    if (rows.length > 0) log(30, "Tended tables", { tables: rows.length });
  });
}

import * as schema from "ponder:schema";
import { getTableColumns, getTableName, is } from "drizzle-orm";
import { toSnakeCase } from "drizzle-orm/casing";
import { PgTable } from "drizzle-orm/pg-core";
import type { SqlReader } from "./sql.ts";

/** A column as the database names it. */
export interface RequiredColumn {
  readonly table: string;
  readonly column: string;
}

/** Returns those columns that a schema of the database does not have, as `table.column`. */
export async function missingColumns(
  reader: SqlReader,
  schemaName: string,
  required: readonly RequiredColumn[],
): Promise<string[]> {
  const rows = await reader.query<{ lacking: string }>(
    `select n.t || '.' || n.c as lacking from unnest($2::text[], $3::text[]) as n (t, c)
     where not exists (
       select 1 from pg_attribute a join pg_class r on r.oid = a.attrelid join pg_namespace s on s.oid = r.relnamespace
       where s.nspname = $1 and r.relname = n.t and a.attname = n.c and not a.attisdropped
     )`,
    [schemaName, required.map(({ table }) => table), required.map(({ column }) => column)],
  );
  return rows.map(({ lacking }) => lacking);
}

/** Returns every column of Ponder's schema, as this version of the code knows it. */
export function requiredColumns(): RequiredColumn[] {
  // The default export is the module itself, whose lack of a prototype Drizzle does not expect.
  return Object.entries(schema as Record<string, unknown>).flatMap(([name, table]) =>
    name !== "default" && is(table, PgTable)
      ? Object.values(getTableColumns(table)).map((column) => ({
          table: getTableName(table),
          column: column.keyAsName ? toSnakeCase(column.name) : column.name,
        }))
      : [],
  );
}

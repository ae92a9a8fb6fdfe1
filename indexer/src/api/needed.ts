import * as schema from "ponder:schema";
import { getTableColumns, getTableName, is } from "drizzle-orm";
import { toSnakeCase } from "drizzle-orm/casing";
import { PgTable } from "drizzle-orm/pg-core";
import type { NeededColumn } from "./fit.ts";

/** Every column of Ponder's schema, as this version of the code knows it. */
export function neededColumns(): NeededColumn[] {
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

/** The indexer's tables without Ponder: made and filled directly, for tests and measurements of the API. */
import { getTableColumns, getTableName, is } from "drizzle-orm";
import { toSnakeCase } from "drizzle-orm/casing";
import { getTableConfig, type PgColumn, PgTable } from "drizzle-orm/pg-core";
import type pg from "pg";
import * as schema from "../../indexer/ponder.schema.ts";

const tables = Object.values(schema as Record<string, unknown>).filter((value): value is PgTable => is(value, PgTable));

const nameOf = (column: PgColumn): string => (column.keyAsName ? toSnakeCase(column.name) : column.name);
/** Names of the columns of each table, as the database has them. */
export function columnNames(): Map<string, string[]> {
  return new Map(
    tables.map((table) => [getTableName(table), Object.values(getTableColumns(table)).map((column) => nameOf(column))]),
  );
}

const quoted = (name: string): string => `"${name}"`;

/** Makes all tables, without indexes. */
export async function createTables(client: pg.ClientBase, place: string): Promise<void> {
  await client.query(`create schema ${quoted(place)}`);
  for (const table of tables) {
    const columns = Object.values(getTableColumns(table)).map(
      (column) => `${quoted(nameOf(column))} ${column.getSQLType()}${column.notNull ? " not null" : ""}`,
    );
    await client.query(`create table ${quoted(place)}.${quoted(getTableName(table))} (${columns.join(", ")})`);
  }
}

/** Makes keys and indexes as Ponder would, and lets Postgres look at what is there. */
export async function createIndexes(client: pg.ClientBase, place: string): Promise<void> {
  for (const table of tables) {
    const on = `${quoted(place)}.${quoted(getTableName(table))}`;
    const { primaryKeys, indexes } = getTableConfig(table);
    for (const { columns } of primaryKeys) {
      await client.query(
        `alter table ${on} add primary key (${columns.map((column) => quoted(nameOf(column))).join(", ")})`,
      );
    }
    for (const { config } of indexes) {
      const columns = config.columns.map((column) => quoted(nameOf(column as unknown as PgColumn)));
      const options = Object.entries(config.with ?? {}).map(([name, value]) => `${name} = ${String(value)}`);
      const settings = options.length > 0 ? ` with (${options.join(", ")})` : "";
      await client.query(`create index on ${on} using ${config.method ?? "btree"} (${columns.join(", ")})${settings}`);
    }
    await client.query(`vacuum analyze ${on}`);
  }
}

/** A row by the names that code has for columns. */
export type TableRow = Readonly<Record<string, unknown>>;

const BATCH = 2_000;

/** Fills a table. Columns that rows leave out must be such that may be null. */
export async function insertRows(
  client: pg.ClientBase,
  place: string,
  name: Exclude<keyof typeof schema, "default">,
  rows: readonly TableRow[],
): Promise<void> {
  const table = (schema as Record<string, unknown>)[name] as PgTable;
  const columns = Object.entries(getTableColumns(table)).map(([key, column]) => [key, nameOf(column)] as const);
  const on = `${quoted(place)}.${quoted(getTableName(table))}`;
  for (let start = 0; start < rows.length; start += BATCH) {
    const records = rows.slice(start, start + BATCH).map((row) => {
      for (const key of Object.keys(row))
        if (!columns.some(([known]) => known === key)) throw new Error(`${name}.${key}`);
      return Object.fromEntries(columns.map(([key, column]) => [column, row[key]]));
    });
    const json = JSON.stringify(records, (_, value) => (typeof value === "bigint" ? value.toString() : value));
    await client.query(`insert into ${on} select * from json_populate_recordset(null::${on}, $1)`, [json]);
  }
}

import * as schema from "ponder:schema";
import { getTableColumns, getTableName } from "drizzle-orm";
import { toSnakeCase } from "drizzle-orm/casing";
import { getTableConfig, type PgColumn, type PgTable } from "drizzle-orm/pg-core";
import { quoted } from "../../../ops/sql.ts";
import type { Statement } from "./statement.ts";

/** Tables by the name that code knows them by. */
export type TableName = Exclude<keyof typeof schema, "default">;

/** Kind of a column, as far as reading it is concerned. */
export type ColumnKind = "numeric" | "bigint" | "other";

export interface Column {
  /** Quoted name. */
  readonly sql: string;
  readonly kind: ColumnKind;
}

/** A table of the indexer, as SQL sees it. */
export interface Table {
  readonly name: TableName;
  /** Quoted name. */
  readonly sql: string;
  readonly columns: ReadonlyMap<string, Column>;
  /** Columns of the primary key but the chain, in its order. */
  readonly key: readonly string[];
}

const tables = new Map<TableName, Table>();

/** Returns a table as SQL sees it. It is read from Ponder's schema, so that the two can't differ. */
export function tableOf(name: TableName): Table {
  const known = tables.get(name);
  if (known) return known;
  const table = (schema as unknown as Record<TableName, PgTable>)[name];
  const columns = new Map(
    Object.entries(getTableColumns(table)).map(([key, column]): [string, Column] => [
      key,
      { sql: quoted(column.keyAsName ? toSnakeCase(column.name) : column.name), kind: kindOf(column) },
    ]),
  );
  const key = keyOf(table);
  const made: Table = { name, sql: quoted(getTableName(table)), columns, key };
  tables.set(name, made);
  return made;
}

/** `alias."column"`. */
export function columnOf(table: Table, alias: string, key: string): string {
  return `${alias}.${requireColumn(table, key).sql}`;
}

/** The table's name in a statement's schema. */
export function tableRef(statement: Statement, name: TableName): string {
  return `${quoted(statement.schema)}.${tableOf(name).sql}`;
}

export function requireColumn(table: Table, key: string): Column {
  const column = table.columns.get(key);
  if (!column) throw new Error(`Table ${table.name} has no column ${key}.`);
  return column;
}

/** Names of the columns of a table's primary key, the chain left out. */
function keyOf(table: PgTable): string[] {
  const [primary] = getTableConfig(table).primaryKeys;
  const names = new Map(Object.entries(getTableColumns(table)).map(([key, column]) => [column.name, key]));
  return (primary?.columns ?? []).map((column) => names.get(column.name) ?? "").filter((name) => name !== "chainId");
}

function kindOf(column: PgColumn): ColumnKind {
  const type = column.getSQLType();
  return type.startsWith("numeric") ? "numeric" : type === "bigint" ? "bigint" : "other";
}

// Rows of a table beside objects that no table has: counts, ranks, steps of a tree.
import type { Row } from "./objectTypes.ts";
import { type QueryContext, statementOf } from "./queryContext.ts";
import type { SelectedField } from "./selection.ts";
import { requireType, selectList } from "./selectList.ts";
import { columnOf, requireColumn, tableOf, tableRef } from "./tables.ts";

/** Rows that are read beside objects. */
export interface Attached {
  /** Entry of `objectTypes`. */
  readonly type: string;
  /** Column that names its rows. */
  readonly key: string;
  readonly values: readonly string[];
  /** Fields that are asked of each row. */
  readonly fields: readonly SelectedField[];
}

/** Rows by their key, in one statement. None when nothing is asked of them. */
export async function rowsByKey(
  context: QueryContext,
  { type, key, values, fields }: Attached,
): Promise<ReadonlyMap<string, Row>> {
  if (fields.length === 0 || values.length === 0) return new Map();
  context.budget.spend(values.length, type, fields);
  const statement = statementOf(context);
  const table = tableOf(requireType(type).table);
  const alias = statement.alias();
  const column = columnOf(table, alias, key);
  const keys = statement.value(values, requireColumn(table, key).kind === "numeric" ? "numeric[]" : "text[]");
  const list = selectList(statement, type, fields, alias);
  const text = `select ${list}, ${column}::text as "=" from ${tableRef(statement, table.name)} ${alias} where ${columnOf(table, alias, "chainId")} = ${statement.value(context.chainId)} and ${column} = any(${keys})`;
  const rows = await context.lists.query<Row>(text, statement.values);
  return new Map(rows.map((row) => [String(row["="]), row]));
}

// Rows of a table beside objects that no table has: counts, ranks, steps of a tree.
import { type Asking, placeOf, statementOf } from "../sql/asking.ts";
import { columnOf, requireColumn, tableOf } from "../sql/tables.ts";
import { requireType, selectList } from "./look.ts";
import type { Selection } from "./selection.ts";
import type { Row } from "./types.ts";

/** Rows that are read beside objects. */
export interface Attached {
  /** Entry of `objectTypes`. */
  readonly type: string;
  /** Column that names its rows. */
  readonly key: string;
  readonly values: readonly string[];
  /** Fields that are asked of each row. */
  readonly fields: readonly Selection[];
}

/** Rows by their key, in one statement. None when nothing is asked of them. */
export async function rowsByKey(
  asking: Asking,
  { type, key, values, fields }: Attached,
): Promise<ReadonlyMap<string, Row>> {
  if (fields.length === 0 || values.length === 0) return new Map();
  asking.budget.spend(values.length, type, fields);
  const statement = statementOf(asking);
  const table = tableOf(requireType(type).table);
  const alias = statement.alias();
  const column = columnOf(table, alias, key);
  const keys = statement.value(values, requireColumn(table, key).kind === "numeric" ? "numeric[]" : "text[]");
  const list = selectList(statement, type, fields, alias);
  const text = `select ${list}, ${column}::text as "=" from ${placeOf(statement, table.name)} ${alias} where ${columnOf(table, alias, "chainId")} = ${statement.value(asking.chainId)} and ${column} = any(${keys})`;
  const rows = await asking.lists.query<Row>(text, statement.values);
  return new Map(rows.map((row) => [String(row["="]), row]));
}

// Pages of all lists but that of artworks.
import { requirePlain } from "./artworks.ts";
import { computedSql } from "./computedColumns.ts";
import type { Condition, List, Merged } from "./connections.ts";
import { COUNT_LIMIT, type Totals, totals, upTo } from "./estimates.ts";
import {
  between,
  type Key,
  type KeyOrder,
  keyColumns,
  orderBy,
  type Page,
  type PageArguments,
  pageOf,
  type ReadPage,
} from "./keyset.ts";
import type { Row } from "./objectTypes.ts";
import { type QueryContext, statementOf } from "./queryContext.ts";
import type { SelectedField } from "./selection.ts";
import { requireType, selectList } from "./selectList.ts";
import type { Statement } from "./statement.ts";
import { columnOf, requireColumn, type Table, tableOf, tableRef } from "./tables.ts";
import { limited, type Total } from "./totals.ts";

/** Arguments of a list, as the schema has let them through. */
export interface ListArguments extends PageArguments {
  readonly filter?: Readonly<Record<string, unknown>> | null;
  readonly orderBy?: string | null;
  /** Ids that a search has found: nothing else is listed. */
  readonly found?: readonly string[];
}

/** Reads a page in one statement. */
export async function readPage(
  context: QueryContext,
  list: List,
  listArguments: ListArguments,
  selections: readonly SelectedField[],
): Promise<ReadPage> {
  const statement = statementOf(context);
  const table = tableOf(requireType(list.type).table);
  const alias = statement.alias();
  const column = columnsOf(table, alias, statement);
  const order = keyOrder(list, table, listArguments, column);
  const page = pageOf(listArguments, order);
  context.budget.spend(page.rows, list.type, selections);
  const merge = mergeOf(list, listArguments);
  const cursors = between(page, order, statement);
  const conditions = merge ? [] : [...conditionsOf(statement, list, listArguments, column), ...cursors];
  const select = `${selectList(statement, list.type, selections, alias)}, ${keyColumns(order.keys.map(({ sql }) => sql))}`;
  // Without a filter there is but one way: along the order's index. A plan that is kept has to know that few rows are wanted.
  const isPlain = listArguments.found === undefined;
  const isKept =
    isPlain && Object.values(listArguments.filter ?? {}).every((value) => value === null || value === undefined);
  const limit = isKept ? page.rows + 1 : statement.value(page.rows + 1, "int");
  const found = merge
    ? `(${mergedRows(statement, list, listArguments, merge, page)}) m join ${tableRef(statement, table.name)} ${alias} on ${column("chainId")} = ${statement.value(statement.chainId)} and ${column("seq")} = m.seq`
    : `${tableRef(statement, table.name)} ${alias} where ${conditions.join(" and ")}`;
  const text = `select ${select} from ${found} ${orderBy(page, order)} limit ${limit}`;
  const reader = isKept ? context.byKey : context.lists;
  return { rows: await reader.query<Row>(text, statement.values), page, order: order.name };
}

/** A filter by many values that is given. */
interface Merge {
  readonly name: string;
  readonly merged: Merged;
}

/** The filter by many values with the fewest of them: what pages are merged by. */
function mergeOf({ merged = {} }: List, { filter }: ListArguments): Merge | undefined {
  const given = Object.entries(merged).flatMap(([name, one]) => {
    const values = filter?.[name];
    return Array.isArray(values) ? [{ name, merged: one, count: values.length }] : [];
  });
  return given.sort((a, b) => a.count - b.count)[0];
}

/**
 * The places of a page's rows where a filter has many values: as many as the page has of each value, then the first of all. An index has the rows
 * of one value in order, but not those of several.
 */
function mergedRows(
  statement: Statement,
  list: List,
  listArguments: ListArguments,
  { name, merged: { columns, type } }: Merge,
  page: Page,
): string {
  const table = tableOf(requireType(list.type).table);
  const { [name]: values, ...filter } = listArguments.filter ?? {};
  const given = statement.value([...new Set(values as readonly unknown[])], type);
  const limit = statement.value(page.rows + 1, "int");
  const parts = columns.map((key) => {
    const alias = statement.alias();
    const column = columnsOf(table, alias, statement);
    const order = keyOrder(list, table, listArguments, column);
    const conditions = [
      ...conditionsOf(statement, list, { ...listArguments, filter }, column),
      `${column(key)} = v.value`,
      ...between(page, order, statement),
    ];
    const some = `select ${column("seq")} as seq from ${tableRef(statement, table.name)} ${alias} where ${conditions.join(" and ")} ${orderBy(page, order)} limit ${limit}`;
    return `select s.seq from unnest(${given}) v(value) cross join lateral (${some}) s`;
  });
  const direction = orderBy(
    page,
    keyOrder(list, table, listArguments, () => "u.seq"),
  );
  return `select distinct u.seq from (${parts.join(" union all ")}) u ${direction} limit ${limit}`;
}

/** Returns the number of all rows: by a total of the protocol where there is one, else counted up to a limit. */
export async function listTotal(context: QueryContext, list: List, listArguments: ListArguments): Promise<Total> {
  const filter = Object.entries(listArguments.filter ?? {}).filter(
    ([, value]) => value !== null && value !== undefined,
  );
  if (filter.length === 0 && !listArguments.found && list.counter !== undefined) {
    return { count: (await totals(context))[list.counter as keyof Totals], isExact: true };
  }
  const table = tableOf(requireType(list.type).table);
  const key = `${list.type}/${JSON.stringify([filter.sort(([a], [b]) => (a < b ? -1 : 1)), listArguments.found])}`;
  const count = await upTo(context, key, COUNT_LIMIT + 1, (statement) => {
    const alias = statement.alias();
    const conditions = conditionsOf(statement, list, listArguments, columnsOf(table, alias, statement));
    return `from ${tableRef(statement, table.name)} ${alias} where ${conditions.join(" and ")}`;
  });
  return limited(count);
}

function keyOrder(
  list: List,
  table: Table,
  { orderBy: given }: ListArguments,
  column: (key: string) => string,
): KeyOrder {
  const name = given ?? Object.keys(list.orders)[0] ?? "";
  const order = list.orders[name];
  if (!order) throw new Error(`Order ${name} of ${list.type} has no meaning.`);
  const keys = [order.column, ...(order.tie ? [order.tie] : [])].map((key): Key => {
    const { kind } = requireColumn(table, key);
    return { sql: column(key), type: kind === "other" ? "text" : kind };
  });
  return { name, isDescending: order.descending, keys };
}

function columnsOf(table: Table, alias: string, statement: Statement): (key: string) => string {
  return (key) => computedSql(statement, table, alias, key) ?? columnOf(table, alias, key);
}

function conditionsOf(
  statement: Statement,
  list: List,
  { filter, found }: ListArguments,
  column: (key: string) => string,
): string[] {
  const conditions = [`${column("chainId")} = ${statement.value(statement.chainId)}`];
  if (list.only) conditions.push(list.only(column));
  if (list.search && found) {
    conditions.push(`${column(list.search.column)} = any(${statement.value(found, "numeric[]")})`);
  }
  for (const [name, value] of Object.entries(filter ?? {})) {
    if (value === null || value === undefined) continue;
    requirePlain(name, value);
    const condition = list.filters[name] ?? anyOf(list.merged?.[name]);
    if (!condition) throw new Error(`Filter ${name} of ${list.type} has no meaning.`);
    conditions.push(condition(value as never, column, statement));
  }
  return conditions;
}

/** One of some columns has one of some values. */
function anyOf(merged: Merged | undefined): Condition | undefined {
  if (!merged) return undefined;
  const { columns, type } = merged;
  return (values: readonly unknown[], column, statement) =>
    `(${columns.map((key) => `${column(key)} = any(${statement.value(values, type)})`).join(" or ")})`;
}

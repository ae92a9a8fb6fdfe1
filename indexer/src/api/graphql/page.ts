import type { GraphQLResolveInfo, SelectionSetNode } from "graphql";
import { z } from "zod";
import { Statement } from "../sql/builder.ts";
import type { Reader } from "../sql/pool.ts";
import { columnOf, placeOfTable, requireColumn, type Table, tableOf } from "../sql/tables.ts";
import { questionError } from "./errors.ts";
import { type List, lists, type Order } from "./lists.ts";
import { type Budget, firstOf, nodeSets, selectList } from "./look.ts";
import { computedColumns, objectTypes, type Row } from "./types.ts";

/** Arguments of a list, as the schema has let them through. */
export interface ListArguments {
  readonly first?: unknown;
  readonly after?: string | null;
  readonly filter?: Readonly<Record<string, unknown>> | null;
  readonly orderBy?: string;
  readonly search?: string | null;
}

export interface Connection {
  readonly edges: readonly { readonly cursor: string; readonly node: Row }[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly totalCount: () => Promise<number>;
}

export interface Asking {
  readonly reader: Reader;
  readonly schema: string;
  readonly chainId: number;
  readonly budget: Budget;
}

const MAX_SEARCH = 200;
const MAX_VALUES = 200;

/** One page of a list, in one statement; the total is counted when it is asked for. */
export async function page(
  asking: Asking,
  info: GraphQLResolveInfo,
  listArguments: ListArguments,
): Promise<Connection> {
  const list = lists[info.fieldName];
  if (!list) throw new Error(`${info.fieldName} is no list.`);
  const sets = info.fieldNodes.map(({ selectionSet }) => selectionSet);
  const { names, sets: nodeSelections } = nodeSets(info, sets);
  const isRead = names.has("nodes") || names.has("edges") || names.has("pageInfo");
  const rows = isRead ? await readPage(asking, info, { list, listArguments, nodeSelections }) : [];
  const first = firstOf(listArguments.first);
  const { name } = orderOf(list, listArguments);
  return {
    edges: rows.slice(0, first).map((row) => ({ cursor: writeCursor(name, row), node: row })),
    hasNextPage: rows.length > first,
    hasPreviousPage: typeof listArguments.after === "string",
    totalCount: () => countAll(asking, list, listArguments),
  };
}

interface PageOf {
  readonly list: List;
  readonly listArguments: ListArguments;
  readonly nodeSelections: readonly (SelectionSetNode | undefined)[];
}

async function readPage(asking: Asking, info: GraphQLResolveInfo, of: PageOf): Promise<Row[]> {
  const { list, listArguments, nodeSelections } = of;
  const first = firstOf(listArguments.first);
  asking.budget.spend(first);
  const { name, order } = orderOf(list, listArguments);
  const statement = new Statement(asking.schema, asking.chainId);
  const table = tableOfList(list);
  const alias = statement.alias();
  const column = columnsOf(table, alias, statement);
  const select = selectList({ info, statement, budget: asking.budget }, list.type, nodeSelections, alias, {
    rows: first,
    level: 1,
  });
  const keys = [order.column, ...(order.tie ? [order.tie] : [])];
  const conditions = conditionsOf(statement, list, listArguments, column);
  if (typeof listArguments.after === "string") {
    const after = readCursor(listArguments.after, name, keys.length);
    const values = after.map((value, i) => {
      const { kind } = requireColumn(table, keys[i] ?? "");
      return statement.value(value, kind === "other" ? undefined : kind);
    });
    const tuple = (parts: readonly string[]) => (parts.length === 1 ? `${parts[0]}` : `(${parts.join(", ")})`);
    conditions.push(`${tuple(keys.map(column))} ${order.descending ? "<" : ">"} ${tuple(values)}`);
  }
  const direction = order.descending ? "desc" : "asc";
  const cursor = keys.map((key, i) => `${column(key)}::text as "=${i}"`);
  const text = `select ${[...select, ...cursor].join(", ")} from ${placeOfTable(statement, table)} ${alias} where ${conditions.join(" and ")} order by ${keys.map((key) => `${column(key)} ${direction}`).join(", ")} limit ${first + 1}`;
  return asking.reader.query<Row>(text, statement.values);
}

async function countAll(asking: Asking, list: List, listArguments: ListArguments): Promise<number> {
  const statement = new Statement(asking.schema, asking.chainId);
  const table = tableOfList(list);
  const alias = statement.alias();
  const conditions = conditionsOf(statement, list, listArguments, columnsOf(table, alias, statement));
  const text = `select count(*)::int as count from ${placeOfTable(statement, table)} ${alias} where ${conditions.join(" and ")}`;
  const [row] = await asking.reader.query<{ count: number }>(text, statement.values);
  return row?.count ?? 0;
}

function tableOfList(list: List): Table {
  const type = objectTypes[list.type];
  if (!type) throw new Error(`Type ${list.type} comes from no table.`);
  return tableOf(type.table);
}

function columnsOf(table: Table, alias: string, statement: Statement): (key: string) => string {
  return (key) => {
    const computed = computedColumns[`${table.name}.${key}`];
    return computed
      ? computed(
          (other) => columnOf(table, alias, other),
          (name) => placeOfTable(statement, tableOf(name)),
        )
      : columnOf(table, alias, key);
  };
}

function conditionsOf(
  statement: Statement,
  list: List,
  { filter, search }: ListArguments,
  column: (key: string) => string,
): string[] {
  const given = { ...filter, ...(search ? { search } : {}) };
  const conditions = [`${column("chainId")} = ${statement.value(statement.chainId)}`];
  for (const [name, value] of Object.entries(given)) {
    if (value === null || value === undefined) continue;
    requirePlain(name, value);
    const condition = list.filters[name];
    if (!condition) throw new Error(`Filter ${name} of ${list.type} has no meaning.`);
    conditions.push(condition(value as never, column, statement));
  }
  for (const [name, standing] of Object.entries(list.unless ?? {})) {
    if (given[name as keyof typeof given] === undefined || given[name as keyof typeof given] === null) {
      conditions.push(standing(column));
    }
  }
  return conditions;
}

/** Postgres takes no NUL in text, and nobody needs a thousand values in a list. */
function requirePlain(name: string, value: unknown): void {
  if (Array.isArray(value)) {
    if (value.length > MAX_VALUES) throw questionError("BAD_INPUT", `${name} has at most ${MAX_VALUES} values.`);
    for (const item of value) requirePlain(name, item);
  }
  if (typeof value !== "string") return;
  if (value.includes("\u0000")) throw questionError("BAD_INPUT", `${name} holds a NUL character.`);
  if (name === "search" && value.length > MAX_SEARCH) {
    throw questionError("BAD_INPUT", `search has at most ${MAX_SEARCH} characters.`);
  }
}

function orderOf(list: List, { orderBy = "NEWEST" }: ListArguments): { name: string; order: Order } {
  const order = list.orders[orderBy];
  if (!order) throw new Error(`Order ${orderBy} of ${list.type} has no meaning.`);
  return { name: orderBy, order };
}

// A cursor says where a row stands in an order, not the how-manieth it is: it holds when rows come and go.

const cursorJson = z.tuple([z.string()], z.string().max(200));

function writeCursor(order: string, row: Row): string {
  const values = ["=0", "=1"].filter((key) => key in row).map((key) => String(row[key]));
  return Buffer.from(JSON.stringify([order, ...values])).toString("base64url");
}

function readCursor(cursor: string, order: string, length: number): string[] {
  const refuse = (message: string): never => {
    throw questionError("BAD_CURSOR", message);
  };
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    return refuse("after is not a cursor of this API.");
  }
  const parsed = cursorJson.safeParse(json);
  if (!parsed.success || parsed.data.length !== length + 1) return refuse("after is not a cursor of this API.");
  const [name, ...values] = parsed.data;
  if (name !== order) return refuse(`after is a cursor of order ${name}, not ${order}.`);
  const isPlain = values.every((value) => /^(\d{1,78}|0x[0-9a-f]{1,64})$/.test(value));
  return isPlain ? values : refuse("after is not a cursor of this API.");
}

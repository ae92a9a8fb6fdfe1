// `node` and `nodes`: rows by their global ids.
import { type GlobalKey, readId } from "../../query/globalIds.ts";
import { keyColumns } from "../../query/keyset.ts";
import { MAX_FIRST } from "../../query/limits.ts";
import { objectTypes, type Row } from "../../query/objectTypes.ts";
import { type QueryContext, statementOf } from "../../query/queryContext.ts";
import { requireType, selectList } from "../../query/selectList.ts";
import { columnOf, requireColumn, tableOf, tableRef } from "../../query/tables.ts";
import { requestError } from "../errors.ts";
import type { Selection } from "../selection.ts";
import type { ResolverArgs } from "./resolver.ts";

const keyLengths: ReadonlyMap<string, number> = new Map(
  Object.entries(objectTypes).map(([entry, { table }]) => [entry, tableOf(table).key.length]),
);

/** The object of an id, null when there is none. */
export async function readNode({ context, selection, arguments: given }: ResolverArgs): Promise<Row | null> {
  const [row = null] = await read(context, selection, [readId("id", String(given.id), context.chainId, keyLengths)]);
  return row;
}

/** The objects of some ids, in their order. */
export async function readNodes(args: ResolverArgs): Promise<readonly (Row | null)[]> {
  const { context, selection, arguments: given } = args;
  const ids = given.ids as readonly string[];
  if (ids.length > MAX_FIRST) throw requestError("BAD_INPUT", `ids has at most ${MAX_FIRST} values.`);
  return read(
    context,
    selection,
    ids.map((id) => readId("ids", id, context.chainId, keyLengths)),
  );
}

/** Reads rows in one statement for each type. */
async function read(
  context: QueryContext,
  selection: Selection,
  keys: readonly GlobalKey[],
): Promise<readonly (Row | null)[]> {
  const byEntry = new Map<string, GlobalKey[]>();
  for (const key of keys) byEntry.set(key.entry, [...(byEntry.get(key.entry) ?? []), key]);
  const found = new Map<string, Row>();
  await Promise.all(
    [...byEntry].map(async ([entry, some]) => {
      for (const row of await readEntry(context, selection, entry, some)) found.set(textOf(entry, keyOf(row)), row);
    }),
  );
  return keys.map(({ entry, values }) => found.get(textOf(entry, values)) ?? null);
}

const textOf = (entry: string, values: readonly unknown[]): string => [entry, ...values].join(":");

function keyOf(row: Row): unknown[] {
  const values: unknown[] = [];
  for (let i = 0; row[`=${i}`] !== undefined; i++) values.push(row[`=${i}`]);
  return values;
}

async function readEntry(
  context: QueryContext,
  selection: Selection,
  entry: string,
  keys: readonly GlobalKey[],
): Promise<readonly Row[]> {
  const type = requireType(entry);
  const typeName = type.schemaType ?? entry;
  const fields = selection.fieldsOn(typeName);
  context.budget.spend(keys.length, entry, fields);
  const statement = statementOf(context);
  const table = tableOf(type.table);
  const alias = statement.alias();
  const columns = table.key.map((key) => columnOf(table, alias, key));
  const list = [selectList(statement, entry, fields, alias), ...(columns.length > 0 ? [keyColumns(columns)] : [])];
  const rows = keys.map(({ values }) => {
    const placeholders = values.map((value, i) => {
      const { kind } = requireColumn(table, table.key[i] ?? "");
      return statement.value(value, kind === "other" ? undefined : kind);
    });
    return `(${placeholders.join(", ")})`;
  });
  const conditions = [
    `${columnOf(table, alias, "chainId")} = ${statement.value(context.chainId)}`,
    ...(columns.length > 0 ? [`(${columns.join(", ")}) in (${rows.join(", ")})`] : []),
  ];
  const text = `select ${list.join(", ")} from ${tableRef(statement, table.name)} ${alias} where ${conditions.join(" and ")}`;
  const read = await (keys.length === 1 ? context.byKey : context.lists).query<Row>(text, statement.values);
  return read.map((row) => ({ ...row, __typename: typeName }));
}

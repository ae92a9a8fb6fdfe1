// `node` and `nodes`: rows by their global ids.
import { type Asking, placeOf, statementOf } from "../sql/asking.ts";
import { keyColumns } from "../sql/keyset.ts";
import { columnOf, requireColumn, tableOf } from "../sql/tables.ts";
import { questionError } from "./errors.ts";
import { type GlobalKey, readId } from "./ids.ts";
import { MAX_FIRST } from "./limits.ts";
import { requireType, selectList } from "./look.ts";
import type { RootQuestion } from "./roots.ts";
import type { Selection } from "./selection.ts";
import { objectTypes, type Row } from "./types.ts";

const keyLengths: ReadonlyMap<string, number> = new Map(
  Object.entries(objectTypes).map(([entry, { table }]) => [entry, tableOf(table).key.length]),
);

/** The object of an id, null when there is none. */
export async function readNode({ asking, selection, arguments: given }: RootQuestion): Promise<Row | null> {
  const [row = null] = await read(asking, selection, [readId("id", String(given.id), asking.chainId, keyLengths)]);
  return row;
}

/** The objects of some ids, in their order. */
export async function readNodes(question: RootQuestion): Promise<readonly (Row | null)[]> {
  const { asking, selection, arguments: given } = question;
  const ids = given.ids as readonly string[];
  if (ids.length > MAX_FIRST) throw questionError("BAD_INPUT", `ids has at most ${MAX_FIRST} values.`);
  return read(
    asking,
    selection,
    ids.map((id) => readId("ids", id, asking.chainId, keyLengths)),
  );
}

/** Reads rows in one statement for each type. */
async function read(
  asking: Asking,
  selection: Selection,
  keys: readonly GlobalKey[],
): Promise<readonly (Row | null)[]> {
  const byEntry = new Map<string, GlobalKey[]>();
  for (const key of keys) byEntry.set(key.entry, [...(byEntry.get(key.entry) ?? []), key]);
  const found = new Map<string, Row>();
  await Promise.all(
    [...byEntry].map(async ([entry, some]) => {
      for (const row of await readEntry(asking, selection, entry, some)) found.set(textOf(entry, keyOf(row)), row);
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
  asking: Asking,
  selection: Selection,
  entry: string,
  keys: readonly GlobalKey[],
): Promise<readonly Row[]> {
  const type = requireType(entry);
  const typeName = type.schemaType ?? entry;
  const fields = selection.fieldsOn(typeName);
  asking.budget.spend(keys.length, entry, fields);
  const statement = statementOf(asking);
  const table = tableOf(type.table);
  const alias = statement.alias();
  const columns = table.key.map((key) => columnOf(table, alias, key));
  const list = [selectList(statement, entry, fields, alias), ...(columns.length > 0 ? [keyColumns(columns)] : [])];
  const rows = keys.map(({ values }) => {
    const places = values.map((value, i) => {
      const { kind } = requireColumn(table, table.key[i] ?? "");
      return statement.value(value, kind === "other" ? undefined : kind);
    });
    return `(${places.join(", ")})`;
  });
  const conditions = [
    `${columnOf(table, alias, "chainId")} = ${statement.value(asking.chainId)}`,
    ...(columns.length > 0 ? [`(${columns.join(", ")}) in (${rows.join(", ")})`] : []),
  ];
  const text = `select ${list.join(", ")} from ${placeOf(statement, table.name)} ${alias} where ${conditions.join(" and ")}`;
  const read = await (keys.length === 1 ? asking.byKey : asking.lists).query<Row>(text, statement.values);
  return read.map((row) => ({ ...row, __typename: typeName }));
}

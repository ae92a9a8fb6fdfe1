// Look-ahead: turns the fields that are asked of a type into the select list of one statement. Children become subselects that answer
// JSON. Only columns that are asked for are read.
import { quoted } from "../../../ops/sql.ts";
import { computedSql } from "./computedColumns.ts";
import { QueryError } from "./errors.ts";
import { MAX_FIRST, MAX_LEVELS, MAX_ROWS } from "./limits.ts";
import { type ChildField, fieldOf, isChild, type ObjectType, objectTypes } from "./objectTypes.ts";
import { childKey, type SelectedField, unique } from "./selection.ts";
import type { Statement } from "./statement.ts";
import { columnOf, requireColumn, type Table, tableOf, tableRef } from "./tables.ts";

/** Cost of the rows of a selection. */
interface Cost {
  /** Rows for one row of the parent, itself left out. */
  readonly rows: number;
  /** Levels of types below. */
  readonly levels: number;
}

const costs = new WeakMap<readonly SelectedField[], Cost>();

/** Cost of what is asked of a row of `source`. */
function costOf(source: string, fields: readonly SelectedField[]): Cost {
  const known = costs.get(fields);
  if (known) return known;
  const type = requireType(source);
  let [rows, levels] = [0, 0];
  for (const asked of unique(fields)) {
    if (asked.name === "__typename") continue;
    const field = fieldOf(type, asked.name);
    if (!isChild(field) || isKeyOnly(field, asked)) continue;
    const child = costOf(field.type, asked.fields);
    rows += limitOf(field, asked) * (1 + child.rows);
    levels = Math.max(levels, 1 + child.levels);
  }
  const cost = { rows, levels };
  costs.set(fields, cost);
  return cost;
}

/** Counts the rows that a query may read, and refuses too many. */
export interface Budget {
  /** Rows so far. */
  readonly spent: number;
  /** Some rows of a source, and what is asked of each. */
  spend(rows: number, source: string, fields: readonly SelectedField[]): void;
}

export function newBudget(): Budget {
  let spent = 0;
  return {
    get spent() {
      return spent;
    },
    spend: (rows, source, fields) => {
      const cost = costOf(source, fields);
      if (1 + cost.levels > MAX_LEVELS) {
        throw new QueryError(
          "TOO_EXPENSIVE",
          `This asks for ${1 + cost.levels} levels of types within each other; the limit is ${MAX_LEVELS}.`,
        );
      }
      spent += rows * (1 + cost.rows);
      if (spent > MAX_ROWS) {
        throw new QueryError(
          "TOO_EXPENSIVE",
          `This asks for ${spent} rows, which is more than ${MAX_ROWS} rows at once (lists within lists count for each of their parents).`,
        );
      }
    },
  };
}

/** Select lists that hold no values, by schema of the database, source and alias. */
const kept = new WeakMap<readonly SelectedField[], Map<string, { readonly text: string; readonly aliases: number }>>();

/** The select list for what is asked of `source`, whose table is `alias` in the statement. */
export function selectList(
  statement: Statement,
  source: string,
  fields: readonly SelectedField[],
  alias: string,
): string {
  const key = `${statement.schema}/${source}/${alias}/${statement.aliases}`;
  const lists = kept.get(fields) ?? new Map();
  const known = lists.get(key);
  if (known) {
    statement.aliases = known.aliases;
    return known.text;
  }
  const before = statement.uses;
  const text = buildList(statement, source, fields, alias);
  if (statement.uses === before) {
    lists.set(key, { text, aliases: statement.aliases });
    kept.set(fields, lists);
  }
  return text;
}

function buildList(statement: Statement, source: string, fields: readonly SelectedField[], alias: string): string {
  const type = requireType(source);
  const table = tableOf(type.table);
  const columns = new Set<string>();
  const children: string[] = [];
  for (const asked of unique(fields)) {
    if (asked.name === "__typename") continue;
    const field = fieldOf(type, asked.name);
    if (isChild(field)) {
      const label = quoted(childKey(asked));
      children.push(`${childSelect(statement, { asked, field, table, alias })} as ${label}`);
    } else {
      for (const column of field.columns) columns.add(column);
    }
  }
  const list = [...columns].map((key) => `${readColumn(statement, table, alias, key)} as ${quoted(key)}`);
  return [...list, ...children].join(", ") || '1 as "1"';
}

export function requireType(name: string): ObjectType {
  const type = objectTypes[name];
  if (!type) throw new Error(`Type ${name} comes from no table.`);
  return type;
}

/** JSON would round a numeric: it goes as text. */
function readColumn(statement: Statement, table: Table, alias: string, key: string): string {
  const computed = computedSql(statement, table, alias, key);
  if (computed !== undefined) return computed;
  const { kind } = requireColumn(table, key);
  return kind === "numeric" ? `${columnOf(table, alias, key)}::text` : columnOf(table, alias, key);
}

interface ChildOf {
  readonly asked: SelectedField;
  readonly field: ChildField;
  readonly table: Table;
  readonly alias: string;
}

function childSelect(statement: Statement, { asked, field, table, alias }: ChildOf): string {
  if (field.exists && isKeyOnly(field, asked)) {
    const chain = columnOf(table, alias, "chainId");
    return `json_build_object('${field.exists.key}', ${columnOf(table, alias, field.exists.from)}, 'chainId', ${chain})`;
  }
  const limit = limitOf(field, asked);
  const childTable = tableOf(requireType(field.type).table);
  const childAlias = statement.alias();
  const list = buildList(statement, field.type, asked.fields, childAlias);
  const child = (key: string) => columnOf(childTable, childAlias, key);
  const parent = (key: string) => columnOf(table, alias, key);
  const conditions = [
    `${child("chainId")} = ${parent("chainId")}`,
    ...field.on.map(([own, its]) => `${child(own)} = ${parent(its)}`),
  ];
  if (field.where) {
    conditions.push(
      field.where({
        child,
        parent,
        argument: (name) => statement.value(asked.arguments[name]),
        table: (name) => tableRef(statement, name),
      }),
    );
  }
  const direction = field.order?.descending ? "desc" : "asc";
  const keys = [field.order?.column, field.order?.tie].filter((key) => key !== undefined);
  const order = keys.length > 0 ? ` order by ${keys.map((key) => `${child(key)} ${direction}`).join(", ")}` : "";
  const select = `select ${list} from ${tableRef(statement, childTable.name)} ${childAlias} where ${conditions.join(" and ")}${order} limit ${limit}`;
  const rowAlias = statement.alias();
  return field.order
    ? `(select coalesce(json_agg(${rowAlias}), '[]'::json) from (${select}) ${rowAlias})`
    : `(select row_to_json(${rowAlias}) from (${select}) ${rowAlias})`;
}

/** Returns whether only the key, or the id, of a row is asked that is known to exist. */
function isKeyOnly(field: ChildField, asked: SelectedField): boolean {
  const key = field.exists?.key;
  return key !== undefined && asked.fields.every(({ name }) => name === key || name === "id" || name === "__typename");
}

/** Most rows of a child. */
function limitOf(field: ChildField, asked: SelectedField): number {
  if (!field.order) return 1;
  if ("first" in asked.arguments) return countOf("first", asked.arguments.first, MAX_FIRST);
  if ("days" in asked.arguments) return countOf("days", asked.arguments.days, MAX_FIRST);
  return MAX_FIRST;
}

/** A number of items asked for. */
export function countOf(name: string, value: unknown, max: number): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > max) {
    throw new QueryError("BAD_INPUT", `${name} is a number from 1 to ${max}.`);
  }
  return value;
}

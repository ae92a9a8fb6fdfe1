// Look-ahead: turns what a question selects of a type into the select list of one statement. Children become subselects that
// answer JSON; only columns that are asked for are read.
import {
  type FieldNode,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  GraphQLSkipDirective,
  getArgumentValues,
  getDirectiveValues,
  getNamedType,
  type SelectionSetNode,
} from "graphql";
import type { Statement } from "../sql/builder.ts";
import { quoted } from "../sql/builder.ts";
import { columnOf, placeOfTable, requireColumn, type Table, tableOf } from "../sql/tables.ts";
import { questionError } from "./errors.ts";
import { type ChildField, childKey, computedColumns, fieldOf, isChild, type ObjectType, objectTypes } from "./types.ts";

/** Most items in a list. */
export const MAX_FIRST = 100;
/** Most rows that a root field may ask for, lists within lists multiplied. */
const MAX_ROWS = 10_000;
/** Most levels of children. */
const MAX_LEVELS = 7;
/** Most fields of all statements of a question, fragments opened: what makes their text long. */
const MAX_FIELDS = 5_000;

const MAX_ALIAS = 60;

/** One field as the question has it; several mentions under one name are merged. */
interface Asked {
  readonly name: string;
  readonly responseName: string;
  readonly nodes: readonly FieldNode[];
}

type Fragments = Pick<GraphQLResolveInfo, "fragments" | "variableValues" | "schema">;

/**
 * Fields asked for in selection sets, with fragments opened and directives obeyed. A fragment is opened once: fragments that spread
 * others twice each would double the work with every level.
 */
export function fieldsAsked(info: Fragments, sets: readonly (SelectionSetNode | undefined)[]): Asked[] {
  const found = new Map<string, { name: string; responseName: string; nodes: FieldNode[] }>();
  const opened = new Set<string>();
  const walk = (set: SelectionSetNode): void => {
    for (const node of set.selections) {
      if (getDirectiveValues(GraphQLSkipDirective, node, info.variableValues)?.if === true) continue;
      if (getDirectiveValues(GraphQLIncludeDirective, node, info.variableValues)?.if === false) continue;
      if (node.kind === "InlineFragment") walk(node.selectionSet);
      else if (node.kind === "FragmentSpread") {
        const fragment = info.fragments[node.name.value];
        if (!fragment || opened.has(node.name.value)) continue;
        opened.add(node.name.value);
        walk(fragment.selectionSet);
      } else {
        const responseName = node.alias?.value ?? node.name.value;
        // It becomes a name in Postgres, which cuts them off at 63 bytes.
        if (responseName.length > MAX_ALIAS) {
          throw questionError("BAD_INPUT", `An alias has at most ${MAX_ALIAS} characters.`);
        }
        const known = found.get(responseName);
        if (known) known.nodes.push(node);
        else found.set(responseName, { name: node.name.value, responseName, nodes: [node] });
      }
    }
  };
  for (const set of sets) if (set) walk(set);
  return [...found.values()];
}

/** Counts the rows that a question may read and the fields that it names, and refuses too many. */
export interface Budget {
  /** Rows so far, for one of the parent. */
  spend(rows: number): void;
  /** Fields of one more selection. */
  look(fields: number): void;
}

export function newBudget(): Budget {
  let spent = 0;
  let seen = 0;
  return {
    look: (fields) => {
      seen += fields;
      if (seen > MAX_FIELDS) throw questionError("TOO_EXPENSIVE", `This names more than ${MAX_FIELDS} fields.`);
    },
    spend: (rows) => {
      spent += rows;
      if (spent > MAX_ROWS) {
        throw questionError(
          "TOO_EXPENSIVE",
          `This asks for more than ${MAX_ROWS} rows at once (lists within lists count for each of their parents).`,
        );
      }
    },
  };
}

interface Scope {
  readonly info: Fragments;
  readonly statement: Statement;
  readonly budget: Budget;
}

/** The select list for what is asked of `typeName`, whose table is `alias` in the statement. */
export function selectList(
  scope: Scope,
  typeName: string,
  sets: readonly (SelectionSetNode | undefined)[],
  alias: string,
  parents: { readonly rows: number; readonly level: number },
): string[] {
  const type = requireType(typeName);
  const table = tableOf(type.table);
  const graphqlType = scope.info.schema.getType(typeName) as GraphQLObjectType;
  const columns = new Set<string>();
  const children: string[] = [];
  if (parents.level > MAX_LEVELS) {
    throw questionError("TOO_EXPENSIVE", `This asks for more than ${MAX_LEVELS} levels.`);
  }
  const all = fieldsAsked(scope.info, sets);
  scope.budget.look(all.length);
  for (const asked of all) {
    if (asked.name.startsWith("__")) continue;
    const field = fieldOf(type, asked.name);
    if (isChild(field)) {
      const place = quoted(childKey(asked.responseName));
      children.push(`${childSelect(scope, graphqlType, { asked, field, table, alias, parents })} as ${place}`);
    } else {
      for (const column of field.columns) columns.add(column);
    }
  }
  const list = [...columns].map((key) => `${readColumn(scope.statement, table, alias, key)} as ${quoted(key)}`);
  return [...list, ...children];
}

function requireType(name: string): ObjectType {
  const type = objectTypes[name];
  if (!type) throw new Error(`Type ${name} comes from no table.`);
  return type;
}

/** JSON would round a numeric: it goes as text. */
function readColumn(statement: Statement, table: Table, alias: string, key: string): string {
  const computed = computedColumns[`${table.name}.${key}`];
  if (computed) {
    return computed(
      (column) => columnOf(table, alias, column),
      (name) => placeOfTable(statement, tableOf(name)),
    );
  }
  const { kind } = requireColumn(table, key);
  return kind === "numeric" ? `${columnOf(table, alias, key)}::text` : columnOf(table, alias, key);
}

interface ChildOf {
  readonly asked: Asked;
  readonly field: ChildField;
  readonly table: Table;
  readonly alias: string;
  readonly parents: { readonly rows: number; readonly level: number };
}

function childSelect(scope: Scope, parentType: GraphQLObjectType, child: ChildOf): string {
  const { asked, field, table, alias, parents } = child;
  const { statement, info } = scope;
  const definition = parentType.getFields()[asked.name];
  const node = asked.nodes[0];
  if (!definition || !node) throw new Error(`${parentType.name} has no field ${asked.name}.`);
  const childTypeName = getNamedType(definition.type).name;
  const sets = asked.nodes.map(({ selectionSet }) => selectionSet);

  if (field.exists && onlyAsks(info, sets, field.exists.key)) {
    return `json_build_object('${field.exists.key}', ${columnOf(table, alias, field.exists.from)})`;
  }
  const childArguments = getArgumentValues(definition, node, info.variableValues as Record<string, unknown>);
  const isPaged = definition.args.some(({ name }) => name === "first");
  const limit = field.order ? (isPaged ? firstOf(childArguments.first) : MAX_FIRST) : 1;
  const rows = parents.rows * limit;
  scope.budget.spend(rows);

  const childTable = tableOf(requireType(childTypeName).table);
  const childAlias = statement.alias();
  const list = selectList(scope, childTypeName, sets, childAlias, { rows, level: parents.level + 1 });
  const conditions = [
    `${columnOf(childTable, childAlias, "chainId")} = ${columnOf(table, alias, "chainId")}`,
    ...field.on.map(([own, its]) => `${columnOf(childTable, childAlias, own)} = ${columnOf(table, alias, its)}`),
  ];
  if (field.where) {
    conditions.push(
      field.where(
        (key) => columnOf(childTable, childAlias, key),
        (key) => columnOf(table, alias, key),
        (name) => statement.value(childArguments[name]),
      ),
    );
  }
  const order = field.order
    ? ` order by ${columnOf(childTable, childAlias, field.order.column)} ${field.order.descending ? "desc" : "asc"}`
    : "";
  const select = `select ${list.length === 0 ? '1 as "1"' : list.join(", ")} from ${placeOfTable(statement, childTable)} ${childAlias} where ${conditions.join(" and ")}${order} limit ${limit}`;
  const rowAlias = statement.alias();
  return field.order
    ? `(select coalesce(json_agg(${rowAlias}), '[]'::json) from (${select}) ${rowAlias})`
    : `(select row_to_json(${rowAlias}) from (${select}) ${rowAlias})`;
}

function onlyAsks(info: Fragments, sets: readonly (SelectionSetNode | undefined)[], key: string): boolean {
  return fieldsAsked(info, sets).every(({ name }) => name === key || name === "__typename");
}

/** Number of items asked for. */
export function firstOf(first: unknown): number {
  if (typeof first !== "number" || !Number.isInteger(first) || first < 1 || first > MAX_FIRST) {
    throw questionError("BAD_INPUT", `first is a number from 1 to ${MAX_FIRST}.`);
  }
  return first;
}

/** Selection sets of a connection's nodes: those under `nodes` and those under `edges { node }`. */
export function nodeSets(info: Fragments, sets: readonly (SelectionSetNode | undefined)[]) {
  const asked = fieldsAsked(info, sets);
  const under = (fields: readonly Asked[], name: string) =>
    fields.filter((field) => field.name === name).flatMap(({ nodes }) => nodes.map(({ selectionSet }) => selectionSet));
  return {
    names: new Set(asked.map(({ name }) => name)),
    sets: [...under(asked, "nodes"), ...under(fieldsAsked(info, under(asked, "edges")), "node")],
  };
}

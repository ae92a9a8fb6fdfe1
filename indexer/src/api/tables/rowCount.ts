// Rows that a request to `/tables` may read, counted before it runs.
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  getOperationAST,
  type SelectionSetNode,
  type ValueNode,
} from "graphql";

export const tableLimits = {
  depth: 6,
  tokens: 800,
  aliases: 10,
  /** Rows of one list. */
  page: 100,
  /** Rows of a whole request. */
  rows: 500,
  /** Fields and fragments of a whole request, fragments opened. */
  nodes: 2_000,
  /** Requests at a time. */
  requests: 4,
  /** Milliseconds. */
  time: 5_000,
} as const;

/** Rows of a list that does not say how many. */
const DEFAULT_PAGE = 50;
/** Arguments that only lists have. */
const listArguments = new Set(["where", "orderBy", "orderDirection", "before", "after", "limit", "offset"]);
/** Fields that only pages have. */
const pageFields = new Set(["items", "pageInfo", "totalCount"]);
/** Fields of the schema itself, and Ponder's own, which read no table. */
const isOfSchema = (name: string): boolean => name.startsWith("_");

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

/**
 * Returns the rows that an operation may read: each list by its limit, in each row of the list that it stands in, each time that a
 * fragment is spread.
 * @throws GraphQLError `TOO_EXPENSIVE` when one of its lists, or all of it, is too long; `BAD_INPUT` when there is no such query.
 */
export function rowsOf(
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
  operationName?: string | null,
): number {
  const operation = getOperationAST(document, operationName);
  if (!operation) throw fault("BAD_INPUT", "Say which operation of this document to run: operationName.");
  if (operation.operation !== "query")
    throw fault("BAD_INPUT", `This is a ${operation.operation}: only queries run here.`);
  const fragments: Fragments = new Map(
    document.definitions.flatMap((node) =>
      node.kind === "FragmentDefinition" ? [[node.name.value, node] as const] : [],
    ),
  );
  const defaults = new Map(
    operation.variableDefinitions?.map(({ variable, defaultValue }) => [variable.name.value, defaultValue]),
  );
  let rows = 0;
  let nodes = 0;
  count(operation.selectionSet, 1, true, []);
  return rows;

  /** `times`: rows in which the set is asked for. `open`: fragments that it stands in; a circle is refused by validation. */
  function count(set: SelectionSetNode, times: number, isRoot: boolean, open: readonly string[]): void {
    for (const node of set.selections) {
      nodes += 1;
      if (nodes > tableLimits.nodes) {
        throw fault(
          "TOO_EXPENSIVE",
          `A question has at most ${tableLimits.nodes} fields and fragments, each time it is spread.`,
        );
      }
      if (node.kind === "InlineFragment") {
        count(node.selectionSet, times, isRoot, open);
      } else if (node.kind === "FragmentSpread") {
        const fragment = fragments.get(node.name.value);
        if (fragment && !open.includes(node.name.value)) {
          count(fragment.selectionSet, times, isRoot, [...open, node.name.value]);
        }
      } else {
        countField(node, times, isRoot, open);
      }
    }
  }

  function countField(node: FieldNode, times: number, isRoot: boolean, open: readonly string[]): void {
    if (!node.selectionSet || isOfSchema(node.name.value)) return;
    const page = isList(node, isRoot) ? pageOf(node) : undefined;
    if (page !== undefined) rows += page * times;
    if (rows > tableLimits.rows) {
      throw fault(
        "TOO_EXPENSIVE",
        `A question has at most ${tableLimits.rows} rows, and this asks for ${rows} or more.`,
      );
    }
    count(node.selectionSet, times * Math.max(1, page ?? 1), false, open);
  }

  /** A row is asked for by its key: arguments that no list has. */
  function isList({ arguments: given = [], selectionSet }: FieldNode, isRoot: boolean): boolean {
    if (given.some(({ name }) => listArguments.has(name.value))) return true;
    return (isRoot && given.length === 0) || (selectionSet !== undefined && hasPageField(selectionSet, new Set()));
  }

  /** `looked`: fragments that were looked into already. */
  function hasPageField(set: SelectionSetNode, looked: Set<string>): boolean {
    return set.selections.some((node) => {
      if (node.kind === "Field") return pageFields.has(node.name.value);
      if (node.kind === "InlineFragment") return hasPageField(node.selectionSet, looked);
      const { value: name } = node.name;
      const fragment = looked.has(name) ? undefined : fragments.get(name);
      looked.add(name);
      return fragment !== undefined && hasPageField(fragment.selectionSet, looked);
    });
  }

  function pageOf({ arguments: given = [] }: FieldNode): number {
    const limit = given.find(({ name }) => name.value === "limit");
    const asked = limit ? numberOf(limit.value) : DEFAULT_PAGE;
    if (asked <= tableLimits.page) return asked;
    throw fault("TOO_EXPENSIVE", `limit is at most ${tableLimits.page}, and ${asked} was asked for: go on by cursor.`);
  }

  /** Number of rows that is asked for. A value that is no number counts as a page; the schema refuses it later. */
  function numberOf(value: ValueNode): number {
    if (value.kind === "IntValue") return Math.abs(Number(value.value));
    if (value.kind !== "Variable") return DEFAULT_PAGE;
    const given = variables[value.name.value];
    if (typeof given === "number" && Number.isFinite(given)) return Math.abs(given);
    const standing = defaults.get(value.name.value);
    return given === undefined && standing?.kind === "IntValue" ? Math.abs(Number(standing.value)) : DEFAULT_PAGE;
  }
}

function fault(code: "BAD_INPUT" | "TOO_EXPENSIVE", message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } });
}

// Queries as text, read and checked once.
import { createHash } from "node:crypto";
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  FragmentsOnCompositeTypesRule,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  getVariableValues,
  KnownDirectivesRule,
  KnownFragmentNamesRule,
  KnownTypeNamesRule,
  LoneAnonymousOperationRule,
  NoFragmentCyclesRule,
  NoUndefinedVariablesRule,
  NoUnusedFragmentsRule,
  NoUnusedVariablesRule,
  type OperationDefinitionNode,
  PossibleFragmentSpreadsRule,
  parse,
  SingleFieldSubscriptionsRule,
  specifiedRules,
  UniqueDirectivesPerLocationRule,
  UniqueFragmentNamesRule,
  UniqueOperationNamesRule,
  UniqueVariableNamesRule,
  type ValidationRule,
  type ValueNode,
  ValuesOfCorrectTypeRule,
  VariablesAreInputTypesRule,
  VariablesInAllowedPositionRule,
  validate,
  visit,
} from "graphql";
import { LRUCache } from "lru-cache";
import { excessOf, tooDeep } from "./documentLimits.ts";
import { requestError, withCode } from "./errors.ts";
import { boundedIntrospection } from "./introspectionLimit.ts";
import { MAX_TEXT, MAX_TOKENS } from "./limits.ts";
import { type Selection, selectRoot } from "./selection.ts";
import { excessiveVariable, fittingLiterals } from "./valueErrors.ts";

/** Characters of queries that are kept read, all together; of each some hundred bytes of memory. */
const MAX_KEPT_TEXT = 500_000;
/** Longer queries are read anew each time. */
const MAX_KEPT = 10_000;
/** Fields of trees that are kept, all together, and characters of the variables that they depend on. */
const MAX_KEPT_FIELDS = 100_000;
/** Values of variables that are kept, and the longest of them as JSON. */
const MAX_READ = 2_000;
const MAX_VARIABLES = 300;

const keptByText = { maxSize: MAX_KEPT_TEXT, maxEntrySize: MAX_KEPT };

/** Selections of operations, by the variables that decide it: those that were asked for longest ago go first. */
type Trees = LRUCache<string, readonly Selection[]>;

/** Values as they are given, or as the schema reads them. */
type Values = Readonly<Record<string, unknown>>;

/** Values of variables, or what is wrong with them. */
type ReadVariables = { coerced: Values; errors?: never } | { coerced?: never; errors: readonly GraphQLError[] };

/** An operation that fits the schema. */
export interface Operation {
  readonly document: DocumentNode;
  readonly node: OperationDefinitionNode;
  /** Reads its variables. */
  variables(given: Values): ReadVariables;
  /**
   * Returns the selection, given the values of its variables.
   * @throws GraphQLError when a directive on a root field has no value.
   */
  selections(variables: Readonly<Record<string, unknown>>): readonly Selection[];
  /** Keeps what was selected for these variables: for queries that are run. */
  keep(variables: Readonly<Record<string, unknown>>, selections: readonly Selection[]): void;
}

export interface Documents {
  /** The operation of that name in a query, or what is wrong with it. */
  operation(query: string, name: string | null | undefined): Operation | readonly GraphQLError[];
  /** The query of a hash that was asked before with its text. */
  byHash(hash: string): string | undefined;
  /** Remembers a query by its hash; refuses another text's. */
  keep(hash: string, query: string): void;
}

type Read =
  | { readonly document: DocumentNode; readonly operations: Map<string | undefined, Operation> }
  | readonly GraphQLError[];

const ownRules = [boundedIntrospection];
const baseRules = specifiedRules.map((rule) => (rule === ValuesOfCorrectTypeRule ? fittingLiterals : rule));

/** Rules about what a text can't have without a mark: without the mark there is nothing that they could find. */
const markedRules: ReadonlyMap<ValidationRule, readonly string[]> = new Map([
  ...[
    FragmentsOnCompositeTypesRule,
    UniqueFragmentNamesRule,
    KnownFragmentNamesRule,
    NoUnusedFragmentsRule,
    PossibleFragmentSpreadsRule,
    NoFragmentCyclesRule,
  ].map((rule): [ValidationRule, readonly string[]] => [rule, ["...", "fragment"]]),
  ...[
    VariablesAreInputTypesRule,
    UniqueVariableNamesRule,
    NoUndefinedVariablesRule,
    NoUnusedVariablesRule,
    VariablesInAllowedPositionRule,
  ].map((rule): [ValidationRule, readonly string[]] => [rule, ["$"]]),
  [KnownTypeNamesRule, ["$", "...", "fragment"]],
  [KnownDirectivesRule, ["@"]],
  [UniqueDirectivesPerLocationRule, ["@"]],
  [SingleFieldSubscriptionsRule, ["subscription"]],
]);

/** Rules for a text: each of them is asked at each node, which takes longer than all else for a text that nobody has seen before. */
function rulesFor(query: string, { definitions }: DocumentNode): readonly ValidationRule[] {
  // Definitions of types are refused by rules that know of nothing else.
  const isOne = definitions.length === 1 && definitions[0]?.kind === "OperationDefinition";
  if (!isOne) return [...baseRules, ...ownRules];
  const required = baseRules.filter((rule) => {
    if (rule === UniqueOperationNamesRule || rule === LoneAnonymousOperationRule) return false;
    return markedRules.get(rule)?.some((mark) => query.includes(mark)) ?? true;
  });
  return [...required, ...ownRules];
}

export function createDocuments(schema: GraphQLSchema): Documents {
  const documents = new LRUCache<string, Read>(keptByText);
  const hashes = new LRUCache<string, string>(keptByText);
  const trees: Trees = new LRUCache({ maxSize: MAX_KEPT_FIELDS });

  function documentOf(query: string): Read {
    const known = documents.get(query);
    if (known) return known;
    const read = readDocument(schema, query);
    documents.set(query, read, { size: query.length + 1 });
    return read;
  }

  return {
    operation: (query, name) => {
      const read = documentOf(query);
      if (!("document" in read)) return read;
      const known = read.operations.get(name ?? undefined);
      if (known) return known;
      const node = getOperationAST(read.document, name);
      if (!node) return [requestError("BAD_INPUT", unknownOperation(name))];
      if (node.operation !== "query") return [notConfigured(node)];
      const made = operationOf({ schema, trees }, read.document, node);
      read.operations.set(name ?? undefined, made);
      return made;
    },
    byHash: (hash) => hashes.get(hash),
    keep: (hash, query) => {
      if (createHash("sha256").update(query).digest("hex") !== hash) {
        throw requestError("BAD_INPUT", "persistedQuery.sha256Hash is not the SHA-256 of query.");
      }
      hashes.set(hash, query, { size: query.length + 1 });
    },
  };
}

/** In the words of graphql-js. */
function unknownOperation(name: string | null | undefined): string {
  if (name === null || name === undefined) return "Must provide operation name if query contains multiple operations.";
  return `Unknown operation named "${name}".`;
}

/** graphql-js validates nothing of an operation whose root type the schema lacks, and refuses it when it is run. */
function notConfigured(node: OperationDefinitionNode): GraphQLError {
  const message = `Schema is not configured to execute ${node.operation} operation.`;
  return withCode(new GraphQLError(message, { nodes: node }), "GRAPHQL_VALIDATION_FAILED");
}

function readDocument(schema: GraphQLSchema, query: string): Read {
  if (query.length > MAX_TEXT) {
    return [requestError("TOO_EXPENSIVE", `The text of a question has at most ${MAX_TEXT} characters.`)];
  }
  let document: DocumentNode;
  try {
    document = parse(query, { maxTokens: MAX_TOKENS });
  } catch (error) {
    if (error instanceof GraphQLError) {
      if (!error.message.startsWith("Syntax Error: Document contains more"))
        return [withCode(error, "GRAPHQL_PARSE_FAILED")];
      return [requestError("TOO_EXPENSIVE", `This has more than ${MAX_TOKENS} tokens, which is the limit.`)];
    }
    // The parser calls itself for all that stands in each other.
    if (error instanceof RangeError) return [requestError("TOO_EXPENSIVE", tooDeep)];
    throw error;
  }
  const check = (rules: readonly ValidationRule[]): readonly GraphQLError[] =>
    validate(schema, document, rules, { maxErrors: 10 }).map((error) => withCode(error, "GRAPHQL_VALIDATION_FAILED"));
  const circles = query.includes("...") ? check([NoFragmentCyclesRule]) : [];
  if (circles.length > 0) return circles;
  const excess = excessOf(document);
  if (excess !== undefined) return [requestError("TOO_EXPENSIVE", excess)];
  const errors = check(rulesFor(query, document));
  return errors.length > 0 ? errors : { document, operations: new Map() };
}

interface OperationSurroundings {
  readonly schema: GraphQLSchema;
  readonly trees: Trees;
}

function operationOf(
  { schema, trees }: OperationSurroundings,
  document: DocumentNode,
  node: OperationDefinitionNode,
): Operation {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === "FragmentDefinition") fragments.set(definition.name.value, definition);
  }
  const query = schema.getQueryType();
  if (!query) throw new Error("The schema has no queries.");
  const decisive = decisiveVariables(document);
  const number = operations++;
  // A variable that is not given differs from one that is null.
  const keyOf = (variables: Values): string =>
    `${number} ${decisive.length === 0 ? "" : JSON.stringify(decisive.map((name) => (name in variables ? [variables[name]] : [])))}`;
  return {
    document,
    node,
    variables: variablesReader(schema, node, number),
    selections: (variables) =>
      trees.get(keyOf(variables)) ?? selectRoot({ schema, fragments, variables }, query, node.selectionSet),
    keep: (variables, selections) => {
      const key = keyOf(variables);
      if (!trees.has(key)) trees.set(key, selections, { size: fieldsIn(selections) + key.length });
    },
  };
}

/** Fields of a tree, those of each kind of object of an interface included. */
function fieldsIn(selections: readonly Selection[]): number {
  return selections.reduce(
    (sum, { nodes, kinds }) => sum + nodes.length + kinds().reduce((all, fields) => all + fieldsIn(fields), 0),
    0,
  );
}

/** Variables that were read before, those of all operations: a front page asks with the same ones again and again. */
const readBefore = new Map<string, ReadVariables>();
let operations = 0;

/** Reads variables. An input type has dozens of fields, each of which is looked for: those that come again are read but once. */
function variablesReader(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
  operation: number,
) {
  return (given: Values): ReadVariables => {
    const read = () => getVariableValues(schema, variableDefinitions, given, { maxErrors: 10 }) as ReadVariables;
    const error = excessiveVariable(given);
    if (error) return { errors: [error] };
    const json = JSON.stringify(given);
    // JSON does not tell what is undefined from what is not there.
    if (json.length > MAX_VARIABLES || Object.values(given).includes(undefined)) return read();
    const key = `${operation} ${json}`;
    let known = readBefore.get(key);
    if (!known) {
      known = read();
      if (readBefore.size >= MAX_READ) readBefore.clear();
      readBefore.set(key, known);
    }
    return known;
  };
}

/**
 * Variables that what is selected depends on: all that stand in directives and in arguments below the root fields. Those of root
 * fields are read for each query.
 */
function decisiveVariables(document: DocumentNode): string[] {
  const names = new Set<string>();
  const collect = (value: ValueNode | OperationDefinitionNode["directives"]): void => {
    visit(value as never, { Variable: ({ name }) => void names.add(name.value) });
  };
  let depth = 0;
  visit(document, {
    VariableDefinition: () => false,
    OperationDefinition: () => {
      depth = 0;
    },
    // A field of a fragment may be a root field; there is no harm in taking it for another.
    FragmentDefinition: () => {
      depth = 1;
    },
    Directive: (node) => {
      for (const { value } of node.arguments ?? []) collect(value);
    },
    Field: {
      enter: (node) => {
        depth += 1;
        if (depth > 1) for (const { value } of node.arguments ?? []) collect(value);
      },
      leave: () => {
        depth -= 1;
      },
    },
  });
  return [...names];
}

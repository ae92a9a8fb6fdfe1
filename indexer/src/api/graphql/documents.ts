// Questions as text, read and checked once.
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
import { questionError } from "./errors.ts";
import { boundedIntrospection } from "./introspection.ts";
import { MAX_ALIASES, MAX_TOKENS } from "./limits.ts";
import { type Selection, select } from "./selection.ts";
import { fittingLiterals } from "./values.ts";

const MAX_DOCUMENTS = 1_000;
/** Longer questions are read anew each time: a thousand of them would fill the memory. */
const MAX_KEPT = 10_000;
/** Trees of one operation that differ by variables beside those of root fields. */
const MAX_TREES = 50;
/** Values of variables that are kept, and the longest of them as JSON. */
const MAX_READ = 2_000;
const MAX_VARIABLES = 300;

/** Values as they are given, or as the schema reads them. */
type Values = Readonly<Record<string, unknown>>;

/** Values of variables, or what is wrong with them. */
type ReadVariables = { coerced: Values; errors?: never } | { coerced?: never; errors: readonly GraphQLError[] };

/** An operation that fits the schema. */
export interface Operation {
  readonly document: DocumentNode;
  readonly node: OperationDefinitionNode;
  /** Whether it asks about the schema itself. */
  readonly isIntrospection: boolean;
  /** Reads its variables. */
  variables(given: Values): ReadVariables;
  /** What it selects, given the values of its variables. */
  selections(variables: Readonly<Record<string, unknown>>): readonly Selection[];
}

export interface Documents {
  /** The operation of that name in a question, or what is wrong with it. */
  operation(query: string, name: string | null | undefined): Operation | readonly GraphQLError[];
  /** The question of a hash that was asked before with its text. */
  byHash(hash: string): string | undefined;
  /** Remembers a question by its hash; refuses another text's. */
  keep(hash: string, query: string): void;
}

type Read = { readonly document: DocumentNode; readonly operations: Map<string, Operation> } | readonly GraphQLError[];

const ownRules = [boundedIntrospection, boundedAliases()];
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
  // What defines types is refused by rules that know of nothing else.
  const isOne = definitions.length === 1 && definitions[0]?.kind === "OperationDefinition";
  if (!isOne) return [...baseRules, ...ownRules];
  const needed = baseRules.filter((rule) => {
    if (rule === UniqueOperationNamesRule || rule === LoneAnonymousOperationRule) return false;
    return markedRules.get(rule)?.some((mark) => query.includes(mark)) ?? true;
  });
  return [...needed, ...ownRules];
}

export function createDocuments(schema: GraphQLSchema): Documents {
  const documents = new Map<string, Read>();
  const hashes = new Map<string, string>();

  function documentOf(query: string): Read {
    const known = documents.get(query);
    if (known) {
      documents.delete(query);
      documents.set(query, known);
      return known;
    }
    const read = readDocument(schema, query);
    if (query.length <= MAX_KEPT) remember(documents, query, read);
    return read;
  }

  return {
    operation: (query, name) => {
      const read = documentOf(query);
      if (!("document" in read)) return read;
      const known = read.operations.get(name ?? "");
      if (known) return known;
      const node = getOperationAST(read.document, name);
      if (!node) return [questionError("BAD_INPUT", "Say which operation of this document to run: operationName.")];
      const made = operationOf(schema, read.document, node);
      read.operations.set(name ?? "", made);
      return made;
    },
    byHash: (hash) => hashes.get(hash),
    keep: (hash, query) => {
      if (createHash("sha256").update(query).digest("hex") !== hash) {
        throw questionError("BAD_INPUT", "persistedQuery.sha256Hash is not the SHA-256 of query.");
      }
      if (query.length <= MAX_KEPT) remember(hashes, hash, query);
    },
  };
}

function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  const oldest = map.size >= MAX_DOCUMENTS ? map.keys().next().value : undefined;
  if (oldest !== undefined) map.delete(oldest);
  map.set(key, value);
}

function readDocument(schema: GraphQLSchema, query: string): Read {
  let document: DocumentNode;
  try {
    document = parse(query, { maxTokens: MAX_TOKENS });
  } catch (error) {
    if (error instanceof GraphQLError && error.message.includes("contains more")) {
      return [questionError("TOO_EXPENSIVE", `This has more than ${MAX_TOKENS} tokens, which is the limit.`)];
    }
    return [error instanceof GraphQLError ? error : questionError("BAD_INPUT", "The query can't be read.")];
  }
  const errors = validate(schema, document, rulesFor(query, document), { maxErrors: 10 });
  return errors.length > 0 ? errors : { document, operations: new Map() };
}

function operationOf(schema: GraphQLSchema, document: DocumentNode, node: OperationDefinitionNode): Operation {
  const fragments: Record<string, FragmentDefinitionNode> = {};
  for (const definition of document.definitions) {
    if (definition.kind === "FragmentDefinition") fragments[definition.name.value] = definition;
  }
  const query = schema.getQueryType();
  if (!query) throw new Error("The schema has no queries.");
  const decisive = decisiveVariables(document);
  const trees = new Map<string, readonly Selection[]>();
  const read = variablesReader(schema, node);
  return {
    document,
    node,
    variables: read,
    isIntrospection: isIntrospection(document),
    selections: (variables) => {
      const key = decisive.length === 0 ? "" : JSON.stringify(decisive.map((name) => variables[name] ?? null));
      const known = trees.get(key);
      if (known) return known;
      const made = select({ schema, fragments, variables }, query, [node.selectionSet]);
      if (trees.size >= MAX_TREES) trees.clear();
      trees.set(key, made);
      return made;
    },
  };
}

/** Variables that were read before, those of all operations: a front page asks with the same ones again and again. */
const readBefore = new Map<string, ReadVariables>();
let operations = 0;

/** Reads variables. An input type has dozens of fields, each of which is looked for: those that come again are read but once. */
function variablesReader(schema: GraphQLSchema, { variableDefinitions = [] }: OperationDefinitionNode) {
  const operation = operations++;
  return (given: Values): ReadVariables => {
    const read = () => getVariableValues(schema, variableDefinitions, given, { maxErrors: 10 }) as ReadVariables;
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
 * fields are read for each question.
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

function isIntrospection(document: DocumentNode): boolean {
  let found = false;
  visit(document, {
    Field: ({ name }) => {
      if (name.value === "__schema" || name.value === "__type") found = true;
    },
  });
  return found;
}

function boundedAliases(): ValidationRule {
  return (context) => {
    let aliases = 0;
    return {
      Field: (node) => {
        if (!node.alias || node.alias.value === node.name.value) return;
        aliases += 1;
        if (aliases !== MAX_ALIASES + 1) return;
        const message = `This has more than ${MAX_ALIASES} aliases, which is the limit.`;
        context.reportError(new GraphQLError(message, { nodes: node, extensions: { code: "TOO_EXPENSIVE" } }));
      },
    };
  };
}

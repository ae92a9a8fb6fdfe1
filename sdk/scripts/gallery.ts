/**
 * Makes `src/generated/gallery.ts` of the gallery's schema and the SDK's queries: enums, filters, variables, and for each query its text and
 * the reader of its answer, from which its type follows. Descriptions come along.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  buildSchema,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLEnumType,
  type GraphQLField,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
  type OperationDefinitionNode,
  parse,
  print,
  type SelectionSetNode,
  Source,
  typeFromAST,
  validate,
} from "graphql";

const root = fileURLToPath(new URL("../../", import.meta.url));
const schemaPath = `${root}indexer/src/api/graphql/schema.graphql`;
const folder = `${root}sdk/src/gallery/documents/`;

/** Readers of scalars, in src/gallery/scalars.ts. */
const readers: Readonly<Record<string, string>> = {
  BigInt: "bigInt",
  Address: "address",
  Hex: "hex",
  Timestamp: "timestamp",
  Long: "integer",
  Int: "integer",
  Float: "z.number()",
  String: "z.string()",
  Boolean: "z.boolean()",
  ID: "z.string()",
  JSON: "z.unknown()",
};
/** Types of scalars among variables. */
const inputs: Readonly<Record<string, string>> = {
  BigInt: "BigIntInput",
  Address: "Address",
  Hex: "Hex",
  Timestamp: "number",
  Long: "number",
  Int: "number",
  Float: "number",
  String: "string",
  Boolean: "boolean",
  ID: "string",
};

interface Documents {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly operations: readonly OperationDefinitionNode[];
}

function readDocuments(): Documents {
  const schema = buildSchema(readFileSync(schemaPath, "utf8"));
  const text = readdirSync(folder)
    .sort()
    .map((name) => readFileSync(folder + name, "utf8"))
    .join("\n");
  const document = parse(new Source(text, "sdk/src/gallery/documents"));
  const faults = validate(schema, document);
  if (faults.length > 0) throw new Error(faults.map(({ message }) => message).join("\n"));
  const fragments = new Map<string, FragmentDefinitionNode>();
  const operations: OperationDefinitionNode[] = [];
  for (const definition of document.definitions) {
    if (definition.kind === "FragmentDefinition") fragments.set(definition.name.value, definition);
    if (definition.kind === "OperationDefinition") operations.push(definition);
  }
  return { schema, fragments, operations };
}

/** Text of `src/generated/gallery.ts`. */
export function gallerySource(): string {
  const documents = readDocuments();
  const { schema, fragments, operations } = documents;
  const used = usedInputs(documents);
  const enums = Object.values(schema.getTypeMap()).filter(
    (type): type is GraphQLEnumType => isEnumType(type) && !type.name.startsWith("__") && used.has(type.name),
  );
  const filters = Object.values(schema.getTypeMap()).filter(
    (type): type is GraphQLInputObjectType => isInputObjectType(type) && used.has(type.name),
  );
  const parts = [
    `// Generated from the gallery's schema and src/gallery/documents by scripts/gallery.ts: npm run generate -w sdk

import type { Address, Hex } from "viem";
import * as z from "zod/mini";
import { galleryDocument } from "../gallery/document.js";
import { address, type BigIntInput, bigInt, enumeration, hex, integer, timestamp } from "../gallery/scalars.js";
`,
    `/** Enums of the schema, with all values that it has. */
export const enums = {
${enums.map((type) => `  ${type.name}: ${JSON.stringify(type.getValues().map(({ name }) => name))},`).join("\n")}
} as const;
`,
    ...enums.map(
      (type) => `${comment(type.description)}export type ${type.name} = (typeof enums)["${type.name}"][number];\n`,
    ),
    ...filters.map((type) => inputSource(type)),
    ...inOrder(fragments).map((fragment) => fragmentSource(documents, fragment)),
    ...operations.map((operation) => variablesSource(documents, operation)),
    `/** Every query of the SDK by name. */
export const documents = {
${operations.map((operation) => documentSource(documents, operation)).join("\n")}
} as const;
`,
  ];
  return parts.join("\n");
}

/** Enums and filters that queries can be asked with, and enums that answers have. */
function usedInputs({ schema, fragments, operations }: Documents): ReadonlySet<string> {
  const used = new Set<string>();
  const take = (type: GraphQLInputType | GraphQLOutputType): void => {
    const named = getNamedType(type);
    if (used.has(named.name)) return;
    used.add(named.name);
    if (isInputObjectType(named)) for (const field of Object.values(named.getFields())) take(field.type);
  };
  for (const { variableDefinitions = [] } of operations) {
    for (const { type } of variableDefinitions) take(typeFromAST(schema, type as never) as unknown as GraphQLInputType);
  }
  const visitSet = (set: SelectionSetNode, type: GraphQLObjectType): void => {
    for (const node of set.selections) {
      if (node.kind !== "Field" || node.name.value === "__typename") continue;
      const field = type.getFields()[node.name.value];
      if (!field) continue;
      const named = getNamedType(field.type);
      if (isEnumType(named)) used.add(named.name);
      if (isObjectType(named) && node.selectionSet) visitSet(node.selectionSet, named);
    }
  };
  for (const { selectionSet, typeCondition } of fragments.values()) {
    visitSet(selectionSet, schema.getType(typeCondition.name.value) as GraphQLObjectType);
  }
  return used;
}

function inputSource(type: GraphQLInputObjectType): string {
  const fields = Object.values(type.getFields()).map(
    (field) => `${comment(field.description, "  ")}  readonly ${field.name}?: ${inputType(field.type)} | undefined;`,
  );
  return `${comment(type.description)}export interface ${type.name} {\n${fields.join("\n")}\n}\n`;
}

/** A list may be given as its only value. */
function inputType(type: GraphQLInputType): string {
  if (isNonNullType(type)) return inputType(type.ofType);
  if (isListType(type)) {
    const item = inputType(type.ofType);
    return `${item} | readonly ${item}[]`;
  }
  if (isScalarType(type)) return inputs[type.name] ?? "never";
  return type.name;
}

/** Fragments before those that use them. */
function inOrder(fragments: ReadonlyMap<string, FragmentDefinitionNode>): FragmentDefinitionNode[] {
  const sorted = new Map<string, FragmentDefinitionNode>();
  const put = (fragment: FragmentDefinitionNode): void => {
    for (const [, name] of print(fragment.selectionSet).matchAll(/\.\.\.(\w+)/g)) {
      const needed = fragments.get(name ?? "");
      if (needed) put(needed);
    }
    sorted.set(fragment.name.value, fragment);
  };
  for (const fragment of fragments.values()) put(fragment);
  return [...sorted.values()];
}

function fragmentSource(documents: Documents, fragment: FragmentDefinitionNode): string {
  const { value: name } = fragment.name;
  const type = documents.schema.getType(fragment.typeCondition.name.value) as GraphQLObjectType;
  const reader = objectReader(documents, fragment.selectionSet, type, "");
  const text = commentAbove(fragment);
  return `${comment(text)}export const ${camel(name)} = ${reader};\n${comment(text)}export type ${name} = z.output<typeof ${camel(name)}>;\n`;
}

function objectReader(documents: Documents, set: SelectionSetNode, type: GraphQLObjectType, indent: string): string {
  const [only, second] = set.selections;
  if (only?.kind === "FragmentSpread" && second === undefined) return camel(only.name.value);
  const inner = `${indent}  `;
  const lines = set.selections.flatMap((node) => {
    if (node.kind === "FragmentSpread") return [`${inner}...${camel(node.name.value)}.shape,`];
    if (node.kind !== "Field" || node.name.value === "__typename") return [];
    return [fieldReader(documents, node, type, inner)];
  });
  return lines.length === 0 ? "z.object({})" : `z.object({\n${lines.join("\n")}\n${indent}})`;
}

function fieldReader(documents: Documents, node: FieldNode, type: GraphQLObjectType, indent: string): string {
  const field = type.getFields()[node.name.value];
  if (!field) throw new Error(`${type.name} has no field ${node.name.value}.`);
  const isAsked = !node.directives?.some(({ name }) => name.value === "include" || name.value === "skip");
  const isThere = type.name === "Query" && !isNonNullType(field.type) && !isLookup(field);
  const reader = (isThere ? present : reading)(field.type, documents, node, indent);
  const name = node.alias?.value ?? node.name.value;
  return `${comment(field.description, indent)}${indent}${name}: ${isAsked ? reader : `z.optional(${reader})`},`;
}

/**
 * Whether a root field finds one thing by its key, and is null when there is none. Every other root field is null only beside an error, which
 * the client throws.
 */
function isLookup({ type, args }: GraphQLField<unknown, unknown>): boolean {
  const isOne = isObjectType(type) && !type.name.endsWith("Connection");
  return isOne && args.some((argument) => isNonNullType(argument.type) && isScalarType(argument.type.ofType));
}

function reading(type: GraphQLOutputType, documents: Documents, node: FieldNode, indent: string): string {
  if (!isNonNullType(type)) return `z.nullable(${present(type, documents, node, indent)})`;
  return present(type.ofType as GraphQLOutputType, documents, node, indent);
}

function present(type: GraphQLOutputType, documents: Documents, node: FieldNode, indent: string): string {
  if (isListType(type)) return `z.array(${reading(type.ofType as GraphQLOutputType, documents, node, indent)})`;
  if (isEnumType(type)) return `enumeration<${type.name}>()`;
  if (isScalarType(type)) {
    const reader = readers[type.name];
    if (!reader) throw new Error(`There is no reader of ${type.name}.`);
    return reader;
  }
  if (!isObjectType(type) || !node.selectionSet) throw new Error(`${String(type)} can't be read.`);
  return objectReader(documents, node.selectionSet, type, indent);
}

function variablesSource({ schema }: Documents, operation: OperationDefinitionNode): string {
  const { value: name } = operation.name ?? { value: "" };
  const fields = (operation.variableDefinitions ?? []).map(({ variable, type: node, defaultValue }) => {
    const type = typeFromAST(schema, node as never) as unknown as GraphQLInputType;
    const isNeeded = isNonNullType(type) && defaultValue === undefined;
    const about = variableComments[variable.name.value];
    return `${comment(about, "  ")}  readonly ${variable.name.value}${isNeeded ? "" : "?"}: ${inputType(type)}${isNeeded ? "" : " | undefined"};`;
  });
  const body = fields.length === 0 ? "Record<never, never>" : `{\n${fields.join("\n")}\n}`;
  return `/** Variables of \`documents.${camel(name)}\`. */\nexport type ${name}Variables = ${body};\n`;
}

const variableComments: Readonly<Record<string, string>> = {
  first: "How many, 1 to 100.",
  after: "`endCursor` of the page before.",
  withTotal: "Whether to count how many there are in all; left out: yes.",
};

function documentSource(documents: Documents, operation: OperationDefinitionNode): string {
  const { value: name } = operation.name ?? { value: "" };
  const query = documents.schema.getQueryType() as GraphQLObjectType;
  const reader = objectReader(documents, operation.selectionSet, query, "    ");
  const text = JSON.stringify(compact(textOf(documents, operation)));
  return `${comment(commentAbove(operation), "  ")}  ${camel(name)}: galleryDocument<${name}Variables>()(\n    "${name}",\n    ${text},\n    ${reader},\n  ),`;
}

/** An operation and the fragments that it needs. */
function textOf({ fragments }: Documents, operation: OperationDefinitionNode): string {
  const needed = new Map<string, string>();
  const follow = (text: string): void => {
    for (const [, name = ""] of text.matchAll(/\.\.\.(\w+)/g)) {
      const fragment = fragments.get(name);
      if (!fragment || needed.has(name)) continue;
      needed.set(name, print(fragment));
      follow(print(fragment));
    }
  };
  const text = print(operation);
  follow(text);
  return [text, ...needed.values()].join("\n");
}

function compact(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}

/** The lines of comment right above a definition. */
function commentAbove(node: FragmentDefinitionNode | OperationDefinitionNode): string {
  const lines: string[] = [];
  for (let token = node.loc?.startToken.prev; token?.kind === "Comment"; token = token.prev) {
    const isAdjacent = token.next && token.next.line - token.line === 1;
    if (!isAdjacent) break;
    lines.unshift(token.value.trim());
  }
  return lines.join(" ");
}

function comment(text: string | null | undefined, indent = ""): string {
  const plain = (text ?? "").replaceAll(/\s+/g, " ").replaceAll("*/", "* /").trim();
  return plain === "" ? "" : `${indent}/** ${plain} */\n`;
}

function camel(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

// Parameters of a route: the variables of its GraphQL query, by names that URLs use.
import { z } from "@hono/zod-openapi";
import { toSnakeCase } from "drizzle-orm/casing";
import {
  type DocumentNode,
  type FieldNode,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isInputObjectType,
  isNonNullType,
  typeFromAST,
  valueFromASTUntyped,
} from "graphql";
import type { JsonSchema } from "./openApi.ts";
import { parameterSchema, readParameter } from "./scalars.ts";

/** One parameter of a route. */
export interface Parameter {
  readonly name: string;
  readonly type: GraphQLInputType;
  /** Path among the variables, e.g. `["filter", "artist"]`. */
  readonly path: readonly string[];
  readonly description: string | undefined;
  readonly isRequired: boolean;
  readonly default: unknown;
  /** Words that stand for values of its type. */
  readonly words: Readonly<Record<string, string>> | undefined;
}

/** Names that differ from the schema's. */
const names: Readonly<Record<string, string>> = {
  first: "limit",
  after: "cursor",
  orderBy: "order",
  withTotal: "total",
};

const descriptions: Readonly<Record<string, string>> = {
  first: "Items of a page, 1 to 100.",
  after: "`next_cursor` of the page before.",
  orderBy: "Order of the items. A cursor belongs to one order.",
  withTotal: "Whether to count how many there are in all.",
};

/**
 * The parameters that a query's variables make. What is an input object becomes a parameter for each of its fields.
 * @param left Fields of input objects that the route itself decides.
 */
export function parametersOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  left: readonly string[],
  words: Readonly<Record<string, Readonly<Record<string, string>>>> = {},
): Parameter[] {
  const operation = document.definitions.find((definition) => definition.kind === "OperationDefinition");
  if (operation?.kind !== "OperationDefinition") throw new Error("A question is one query.");
  const roots = operation.selectionSet.selections.filter((node): node is FieldNode => node.kind === "Field");
  return (operation.variableDefinitions ?? []).flatMap(({ variable, type: typeNode, defaultValue }): Parameter[] => {
    const type = typeFromAST(schema, typeNode as never) as GraphQLInputType | undefined;
    if (!type) throw new Error(`Variable ${variable.name.value} has no type.`);
    const name = variable.name.value;
    const object = getNullableType(type);
    if (isInputObjectType(object)) {
      return Object.values(object.getFields())
        .filter((field) => !left.includes(field.name))
        .map((field) => ({
          name: toSnakeCase(field.name),
          type: field.type,
          path: [name, field.name],
          description: field.description ?? undefined,
          isRequired: isNonNullType(field.type),
          default: undefined,
          words: undefined,
        }));
    }
    return [
      {
        name: names[name] ?? toSnakeCase(name),
        type,
        path: [name],
        description: describe(name, argumentDescription(schema, roots, name)),
        isRequired: isNonNullType(type) && defaultValue === undefined,
        default: defaultValue && valueFromASTUntyped(defaultValue),
        words: words[name],
      },
    ];
  });
}

/** In words that fit a URL where the schema's do not; of facets `first` is no page. */
function describe(name: string, told: string | undefined): string | undefined {
  const isPage = name !== "first" || told === undefined || told.startsWith("How many items");
  return (isPage ? descriptions[name] : undefined) ?? told;
}

/** Returns the schema's description of the argument that a variable is passed to. */
function argumentDescription(schema: GraphQLSchema, roots: readonly FieldNode[], variable: string): string | undefined {
  for (const root of roots) {
    const passed = root.arguments?.find(({ value }) => value.kind === "Variable" && value.name.value === variable);
    const field = schema.getQueryType()?.getFields()[root.name.value];
    const argument = field?.args.find(({ name }) => name === passed?.name.value);
    if (argument?.description) return argument.description;
    for (const { name, value } of root.arguments ?? []) {
      if (value.kind !== "ObjectValue") continue;
      // A field of a filter that is written out.
      const one = value.fields.find(({ value: of }) => of.kind === "Variable" && of.name.value === variable);
      const type = getNamedType(field?.args.find((argument) => argument.name === name.value)?.type);
      const description = one && isInputObjectType(type) ? type.getFields()[one.name.value]?.description : undefined;
      if (description) return description;
    }
  }
  return undefined;
}

/** Reads the values of parameters. Those without a name here have been refused before. */
export function parametersReader(parameters: readonly Parameter[]): z.ZodType<Record<string, unknown>> {
  const fields = parameters.map(({ name, type, isRequired, words }) => {
    const field = z.union([z.string(), z.array(z.string())]).transform((text, context) => {
      try {
        return words ? readWord(words, text) : readParameter(type, text);
      } catch (error) {
        context.addIssue({ code: "custom", message: error instanceof Error ? error.message : String(error) });
        return z.NEVER;
      }
    });
    return [name, isRequired ? field : field.optional()] as const;
  });
  return z.strictObject(Object.fromEntries(fields));
}

function readWord(words: Readonly<Record<string, string>>, text: string | readonly string[]): string {
  const value = typeof text === "string" && Object.hasOwn(words, text) ? words[text] : undefined;
  if (value === undefined) throw new Error(`is not one of ${Object.keys(words).join(", ")}`);
  return value;
}

/** Parameters as OpenAPI describes them. */
export function describeParameter(parameter: Parameter, location: "path" | "query") {
  const { name, type, description, isRequired } = parameter;
  const schema: JsonSchema = parameter.words
    ? { type: "string", enum: Object.keys(parameter.words) }
    : parameterSchema(type);
  const standing =
    parameter.default === undefined
      ? {}
      : { default: typeof parameter.default === "string" ? parameter.default.toLowerCase() : parameter.default };
  return {
    name,
    in: location,
    required: location === "path" || isRequired,
    ...(description && { description }),
    schema: { ...schema, ...standing },
    ...(schema.type === "array" && { style: "form", explode: false }),
  };
}

/** Puts what was read where the query has it. */
export function variablesOf(parameters: readonly Parameter[], read: Readonly<Record<string, unknown>>) {
  const variables: Record<string, unknown> = {};
  for (const { name, path } of parameters) {
    const value = read[name];
    if (value === undefined) continue;
    const [first = "", second] = path;
    if (second === undefined) variables[first] = value;
    else variables[first] = { ...(variables[first] as object | undefined), [second]: value };
  }
  return variables;
}

// A route of the catalogue, made ready: what it takes, what it asks, and what it answers.
import { type DocumentNode, type GraphQLSchema, parse, validate, visit } from "graphql";
import type { RouteSpec } from "./catalogue.ts";
import type { JsonSchema } from "./openApi.ts";
import { type Parameter, parametersOf, variablesOf } from "./parameters.ts";
import { objectSchema, type ShapeField, schemaOf, shaped, shapesOf } from "./shapes.ts";

export interface CompiledRoute {
  readonly spec: RouteSpec;
  readonly parameters: readonly Parameter[];
  /** Names of parameters by those that the gallery schema's messages use. */
  readonly names: ReadonlyMap<string, string>;
  variables(read: Readonly<Record<string, unknown>>): Record<string, unknown>;
  /** The answer without its block; undefined when there is no such thing. */
  answer(data: Readonly<Record<string, unknown>>, variables: Readonly<Record<string, unknown>>): object | undefined;
  /** JSON schema of the answer. */
  describe(components: Map<string, JsonSchema>): JsonSchema;
}

interface Page {
  readonly nodes?: readonly object[];
  readonly edges?: readonly { readonly node: object }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  readonly totalCount?: number;
  readonly totalIsExact?: boolean;
}

const isPage = ({ shape }: ShapeField): boolean => shape.fields?.some(({ from }) => from === "pageInfo") ?? false;

/** @throws Error when the query does not fit the schema: found at boot, not by whoever asks first. */
export function compileRoute(schema: GraphQLSchema, spec: RouteSpec): CompiledRoute {
  const document = parse(spec.query, { noLocation: true });
  const [fault] = validate(schema, document);
  if (fault) throw new Error(`${spec.path}: ${fault.message}`);
  const { subject, decided = {} } = spec;
  const parameters = parametersOf(schema, document, Object.keys(decided), spec.words);
  const shapes = shapesOf(schema, document);
  const told = shapes.filter(({ from }) => !(subject?.isHidden && from === subject.field));
  return {
    spec,
    parameters,
    names: namesOf(document, parameters),
    variables: (read) => {
      const variables = variablesOf(parameters, read);
      for (const [field, from] of Object.entries(decided)) {
        variables.filter = { ...(variables.filter as object | undefined), [field]: variables[from] };
      }
      return variables;
    },
    answer: (data, variables) => {
      if (subject && data[subject.field] === null) return undefined;
      const parts = told.map((field) => {
        const value = data[field.from];
        return isPage(field)
          ? pageJson(field, value as Page, variables.after)
          : { [field.to]: shaped(value, field.shape) };
      });
      return Object.assign({}, ...parts);
    },
    describe: (components) => {
      const plain = told.filter((field) => !isPage(field)).map(presentField);
      const { properties, required = [] } = objectSchema(plain, components);
      const pages = told.filter(isPage).map((field) => [field.to, itemsSchema(field, components)] as const);
      const paging = pages.length > 0 ? pageProperties : {};
      return {
        type: "object",
        properties: { ...properties, ...Object.fromEntries(pages), ...paging, block: blockSchema },
        required: [
          ...required,
          ...pages.map(([name]) => name),
          ...(pages.length > 0 ? ["next_cursor", "has_more"] : []),
          "block",
        ],
      };
    },
  };
}

/** Names of arguments and of fields of filters, which the schema's messages begin with. */
function namesOf(document: DocumentNode, parameters: readonly Parameter[]): Map<string, string> {
  const byVariable = new Map(parameters.map(({ name, path }) => [path.at(-1) ?? "", name]));
  const names = new Map(byVariable);
  visit(document, {
    Argument: ({ name, value }) => {
      const parameter = value.kind === "Variable" ? byVariable.get(value.name.value) : undefined;
      if (parameter !== undefined) names.set(name.value, parameter);
    },
  });
  return names;
}

/** A root field is null only beside an error, which is answered instead, or where there is no such thing, which is a 404. */
function presentField(field: ShapeField): ShapeField {
  return { ...field, shape: { ...field.shape, isPresent: true } };
}

function childOf({ shape }: ShapeField, name: string): ShapeField | undefined {
  return shape.fields?.find(({ from }) => from === name);
}

/** A page: items under the field's name, and where to go on. An item of a search says beside its fields why it was found. */
function pageJson(field: ShapeField, page: Page, after: unknown): object {
  const nodes = childOf(field, "nodes");
  const edges = childOf(field, "edges");
  const items = nodes
    ? shaped(page.nodes, nodes.shape)
    : page.edges?.map((edge) => {
        const { node, ...found } = shaped(edge, edges?.shape ?? {}) as { node: object };
        return { ...node, ...found };
      });
  return {
    [field.to]: items,
    next_cursor: page.pageInfo.endCursor ?? after ?? null,
    has_more: page.pageInfo.hasNextPage,
    ...(page.totalCount !== undefined && { total: page.totalCount, total_is_exact: page.totalIsExact }),
  };
}

function itemsSchema(field: ShapeField, components: Map<string, JsonSchema>): JsonSchema {
  const nodes = childOf(field, "nodes");
  if (nodes) return schemaOf(nodes.shape, components);
  const fields = (childOf(field, "edges")?.shape.fields ?? []).flatMap((edge) =>
    edge.from === "node" ? (edge.shape.fields ?? []) : [edge],
  );
  return { type: "array", items: objectSchema(fields, components) };
}

const pageProperties: Readonly<Record<string, JsonSchema>> = {
  next_cursor: {
    type: ["string", "null"],
    description: "Place of the last item: `cursor` of the next page, also of one that is still to come.",
  },
  has_more: { type: "boolean", description: "Whether there is more after this page now." },
  total: { type: "integer", description: "How many there are in all, counted up to 10,000; with `total=true`." },
  total_is_exact: { type: "boolean", description: "False when there are more than `total`." },
};

const blockSchema: JsonSchema = {
  type: "object",
  description: "Everything up to this block is in the answer.",
  properties: { chain_id: { type: "integer" }, number: { type: "integer" }, timestamp: { type: "integer" } },
  required: ["chain_id", "number", "timestamp"],
};

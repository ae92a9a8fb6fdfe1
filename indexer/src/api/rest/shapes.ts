// Shapes of the answers of `/v1`: the selection of its GraphQL query, in snake case.
import { toSnakeCase } from "drizzle-orm/casing";
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNullableType,
  isEnumType,
  isLeafType,
  isListType,
  isNonNullType,
  type SelectionSetNode,
} from "graphql";
import type { JsonSchema } from "./openApi.ts";
import { leafSchema } from "./scalars.ts";

/** A value: a leaf, which is answered as it is, or an object, or a list of either. */
export interface Shape {
  readonly type: GraphQLOutputType;
  readonly description: string | undefined;
  /** Of objects. */
  readonly fields?: readonly ShapeField[];
  /** Name of the fragment that alone selects it: its name among the components of the description. */
  readonly fragment?: string | undefined;
  /** Never null here, whatever its type. */
  readonly isPresent?: boolean;
}

export interface ShapeField {
  /** Name in the GraphQL answer. */
  readonly from: string;
  /** Name in ours. */
  readonly to: string;
  readonly shape: Shape;
}

/** Shapes of a query's root fields. */
export function shapesOf(schema: GraphQLSchema, document: DocumentNode): readonly ShapeField[] {
  const fragments = new Map<string, FragmentDefinitionNode>();
  let root: SelectionSetNode | undefined;
  for (const definition of document.definitions) {
    if (definition.kind === "FragmentDefinition") fragments.set(definition.name.value, definition);
    if (definition.kind === "OperationDefinition") root = definition.selectionSet;
  }
  const query = schema.getQueryType();
  if (!root || !query) throw new Error("A question is one query.");
  return fieldsOf(root, query, fragments);
}

function fieldsOf(
  set: SelectionSetNode,
  type: GraphQLObjectType,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): ShapeField[] {
  return set.selections.flatMap((node) => {
    if (node.kind === "InlineFragment") return fieldsOf(node.selectionSet, type, fragments);
    if (node.kind === "FragmentSpread") {
      const fragment = fragments.get(node.name.value);
      if (!fragment) throw new Error(`There is no fragment ${node.name.value}.`);
      return fieldsOf(fragment.selectionSet, type, fragments);
    }
    const field = type.getFields()[node.name.value];
    if (!field) throw new Error(`${type.name} has no field ${node.name.value}.`);
    const from = node.alias?.value ?? node.name.value;
    return [{ from, to: toSnakeCase(from), shape: shapeOf(field, node.selectionSet, fragments) }];
  });
}

function shapeOf(
  { type, description }: GraphQLField<unknown, unknown>,
  set: SelectionSetNode | undefined,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): Shape {
  const shape = { type, description: description ?? undefined };
  const inner = innermost(type);
  if (isLeafType(inner) || !set) return shape;
  const [only, second] = set.selections;
  const fragment = only?.kind === "FragmentSpread" && second === undefined ? only.name.value : undefined;
  return { ...shape, fields: fieldsOf(set, inner as GraphQLObjectType, fragments), fragment };
}

function innermost(type: GraphQLOutputType): GraphQLOutputType {
  const nullable = getNullableType(type);
  return isListType(nullable) ? innermost(nullable.ofType) : nullable;
}

/** A value of a GraphQL answer as `/v1` gives it. JSON of the schema keeps its own names. */
export function shaped(value: unknown, { fields }: Pick<Shape, "fields">): unknown {
  if (!fields || value === null || value === undefined) return value;
  if (Array.isArray(value)) return value.map((item) => shaped(item, { fields }));
  const answer: Record<string, unknown> = {};
  for (const { from, to, shape } of fields) {
    const field = (value as Record<string, unknown>)[from];
    if (field !== undefined) answer[to] = shaped(field, shape);
  }
  return answer;
}

/** JSON schema of a shape. `components` collects what fragments name. */
export function schemaOf(shape: Shape, components: Map<string, JsonSchema>, type = shape.type): JsonSchema {
  const isNullable = !isNonNullType(type) && !(shape.isPresent && type === shape.type);
  const bare = getNullableType(type);
  const description = type === shape.type && shape.description ? { description: shape.description } : {};
  if (isListType(bare)) {
    return {
      type: isNullable ? ["array", "null"] : "array",
      items: schemaOf(shape, components, bare.ofType),
      ...description,
    };
  }
  if (!shape.fields) {
    const leaf = leafSchema(bare);
    if (!isNullable || leaf.type === undefined) return { ...leaf, ...description };
    const values = isEnumType(bare) && leaf.enum ? { enum: [...leaf.enum, null] } : {};
    return { ...leaf, ...values, type: [leaf.type as string, "null"], ...description };
  }
  const object = objectSchema(shape.fields, components);
  if (shape.fragment === undefined)
    return { ...object, ...(isNullable && { type: ["object", "null"] }), ...description };
  components.set(shape.fragment, object);
  const reference = { $ref: `#/components/schemas/${shape.fragment}` };
  return isNullable ? { anyOf: [reference, { type: "null" }], ...description } : { ...reference, ...description };
}

/** JSON schema of an object with these fields, all of which are always there. */
export function objectSchema(fields: readonly ShapeField[], components: Map<string, JsonSchema>): JsonSchema {
  return {
    type: "object",
    properties: Object.fromEntries(fields.map(({ to, shape }) => [to, schemaOf(shape, components)])),
    required: fields.map(({ to }) => to),
  };
}

// Selections of a query as a tree: fragments opened, directives obeyed, mentions of one name merged, arguments read.
import {
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  GraphQLIncludeDirective,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getArgumentValues,
  getDirectiveValues,
  getNamedType,
  isAbstractType,
  isObjectType,
  type NamedTypeNode,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
} from "graphql";
import type { SelectedField } from "../query/selection.ts";

/** One field that is asked for. Trees are never changed, so what follows from one may be kept with it. */
export interface Selection extends SelectedField {
  /** Name of the field. */
  readonly name: string;
  /** Name that the answer gives it. */
  readonly responseName: string;
  readonly type: GraphQLOutputType;
  /** The object type behind `type`; undefined for a leaf, and where it depends on the value. */
  readonly objectType: GraphQLObjectType | undefined;
  /** Values of its arguments; of a root field they are read for each query. */
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Fields that are asked of it; none for a leaf, and for an interface. */
  readonly fields: readonly Selection[];
  /** Returns the fields that are asked of it where its value is of this object type. */
  fieldsOn(typeName: string): readonly Selection[];
  /** Returns the same for each object type that its value may be of; none for one of which nothing can be read. */
  kinds(): readonly (readonly Selection[])[];
  /** Places in the text that mention it. */
  readonly nodes: readonly FieldNode[];
  /** Error of each value of the field: a variable is null where an argument must not be. */
  readonly failure?: GraphQLError;
  /** Error of a directive on what is asked of it. */
  readonly fieldsFailure?: GraphQLError;
}

export interface SelectionScope {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly variables: Readonly<Record<string, unknown>>;
}

const metaFields = new Map([SchemaMetaFieldDef, TypeMetaFieldDef, TypeNameMetaFieldDef].map((one) => [one.name, one]));

/**
 * Root fields that are asked for in a selection set.
 * @throws GraphQLError when a directive on them has no value.
 */
export function selectRoot(
  scope: SelectionScope,
  type: GraphQLObjectType,
  set: SelectionSetNode,
): readonly Selection[] {
  return select(scope, type, [set], () => ({}));
}

type ReadArguments = (field: Parameters<typeof getArgumentValues>[0], node: FieldNode) => Selection["arguments"];

/** Fields of `type` that are asked for in selection sets. */
function select(
  scope: SelectionScope,
  type: GraphQLObjectType,
  sets: readonly SelectionSetNode[],
  readArguments: ReadArguments = (field, node) =>
    field.args.length === 0 ? {} : getArgumentValues(field, node, scope.variables),
): readonly Selection[] {
  const definitions = type.getFields();
  return [...fieldsAsked(scope, type, sets)].map(([responseName, nodes]): Selection => {
    const node = nodes[0] as FieldNode;
    const name = node.name.value;
    const definition = metaFields.get(name) ?? definitions[name];
    if (!definition) throw new Error(`${type.name} has no field ${name}.`);
    const read = attempt(() => readArguments(definition, node));
    const named = getNamedType(definition.type);
    const inner = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
    return {
      ...{ name, responseName, nodes, type: definition.type },
      arguments: read.value ?? {},
      ...(read.error && { failure: read.error }),
      ...below(scope, named, inner),
    };
  });
}

/** Returns the fields that are asked of values of a type. */
function below(
  scope: SelectionScope,
  type: GraphQLNamedType,
  sets: readonly SelectionSetNode[],
): Pick<Selection, "objectType" | "fields" | "fieldsOn" | "kinds" | "fieldsFailure"> {
  if (isObjectType(type) && !type.name.startsWith("__")) {
    const { value: fields = [], error } = attempt(() => select(scope, type, sets));
    const kinds = () => [fields];
    return { objectType: type, fields, fieldsOn: () => fields, kinds, ...(error && { fieldsFailure: error }) };
  }
  const none = { objectType: undefined, fields: [] };
  if (!isAbstractType(type)) return { ...none, fieldsOn: () => [], kinds: () => [] };
  const known = new Map<string, readonly Selection[]>();
  const fieldsOn = (typeName: string): readonly Selection[] => {
    const made = known.get(typeName) ?? select(scope, scope.schema.getType(typeName) as GraphQLObjectType, sets);
    known.set(typeName, made);
    return made;
  };
  const kinds = () => scope.schema.getPossibleTypes(type).map(({ name }) => attempt(() => fieldsOn(name)).value ?? []);
  return { ...none, fieldsOn, kinds };
}

/** Returns what a function answers, or the fault that it finds in the query. */
function attempt<Value>(make: () => Value): { readonly value?: Value; readonly error?: GraphQLError } {
  try {
    return { value: make() };
  } catch (error) {
    if (error instanceof GraphQLError) return { error };
    throw error;
  }
}

/** A fragment is opened once for each set: fragments that spread others twice each would double the work with every level. */
function fieldsAsked(
  scope: SelectionScope,
  type: GraphQLObjectType,
  sets: readonly SelectionSetNode[],
): Map<string, FieldNode[]> {
  const found = new Map<string, FieldNode[]>();
  const opened = new Set<string>();
  const walk = (set: SelectionSetNode): void => {
    for (const node of set.selections) {
      if (node.directives && node.directives.length > 0) {
        if (getDirectiveValues(GraphQLSkipDirective, node, scope.variables)?.if === true) continue;
        if (getDirectiveValues(GraphQLIncludeDirective, node, scope.variables)?.if === false) continue;
      }
      if (node.kind === "InlineFragment") {
        if (isOf(scope, type, node.typeCondition)) walk(node.selectionSet);
      } else if (node.kind === "FragmentSpread") {
        const fragment = scope.fragments.get(node.name.value);
        if (!fragment || opened.has(node.name.value)) continue;
        opened.add(node.name.value);
        if (isOf(scope, type, fragment.typeCondition)) walk(fragment.selectionSet);
      } else {
        const responseName = node.alias?.value ?? node.name.value;
        const known = found.get(responseName);
        if (known) known.push(node);
        else found.set(responseName, [node]);
      }
    }
  };
  for (const set of sets) walk(set);
  return found;
}

/** Returns whether a fragment applies to an object type. */
function isOf({ schema }: SelectionScope, type: GraphQLObjectType, condition: NamedTypeNode | undefined): boolean {
  if (!condition || condition.name.value === type.name) return true;
  const named = schema.getType(condition.name.value);
  return isAbstractType(named) && schema.isSubType(named, type);
}

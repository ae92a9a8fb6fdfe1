// What a question selects, as a tree: fragments opened, directives obeyed, mentions of one name merged, arguments read.
import {
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getArgumentValues,
  getDirectiveValues,
  getNamedType,
  isObjectType,
  type SelectionSetNode,
  TypeNameMetaFieldDef,
} from "graphql";
import { questionError } from "./errors.ts";
import { MAX_DEPTH, MAX_FIELDS } from "./limits.ts";

/** Longest alias: it becomes a name in Postgres, which cuts them off at 63 bytes. */
const MAX_ALIAS = 60;

/** One field that is asked for. Trees are never changed, so what follows from one may be kept with it. */
export interface Selection {
  /** Name of the field. */
  readonly name: string;
  /** Name that the answer gives it. */
  readonly responseName: string;
  readonly type: GraphQLOutputType;
  /** The object type behind `type`; undefined for a leaf. */
  readonly objectType: GraphQLObjectType | undefined;
  /** Values of its arguments. */
  readonly arguments: Readonly<Record<string, unknown>>;
  /** What is asked of it; nothing for a leaf. */
  readonly fields: readonly Selection[];
  /** Where the question mentions it. */
  readonly nodes: readonly FieldNode[];
}

export interface SelectionScope {
  readonly schema: GraphQLSchema;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Fields of `type` that are asked for in selection sets. */
export function select(
  scope: SelectionScope,
  type: GraphQLObjectType,
  sets: readonly SelectionSetNode[],
  depth = 0,
  counter: { fields: number } = { fields: 0 },
): readonly Selection[] {
  if (depth > MAX_DEPTH) {
    throw questionError("TOO_EXPENSIVE", `This selects deeper than ${MAX_DEPTH} times { }, which is the limit.`);
  }
  const asked = fieldsAsked(scope, sets);
  counter.fields += asked.size;
  if (counter.fields > MAX_FIELDS) {
    throw questionError("TOO_EXPENSIVE", `This names more than ${MAX_FIELDS} fields, fragments opened.`);
  }
  const definitions = type.getFields();
  return [...asked].map(([responseName, nodes]): Selection => {
    const node = nodes[0] as FieldNode;
    const name = node.name.value;
    const definition = name === "__typename" ? TypeNameMetaFieldDef : definitions[name];
    if (!definition) throw new Error(`${type.name} has no field ${name}.`);
    const named = getNamedType(definition.type);
    const objectType = isObjectType(named) ? named : undefined;
    const inner = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
    return {
      name,
      responseName,
      type: definition.type,
      objectType,
      arguments: definition.args.length === 0 ? {} : getArgumentValues(definition, node, scope.variables),
      fields: objectType ? select(scope, objectType, inner, depth + 1, counter) : [],
      nodes,
    };
  });
}

/** A fragment is opened once for each set: fragments that spread others twice each would double the work with every level. */
function fieldsAsked(scope: SelectionScope, sets: readonly SelectionSetNode[]): Map<string, FieldNode[]> {
  const found = new Map<string, FieldNode[]>();
  const opened = new Set<string>();
  const walk = (set: SelectionSetNode): void => {
    for (const node of set.selections) {
      if (node.directives && node.directives.length > 0) {
        if (getDirectiveValues(GraphQLSkipDirective, node, scope.variables)?.if === true) continue;
        if (getDirectiveValues(GraphQLIncludeDirective, node, scope.variables)?.if === false) continue;
      }
      if (node.kind === "InlineFragment") walk(node.selectionSet);
      else if (node.kind === "FragmentSpread") {
        const fragment = scope.fragments[node.name.value];
        if (!fragment || opened.has(node.name.value)) continue;
        opened.add(node.name.value);
        walk(fragment.selectionSet);
      } else {
        const responseName = node.alias?.value ?? node.name.value;
        if (responseName.length > MAX_ALIAS) {
          throw questionError("BAD_INPUT", `An alias has at most ${MAX_ALIAS} characters.`);
        }
        const known = found.get(responseName);
        if (known) known.push(node);
        else found.set(responseName, [node]);
      }
    }
  };
  for (const set of sets) walk(set);
  return found;
}

/** The selection of that name among others. */
export function find(fields: readonly Selection[], name: string): Selection | undefined {
  return fields.find((field) => field.name === name);
}

const allUnder = new WeakMap<readonly Selection[], Map<string, readonly Selection[]>>();

/** What is asked of the fields of that name, under whatever aliases. */
export function under(fields: readonly Selection[], name: string): readonly Selection[] {
  let known = allUnder.get(fields);
  if (!known) {
    known = new Map();
    allUnder.set(fields, known);
  }
  let made = known.get(name);
  if (!made) {
    made = merged(fields.filter((field) => field.name === name).map((field) => field.fields));
    known.set(name, made);
  }
  return made;
}

/** What is asked of the same rows in several places, as one. */
export function merged(all: readonly (readonly Selection[])[]): readonly Selection[] {
  const [only = [], ...others] = all.filter(({ length }) => length > 0);
  if (others.length === 0) return only;
  const found = new Map<string, Selection>();
  for (const selection of [only, ...others].flat()) {
    // Rows have their columns by name, and rows within them by the name in the answer.
    const key = selection.objectType ? `>${selection.responseName}` : selection.name;
    const known = found.get(key);
    if (!known) found.set(key, selection);
    else if (known.name !== selection.name || JSON.stringify(known.arguments) !== JSON.stringify(selection.arguments)) {
      throw questionError(
        "BAD_INPUT",
        `${selection.responseName} stands for different things in places that show the same items: give one another alias.`,
      );
    } else if (known.objectType) found.set(key, { ...known, fields: merged([known.fields, selection.fields]) });
  }
  return [...found.values()];
}

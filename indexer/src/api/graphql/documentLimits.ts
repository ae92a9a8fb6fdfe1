// Bounds of a query's text, which hold before it is validated: several rules of graphql-js compare things by pairs, or carry what they
// found in each fragment to each operation. One walk over the text tells how much there would be for them to do.
import {
  type DefinitionNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type SelectionSetNode,
  type ValueNode,
} from "graphql";
import {
  MAX_ALIASES,
  MAX_COMPARISONS,
  MAX_DEFINITIONS,
  MAX_DEPTH,
  MAX_FIELDS,
  MAX_INLINE,
  MAX_VALUE_DEPTH,
} from "./limits.ts";

/** A limit that a text exceeds, as a sentence. */
class Excess extends Error {}

/** Returns which limit a text exceeds, as a sentence; undefined when it exceeds none. Fragments must not spread themselves. */
export function excessOf(document: DocumentNode): string | undefined {
  try {
    const { definitions } = document;
    if (definitions.length > MAX_DEFINITIONS) {
      throw new Excess(`This has more than ${MAX_DEFINITIONS} operations and fragments, which is the limit.`);
    }
    requireFlat(definitions);
    requireFewComparisons(definitions);
    return undefined;
  } catch (error) {
    if (error instanceof Excess) return error.message;
    throw error;
  }
}

/** Message for a text that nests too deep for the parser. */
export const tooDeep = `This selects deeper than ${MAX_DEPTH} times { }, which is the limit.`;

/** Limits what every rule visits: nesting, and aliases. */
function requireFlat(definitions: readonly DefinitionNode[]): void {
  let aliases = 0;
  const value = (node: ValueNode | undefined, depth: number): void => {
    if (node?.kind !== Kind.LIST && node?.kind !== Kind.OBJECT) return;
    if (depth > MAX_VALUE_DEPTH) throw new Excess(`A value nests at most ${MAX_VALUE_DEPTH} times [ ] and { }.`);
    if (node.kind === Kind.LIST) for (const item of node.values) value(item, depth + 1);
    else for (const field of node.fields) value(field.value, depth + 1);
  };
  const given = (node: { readonly arguments?: readonly { readonly value: ValueNode }[] | undefined }): void => {
    for (const argument of node.arguments ?? []) value(argument.value, 1);
  };
  const walk = (set: SelectionSetNode | undefined, depth: number, inline: number): void => {
    if (depth > MAX_DEPTH) throw new Excess(tooDeep);
    if (inline > MAX_INLINE) throw new Excess(`This nests more than ${MAX_INLINE} inline fragments in each other.`);
    for (const node of set?.selections ?? []) {
      node.directives?.forEach(given);
      if (node.kind === Kind.INLINE_FRAGMENT) walk(node.selectionSet, depth, inline + 1);
      if (node.kind !== Kind.FIELD) continue;
      given(node);
      if (node.alias && node.alias.value !== node.name.value && ++aliases > MAX_ALIASES) {
        throw new Excess(`This has more than ${MAX_ALIASES} aliases, which is the limit.`);
      }
      walk(node.selectionSet, depth + 1, 0);
    }
  };
  for (const definition of definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) {
      for (const { defaultValue } of definition.variableDefinitions ?? []) value(defaultValue, 1);
    }
    if ("selectionSet" in definition) walk(definition.selectionSet, 1, 0);
  }
}

/**
 * Limits what is compared with each other: mentions of one name in one place, and fragments that are spread in one place, those that they
 * spread included. Places are the same as when the query is answered: what is asked of several mentions of a field is one place.
 */
function requireFewComparisons(definitions: readonly DefinitionNode[]): void {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const one of definitions) if (one.kind === Kind.FRAGMENT_DEFINITION) fragments.set(one.name.value, one);
  const reached = new Set<string>();
  let [visited, comparisons] = [0, 0];

  function compare(things: number): void {
    comparisons += (things * (things - 1)) / 2;
    if (comparisons <= MAX_COMPARISONS) return;
    throw new Excess(
      `This mentions too much several times in one place: with each other, equal fields and fragments make more than ${MAX_COMPARISONS} pairs, which is the limit.`,
    );
  }

  function walk(sets: readonly SelectionSetNode[], depth: number): void {
    if (depth > MAX_DEPTH) throw new Excess(tooDeep);
    const mentions = new Map<string, SelectionSetNode[]>();
    const counts = new Map<string, number>();
    const opened = new Set<string>();
    const collect = (set: SelectionSetNode): void => {
      for (const node of set.selections) {
        if (++visited > MAX_FIELDS) throw new Excess(`This names more than ${MAX_FIELDS} fields, fragments opened.`);
        if (node.kind === Kind.INLINE_FRAGMENT) collect(node.selectionSet);
        else if (node.kind === Kind.FIELD) {
          const name = node.alias?.value ?? node.name.value;
          counts.set(name, (counts.get(name) ?? 0) + 1);
          if (!node.selectionSet) continue;
          const known = mentions.get(name);
          if (known) known.push(node.selectionSet);
          else mentions.set(name, [node.selectionSet]);
        } else {
          const { value: name } = node.name;
          const fragment = fragments.get(name);
          if (!fragment || opened.has(name)) continue;
          opened.add(name);
          reached.add(name);
          collect(fragment.selectionSet);
        }
      }
    };
    for (const set of sets) collect(set);
    for (const count of counts.values()) compare(count);
    compare(opened.size);
    for (const inner of mentions.values()) walk(inner, depth + 1);
  }

  for (const one of definitions) if (one.kind === Kind.OPERATION_DEFINITION) walk([one.selectionSet], 1);
  // Fragments that no operation leads to are refused, but validated before.
  for (const [name, { selectionSet }] of fragments) if (!reached.has(name)) walk([selectionSet], 1);
}

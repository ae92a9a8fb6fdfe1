import { type FieldNode, GraphQLError, type SelectionSetNode, type ValidationRule } from "graphql";

/** Lists that lead from a type to types: within each other they multiply. */
const lists = new Set(["fields", "interfaces", "possibleTypes", "inputFields"]);
const MAX_LISTS = 3;

/**
 * Refuses introspection that goes round in circles (`fields { type { fields { type ...`), whose answer grows with a power of its
 * depth. What tools ask for stays far below.
 */
export const boundedIntrospection: ValidationRule = (context) => {
  // Deepest that each fragment was looked into: again makes sense only from deeper down.
  const looked = new Map<string, number>();
  function isTooDeep(set: SelectionSetNode | undefined, depth: number, visited: ReadonlySet<string>): boolean {
    return (set?.selections ?? []).some((node) => {
      if (node.kind === "InlineFragment") return isTooDeep(node.selectionSet, depth, visited);
      if (node.kind === "FragmentSpread") {
        const { value: name } = node.name;
        // A circle of fragments is another rule's business.
        if (visited.has(name) || (looked.get(name) ?? -1) >= depth) return false;
        looked.set(name, depth);
        return isTooDeep(context.getFragment(name)?.selectionSet, depth, new Set([...visited, name]));
      }
      const deeper = depth + (lists.has(node.name.value) ? 1 : 0);
      return deeper >= MAX_LISTS || isTooDeep(node.selectionSet, deeper, visited);
    });
  }
  return {
    Field: (node: FieldNode) => {
      if (node.name.value !== "__schema" && node.name.value !== "__type") return undefined;
      if (isTooDeep(node.selectionSet, 0, new Set())) {
        context.reportError(new GraphQLError("Introspection goes at most two lists deep.", { nodes: node }));
      }
      return false;
    },
  };
};

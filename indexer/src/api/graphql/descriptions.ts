// Descriptions of the schema, as they are shown: the line ends of its source are none of theirs.
import { type GraphQLSchema, isEnumType, isInputObjectType, isInterfaceType, isObjectType } from "graphql";

interface Described {
  description?: string | null | undefined;
}

/** Joins the lines of each paragraph in all descriptions of a schema. */
export function unwrapDescriptions(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith("__")) continue;
    unwrap(type);
    if (isEnumType(type)) type.getValues().forEach(unwrap);
    if (isInputObjectType(type)) Object.values(type.getFields()).forEach(unwrap);
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    for (const field of Object.values(type.getFields())) [field, ...field.args].forEach(unwrap);
  }
}

function unwrap(described: Described): void {
  if (described.description) described.description = unwrapped(described.description);
}

/** Returns a text with one line a paragraph. Items of lists begin lines of their own. */
export function unwrapped(text: string): string {
  return text.replaceAll(/(?<!\n)\n(?!\n|\s*(?:[-*]|\d+\.) )\s*/g, " ");
}

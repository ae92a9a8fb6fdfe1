import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildSchema, type GraphQLObjectType, getNamedType, isLeafType, isNonNullType } from "graphql";
import { projectRoot } from "../../tools/check.ts";

/** The gallery schema, from its text. */
export const gallery = buildSchema(readFileSync(join(projectRoot, "indexer/src/api/graphql/schema.graphql"), "utf8"));

/** Arguments that lists can't do without. */
const required: Readonly<Record<string, string>> = {
  collection: "collection: ARTWORK",
  filter: `filter: { worker: "0x776f${"0".repeat(36)}" }`,
};

/** Lists of the schema, with their orders, and arguments that they can't do without. */
export function listFields(): { name: string; node: string; orders: string[]; required: string }[] {
  return Object.values(gallery.getQueryType()?.getFields() ?? {}).flatMap((field) => {
    const type = getNamedType(field.type);
    if (!type.name.endsWith("Connection")) return [];
    const order = field.args.find(({ name }) => name === "orderBy");
    const orders = order ? getNamedType(order.type) : undefined;
    return [
      {
        name: field.name,
        required: field.args.flatMap(({ name, type: of }) => (isNonNullType(of) ? (required[name] ?? []) : [])).join(),
        node: type.name.slice(0, -"Connection".length),
        orders: orders && "getValues" in orders ? orders.getValues().map(({ name }) => name) : [],
      },
    ];
  });
}

/** Selects every field of a type that needs no argument, and so on for `levels` levels of what it leads to. */
export function everything(typeName: string, levels: number): string {
  const type = gallery.getType(typeName) as GraphQLObjectType;
  const fields = Object.values(type.getFields()).flatMap((field) => {
    if (field.args.some((argument) => isNonNullType(argument.type) && argument.defaultValue === undefined)) return [];
    const inner = getNamedType(field.type);
    if (isLeafType(inner)) return [field.name];
    if (levels === 0) return [];
    const limit = field.args.find(({ name }) => name === "first" || name === "days");
    const page = limit ? `(${limit.name}: 2)` : "";
    return [`${field.name}${page} ${everything(inner.name, levels - 1)}`];
  });
  return `{ ${fields.join(" ")} }`;
}

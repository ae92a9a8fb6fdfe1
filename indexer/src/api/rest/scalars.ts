// The scalars and enums of the gallery schema in URLs and in JSON schema.
import {
  type GraphQLInputType,
  type GraphQLOutputType,
  getNullableType,
  isEnumType,
  isListType,
  isScalarType,
} from "graphql";
import type { JsonSchema } from "./openApi.ts";

const leaves: Readonly<Record<string, JsonSchema>> = {
  BigInt: { type: "string", pattern: "^\\d+$" },
  Address: { type: "string", pattern: "^0x[0-9a-fA-F]{40}$" },
  Hex: { type: "string", pattern: "^0x([0-9a-fA-F]{2})*$" },
  Long: { type: "integer", minimum: 0 },
  Timestamp: { type: "integer", minimum: 0 },
  Int: { type: "integer" },
  Float: { type: "number" },
  Boolean: { type: "boolean" },
  String: { type: "string" },
  JSON: {},
};

/** JSON schema of a scalar or enum. */
export function leafSchema(type: GraphQLInputType | GraphQLOutputType): JsonSchema {
  if (isEnumType(type)) return { type: "string", enum: type.getValues().map(({ name }) => name) };
  const schema = isScalarType(type) ? leaves[type.name] : undefined;
  if (!schema) throw new Error(`${String(type)} has no form in JSON.`);
  return schema;
}

/** JSON schema of a parameter. Enums are written in small letters there, as URLs are. */
export function parameterSchema(given: GraphQLInputType): JsonSchema {
  const type = getNullableType(given);
  if (isListType(type)) return { type: "array", items: parameterSchema(type.ofType) };
  const schema = leafSchema(type);
  return schema.enum ? { ...schema, enum: schema.enum.map((name) => String(name).toLowerCase()) } : schema;
}

/**
 * Reads a parameter's text as a variable of its GraphQL type. Lists are written with commas between, or by repeating the parameter.
 * @throws Error whose message says what is allowed.
 */
export function readParameter(given: GraphQLInputType, text: string | readonly string[]): unknown {
  const type = getNullableType(given);
  if (isListType(type)) {
    const parts = typeof text === "string" ? text.split(",") : text;
    return parts.map((part) => readParameter(type.ofType, part));
  }
  if (typeof text !== "string") throw new Error("is given more than once");
  if (text === "") throw new Error("is empty: leave it out, or give it a value");
  if (isEnumType(type)) {
    const name = text.toUpperCase();
    if (type.getValue(name)) return name;
    const names = type.getValues().map((value) => value.name.toLowerCase());
    throw new Error(`is not one of ${names.join(", ")}`);
  }
  if (!isScalarType(type)) throw new Error(`${String(type)} is no type of a parameter.`);
  switch (type.name) {
    case "String":
      return text;
    case "Boolean":
      if (text === "true" || text === "false") return text === "true";
      throw new Error("is not true or false");
    case "Int":
      if (/^\d{1,9}$/.test(text)) return Number(text);
      throw new Error("is not a whole number");
    default:
      try {
        return type.parseValue(text);
      } catch (error) {
        throw new Error(`can't be read: ${error instanceof Error ? error.message.replace(/\.$/, "") : String(error)}`);
      }
  }
}

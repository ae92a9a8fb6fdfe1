// Writes the JSON of an answer straight from rows, by the tree of what was asked: no object in between.
import {
  type GraphQLLeafType,
  type GraphQLOutputType,
  isEnumType,
  isListType,
  isNonNullType,
  isObjectType,
} from "graphql";
import type { Selection } from "./selection.ts";
import { childKey, fieldOf, isChild, objectTypes, type Row } from "./types.ts";

/** Writes one value as JSON. */
type Write = (value: unknown) => string;

interface Field {
  /** `"name":` */
  readonly label: string;
  readonly read: (row: Row) => unknown;
  readonly write: Write;
}

const writers = new WeakMap<Selection, Write>();

/** JSON of the value of a field. Throws when what must not be null is. */
export function write(selection: Selection, value: unknown): string {
  let known = writers.get(selection);
  if (!known) {
    known = writerOf(selection.type, selection);
    writers.set(selection, known);
  }
  return known(value);
}

function writerOf(type: GraphQLOutputType, selection: Selection): Write {
  if (isNonNullType(type)) {
    const inner = notNull(type.ofType, selection);
    return (value) => {
      if (value === null || value === undefined) throw new Error(`${selection.responseName} is null, and must not be.`);
      return inner(value);
    };
  }
  const inner = notNull(type, selection);
  return (value) => (value === null || value === undefined ? "null" : inner(value));
}

/** Of a value that is not null. */
function notNull(type: GraphQLOutputType, selection: Selection): Write {
  if (isListType(type)) {
    const item = writerOf(type.ofType, selection);
    return (values) => {
      const list = values as readonly unknown[];
      let text = "[";
      for (let i = 0; i < list.length; i++) text += i === 0 ? item(list[i]) : `,${item(list[i])}`;
      return `${text}]`;
    };
  }
  if (isObjectType(type)) return objectWriter(type.name, selection.fields);
  return leafWriter(type as GraphQLLeafType);
}

function objectWriter(typeName: string, asked: readonly Selection[]): Write {
  const fields = asked.map((selection, i): Field => {
    const label = `${i === 0 ? "{" : ","}${JSON.stringify(selection.responseName)}:`;
    if (selection.name === "__typename") return { label, read: () => typeName, write: JSON.stringify };
    return { label, read: reader(typeName, selection), write: writerOf(selection.type, selection) };
  });
  return (value) => {
    let text = "";
    for (const field of fields) text += field.label + field.write(field.read(value as Row));
    return `${text}}`;
  };
}

/** How a field is read from the row, or from the object, that it belongs to. */
export function reader(typeName: string, { name, responseName }: Pick<Selection, "name" | "responseName">) {
  const type = objectTypes[typeName];
  if (!type) return (row: Row): unknown => row[name];
  const field = fieldOf(type, name);
  if (!isChild(field)) return field.of;
  const key = childKey(responseName);
  return (row: Row): unknown => row[key];
}

/** What JSON has to escape. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const special = /["\\\u0000-\u001f\ud800-\udfff]/;

function quoted(text: string): string {
  return special.test(text) ? JSON.stringify(text) : `"${text}"`;
}

function leafWriter(type: GraphQLLeafType): Write {
  if (isEnumType(type)) {
    const names = new Map(type.getValues().map(({ name, value }) => [value as unknown, JSON.stringify(name)]));
    return (value) => names.get(value) ?? JSON.stringify(type.serialize(value));
  }
  switch (type.name) {
    case "BigInt":
    case "Address":
    case "Hex":
      return (value) => `"${value}"`;
    case "Int":
    case "Long":
    case "Timestamp":
    case "Float":
      return (value) => {
        const number = Number(value);
        if (!Number.isFinite(number)) throw new Error(`${String(value)} is no number.`);
        return `${number}`;
      };
    case "Boolean":
      return (value) => (value === true ? "true" : "false");
    case "JSON":
      return (value) => JSON.stringify(value);
    default:
      return (value) => quoted(String(value));
  }
}

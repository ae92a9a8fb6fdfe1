// Writes the JSON of an answer straight from rows, by the tree of what was asked: no object in between. What has an error in it is
// completed by `completeValue.ts` instead.
import {
  type GraphQLLeafType,
  type GraphQLOutputType,
  isAbstractType,
  isEnumType,
  isListType,
  isNonNullType,
  isObjectType,
} from "graphql";
import { type Row, reader, typeNameOf } from "../query/objectTypes.ts";
import type { Selection } from "./selection.ts";

/** Writes one value as JSON. */
type Serialize = (value: unknown) => string;

interface Field {
  /** `"name":` */
  readonly label: string;
  readonly read: (row: Row) => unknown;
  readonly serialize: Serialize;
}

const writers = new WeakMap<Selection, Serialize>();

/** JSON of the value of a field. Throws when anything in it is an error. */
export function serialize(selection: Selection, value: unknown): string {
  let known = writers.get(selection);
  if (!known) {
    known = writerOf(selection.type, selection);
    writers.set(selection, known);
  }
  return known(value);
}

function writerOf(type: GraphQLOutputType, selection: Selection): Serialize {
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
function notNull(type: GraphQLOutputType, selection: Selection): Serialize {
  if (isListType(type)) {
    const item = writerOf(type.ofType, selection);
    return (values) => {
      if (!Array.isArray(values)) throw new Error(`${selection.responseName} is no list, and must be.`);
      let text = "[";
      for (let i = 0; i < values.length; i++) text += i === 0 ? item(values[i]) : `,${item(values[i])}`;
      return `${text}]`;
    };
  }
  const { fieldsFailure } = selection;
  if (fieldsFailure) return fails(fieldsFailure);
  if (isObjectType(type)) return objectWriter(type.name, selection.fields);
  if (isAbstractType(type)) return abstractWriter(selection);
  return leafWriter(type as GraphQLLeafType);
}

function fails(error: Error): Serialize {
  return () => {
    throw error;
  };
}

/** Of an object that says itself which type it is of. */
function abstractWriter(selection: Selection): Serialize {
  const made = new Map<string, Serialize>();
  return (value) => {
    const typeName = typeNameOf(value as Row);
    const known = made.get(typeName) ?? objectWriter(typeName, selection.fieldsOn(typeName));
    made.set(typeName, known);
    return known(value);
  };
}

function objectWriter(typeName: string, asked: readonly Selection[]): Serialize {
  const fields = asked.map((selection, i): Field => {
    const label = `${i === 0 ? "" : ","}${JSON.stringify(selection.responseName)}:`;
    if (selection.failure) return { label, read: () => undefined, serialize: fails(selection.failure) };
    if (selection.name === "__typename") return { label, read: () => typeName, serialize: JSON.stringify };
    return { label, read: reader(typeName, selection), serialize: writerOf(selection.type, selection) };
  });
  return (value) => {
    let text = "{";
    for (const field of fields) text += field.label + field.serialize(field.read(value as Row));
    return `${text}}`;
  };
}

/** Characters that JSON has to escape. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const special = /["\\\u0000-\u001f\ud800-\udfff]/;

function quoted(text: string): string {
  return special.test(text) ? JSON.stringify(text) : `"${text}"`;
}

/** Values that are not plainly of the type go through its own `serialize`, which knows what to make of them. */
function leafWriter(type: GraphQLLeafType): Serialize {
  const serialized = (value: unknown): string => {
    const json: string | undefined = JSON.stringify(type.serialize(value));
    if (json === undefined || json === "null")
      throw new Error(`${String(value)} is nothing that ${type.name} can say.`);
    return json;
  };
  if (isEnumType(type)) {
    const names = new Map(type.getValues().map(({ name, value }) => [value as unknown, JSON.stringify(name)]));
    return (value) => names.get(value) ?? serialized(value);
  }
  switch (type.name) {
    case "BigInt":
    case "Address":
    case "Hex":
      return (value) => `"${value}"`;
    case "Int":
      return (value) => (((value as number) | 0) === value ? `${value}` : serialized(value));
    case "Long":
    case "Timestamp":
      return (value) => {
        const number = Number(value);
        return Number.isFinite(number) ? `${number}` : serialized(value);
      };
    case "Float":
      return (value) => (Number.isFinite(value) ? `${value}` : serialized(value));
    case "Boolean":
      return (value) => (value === true ? "true" : value === false ? "false" : serialized(value));
    case "JSON":
      return serialized;
    default:
      return (value) => (typeof value === "string" ? quoted(value) : serialized(value));
  }
}

// Completes the value of a field that has errors, as graphql-js does: null for the place of an error, or for what holds it where that must
// not be null. Values without an error are written by `serialize.ts`, faster.
import {
  type GraphQLError,
  type GraphQLOutputType,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  locatedError,
} from "graphql";
import { type Row, reader, typeNameOf } from "../query/objectTypes.ts";
import type { Selection } from "./selection.ts";

type Path = readonly (string | number)[];

/** A completed value, and the errors in it with their paths. */
export interface Completed {
  readonly value: unknown;
  readonly errors: readonly GraphQLError[];
}

/** @param read Value of a root field; what it throws is the field's error. */
export function completeValue(selection: Selection, read: () => unknown): Completed {
  const errors: GraphQLError[] = [];

  function field(asked: Selection, of: () => unknown, path: Path): unknown {
    return orNull(asked.type, asked, path, () => {
      if (asked.failure) throw asked.failure;
      return completed(asked.type, asked, of(), path);
    });
  }

  function orNull(type: GraphQLOutputType, asked: Selection, path: Path, make: () => unknown): unknown {
    try {
      return make();
    } catch (error) {
      const located = locatedError(error, asked.nodes, path);
      if (isNonNullType(type)) throw located;
      errors.push(located);
      return null;
    }
  }

  function completed(type: GraphQLOutputType, asked: Selection, value: unknown, path: Path): unknown {
    if (isNonNullType(type)) {
      const made = completed(type.ofType, asked, value, path);
      if (made === null) throw new Error(`${asked.name} is null, and must not be.`);
      return made;
    }
    if (value === null || value === undefined) return null;
    if (isListType(type)) {
      if (!Array.isArray(value)) throw new Error(`${asked.name} is no list, and must be.`);
      return value.map((item, i) => {
        const itemPath = [...path, i];
        return orNull(type.ofType, asked, itemPath, () => completed(type.ofType, asked, item, itemPath));
      });
    }
    if (isLeafType(type)) return type.serialize(value);
    if (asked.fieldsFailure) throw asked.fieldsFailure;
    const typeName = isAbstractType(type) ? typeNameOf(value as Row) : type.name;
    // Without a prototype: any name is a name.
    const made: Record<string, unknown> = Object.create(null);
    for (const inner of asked.fieldsOn(typeName)) {
      const of = inner.name === "__typename" ? () => typeName : () => reader(typeName, inner)(value as Row);
      made[inner.responseName] = field(inner, of, [...path, inner.responseName]);
    }
    return made;
  }

  try {
    return { value: field(selection, read, [selection.responseName]), errors };
  } catch (error) {
    // The field must not be null: what holds it, which is the whole answer, becomes null.
    return { value: undefined, errors: [...errors, error as GraphQLError] };
  }
}

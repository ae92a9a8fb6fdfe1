// Fields of rows that are asked for, as a tree.
import { createHash } from "node:crypto";

/** A field, and the values of its arguments. */
export interface FieldArguments {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** One field that is asked for. Trees are never changed, so what follows from one may be kept with it. */
export interface SelectedField extends FieldArguments {
  /** Fields that are asked of it; none for a value. */
  readonly fields: readonly SelectedField[];
  /** Reason for which it has no value: then it is not read. */
  readonly failure?: unknown;
}

/** The selection of that name among others. */
export function find(fields: readonly SelectedField[], name: string): SelectedField | undefined {
  return fields.find((field) => field.name === name);
}

const allUnder = new WeakMap<readonly SelectedField[], Map<string, readonly SelectedField[]>>();

/** Returns the fields that are asked of the fields of that name, under whatever aliases. */
export function under(fields: readonly SelectedField[], name: string): readonly SelectedField[] {
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

/**
 * Merges selections of the same rows in several places: each field once for each value of its arguments. Names in the answer are
 * the first place's, and mean nothing.
 */
export function merged(all: readonly (readonly SelectedField[])[]): readonly SelectedField[] {
  const [only = [], ...others] = all.filter(({ length }) => length > 0);
  if (others.length === 0) return only;
  return unique([only, ...others].flat());
}

const uniques = new WeakMap<readonly SelectedField[], readonly SelectedField[]>();

/** Returns the fields of one place, each once: they may stand there under several names. */
export function unique(fields: readonly SelectedField[]): readonly SelectedField[] {
  const known = uniques.get(fields);
  if (known) return known;
  const found = new Map<string, SelectedField>();
  for (const selection of fields) {
    if (selection.failure) continue;
    const key = childKey(selection);
    const same = found.get(key);
    if (!same) found.set(key, selection);
    else if (same.fields.length > 0 || selection.fields.length > 0) {
      found.set(key, { ...same, fields: merged([same.fields, selection.fields]) });
    }
  }
  // Most often there is nothing to merge: then what is kept with the fields stays with them.
  const made = found.size === fields.length ? fields : [...found.values()];
  uniques.set(fields, made);
  return made;
}

/**
 * Key of a child's rows in their parent's row: by the field and its arguments. The name that a query gives it may stand
 * for something else in another place that shows the same rows, and may be longer than a name in Postgres.
 */
export function childKey({ name, arguments: given }: FieldArguments): string {
  const json = JSON.stringify(given);
  if (json === "{}") return `>${name}`;
  return `>${name} ${createHash("sha256").update(json).digest("base64url").slice(0, 16)}`;
}

import { z } from "zod";

/** Arguments of fields, e.g. `(first: 24)` of a list. */
const fieldArguments = z.registry<{ readonly text: string }>();

/** A field that is asked with arguments. Only for schemas made on the spot: they are what is marked. */
export function withArguments<schema extends z.ZodType>(schema: schema, text: string): schema {
  const marked = schema.clone() as schema;
  fieldArguments.add(marked, { text });
  return marked;
}

/** What an answer's field may be wrapped in. */
type Wrapped = z.ZodNullable<z.ZodType> | z.ZodArray<z.ZodType> | z.ZodObject;

/**
 * The GraphQL selection that asks for exactly what a schema reads: one definition gives the query's text, its types, and the
 * check of its answer.
 */
export function selectionOf(schema: z.ZodType): string {
  const inner = objectIn(schema);
  if (!inner) return "";
  const fields = Object.entries(inner.shape).map(([name, field]) => {
    const selection = selectionOf(field as z.ZodType);
    return `${name}${fieldArguments.get(field as z.ZodType)?.text ?? ""}${selection && ` ${selection}`}`;
  });
  return `{ ${fields.join(" ")} }`;
}

/** The object that a schema is, or lists, or may lack. */
function objectIn(schema: z.ZodType): z.ZodObject | undefined {
  const one = schema as Wrapped;
  if (one instanceof z.ZodObject) return one;
  if (one instanceof z.ZodNullable) return objectIn(one.unwrap());
  if (one instanceof z.ZodArray) return objectIn(one.element);
  return undefined;
}

import { z } from "zod";

/** Definition of a schema. It is the same for zod and zod/mini. */
type Definition = Readonly<Record<string, unknown>> & { readonly type: string };

/** Fields of a definition that hold a schema. */
const inner = ["innerType", "element", "in", "out", "catchall"] as const;

/** Classes of zod that the API's bodies use, by the type in a definition. */
const classes: Readonly<Record<string, new (definition: never) => unknown>> = {
  array: z.ZodArray,
  boolean: z.ZodBoolean,
  default: z.ZodDefault,
  enum: z.ZodEnum,
  literal: z.ZodLiteral,
  never: z.ZodNever,
  nullable: z.ZodNullable,
  object: z.ZodObject,
  optional: z.ZodOptional,
  pipe: z.ZodPipe,
  record: z.ZodRecord,
  transform: z.ZodTransform,
  unknown: z.ZodUnknown,
};

const known = new WeakMap<z.core.$ZodType, z.ZodType>();

/**
 * Returns a schema of zod/mini as one of zod, with all its parts. The SDK's schemas are those of zod/mini, and zod-to-openapi calls
 * methods that only zod's have.
 *
 * @throws Error for a type of schema that no body has had so far: add its class.
 */
export function toClassic(schema: z.core.$ZodType): z.ZodType {
  const before = known.get(schema);
  if (before) return before;
  const definition = schema._zod.def as unknown as Definition;
  const parts: Record<string, unknown> = {};
  for (const field of inner) {
    const part = definition[field];
    if (part) parts[field] = toClassic(part as z.core.$ZodType);
  }
  if (Array.isArray(definition.options)) parts.options = definition.options.map((option) => toClassic(option));
  if (definition.shape) {
    const shape = Object.entries(definition.shape as Readonly<Record<string, z.core.$ZodType>>);
    parts.shape = Object.fromEntries(shape.map(([name, field]) => [name, toClassic(field)]));
  }
  const bare = new (classOf(definition))({ ...definition, ...parts } as never) as z.ZodType;
  const meta = z.globalRegistry.get(schema);
  // Its own method, which zod-to-openapi extends: what has an id is described once and referred to.
  const classic = meta ? bare.meta(meta) : bare;
  known.set(schema, classic);
  return classic;
}

function classOf(definition: Definition): new (definition: never) => unknown {
  const { type, format, discriminator } = definition;
  if (type === "string") return format ? z.ZodStringFormat : z.ZodString;
  if (type === "number") return format ? z.ZodNumberFormat : z.ZodNumber;
  if (type === "union") return discriminator ? z.ZodDiscriminatedUnion : z.ZodUnion;
  const found = classes[type];
  if (!found) throw new Error(`Schemas of type "${type}" have no place in the API's description yet.`);
  return found;
}

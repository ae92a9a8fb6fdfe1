// `z.locales` would bring every language along.
import { en } from "zod/locales";
import * as z from "zod/mini";

const english = en().localeError;

/**
 * Reads a value by a schema of zod or zod/mini. Says what is wrong in English: zod/mini by itself has no words for it, and a global
 * setting would be a side effect on the application.
 */
export function readAs<schema extends z.core.$ZodType>(schema: schema, value: unknown) {
  return z.safeParse(schema, value, { error: english });
}

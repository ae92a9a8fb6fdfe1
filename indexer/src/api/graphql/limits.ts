// Limits of what one request may ask for, beside those of `query/limits.ts`. Errors say the limit, so none of these is a secret.
import { MAX_LEVELS } from "../query/limits.ts";

/** Longest text of a query, in characters. */
export const MAX_TEXT = 40_000;
/** The same in tokens. */
export const MAX_TOKENS = 3_000;
/** Most fields of `Query`, fragments opened. */
export const MAX_ROOT_FIELDS = 20;
/** Most aliases. */
export const MAX_ALIASES = 30;
/** Most braces within each other: a connection's own come on top of the levels. */
export const MAX_DEPTH = 2 * MAX_LEVELS + 2;
/** Most inline fragments within each other. */
export const MAX_INLINE = 10;
/** Most lists and objects within each other in a value, in the text or in variables. */
export const MAX_VALUE_DEPTH = 10;
/** Most values in variables, all together. */
export const MAX_VARIABLE_VALUES = 5_000;
/** Most fields of an object in variables: no type has as many. */
export const MAX_OBJECT_FIELDS = 200;
/** Most operations and fragments of a text. */
export const MAX_DEFINITIONS = 200;
/** Most fields with fragments opened: what makes statements long. */
export const MAX_FIELDS = 5_000;
/** Most pairs of fields of the same name, or of fragments, in the same places: what validation compares with each other. */
export const MAX_COMPARISONS = 5_000;

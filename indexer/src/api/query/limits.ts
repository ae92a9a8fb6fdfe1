// Limits of what one query may read. Errors say the limit, so none of these is a secret.

/** Most levels of types that come out of tables. */
export const MAX_LEVELS = 8;
/** Most rows that a query may ask for, lists within lists multiplied. */
export const MAX_ROWS = 10_000;
/** Most items of a list. */
export const MAX_FIRST = 100;
/** Items of a list when nothing is said. */
export const DEFAULT_FIRST = 24;
/** Most days of statistics. */
export const MAX_DAYS = 1_000;
/** Most values of one filter. */
export const MAX_VALUES = 200;
/** Longest search, in characters. */
export const MAX_SEARCH = 200;
/** Milliseconds that a query may take, all its statements together. */
export const MAX_TIME = 5_000;

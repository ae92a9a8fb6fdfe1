// Stands for `ponder:api` in the bundle: what the API takes of it.
import type { db as Db } from "ponder:api";

/** Drizzle's client of Ponder's connections that only read. Ponder sets the global before it asks for the API. */
export const db = (globalThis as unknown as { PONDER_DATABASE: { readonlyQB: { raw: typeof Db } } }).PONDER_DATABASE
  .readonlyQB.raw;

import type pg from "pg";
import { readerLock } from "../../../ops/advisoryLocks.ts";
import { log } from "../../../ops/log.ts";
import { missingColumns, type RequiredColumn } from "../../../ops/schemaCompat.ts";
import { readTablesSchema, succeeds } from "../../../ops/schemaVersions.ts";
import type { SqlReader } from "../../../ops/sql.ts";

export interface ActiveSchemaOptions {
  /** Schema of tables, or of views of them. */
  readonly schema: string;
  /** Of an indexing process: where it shows its tables. When they are built anew, it answers from the new ones. */
  readonly viewsSchema?: string | undefined;
  /** Columns that this version of the code reads. Tables that lack some of them are not moved to. */
  readonly required?: readonly RequiredColumn[];
}

/** Schema of the tables that answer. */
export interface ActiveSchema {
  /** The schema that answers. */
  current(): string;
  /** Finds out where to read from now. Undefined when there is nothing yet. */
  find(reader: SqlReader): Promise<string | undefined>;
  /** Says to whoever removes tables that these are read. `isNew`: the connection never said so. */
  claim(connection: pg.Client, schema: string, isNew: boolean): Promise<void>;
  /** From now on, these answer. */
  move(schema: string): void;
}

/** Milliseconds for which old tables are still claimed after a move: longer than any query takes. */
const RELEASE_DELAY = 5_000;

export function createActiveSchema({ schema: given, viewsSchema, required = [] }: ActiveSchemaOptions): ActiveSchema {
  let answering: string | undefined;
  let refused: string | undefined;
  let held: string | undefined;
  /** Schemas that were held before. Queries that are being answered may still read them. */
  let left: { readonly schema: string; readonly at: number }[] = [];

  return {
    current: () => answering ?? given,
    find: async (reader) => {
      const own = await readTablesSchema(reader, given);
      const shown = viewsSchema === undefined ? undefined : await readTablesSchema(reader, viewsSchema);
      const wanted = shown !== undefined && succeeds(shown, given) ? shown : own;
      if (answering === undefined || wanted === answering) return wanted;
      if (wanted === undefined || wanted === refused) return answering;
      const lacking = await missingColumns(reader, wanted, required);
      if (lacking.length > 0) {
        refused = wanted;
        log(40, "New tables can't be read by this version: start it anew, in theirs", { schema: wanted, lacking });
        return answering;
      }
      log(30, "Answers come from other tables", { schema: wanted });
      return wanted;
    },
    claim: async (connection, schema, isNew) => {
      if (isNew) {
        held = undefined;
        left = [];
      }
      if (held !== schema) {
        await connection.query("select pg_advisory_lock_shared($1::bigint)", [readerLock(schema)]);
        if (held !== undefined) left.push({ schema: held, at: Date.now() });
        held = schema;
      }
      while (left[0] && Date.now() - left[0].at > RELEASE_DELAY) {
        await connection.query("select pg_advisory_unlock_shared($1::bigint)", [readerLock(left[0].schema)]);
        left.shift();
      }
    },
    move: (schema) => {
      answering = schema;
    },
  };
}

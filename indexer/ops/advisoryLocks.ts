import { createHash } from "node:crypto";
import type pg from "pg";

/** Number of the advisory lock that an indexing process holds on its schema as long as it lives. */
export function writerLock(schema: string): string {
  return lockNumber(`gridnft-indexer/${schema}`);
}

/** Number of the advisory lock that processes share which answer from a schema. */
export function readerLock(schema: string): string {
  return lockNumber(`gridnft-reader/${schema}`);
}

function lockNumber(text: string): string {
  return createHash("sha256").update(text).digest().readBigInt64BE().toString();
}

/** Takes a lock until the end of the transaction. Returns false when somebody else holds it. */
export async function tryLock(client: pg.ClientBase, lock: string): Promise<boolean> {
  const { rows } = await client.query<{ got: boolean }>("select pg_try_advisory_xact_lock($1::bigint) as got", [lock]);
  return rows[0]?.got === true;
}

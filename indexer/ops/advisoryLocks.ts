import { createHash } from "node:crypto";

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

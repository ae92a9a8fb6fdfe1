import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { codecFingerprint, indexingSources } from "./codec.ts";
import type { IndexerEnvironment } from "./environment.ts";

let fingerprint: Promise<string> | undefined;

/** Returns the sha256 of the sources that rows depend on: handlers, tables, configuration and codec. */
export async function rowsFingerprint(): Promise<string> {
  fingerprint ??= readSources();
  return fingerprint;
}

async function readSources(): Promise<string> {
  const hash = createHash("sha256");
  for (const name of [...indexingSources(), "ponder.schema.ts", "ponder.config.ts"]) {
    hash.update(`${name}\n`).update(readFileSync(new URL(`../${name}`, import.meta.url)));
  }
  return hash.update(await codecFingerprint()).digest("hex");
}

/**
 * Returns the name of the database schema of this version of the indexer on this chain: whatever rows depend on is in it.
 * @throws When the chain can't be asked for its first block.
 */
export async function schemaName({ deployment, firstBlockHash }: IndexerEnvironment): Promise<string> {
  const hash = createHash("sha256")
    .update(await rowsFingerprint())
    .update(JSON.stringify(deployment))
    .update(await firstBlockHash());
  return `grid_${hash.digest("hex").slice(0, 12)}`;
}

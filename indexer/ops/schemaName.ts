import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { codecFingerprint } from "./codec.ts";
import type { IndexerEnvironment } from "./environment.ts";

/**
 * Returns the name of the database schema of this version of the indexer on this chain: whatever rows depend on is in it.
 * @throws When the chain can't be asked for its first block.
 */
export async function schemaName({ deployment, firstBlockHash }: IndexerEnvironment): Promise<string> {
  const hash = createHash("sha256");
  for (const name of [...indexingSources(), "ponder.schema.ts", "ponder.config.ts"]) {
    hash.update(`${name}\n`).update(readFileSync(new URL(`../${name}`, import.meta.url)));
  }
  hash
    .update(codecFingerprint())
    .update(JSON.stringify(deployment))
    .update(await firstBlockHash());
  return `grid_${hash.digest("hex").slice(0, 12)}`;
}

/** Returns the files that Ponder runs and hashes as indexing code: all of `src` but the API. */
export function indexingSources(): string[] {
  return readdirSync(new URL("../src", import.meta.url), { recursive: true, encoding: "utf8" })
    .map((name) => `src/${name.replaceAll("\\", "/")}`)
    .filter((name) => name.endsWith(".ts") && !name.startsWith("src/api/"))
    .sort();
}

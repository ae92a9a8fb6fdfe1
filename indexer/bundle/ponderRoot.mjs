import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cache, keep } from "../../tools/load.mjs";

/**
 * Makes the folder in which Ponder starts: files of a line or two, which take each part of the indexer from the bundle. Ponder's
 * build id has their texts, and in the configuration's object a fingerprint of all that rows depend on. Returns the folder.
 * @param {typeof import("./index.ts").parts} parts
 */
export async function makePonderRoot(parts) {
  const { DATABASE_SCHEMA: schema, DATABASE_VIEWS_SCHEMA: viewsSchema } = process.env;
  // Tables take their schema from Ponder's global when they are made, which is now.
  Object.assign(globalThis, { GRIDNFT_INDEXER: parts, PONDER_NAMESPACE_BUILD: { schema, viewsSchema } });
  const tables = Object.keys(await parts.schema()).sort();
  const files = Object.entries({
    "ponder.config.ts": "export default await GRIDNFT_INDEXER.config();\n",
    "ponder.schema.ts": `export const { ${tables.join(", ")} } = await GRIDNFT_INDEXER.schema();\n`,
    "src/index.ts": `import { ponder } from "ponder:registry";
for (const [event, handler] of await GRIDNFT_INDEXER.handlers()) ponder.on(event, handler);\n`,
    "src/api/index.ts": "export default await GRIDNFT_INDEXER.api();\n",
  });
  const hash = createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 16);
  const root = join(cache, `ponder-${hash}`);
  if (files.every(([name, text]) => keep(join(root, name), text))) return root;
  const own = mkdtempSync(join(tmpdir(), "gridnft-ponder-"));
  process.once("exit", () => rmSync(own, { recursive: true, force: true }));
  for (const [name, text] of files) keep(join(own, name), text);
  return own;
}

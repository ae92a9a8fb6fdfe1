/**
 * Records the gallery's schema as released: from then on a test fails for whatever breaks those who use it, until that is recorded with a
 * reason in `indexer/schema/breaking.json`.
 *
 *   npm run schema:release
 */
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "./check.ts";

const folder = join(projectRoot, "indexer/schema");
copyFileSync(join(projectRoot, "indexer/src/api/graphql/schema.graphql"), join(folder, "released.graphql"));
writeFileSync(join(folder, "breaking.json"), "[]\n");
console.log("indexer/schema/released.graphql is the schema as it is now.");

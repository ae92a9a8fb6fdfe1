import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildSchema } from "graphql";
import { defineScalars } from "../../indexer/src/api/graphql/scalars.ts";
import { projectRoot } from "../../tools/check.ts";

/** The gallery schema, as `/v1` is made from it. */
export const restSchema = buildSchema(
  readFileSync(join(projectRoot, "indexer/src/api/graphql/schema.graphql"), "utf8"),
);
defineScalars(restSchema);

#!/usr/bin/env node
// The indexer as a program: checks its environment, and runs Ponder in this process.
//
//   npm start -w indexer
//
// DATABASE_SCHEMA chooses where the tables are. Left out, it is named after all that rows depend on: the handlers, the codec, the
// deployment and the chain itself. So a new version, or a chain begun anew, indexes from the start beside the old tables, which
// `ponder db prune` removes.
import { fileURLToPath } from "node:url";
import { tsImport } from "tsx/esm/api";

const folder = fileURLToPath(new URL(".", import.meta.url));

/**
 * TypeScript of this project. Ponder brings a loader of its own: a second one for everything would only slow it down.
 * @param {string} path
 */
function load(path) {
  return tsImport(path, {
    parentURL: import.meta.url,
    tsconfig: fileURLToPath(new URL("../tsconfig.json", import.meta.url)),
  });
}

async function main() {
  const { readEnvironment } = await load("./config/environment.ts");
  const { schemaName } = await load("./config/schemaName.ts");
  const environment = await readEnvironment(process.env);
  process.env.NODE_ENV ??= "production"; // anything else shows SQL in errors
  process.env.PONDER_TELEMETRY_DISABLED ??= "1";
  process.env.DATABASE_SCHEMA ??= await schemaName(environment);
  process.env.DATABASE_VIEWS_SCHEMA ??= "gallery";
  delete process.env.PORT; // Ponder would prefer it to what it is told

  const { host, port } = environment;
  const places = ["--root", folder, "--hostname", host, "--port", `${port}`, "--log-format", "json"];
  process.argv.splice(2, process.argv.length, "start", ...places);
  await import(new URL("./bin/ponder.js", import.meta.resolve("ponder")).href);
}

main().catch((error) => {
  if (error.name !== "IndexerEnvironmentError") throw error;
  console.error(error.message);
  process.exit(1);
});

#!/usr/bin/env node
// The indexer as a program: checks its environment, and runs Ponder in this process.
//
//   npm start -w indexer          index, and answer
//   npm run serve -w indexer      only answer, from what another process indexes: as many of these as you like
//   npm run rebuild -w indexer    index anew beside the tables in use, and move to the new ones when they are complete
//   npm run prune -w indexer      remove tables that nobody uses any more
//
// DATABASE_SCHEMA chooses where the tables are. Left out, it is named after all that rows depend on: the handlers, the codec, the
// deployment and the chain itself. So a new version, or a chain begun anew, indexes from the start beside the old tables.
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { load } from "../tools/load.mjs";
import { makePonderRoot } from "./bundle/ponderRoot.mjs";

const file = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));

/** What Ponder makes up for modules that it loads: here they are in a bundle. */
const alias = {
  "ponder:api": file("bundle/api.ts"),
  "ponder:registry": file("bundle/registry.ts"),
  "ponder:schema": file("ponder.schema.ts"),
};

/** Has a closed pipe or a full disk under stdout and stderr end nothing. */
function outliveOutput() {
  for (const stream of [process.stdout, process.stderr]) {
    const emit = stream.emit.bind(stream);
    // A listener would not do: a package of Ponder's has its own, which throws.
    stream.emit = (/** @type {string} */ name, /** @type {unknown[]} */ ...values) =>
      name === "error" || emit(name, ...values);
  }
  const pino = createRequire(import.meta.resolve("ponder"))("pino");
  const { pino: open } = pino;
  // Ponder takes this function when it is imported, which is later. pino's own stream tries for ever on a full disk.
  const output = { write: (/** @type {string} */ line) => process.stdout.write(line) };
  pino.pino = Object.assign((/** @type {object} */ options, stream = output) => open(options, stream), open);
}

/**
 * Runs Ponder here, with the environment as it is now.
 * @param {"start" | "serve"} command
 * @param {{ host: string, port: number }} environment
 * @param {string} folder
 */
async function run(command, { host, port }, folder) {
  process.env.NODE_ENV ??= "production"; // anything else shows SQL in errors
  process.env.PONDER_TELEMETRY_DISABLED ??= "1";
  delete process.env.PORT; // Ponder would prefer it to what it is told
  const flags = ["--root", folder, "--hostname", host, "--port", `${port}`, "--log-format", "json"];
  process.argv.splice(2, process.argv.length, command, ...flags);
  await import(new URL("./bin/ponder.js", import.meta.resolve("ponder")).href);
}

async function main() {
  outliveOutput();
  const { readEnvironment, parts, ...commands } = await load(new URL("./bundle/index.ts", import.meta.url), {
    packages: false,
    alias,
  });
  const command = process.argv[2] ?? "start";
  if (!["start", "serve", "rebuild", "prune"].includes(command)) {
    console.error(`There is no command ${command}: start, serve, rebuild or prune.`);
    process.exit(1);
  }
  const environment = await readEnvironment(process.env);
  if (command === "prune") {
    for (const pruned of await commands.pruneSchemas(environment)) console.log(JSON.stringify(pruned));
    return;
  }
  if (command === "serve") {
    process.env.DATABASE_SCHEMA = await commands.viewsToServe(environment);
    delete process.env.DATABASE_VIEWS_SCHEMA;
    await run("serve", environment, await makePonderRoot(parts));
    return;
  }
  const isRebuild = command === "rebuild";
  const find = isRebuild ? commands.schemasToRebuild : commands.schemasToStart;
  const { schema, views, isReplaced } = await find(environment);
  process.env.DATABASE_SCHEMA = schema;
  if (isReplaced) {
    delete process.env.DATABASE_VIEWS_SCHEMA;
    process.env.GRID_INDEXER_FOLLOWS = views;
  } else {
    process.env.DATABASE_VIEWS_SCHEMA = views;
  }
  if (isRebuild) process.env.GRID_INDEXER_HANDS_OVER = "1";
  console.log(JSON.stringify({ indexing: schema, views, replaced: isReplaced }));
  await run("start", environment, await makePonderRoot(parts));
}

main().catch((error) => {
  if (error.name !== "IndexerEnvironmentError") throw error;
  console.error(error.message);
  process.exit(1);
});

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
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL(".", import.meta.url));

/**
 * What `config/prepare.mjs` finds out.
 * @typedef {{ ponder: string, host: string, port: number, variables: Record<string, string | null> }} Prepared
 */

/**
 * Checks the environment; ends this process if it won't do.
 * @param {string} command
 * @returns {Promise<Prepared | undefined>}
 */
function prepare(command) {
  return new Promise((resolve) => {
    const child = fork(fileURLToPath(new URL("./config/prepare.mjs", import.meta.url)), [command], { execArgv: [] });
    const signals = /** @type {const} */ (["SIGINT", "SIGTERM"]);
    const stop = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal);
    for (const signal of signals) process.once(signal, stop);
    /** @type {Prepared | undefined} */
    let prepared;
    child.once("message", (message) => {
      prepared = /** @type {Prepared} */ (message);
    });
    child.once("exit", (code) => {
      for (const signal of signals) process.removeListener(signal, stop);
      if (code === 0) resolve(prepared);
      else process.exit(code ?? 1);
    });
  });
}

/**
 * Runs Ponder here.
 * @param {Prepared} prepared
 */
async function run({ ponder, host, port, variables }) {
  for (const [name, value] of Object.entries(variables)) {
    if (value === null) delete process.env[name];
    else process.env[name] = value;
  }
  process.env.NODE_ENV ??= "production"; // anything else shows SQL in errors
  process.env.PONDER_TELEMETRY_DISABLED ??= "1";
  delete process.env.PORT; // Ponder would prefer it to what it is told
  const places = ["--root", folder, "--hostname", host, "--port", `${port}`, "--log-format", "json"];
  process.argv.splice(2, process.argv.length, ponder, ...places);
  await import(new URL("./bin/ponder.js", import.meta.resolve("ponder")).href);
}

async function main() {
  const command = process.argv[2] ?? "start";
  if (!["start", "serve", "rebuild", "prune"].includes(command)) {
    console.error(`There is no command ${command}: start, serve, rebuild or prune.`);
    process.exit(1);
  }
  const prepared = await prepare(command);
  if (prepared) await run(prepared);
}

await main();

#!/usr/bin/env node
// Starts Foundry's native binary: `node tools/foundry.mjs forge test`.
//
// The packages' own wrapper (node_modules/.bin/forge) exits 0 whatever happens, so a red test run would look green.
// Here the exit code and the signals of the native binary are passed on.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { pathToFileURL } from "node:url";

const tools = ["forge", "cast", "anvil"];

/**
 * Path of the native binary that npm installed for this machine.
 * @param {string} tool forge, cast or anvil
 */
export function foundryBinary(tool) {
  if (!tools.includes(tool)) throw new Error(`Unknown tool "${tool}": use one of ${tools.join(", ")}.`);
  const arch = process.arch === "x64" ? "amd64" : process.arch;
  const name = `@foundry-rs/${tool}-${process.platform}-${arch}`;
  // The platform package is a dependency of the wrapper package: resolve it from there.
  const wrapper = createRequire(import.meta.url).resolve(`@foundry-rs/${tool}/package.json`);
  try {
    return createRequire(wrapper).resolve(`${name}/bin/${tool}`);
  } catch (cause) {
    throw new Error(`${name} is not installed: run npm ci (without --omit=optional).`, { cause });
  }
}

function main() {
  const [tool = "", ...args] = process.argv.slice(2);
  const child = spawn(foundryBinary(tool), args, { stdio: "inherit" });
  // A terminal sends Ctrl-C to the whole group, a supervisor only to us: forward, and let the child decide when to end.
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
    process.on(signal, () => child.kill(signal));
  }
  child.on("error", (error) => {
    console.error(error.message);
    process.exit(127);
  });
  child.on("exit", (code, signal) => {
    process.exit(code ?? 128 + constants.signals[signal ?? "SIGTERM"]);
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) main();

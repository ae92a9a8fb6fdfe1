#!/usr/bin/env node
// Runs the sources: no build step between a change and the command. The tsconfig is named because its paths resolve
// @gridnft/* to sources from whatever folder the command is started in.
import { fileURLToPath } from "node:url";
import { register } from "tsx/esm/api";

// A fault that nothing else catches is one line, never a trace: DEBUG=gridnft shows that.
const end = (error) => {
  try {
    const text = process.env.DEBUG === "gridnft" ? error?.stack : String(error?.message ?? error).split("\n", 1)[0];
    process.stderr.write(`✗ ${text}\n`);
  } catch {
    // Nobody reads it.
  }
  process.exit(2);
};
process.on("uncaughtException", end);

register({ tsconfig: fileURLToPath(new URL("../../tsconfig.json", import.meta.url)) });
const { run } = await import("../src/main.ts").catch(end);
const exitCode = await run(process.argv.slice(2));
process.exitCode = exitCode;
// What was interrupted may still wait for a chain or a cloud.
if (exitCode === 130) process.exit();

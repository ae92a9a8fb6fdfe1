#!/usr/bin/env node
// Runs the sources: no build step between a change and the command.
import { load } from "../../tools/load.mjs";

// A fault that nothing else catches is one line, never a trace: DEBUG=gridnft shows that.
const end = (error) => {
  try {
    const text = process.env.DEBUG === "gridnft" ? error?.stack : String(error?.message ?? error).split("\n", 1)[0];
    process.stderr.write(`✗ ${text}\n`);
  } catch {
    // The reader is gone.
  }
  process.exit(2);
};
process.on("uncaughtException", end);

const { run } = await load(new URL("../src/main.ts", import.meta.url)).catch(end);
const exitCode = await run(process.argv.slice(2));
process.exitCode = exitCode;
// A command that was interrupted may still wait for a chain or a cloud.
if (exitCode === 130) process.exit();

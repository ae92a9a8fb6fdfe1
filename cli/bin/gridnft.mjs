#!/usr/bin/env node
// Runs the sources: no build step between a change and the command. The tsconfig is named because its paths resolve
// @gridnft/* to sources from whatever folder the command is started in.
import { fileURLToPath } from "node:url";
import { register } from "tsx/esm/api";

register({ tsconfig: fileURLToPath(new URL("../../tsconfig.json", import.meta.url)) });
const { run } = await import("../src/main.ts");
process.exitCode = await run(process.argv.slice(2));

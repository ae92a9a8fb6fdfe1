// Runs a program of this project from its TypeScript: `node tools/run.mjs <program>.ts [arguments]`.
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { load } from "./load.mjs";

const [path] = process.argv.splice(2, 1);
if (path === undefined) throw new Error("usage: node tools/run.mjs <program>.ts [arguments]");
const program = resolve(path);
process.argv[1] = program;
await load(pathToFileURL(program));

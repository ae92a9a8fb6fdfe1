// Files of installed packages. `import.meta.resolve` would find them, but vitest has none.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { projectRoot } from "../../tools/check.ts";
import { LocalError } from "./errors.ts";

const require = createRequire(join(projectRoot, "indexer/package.json"));

/** Returns the flags with which Node runs TypeScript. */
export function typescriptFlags(): string[] {
  return ["--import", pathToFileURL(require.resolve("tsx")).href];
}

/** Returns the arguments with which node runs a TypeScript program of this project. */
export function programArguments(path: string): string[] {
  return [join(projectRoot, "tools/run.mjs"), join(projectRoot, path)];
}

/** Returns the path of an installed package's file. */
export function packageFile(name: string, file: string): string {
  for (const folder of require.resolve.paths(name) ?? []) {
    const path = join(folder, name, file);
    if (existsSync(path)) return path;
  }
  throw new LocalError("SERVICE", `The package ${name} is not installed: run npm ci.`);
}

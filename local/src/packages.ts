import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { projectRoot } from "../../tools/check.ts";

// `import.meta.resolve` would find it, but vitest has none.
const require = createRequire(join(projectRoot, "indexer/package.json"));

/** Returns the flags with which Node runs TypeScript. */
export function typescriptFlags(): string[] {
  return ["--import", pathToFileURL(require.resolve("tsx")).href];
}

/** Returns the arguments with which node runs a TypeScript program of this project. */
export function programArguments(path: string): string[] {
  return [join(projectRoot, "tools/run.mjs"), join(projectRoot, path)];
}

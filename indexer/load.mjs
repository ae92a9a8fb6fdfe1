import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

/**
 * Imports TypeScript of this project. It is made one module first; packages are left to Node, so that Ponder, which needs most of
 * them too, finds them loaded. A loader for TypeScript in this process (tsx) would have to be asked for each of Ponder's 2,000 modules.
 * @param {URL} entry
 */
export async function load(entry) {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(entry)],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    target: "node20",
    tsconfig: fileURLToPath(new URL("../tsconfig.json", import.meta.url)),
    plugins: [inPlace],
  });
  const folder = await mkdtemp(join(tmpdir(), "gridnft-indexer-"));
  try {
    const file = join(folder, "config.mjs");
    await writeFile(file, outputFiles[0]?.contents ?? "");
    return await import(pathToFileURL(file).href);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/**
 * Whatever folder the module is in: it finds packages where they are installed, and files are where they were.
 * @type {import("esbuild").Plugin}
 */
const inPlace = {
  name: "in-place",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
      if (kind === "entry-point" || path.startsWith("@gridnft/")) return undefined;
      return { path: import.meta.resolve(path), external: true };
    });
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      return { contents: source.replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href)), loader: "ts" };
    });
  },
};

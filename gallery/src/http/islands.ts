import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Asset } from "./asset.ts";

const folder = new URL("../islands/", import.meta.url);

/** Bundle of an island: the script that a page names, and the files that this loads later. */
export interface Island {
  readonly entry: Asset;
  readonly files: readonly Asset[];
}

/** Bundles an island for browsers. Its files' names have their hashes. */
export async function bundleIsland(name: string): Promise<Island> {
  const { outputFiles, metafile } = await build({
    entryPoints: [fileURLToPath(new URL(`${name}.ts`, folder))],
    outdir: "/assets",
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    ...{ bundle: true, splitting: true, format: "esm", minify: true, write: false, metafile: true },
    ...{ target: "es2022", platform: "browser", legalComments: "none", logLevel: "silent" },
    // The SDK's sources: in a checkout nothing has to be built first.
    tsconfig: fileURLToPath(new URL("tsconfig.json", folder)),
  });
  const files = outputFiles.map(
    ({ path, contents }): Asset => ({
      path: `/assets/${path.split(/[\\/]/).at(-1)}`,
      type: "text/javascript; charset=utf-8",
      bytes: new Uint8Array(contents),
    }),
  );
  const entries = Object.entries(metafile.outputs).filter(([, { entryPoint }]) => entryPoint?.endsWith(`${name}.ts`));
  const entry = files.find(({ path }) => entries.some(([output]) => output.endsWith(path.replace("/assets/", ""))));
  if (!entry) throw new Error(`The bundle of ${name} has no entry.`);
  return { entry, files };
}

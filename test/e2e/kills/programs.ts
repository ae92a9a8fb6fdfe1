import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";
import { projectRoot } from "../../../tools/check.ts";

/** Programs in one file each, so that they start in a third of the time: they are started again with every kill. */
export interface BundledPrograms {
  readonly cloud: string;
  readonly worker: string;
  remove(): void;
}

/** Packages with binaries or files of their own, which a bundle would leave behind. */
const external = [
  "sharp",
  "onnxruntime-node",
  "pino",
  "pg",
  "pg-native",
  "prom-client",
  "tiny-secp256k1",
  "postgrator",
];

/** Sources look for files beside themselves, not beside the bundle. */
const placed: Plugin = {
  name: "placed",
  setup: ({ onLoad }) => {
    onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href)),
      loader: "ts",
    }));
  },
};

/** Bundles the cloud's program, and a worker whose engine paints one colour. */
export async function bundlePrograms(): Promise<BundledPrograms> {
  const cache = join(projectRoot, "node_modules/.cache");
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "kills-"));
  await build({
    entryPoints: {
      cloud: join(projectRoot, "cloud/src/main.ts"),
      worker: join(projectRoot, "worker/test/program/child.ts"),
    },
    ...{ outdir: folder, outExtension: { ".js": ".mjs" }, bundle: true, platform: "node", format: "esm" },
    ...{ target: "node20", conditions: ["source"], external, plugins: [placed], logLevel: "error" },
    // Packages in CommonJS ask for modules of Node's.
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  });
  return {
    cloud: join(folder, "cloud.mjs"),
    worker: join(folder, "worker.mjs"),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

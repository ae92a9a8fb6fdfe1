import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const indexer = fileURLToPath(new URL("..", import.meta.url));
const sdk = fileURLToPath(new URL("../../sdk/src/index.ts", import.meta.url));

/** Returns the files that Ponder runs and hashes as indexing code, sorted: all of `src` but the API. */
export function indexingSources(): string[] {
  return readdirSync(new URL("../src", import.meta.url), { recursive: true, encoding: "utf8" })
    .map((name) => `src/${name.replaceAll("\\", "/")}`)
    .filter((name) => name.endsWith(".ts") && !name.startsWith("src/api/"))
    .sort();
}

/**
 * Returns the files of the SDK on which the meaning of an indexed row depends, sorted: those from which something is left when the
 * features are bundled and what they do not use is dropped.
 */
export async function codecSources(): Promise<string[]> {
  const features = indexingSources().filter((file) => file.startsWith("src/features/"));
  const { metafile } = await build({
    stdin: { contents: features.map((file) => `import "./${file}";`).join("\n"), resolveDir: indexer },
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    alias: { "@gridnft/sdk": sdk },
    absWorkingDir: indexer,
    outdir: indexer,
    logLevel: "error",
  });
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs));
  return inputs
    .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
    .map(([path]) => path.replaceAll("\\", "/"))
    .filter((path) => path.startsWith("../sdk/src/"))
    .sort();
}

/** Returns the sha256 of the codec's sources: equal fingerprints read equal blobs equally. */
export async function codecFingerprint(): Promise<string> {
  const hash = createHash("sha256");
  for (const path of await codecSources()) hash.update(`${path}\n`).update(readFileSync(resolve(indexer, path)));
  return hash.digest("hex");
}

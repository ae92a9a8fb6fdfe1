import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";

const root = new URL("../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), "utf8");

interface Budget {
  readonly name: string;
  /** Subpath of the package. */
  readonly from: string;
  readonly names: readonly string[];
  readonly gzip: number;
  readonly reason: string;
}
const { imports } = JSON.parse(read("budgets.json")) as { imports: readonly Budget[] };
const { exports } = JSON.parse(read("package.json")) as {
  exports: Readonly<Record<string, { readonly source: string }>>;
};

/** Size of a page with just this import, and its parts, heaviest first. */
async function weigh({ from, names }: Pick<Budget, "from" | "names">) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: `export { ${names.join()} } from "${exports[from]?.source}";`, resolveDir: fileURLToPath(root) },
    bundle: true,
    platform: "browser",
    format: "esm",
    minify: true,
    write: false,
    metafile: true,
    logLevel: "silent",
  });
  const [output] = Object.values(metafile.outputs);
  const parts = Object.entries(output?.inputs ?? {})
    .sort(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput)
    .map(([path, { bytesInOutput }]) => `${bytesInOutput} ${path.replace(/.*node_modules\//, "")}`);
  const code = outputFiles[0]?.contents ?? new Uint8Array();
  return { minified: code.length, gzip: gzipSync(code, { level: 9 }).length, parts };
}

describe("weight in a page", () => {
  it.each(imports)("$name stays within its budget", async ({ name, from, names, gzip: budget }) => {
    const { minified, gzip, parts } = await weigh({ from, names });
    const kB = (bytes: number) => (bytes / 1_000).toFixed(1);
    console.log(
      `${name}: ${kB(gzip)} of ${kB(budget)} kB gzip, ${(gzip / budget).toFixed(2)}; ${kB(minified)} minified`,
    );
    expect(gzip, `heaviest: ${parts.slice(0, 12).join(", ")}`).toBeLessThanOrEqual(budget);
    // Room for a fifth more at most: what was saved is not lost again unseen.
    expect(gzip, "lower the budget").toBeGreaterThan(budget * 0.8);
  });
});

describe("zod", () => {
  /** Import lines of zod in a text which are not of the kind that bundlers can shake. */
  const heavy = (text: string) =>
    [...text.matchAll(/^(?:import|export)\s[^;]*?from "zod[^"]*";$/gm)]
      .map(([line]) => line)
      .filter((line) => !/^import (type )?\* as z from "zod\/mini";$/.test(line))
      .filter((line) => line !== 'import { en } from "zod/locales";');

  it("is never imported whole", () => {
    const files = readdirSync(new URL("src", root), { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".ts"),
    );
    expect(files.length).toBeGreaterThan(50);
    expect(files.flatMap((file) => heavy(read(`src/${file}`)).map((line) => `src/${file}: ${line}`))).toEqual([]);
  });

  it.each(['import { z } from "zod";', 'import * as z from "zod";', 'import { z } from "zod/mini";'])(
    "would be found: %s",
    (line) => expect(heavy(`import type { Hex } from "viem";\n${line}\n`)).toEqual([line]),
  );
});

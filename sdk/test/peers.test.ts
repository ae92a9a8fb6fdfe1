import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = new URL("../", import.meta.url);
const modules = fileURLToPath(new URL("../node_modules/", root));
const path = (name: string) => fileURLToPath(new URL(name, root));

interface Manifest {
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}
const manifest = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as Manifest;

/** Type checks the package's sources and apps, with another viem in place of ours. */
function faultsWith(viem: string, roots: readonly string[]): string[] {
  const config = ts.readConfigFile(path("../tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, path(".."));
  const program = ts.createProgram(roots.map(path), {
    ...options,
    noEmit: true,
    types: [],
    lib: ["lib.es2023.d.ts", "lib.dom.d.ts", "lib.dom.asynciterable.d.ts"],
    paths: { viem: [`${modules}${viem}/_types/index.d.ts`], "viem/*": [`${modules}${viem}/_types/*/index.d.ts`] },
  });
  const used = program.getSourceFiles().filter(({ fileName }) => fileName.includes("node_modules/viem/"));
  expect(used.map(({ fileName }) => fileName).filter(() => viem !== "viem")).toEqual([]);
  return program
    .getSourceFiles()
    .filter(({ fileName }) => !fileName.includes("node_modules"))
    .flatMap((source) => program.getSemanticDiagnostics(source))
    .map(({ file, start = 0, messageText }) => {
      const line = file ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
      return `${file?.fileName.split("/sdk/")[1]}:${line}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
    });
}

describe("peers", () => {
  const sources = ["src/index.ts", "src/gallery/index.ts", "src/schemas/index.ts"];

  // wagmi brings the viem of its own, which is ours; apps with it are typed by `npm run lint`.
  it("are typed down to the oldest viem that is admitted", () => {
    expect(faultsWith("viem-oldest", sources)).toEqual([]);
  }, 480_000);

  it("name the oldest versions that are tested, and are no dependencies", () => {
    const { peerDependencies, dependencies, devDependencies } = manifest;
    const oldest = { viem: "viem-oldest", "@tanstack/query-core": "query-core-oldest" } as const;
    expect(Object.keys(peerDependencies).sort()).toEqual(Object.keys(oldest).sort());
    for (const [name, alias] of Object.entries(oldest)) {
      const [, version] = /^\^(\d+\.\d+\.\d+)$/.exec(peerDependencies[name] ?? "") ?? [];
      expect(devDependencies[alias], name).toBe(`npm:${name}@${version}`);
      expect(dependencies, name).not.toHaveProperty([name]);
    }
  });
});

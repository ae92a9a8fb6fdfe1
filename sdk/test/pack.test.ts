/** Tests the package that npm would publish: packed once, then used as an app uses it, without the repository's sources. */
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { build } from "esbuild";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startBrowser } from "../../test/fixtures/browser.ts";

const sdk = fileURLToPath(new URL("../", import.meta.url));
const modules = fileURLToPath(new URL("../../node_modules/", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "gridnft-pack-"));
const app = join(folder, "app");
const installed = join(app, "node_modules/@gridnft/sdk");
const read = (name: string) => readFileSync(join(installed, name), "utf8");

interface Manifest {
  readonly private?: boolean;
  readonly license: string;
  readonly keywords: readonly string[];
  readonly engines: { readonly node: string };
  readonly sideEffects: boolean;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly repository?: unknown;
  readonly homepage?: unknown;
  readonly bugs?: unknown;
}
let manifest: Manifest;
let tarball: string;
let files: readonly string[];
/** The script that the README says runs as it stands. */
let script: string;

beforeAll(() => {
  const staged = join(folder, "staged");
  for (const name of ["package.json", "README.md", "LICENSE", "CHANGELOG.md", "src"]) {
    cpSync(join(sdk, name), join(staged, name), { recursive: true });
  }
  // Built where it is packed, as `npm run build` does it in its own folder: maps name sources beside them.
  const config = {
    extends: join(sdk, "tsconfig.json"),
    compilerOptions: { rootDir: "src", outDir: "dist" },
    include: ["src"],
  };
  writeFileSync(join(staged, "tsconfig.json"), JSON.stringify(config));
  symlinkSync(modules, join(staged, "node_modules"));
  execFileSync(process.execPath, [join(modules, "typescript/bin/tsc"), "-p", staged], { stdio: "pipe" });
  const out = execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], {
    ...{ cwd: staged, encoding: "utf8" as const, stdio: ["ignore", "pipe", "ignore"] as const },
  });
  const [packed] = JSON.parse(out) as { filename: string; files: { path: string }[] }[];
  tarball = join(folder, packed?.filename ?? "");
  files = (packed?.files ?? []).map(({ path }) => path);
  mkdirSync(installed, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", installed, "--strip-components=1"]);
  manifest = JSON.parse(read("package.json")) as Manifest;
  // As npm would install them beside it.
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
    mkdirSync(dirname(join(app, "node_modules", name)), { recursive: true });
    symlinkSync(join(modules, name), join(app, "node_modules", name));
  }
  writeFileSync(join(app, "package.json"), JSON.stringify({ name: "app", private: true, type: "module" }));
  [, script = ""] = /^```js\n([\s\S]*?)^```/m.exec(read("README.md")) ?? [];
}, 480_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Output of the script: that the key which signed is found, and the sha256 of `hello world\n`. */
const printed = ["true", "0xa948904f2f0f479b8f8197694b30184b0d2ed1c1cd2a1ec0fb85d299a192a447"];

describe("the package", () => {
  it("has its licence, a changelog, and says what npm shows", () => {
    expect(files).toEqual(expect.arrayContaining(["LICENSE", "README.md", "CHANGELOG.md", "package.json"]));
    expect(read("LICENSE")).toBe(readFileSync(new URL("../../LICENSE", import.meta.url), "utf8"));
    expect(manifest).toMatchObject({ license: "MIT", sideEffects: false, engines: { node: ">=20.19" } });
    expect(manifest.keywords.length).toBeGreaterThan(3);
    expect(read("CHANGELOG.md")).toMatch(/^## /m);
  });

  it("is not published before it says where it comes from", () => {
    const { repository, homepage, bugs } = manifest;
    if (!manifest.private) expect([repository, homepage, bugs]).not.toContain(undefined);
  });

  it("has nothing but what it says, and every file that it names", () => {
    expect(
      files.filter((path) => !/^(dist|src)\/|^(LICENSE|README\.md|CHANGELOG\.md|package\.json)$/.test(path)),
    ).toEqual([]);
    const targets = Object.values(manifest.exports).flatMap((entry) =>
      typeof entry === "string" ? [entry] : Object.values(entry),
    );
    expect(targets.length).toBeGreaterThan(8);
    expect(targets.filter((target) => !existsSync(join(installed, target)))).toEqual([]);
  });

  it("has no dead source maps", () => {
    const maps = files.filter((path) => path.endsWith(".map"));
    expect(maps.length).toBeGreaterThan(50);
    const dead = maps.flatMap((path) => {
      const { sources, sourceRoot = "" } = JSON.parse(read(path)) as { sources: string[]; sourceRoot?: string };
      return sources
        .map((source) => join(dirname(path), sourceRoot, source))
        .filter((source) => !existsSync(join(installed, source)));
    });
    expect(dead).toEqual([]);
  });

  it("has no links to what is not in it", () => {
    const links = ["README.md", "CHANGELOG.md"].flatMap((page) =>
      [...read(page).matchAll(/\]\((?!https?:|#)([^)\s#]+)/g)].map(([, target = ""]) => target),
    );
    expect(links.filter((target) => !existsSync(join(installed, target)))).toEqual([]);
  });

  it("is what publint and arethetypeswrong expect of a package of modules", async () => {
    const { messages } = await publint({ pkgDir: installed, strict: true });
    expect(messages.map((message) => formatMessage(message, manifest as never))).toEqual([]);
    const { problems } = (await checkPackage(createPackageFromTarballData(readFileSync(tarball)))) as {
      problems: readonly { kind: string; resolutionKind?: string }[];
    };
    // Modules alone: Node 20.19 requires them; the resolution of before 2022 knows no exports.
    const expected = new Set(["CJSResolvesToESM"]);
    expect(problems.filter(({ kind, resolutionKind }) => !expected.has(kind) && resolutionKind !== "node10")).toEqual(
      [],
    );
  }, 300_000);
});

describe("in an app", () => {
  it("runs the README's script in Node", () => {
    writeFileSync(join(app, "script.js"), script);
    const out = execFileSync(process.execPath, ["script.js"], { cwd: app, encoding: "utf8" });
    expect(out.trim().split("\n")).toEqual(printed);
  });

  it("is loaded by require, too", () => {
    const code =
      'console.log(typeof require("@gridnft/sdk").mintSeries, typeof require("@gridnft/sdk/gallery").artworksQuery)';
    const out = execFileSync(process.execPath, ["--input-type=commonjs", "-e", code], {
      cwd: app,
      encoding: "utf8",
      stdio: "pipe",
    });
    expect(out.trim()).toBe("function function");
  });

  it("runs the README's script in Chromium", async () => {
    const { outputFiles } = await build({
      stdin: { contents: script, resolveDir: app },
      ...{ bundle: true, platform: "browser", format: "esm", write: false, logLevel: "silent", metafile: true },
    });
    const browser = await startBrowser();
    try {
      const page = await browser.newPage();
      const lines: string[] = [];
      page.on("console", (message) => lines.push(message.text()));
      page.on("pageerror", (error) => lines.push(`${error}`));
      await page.addScriptTag({ type: "module", content: outputFiles?.[0]?.text ?? "" });
      await expect.poll(() => lines.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(printed.length);
      expect(lines).toEqual(printed);
    } finally {
      await browser.close();
    }
  }, 300_000);

  it.each([
    ["bundler", ts.ModuleKind.ESNext, ts.ModuleResolutionKind.Bundler],
    ["nodenext", ts.ModuleKind.NodeNext, ts.ModuleResolutionKind.NodeNext],
    ["node16", ts.ModuleKind.Node16, ts.ModuleResolutionKind.Node16],
  ] as const)(
    "is typed under %s",
    (_, module, moduleResolution) => {
      const file = join(app, "index.ts");
      writeFileSync(
        file,
        `import { createCloudClient, mintSeries, type Deployment, type WalletClient } from "@gridnft/sdk";
import { artworksQuery, createGalleryClient } from "@gridnft/sdk/gallery";
import { job } from "@gridnft/sdk/schemas";
export const models: Promise<readonly { name: string }[]> = createCloudClient({ url: "http://127.0.0.1" }).models();
export const status: "done" | string = job.parse({}).status;
export const key: readonly unknown[] = artworksQuery(createGalleryClient({ url: "http://127.0.0.1" })).queryKey;
export const mint = (wallet: WalletClient, deployment: Deployment) =>
  mintSeries(wallet, { deployment, bundles: [], series: { title: "" } }).then(({ tokenIds }): readonly bigint[] => tokenIds);
createCloudClient({ uri: "http://127.0.0.1" });
`,
      );
      const program = ts.createProgram([file], {
        ...{
          module,
          moduleResolution,
          target: ts.ScriptTarget.ES2022,
          strict: true,
          noEmit: true,
          skipLibCheck: true,
          types: [],
        },
        lib: ["lib.es2023.d.ts", "lib.dom.d.ts"],
      });
      const ours = program.getSourceFiles().filter(({ fileName }) => fileName.includes("@gridnft/sdk/"));
      expect(ours.every(({ fileName }) => relative(installed, fileName).startsWith("dist/"))).toBe(true);
      const faults = program
        .getSemanticDiagnostics()
        .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " "));
      expect(faults).toEqual([expect.stringMatching(/'uri' does not exist in type 'CloudOptions'/)]);
      expect(readdirSync(app)).toContain("index.ts");
    },
    120_000,
  );
});

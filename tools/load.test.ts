import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { projectRoot } from "./check.ts";

/** A project whose path has all that paths may have. */
let root: string;
let home: string;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "gridnft-load-"));
  root = join(home, "node_modules/größe 100% #1 $& ?");
  for (const file of ["tools/load.mjs", "tools/run.mjs", "tsconfig.json", "tsconfig.base.json"]) {
    cpSync(join(projectRoot, file), join(root, file));
  }
  mkdirSync(join(root, "node_modules"));
  mkdirSync(join(home, "tmp"));
  symlinkSync(join(projectRoot, "node_modules/esbuild"), join(root, "node_modules/esbuild"));
  write("node_modules/.package-lock.json", "{}");
  write("package.json", '{ "type": "module" }');
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

function write(file: string, text: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}

function run(program: string): { out: string; err: string } {
  const env = { PATH: process.env.PATH, TMPDIR: join(home, "tmp") };
  const args = [join(root, "tools/run.mjs"), join(root, program)];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: home, env, encoding: "utf8" });
  return { out: stdout, err: stderr };
}

describe("a program that is bundled", () => {
  it("is what its sources are, also when their times and sizes stay", () => {
    write("facts.json", '{ "n": 1 }');
    write(
      "part.ts",
      'import facts from "./facts.json" with { type: "json" };\nexport const part: string = "a" + facts.n;\n',
    );
    write(
      "main.ts",
      `import { readFileSync } from "node:fs";
       import { part } from "./part.ts";
       class Old { kept = 1; }
       class New extends Old { declare other: number; kept; }
       const beside = readFileSync(new URL("./facts.json", import.meta.url), "utf8");
       console.log(part, beside, new New().kept);`,
    );
    const edit = (file: string, text: string) => {
      const { atime, mtime } = statSync(join(root, file));
      write(file, text);
      utimesSync(join(root, file), atime, mtime);
    };
    expect(run("main.ts")).toEqual({ out: 'a1 { "n": 1 } undefined\n', err: "" });
    const cache = join(root, "node_modules/.cache/gridnft-programs");
    const [bundle = ""] = readdirSync(cache);
    const made = statSync(join(cache, bundle));
    expect(run("main.ts").out).toBe('a1 { "n": 1 } undefined\n');
    expect(statSync(join(cache, bundle)).ino).toBe(made.ino);
    edit("facts.json", '{ "n": 2 }');
    expect(run("main.ts").out).toBe('a2 { "n": 2 } undefined\n');
    edit(
      "part.ts",
      'import facts from "./facts.json" with { type: "json" };\nexport const part: string = "b" + facts.n;\n',
    );
    write("tsconfig.base.json", '{ "compilerOptions": { "target": "ES2021" } }');
    expect(run("main.ts").out).toBe('b2 { "n": 2 } 1\n');
  });

  it("names the line of its source where it failed, and leaves nothing behind where it can't be kept", () => {
    write(
      "fails.ts",
      `interface Nothing {
  nothing: 0;
}

const end = (): never => {
  throw new Error("the end");
};

try {
  end();
} catch (error) {
  console.log((error as Error).stack);
  process.exit(1);
}
`,
    );
    const place = `(${join(root, "fails.ts")}:6:9)`;
    expect(run("fails.ts").out).toContain(place);
    expect(run("fails.ts").out).toContain(place);
    const cache = join(root, "node_modules/.cache");
    rmSync(cache, { recursive: true });
    writeFileSync(cache, "");
    expect(run("fails.ts").out).toContain(place);
    expect(readdirSync(join(home, "tmp"))).toEqual([]);
  });
});

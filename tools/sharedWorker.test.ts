/** Guards what `isolate: false` in vitest.config.ts relies on: test files of one worker share its modules, environment and clock. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { projectRoot } from "./check.ts";

const changes: Readonly<Record<string, RegExp>> = {
  "a module": /\bvi\.(mock|doMock|spyOn|resetModules)\(/,
  "the environment":
    /\bvi\.stubEnv\(|\bprocess\.env(\.\w+|\[[^\]]+\]) (\?\?)?= |Object\.assign\(process\.env|delete process\.env/,
  "the clock": /\bvi\.(useFakeTimers|setSystemTime)\(/,
  "a global": /\bvi\.stubGlobal\(|\bglobalThis(\.\w+|\[[^\]]+\]) (\?\?)?= /,
  "the working folder": /\bprocess\.chdir\(/,
};

function changedBy(text: string): string[] {
  return Object.entries(changes).flatMap(([what, pattern]) => (pattern.test(text) ? [what] : []));
}

it("no test file changes what files of a worker share", () => {
  const tracked = execFileSync("git", ["ls-files", "*.ts"], { cwd: projectRoot, encoding: "utf8" }).split("\n");
  const tests = tracked.filter(
    (path) => /(^|\/)tests?\/|\.test\.ts$/.test(path) && path !== "tools/sharedWorker.test.ts",
  );
  expect(tests.length).toBeGreaterThan(100);
  const found = tests.flatMap((path) =>
    changedBy(readFileSync(join(projectRoot, path), "utf8")).map((what) => [path, what]),
  );
  expect(found).toEqual([]);
});

it.each([
  ["a module", 'vi.mock("./clock.ts");'],
  ["the environment", 'process.env.GRID_SEED = "1";'],
  ["the environment", 'process.env["GRID_SEED"] ??= "1";'],
  ["the clock", "vi.useFakeTimers();"],
  ["a global", "globalThis.fetch = async () => answer;"],
  ["the working folder", "process.chdir(folder);"],
])("%s counts as changed by `%s`", (what, line) => {
  expect(changedBy(line)).toEqual([what]);
});

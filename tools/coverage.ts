// `npm run coverage:contracts`: line and branch coverage of contracts/ (without dev/), which must be 100%, except for what
// test/coverage-exceptions.json names with its reason. An exception that is no longer needed is a fault too.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { projectRoot, runCheck } from "./check.ts";
import { foundryBinary } from "./foundry.mjs";

/** One line that can't be covered, found by its text, which must stand in the file once: line numbers move. */
export interface CoverageException {
  file: string;
  code: string;
  reason: string;
}

/** Coverage of a file, by the lcov report that `forge coverage` writes. */
export interface FileCoverage {
  file: string;
  /** Hits by line number. */
  lines: Map<number, number>;
  branches: { line: number; hits: number }[];
}

/** Parses lcov; a branch that was never reached (`-`) counts as 0. */
export function parseLcov(text: string): FileCoverage[] {
  const files: FileCoverage[] = [];
  let current: FileCoverage | undefined;
  for (const line of text.split("\n")) {
    const [key = "", value = ""] = line.split(/:(.*)/);
    if (key === "SF") {
      current = { file: value, lines: new Map(), branches: [] };
      files.push(current);
    }
    const parts = value.split(",");
    if (key === "DA") current?.lines.set(Number(parts[0]), Number(parts[1]));
    if (key === "BRDA")
      current?.branches.push({ line: Number(parts[0]), hits: parts[3] === "-" ? 0 : Number(parts[3]) });
  }
  return files;
}

/** Compares one file's coverage with the exceptions; marks in `used` those that were needed. */
export function uncovered(
  coverage: FileCoverage,
  source: string,
  exceptions: CoverageException[],
  used: Set<CoverageException>,
): string[] {
  const texts = source.split("\n");
  const gaps = new Map<number, string>();
  for (const [line, hits] of coverage.lines) if (hits === 0) gaps.set(line, "line");
  for (const { line, hits } of coverage.branches) if (hits === 0 && !gaps.has(line)) gaps.set(line, "branch");
  const faults: string[] = [];
  for (const { code } of exceptions.filter(({ file }) => file === coverage.file)) {
    const found = texts.filter((text) => text.includes(code)).length;
    if (found !== 1)
      faults.push(`coverage-exceptions.json: "${code}" stands ${found} times in ${coverage.file}, not once`);
  }
  for (const [line, kind] of [...gaps].sort(([a], [b]) => a - b)) {
    const text = texts[line - 1]?.trim() ?? "";
    const exception = exceptions.find(({ file, code }) => file === coverage.file && text.includes(code));
    if (exception === undefined) faults.push(`${coverage.file}:${line}: ${kind} never taken: ${text}`);
    else used.add(exception);
  }
  return faults;
}

function check(): string[] {
  const report = join(projectRoot, "cache/coverage/lcov.info");
  mkdirSync(join(projectRoot, "cache/coverage"), { recursive: true });
  rmSync(report, { force: true }); // an old report must not speak for a run that crashed
  // Gas tests measure the optimized code, so here they could only fail. A line that only random histories reach would have
  // no test that says what it does, so they don't count.
  const args = ["coverage", "--report", "lcov", "--report-file", report, "--exclude-tests"];
  args.push(
    "--no-match-path",
    "test/{gas,invariant}/**",
    "--no-match-coverage",
    "^(contracts/dev|test|script|node_modules)/",
  );
  const env = { ...process.env, FOUNDRY_PROFILE: "coverage" };
  const forge = spawnSync(foundryBinary("forge"), args, { cwd: projectRoot, env, stdio: "inherit" });
  const faults = forge.status === 0 ? [] : [`forge coverage ended with exit code ${forge.status}`];
  if (!existsSync(report)) return [...faults, "forge coverage wrote no report"];

  const listed = join(projectRoot, "test/coverage-exceptions.json");
  const exceptions = existsSync(listed) ? (JSON.parse(readFileSync(listed, "utf8")) as CoverageException[]) : [];
  const ours = parseLcov(readFileSync(report, "utf8")).filter(
    ({ file }) => file.startsWith("contracts/") && !file.startsWith("contracts/dev/"),
  );
  const used = new Set<CoverageException>();
  console.log(`\n${"file".padEnd(44)} ${"lines".padStart(18)} ${"branches".padStart(18)}`);
  for (const coverage of ours.sort((a, b) => (a.file < b.file ? -1 : 1))) {
    const columns = [share([...coverage.lines.values()]), share(coverage.branches.map(({ hits }) => hits))];
    console.log(`${coverage.file.padEnd(44)} ${columns.map((column) => column.padStart(18)).join(" ")}`);
    const source = readFileSync(join(projectRoot, coverage.file), "utf8");
    faults.push(...uncovered(coverage, source, exceptions, used));
  }
  const totals = [share(ours.flatMap(({ lines }) => [...lines.values()]))];
  totals.push(share(ours.flatMap(({ branches }) => branches.map(({ hits }) => hits))));
  console.log(`${"all".padEnd(44)} ${totals.map((column) => column.padStart(18)).join(" ")}\n`);
  for (const exception of used) console.log(`excepted: ${exception.file}: ${exception.code}: ${exception.reason}`);
  for (const exception of exceptions) {
    if (!used.has(exception)) faults.push(`coverage-exceptions.json: not needed: ${exception.file}: ${exception.code}`);
    if (exception.reason.trim() === "") faults.push(`coverage-exceptions.json: no reason: ${exception.code}`);
  }
  if (ours.length === 0) faults.push("no file of contracts/ is in the report");
  return faults;
}

function share(hits: number[]): string {
  const taken = hits.filter((count) => count > 0).length;
  const percent = hits.length === 0 ? 100 : (100 * taken) / hits.length;
  return `${percent.toFixed(1)}% ${taken}/${hits.length}`;
}

runCheck(import.meta.url, "coverage", check);

// `npm test`: runs every step, streams what it prints, and ends with one line, `N passed, N failed`.
// `npm test -- <script> ...` runs only these steps. Exit code 1 when anything failed.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "./check.ts";
import { type Step, steps } from "./steps.ts";
import { type Tally, tally } from "./tally.ts";

let running: ChildProcess | undefined;

async function main(): Promise<void> {
  const names = process.argv.slice(2);
  const unknown = names.filter((name) => !steps.some((step) => step.script === name));
  if (unknown.length > 0) throw new Error(`No such step: ${unknown.join(", ")}`);
  const chosen = steps.filter((step) => (names.length === 0 ? !step.onDemand : names.includes(step.script)));

  console.log(`seed of fuzz and invariant tests: ${process.env.FOUNDRY_FUZZ_SEED ?? seedInFoundryToml()}`);
  const rows: string[][] = [];
  let passed = 0;
  let failed = 0;
  for (const [index, step] of chosen.entries()) {
    console.log(`\n── ${index + 1}/${chosen.length} ${step.script} ${"─".repeat(60 - step.script.length)}`);
    const begun = performance.now();
    const result = await run(step);
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    rows.push([step.script, `${result.passed}`, `${result.failed}`, `${seconds} s`, result.note]);
    passed += result.passed;
    failed += result.failed;
  }
  printTable([["step", "passed", "failed", "time", ""], ...rows]);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}

async function run(step: Step): Promise<Tally> {
  const folder = join(projectRoot, "cache/test");
  const report = join(folder, `${step.script.replaceAll(":", "-")}.json`);
  mkdirSync(folder, { recursive: true });
  rmSync(report, { force: true }); // an old report must not speak for a run that crashed
  const more =
    step.source === "vitest" ? ["--", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`] : [];
  const { output, exitCode } = await stream("npm", ["run", "--silent", step.script, ...more]);
  return tally(step.source, step.source === "vitest" ? readIfThere(report) : output, exitCode);
}

/** Runs a command, shows what it prints at once, and keeps a copy. */
function stream(command: string, args: string[]): Promise<{ output: string; exitCode: number }> {
  return new Promise((resolve) => {
    const colour = process.stdout.isTTY ? { FORCE_COLOR: "1" } : { NO_COLOR: "1" };
    const child = spawn(command, args, {
      cwd: projectRoot,
      env: { ...process.env, ...colour },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true, // a process group of its own, so that stopping us stops all of it, forge and anvil included
    });
    running = child;
    let output = "";
    for (const pipe of ["stdout", "stderr"] as const) {
      child[pipe].setEncoding("utf8").on("data", (text: string) => {
        output += text;
        process[pipe].write(text);
      });
    }
    child.on("error", (error) => resolve({ output: `${output}${error.message}`, exitCode: 127 }));
    child.on("close", (code) => resolve({ output, exitCode: code ?? 1 }));
  });
}

function seedInFoundryToml(): string {
  return /^seed = "(\w+)"/m.exec(readFileSync(join(projectRoot, "foundry.toml"), "utf8"))?.[1] ?? "random";
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function printTable(rows: string[][]): void {
  const width = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  console.log("");
  for (const [name = "", passed = "", failed = "", time = "", note = ""] of rows) {
    const figures = [passed.padStart(width(1)), failed.padStart(width(2)), time.padStart(width(3))];
    console.log(
      `${failed === "0" || failed === "failed" ? " " : "✗"} ${name.padEnd(width(0))}  ${figures.join("  ")}  ${note}`,
    );
  }
  console.log("");
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (running?.pid !== undefined && running.exitCode === null) process.kill(-running.pid, signal);
    console.log(`stopped by ${signal}`);
    process.exit(1);
  });
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  console.log("0 passed, 1 failed");
  process.exitCode = 1;
});

// `npm test`: runs every step, two lanes of them at a time, streams what they print, and ends with one line, `N passed, N failed`.
// `npm test -- <script> ...` runs only these steps. Exit code 1 when anything failed.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { projectRoot } from "./check.ts";
import { type Step, steps } from "./steps.ts";
import { type Tally, tally } from "./tally.ts";

/** Steps that are running. */
const running = new Set<ChildProcess>();

interface Result extends Tally {
  seconds: number;
}

async function main(): Promise<void> {
  const names = process.argv.slice(2);
  const unknown = names.filter((name) => !steps.some((step) => step.script === name));
  if (unknown.length > 0) throw new Error(`No such step: ${unknown.join(", ")}`);
  const chosen = steps.filter((step) => (names.length === 0 ? !step.onDemand : names.includes(step.script)));

  console.log(`seed of fuzz and invariant tests: ${process.env.FOUNDRY_FUZZ_SEED ?? seedInFoundryToml()}`);
  const results = new Map<Step, Result>();
  let begun = 0;
  const lanes = [...new Set(chosen.map(({ lane }) => lane))];
  await Promise.all(
    lanes.map(async (lane) => {
      for (const step of chosen.filter((one) => one.lane === lane)) {
        // With two lanes each line says whose it is.
        const prefix = lanes.length > 1 ? `${step.script} | ` : "";
        begun += 1;
        console.log(`\n── ${begun}/${chosen.length} ${step.script} ${"─".repeat(60 - step.script.length)}`);
        results.set(step, await run(step, prefix));
      }
    }),
  );
  let passed = 0;
  let failed = 0;
  const rows = chosen.map((step) => {
    const result = results.get(step) as Result;
    passed += result.passed;
    failed += result.failed;
    return [step.script, `${result.passed}`, `${result.failed}`, `${result.seconds.toFixed(1)} s`, result.note];
  });
  printTable([["step", "passed", "failed", "time", ""], ...rows]);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}

async function run(step: Step, prefix: string): Promise<Result> {
  const begun = performance.now();
  const folder = join(projectRoot, "cache/test");
  const report = join(folder, `${step.script.replaceAll(":", "-")}.json`);
  mkdirSync(folder, { recursive: true });
  rmSync(report, { force: true }); // an old report must not speak for a run that crashed
  const more =
    step.source === "vitest" ? ["--", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`] : [];
  const { output, exitCode } = await stream("npm", ["run", "--silent", step.script, ...more], prefix);
  const result = tally(step.source, step.source === "vitest" ? readIfThere(report) : output, exitCode);
  return { ...result, seconds: (performance.now() - begun) / 1000 };
}

/** Runs a command, shows each line that it prints behind `prefix`, and keeps a copy. */
function stream(command: string, args: string[], prefix: string): Promise<{ output: string; exitCode: number }> {
  return new Promise((resolve) => {
    const colour = process.stdout.isTTY ? { FORCE_COLOR: "1" } : { NO_COLOR: "1" };
    const child = spawn(command, args, {
      cwd: projectRoot,
      env: { ...process.env, ...colour },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true, // a process group of its own, so that stopping us stops all of it, forge and anvil included
    });
    running.add(child);
    let output = "";
    for (const pipe of ["stdout", "stderr"] as const) {
      child[pipe].setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
      createInterface(child[pipe]).on("line", (line) => process[pipe].write(`${prefix}${line}\n`));
    }
    child.on("error", (error) => resolve({ output: `${output}${error.message}`, exitCode: 127 }));
    child.on("close", (code) => {
      running.delete(child);
      resolve({ output, exitCode: code ?? 1 });
    });
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
    for (const { pid } of running) if (pid !== undefined) process.kill(-pid, signal);
    console.log(`stopped by ${signal}`);
    process.exit(1);
  });
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  console.log("0 passed, 1 failed");
  process.exitCode = 1;
});

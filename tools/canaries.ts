// `npm run check:canaries`: proves that a failing test turns the run red. Two tests in tools/canary/ fail on purpose;
// each goes through the very runner that `npm test` uses, and through its tool alone, and both must end in failure.
import { spawnSync } from "node:child_process";
import { projectRoot, runCheck } from "./check.ts";
import { stripColours } from "./tally.ts";

const canaries = [
  { script: "canary:solidity", song: "canary: 1 != 2" },
  { script: "canary:typescript", song: "the canary sings" },
];

function check(): string[] {
  const faults: string[] = [];
  for (const { script, song } of canaries) {
    const alone = npm("run", "--silent", script);
    if (alone.exitCode === 0) faults.push(`npm run ${script} exits 0 although its test fails`);
    const runner = npm("test", "--", script);
    if (runner.exitCode === 0) faults.push(`npm test exits 0 although ${script} fails`);
    const last = runner.output.trimEnd().split("\n").at(-1) ?? "";
    if (last !== "0 passed, 1 failed") faults.push(`npm test -- ${script} ends with "${last}"`);
    // Red for the right reason: the test itself failed, rather than a build or the runner.
    if (!runner.output.includes(song)) faults.push(`${script}: "${song}" is not in what npm test printed`);
    console.log(`${script}: exit code ${alone.exitCode} alone, ${runner.exitCode} in npm test, "${last}"`);
  }
  return faults;
}

function npm(...args: string[]): { output: string; exitCode: number } {
  const child = spawnSync("npm", args, { cwd: projectRoot, encoding: "utf8" });
  return { output: stripColours(`${child.stderr}\n${child.stdout}`), exitCode: child.status ?? 1 };
}

runCheck(import.meta.url, "canaries", check);

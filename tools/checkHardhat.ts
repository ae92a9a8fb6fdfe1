// `npm run check:hardhat`: proves that Hardhat users can work on this project. Installs tools/hardhat (some 820 packages,
// so it is no part of the main install), then compiles, tests and deploys through @foundry-rs/hardhat-forge.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { projectRoot, runCheck } from "./check.ts";
import { tally } from "./tally.ts";

const folder = join(projectRoot, "tools/hardhat");
const env = { ...process.env, HARDHAT_DISABLE_TELEMETRY_PROMPT: "true" };

function check(): string[] {
  const steps = [
    ["npm", "ci", "--no-audit", "--no-fund"],
    ["npx", "--no-install", "hardhat", "compile"],
    ["npx", "--no-install", "hardhat", "run", "--no-compile", "scripts/deploy.cjs"],
  ];
  for (const [command = "", ...args] of steps) {
    console.log(`\n${command} ${args.join(" ")}`);
    const { status } = spawnSync(command, args, { cwd: folder, env, stdio: "inherit" });
    if (status !== 0) return [`${command} ${args.join(" ")} ended with exit code ${status}`];
  }
  // The plugin drops forge's exit code, so the summary line is what counts. Gas figures need --isolate: npm run test:gas.
  console.log("\nnpx hardhat test");
  const run = spawnSync("npx", ["--no-install", "hardhat", "test"], {
    cwd: folder,
    env: { ...env, FOUNDRY_NO_MATCH_PATH: "test/gas/**" },
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  process.stdout.write(`${run.stdout}${run.stderr}`);
  const { passed, failed, note } = tally("forge", run.stdout, run.status ?? 1);
  console.log(`${passed} tests passed through Hardhat`);
  return failed === 0 ? [] : [`${failed} tests failed through Hardhat (${note})`];
}

runCheck(import.meta.url, "hardhat", check);

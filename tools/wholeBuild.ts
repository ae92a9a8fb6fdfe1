// `npm run check:warnings`: compiles all of contracts/ afresh, without the tests, and takes no warning. (Next to forge-std
// the compiler stops at 256 warnings, most of them not ours, so in the ordinary build one of ours could go unseen.)
// What it leaves in cache/whole is one complete build-info file, as the storage layout check needs it.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { SolcInput, SolcOutput } from "@openzeppelin/upgrades-core";
import { filesBelow, projectRoot, runCheck } from "./check.ts";
import { foundryBinary } from "./foundry.mjs";

const out = join(projectRoot, "cache/whole");

export interface BuildInfo {
  solcVersion: string;
  input: SolcInput;
  output: SolcOutput;
}

function build(): string[] {
  rmSync(out, { recursive: true, force: true });
  const env = { ...process.env, FOUNDRY_PROFILE: "whole" };
  const args = ["build", "contracts", "--force", "--deny", "warnings"];
  const forge = spawnSync(foundryBinary("forge"), args, { cwd: projectRoot, env, stdio: "inherit" });
  return forge.status === 0 ? [] : [`forge build ended with exit code ${forge.status}`];
}

/** The complete build-info of contracts/; compiles when a source is newer than the last one. */
export function wholeBuildInfo(): BuildInfo {
  const sources = filesBelow(join(projectRoot, "contracts"), ".sol").map((file) => join("contracts", file));
  const newest = Math.max(...[...sources, "foundry.toml"].map((file) => statSync(join(projectRoot, file)).mtimeMs));
  let file = buildInfoFile();
  if (file === undefined || statSync(file).mtimeMs < newest) {
    const faults = build();
    if (faults[0] !== undefined) throw new Error(faults[0]);
    file = buildInfoFile();
  }
  if (file === undefined) throw new Error("forge build left no build-info file");
  return JSON.parse(readFileSync(file, "utf8")) as BuildInfo;
}

function buildInfoFile(): string | undefined {
  const folder = join(out, "out/build-info");
  try {
    const [name] = readdirSync(folder);
    return name === undefined ? undefined : join(folder, name);
  } catch {
    return undefined;
  }
}

runCheck(import.meta.url, "warnings", build);

// `npm run test:gas`: runs test/gas with every call as a transaction of its own (--isolate gives the figures of real
// receipts) and compares the gas with test/gas/snapshots/*.json. `npm run gas:update` writes these files instead.
// Forge's own comparison passes over figures that are new or gone; here each of them is a fault.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { filesBelow, projectRoot, runCheck } from "./check.ts";
import { foundryBinary } from "./foundry.mjs";

const committed = join(projectRoot, "test/gas/snapshots");
const fresh = join(projectRoot, "cache/gas");

/** Compares two snapshots, `{"what was done": "gas"}`. */
export function compareGas(file: string, before: Record<string, string>, now: Record<string, string>): string[] {
  const faults: string[] = [];
  for (const key of new Set([...Object.keys(before), ...Object.keys(now)])) {
    const [was, is] = [before[key], now[key]];
    if (was === undefined) faults.push(`${file}: "${key}" costs ${is}, not recorded yet`);
    else if (is === undefined) faults.push(`${file}: "${key}" is recorded, but no test measures it`);
    else if (was !== is) faults.push(`${file}: "${key}" costs ${is}, was ${was} (${Number(is) - Number(was)})`);
  }
  return faults;
}

function check(): string[] {
  const update = process.argv.includes("--update");
  rmSync(fresh, { recursive: true, force: true });
  const env = { ...process.env, FOUNDRY_SNAPSHOTS: "cache/gas" };
  const args = ["test", "--isolate", "--match-path", "test/gas/**", "--gas-snapshot-emit", "true"];
  const forge = spawnSync(foundryBinary("forge"), args, { cwd: projectRoot, env, stdio: "inherit" });
  if (forge.status !== 0) return [`forge ended with exit code ${forge.status}`];

  const names = new Set([...filesBelow(committed, ".json"), ...filesBelow(fresh, ".json")]);
  if (!update) return [...names].sort().flatMap((name) => compareGas(name, read(committed, name), read(fresh, name)));
  mkdirSync(committed, { recursive: true });
  for (const name of names) {
    if (existsSync(join(fresh, name))) copyFileSync(join(fresh, name), join(committed, name));
    else rmSync(join(committed, name));
  }
  return [];
}

function read(folder: string, name: string): Record<string, string> {
  const file = join(folder, name);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Record<string, string>) : {};
}

runCheck(import.meta.url, "gas", check);

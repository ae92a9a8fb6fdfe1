/**
 * `npm run bench:gas`: measures ours and the peers in one run (test/gas, every call a transaction of its own), computes the
 * floors, prints the table and writes `bench/results/gas.json`. That the committed file follows from the committed figures
 * is checked by `gas.test.ts` beside this file, and the figures themselves by `npm run test:gas`.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { foundryBinary } from "../../tools/foundry.mjs";
import { asJson, asTable, report, type Snapshots } from "./report.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** All snapshot files of a folder. */
export function readSnapshots(folder: string): Snapshots {
  return Object.fromEntries(
    readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .map((name) => [name.slice(0, -5), JSON.parse(readFileSync(`${folder}/${name}`, "utf8"))]),
  );
}

/** Text of `bench/results/gas.json` for these figures. */
export function resultsOf(snapshots: Snapshots): string {
  return `${JSON.stringify(asJson(report(snapshots)), null, 2)}\n`;
}

function main(): void {
  const fresh = `${root}cache/bench-gas`;
  rmSync(fresh, { recursive: true, force: true });
  const forge = spawnSync(
    foundryBinary("forge"),
    ["test", "--isolate", "--match-path", "test/gas/**", "--gas-snapshot-emit", "true", "-q"],
    { cwd: root, env: { ...process.env, FOUNDRY_SNAPSHOTS: "cache/bench-gas" }, stdio: "inherit" },
  );
  if (forge.status !== 0) {
    process.exitCode = forge.status ?? 1;
    return;
  }
  const snapshots = readSnapshots(fresh);
  console.log(asTable(report(snapshots)));
  mkdirSync(`${root}bench/results`, { recursive: true });
  writeFileSync(`${root}bench/results/gas.json`, resultsOf(snapshots));
  console.log("\nwritten to bench/results/gas.json");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();

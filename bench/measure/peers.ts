import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../tools/check.ts";

/** Installs the peers' packages, which are no part of the main install, when they are not there. */
export function installPeers(): void {
  const folder = join(projectRoot, "bench/peers");
  if (existsSync(join(folder, "node_modules/.package-lock.json"))) return;
  console.log("installing the peers (npm ci in bench/peers)");
  const { status } = spawnSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: folder,
    stdio: "inherit",
  });
  if (status !== 0) throw new Error(`npm ci in bench/peers ended with exit code ${status}.`);
}

// Runner of the checks of tools/: a check is a function that returns its faults, one sentence each.
import { readdirSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const projectRoot = resolve(dirname(fileURLToPath(import.meta.url)), "..");

/** Runs `check` if `moduleUrl` is the program that was started; prints the faults and exits 1 when there are any. */
export function runCheck(moduleUrl: string, name: string, check: () => string[] | Promise<string[]>): void {
  if (process.argv[1] === undefined || moduleUrl !== pathToFileURL(process.argv[1]).href) return;
  void (async () => {
    const faults = await check();
    for (const fault of faults) console.error(`✗ ${fault}`);
    console.log(faults.length === 0 ? `${name}: ok` : `${name}: ${faults.length} faults`);
    process.exitCode = faults.length === 0 ? 0 : 1;
  })().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}

/** Paths, relative to `folder` and sorted, of the files below it whose names end so; empty if there is no such folder. */
export function filesBelow(folder: string, end: string): string[] {
  const found: string[] = [];
  const walk = (current: string): void => {
    for (const entry of readdirSync(current, { withFileTypes: true })) {
      const path = resolve(current, entry.name);
      if (entry.isDirectory() && entry.name !== "node_modules") walk(path);
      else if (entry.isFile() && entry.name.endsWith(end)) found.push(relative(folder, path));
    }
  };
  try {
    walk(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  return found.sort();
}

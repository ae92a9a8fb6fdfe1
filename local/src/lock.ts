import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LocalError } from "./errors.ts";
import { beganAt, isAlive } from "./processTable.ts";

interface Owner {
  pid: number;
  began: string;
}

/**
 * Makes this process the only one at work in a state folder.
 * @throws {@link LocalError} `ALREADY_RUNNING`.
 */
export function lockStateDir(folder: string): { release: () => void } {
  const path = join(folder, "lock");
  const mine: Owner = { pid: process.pid, began: beganAt(process.pid) ?? "" };
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(mine));
  try {
    for (let attempt = 0; ; attempt++) {
      try {
        linkSync(draft, path); // fails when somebody has it, and can't be half done
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST" || attempt > 3) throw error;
      }
      const owner = ownerOf(path);
      if (owner && isAlive(owner)) {
        throw new LocalError(
          "ALREADY_RUNNING",
          `A grid runs in ${folder} already (process ${owner.pid}). Stop it there, or choose another folder with --home.`,
        );
      }
      takeAway(path);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return {
    release: () => {
      if (ownerOf(path)?.pid === process.pid) rmSync(path, { force: true });
    },
  };
}

/** Removes the lock of a dead owner, but not the lock that another process has put there meanwhile, which found it dead as well. */
function takeAway(path: string): void {
  const away = `${path}.${process.pid}.old`;
  try {
    renameSync(path, away); // of several, one gets it
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  const owner = ownerOf(away);
  try {
    if (owner && isAlive(owner)) linkSync(away, path);
  } finally {
    rmSync(away, { force: true });
  }
}

function ownerOf(path: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Owner;
  } catch {
    return undefined;
  }
}

// Watchdog of a local grid: ends what the supervisor leaves behind when it is killed.
import { spawn } from "node:child_process";
import { pathToFileURL } from "node:url";
import { programArguments } from "./packages.ts";
import { endRecorded } from "./processTable.ts";

/**
 * Starts the watchdog of a state folder. Its standard input closes when this process ends, however that happens, and then it ends
 * what `processTable.ts` has on record. `release` sends it away.
 */
export function startWatchdog(folder: string): { release: () => void } {
  // A shell waits: it needs less memory than a Node process.
  const child = spawn(
    "/bin/sh",
    [
      ...["-c", 'cat >/dev/null; exec "$0" "$@"', process.execPath],
      ...[...programArguments("local/src/watchdog.ts"), folder],
    ],
    { stdio: ["pipe", "ignore", "ignore"], detached: true, cwd: "/" },
  );
  child.on("error", () => undefined);
  child.stdin.on("error", () => undefined);
  child.unref();
  (child.stdin as unknown as { unref?: () => void }).unref?.();
  return {
    release: () => {
      if (child.pid === undefined || child.exitCode !== null) return;
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // It is gone already.
      }
    },
  };
}

const [, program, folder] = process.argv;
if (program !== undefined && folder !== undefined && import.meta.url === pathToFileURL(program).href) {
  await endRecorded(folder);
}

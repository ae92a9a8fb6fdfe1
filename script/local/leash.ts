import { spawn } from "node:child_process";
import { programArguments } from "./packages.ts";

/**
 * A process that does nothing but wait for our end: its input closes when we die, however that happens, and then it ends what
 * `processTable.ts` has on record. `release` sends it away.
 */
export function holdLeash(home: string): { release: () => void } {
  const reaper = programArguments("script/local/reap.ts");
  const child = spawn("/bin/sh", ["-c", 'cat >/dev/null; exec "$0" "$@"', process.execPath, ...reaper, home], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    cwd: "/",
  });
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

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockStateDir } from "../src/lock.ts";
import { typescriptFlags } from "../src/packages.ts";
import { createProcesses, type Processes, type ProcessSpec, readyLine } from "../src/processes.ts";
import { beganAt, endRecorded, isAlive, readProcesses, writeProcesses } from "../src/processTable.ts";
import { claimStateDir, stateDirAt } from "../src/stateDir.ts";
import { startWatchdog } from "../src/watchdog.ts";

let home: string;
let processes: Processes;
let crashes: string[];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "gridnft-processes-"));
  crashes = [];
  processes = createProcesses(home, (name, how) => crashes.push(`${name}: ${how}`));
});
afterEach(async () => {
  await processes.close([]);
  rmSync(home, { recursive: true, force: true });
});

const ready = 'console.log(JSON.stringify({ ready: true, url: "http://127.0.0.1:1" }));';
const script = (text: string, more: Partial<ProcessSpec> = {}): ProcessSpec => ({
  name: "part",
  command: process.execPath,
  args: ["-e", text],
  cwd: home,
  environment: process.env,
  isReady: readyLine,
  ...more,
});
/** Never 0: a signal to that goes to everybody here. */
function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error("it did not start");
  return pid;
}
const forever = "setInterval(() => {}, 1000);";
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe("processes", () => {
  it("waits for the ready line, keeps the log private, records the process, stops it", async () => {
    const part = await processes.start(script(`console.log("hello"); ${ready} ${forever}`));
    expect(readFileSync(part.log, "utf8")).toContain("hello");
    expect(statSync(part.log).mode & 0o077).toBe(0);
    expect(readProcesses(home)).toMatchObject([{ name: "part", pid: part.pid, began: beganAt(part.pid) }]);
    await part.stop();
    expect(await part.ended).toBe("killed by SIGTERM");
    expect(readProcesses(home)).toEqual([]);
    expect(crashes).toEqual([]);
  });

  it("says how and with what last words a part ended that doesn't come up", async () => {
    const failing = processes.start(script('console.error("no such folder"); process.exit(3)'));
    await expect(failing).rejects.toThrow(/part ended \(exit code 3\) before it was ready[\s\S]*no such folder/);
    const slow = processes.start(script(forever, { patience: 300 }));
    await expect(slow).rejects.toThrow("isn't ready after 0.3 s");
    await expect(processes.start(script("", { command: "/nonexistent" }))).rejects.toThrow("can't be started");
    expect(readProcesses(home)).toEqual([]);
  });

  it("does not take an old log's ready line for a new one", async () => {
    await (await processes.start(script(`${ready} ${forever}`))).stop();
    await expect(processes.start(script(forever, { patience: 300 }))).rejects.toThrow("isn't ready");
  });

  it("notices an end that nobody wanted", async () => {
    const part = await processes.start(script(`${ready} setTimeout(() => process.exit(7), 50)`));
    await part.ended;
    await until(() => crashes.length > 0);
    expect(crashes).toEqual(["part: exit code 7"]);
  });

  it("uses force on a part that ignores its signal", async () => {
    const part = await processes.start(script(`process.on("SIGTERM", () => {}); ${ready} ${forever}`, { grace: 200 }));
    await part.stop();
    expect(await part.ended).toBe("killed by SIGKILL");
  });

  it("ends what still starts when everything is closed, and starts nothing more", async () => {
    const starting = processes.start(script(forever));
    const fails = expect(starting).rejects.toThrow("before it was ready");
    await until(() => readProcesses(home).length === 1);
    await processes.close([]);
    await fails;
    await expect(processes.start(script(forever))).rejects.toThrow("everything is being stopped");
  });
});

describe("what a dead supervisor leaves behind", () => {
  it("is ended by record, but never another process that got the same pid", async () => {
    const mine = spawn(process.execPath, ["-e", forever], { stdio: "ignore" });
    const foreign = spawn(process.execPath, ["-e", forever], { stdio: "ignore" });
    try {
      const [pid, other] = [pidOf(mine), pidOf(foreign)];
      const began = beganAt(other);
      expect(began).toMatch(/\d/);
      writeProcesses(home, [
        { name: "mine", pid, began: beganAt(pid) ?? "", signal: "SIGTERM" },
        { name: "foreign", pid: other, began: "some other time", signal: "SIGTERM" },
      ]);
      expect(await endRecorded(home)).toEqual(["mine"]);
      expect(beganAt(pid)).toBeUndefined();
      expect(beganAt(other)).toBe(began);
    } finally {
      mine.kill("SIGKILL");
      foreign.kill("SIGKILL");
    }
  });

  it("is ended by the watchdog when the supervisor is killed", async () => {
    const watchdog = new URL("../src/watchdog.ts", import.meta.url).href;
    const table = new URL("../src/processTable.ts", import.meta.url).href;
    const supervisor = spawn(
      process.execPath,
      [
        ...[...typescriptFlags(), "--input-type=module", "-e"],
        `import { spawn } from "node:child_process";
import { startWatchdog } from ${JSON.stringify(watchdog)};
         import { beganAt, writeProcesses } from ${JSON.stringify(table)};
         startWatchdog(${JSON.stringify(home)});
         const { pid } = spawn(process.execPath, ["-e", ${JSON.stringify(forever)}], { stdio: "ignore", detached: true });
         writeProcesses(${JSON.stringify(home)}, [{ name: "child", pid, began: beganAt(pid), signal: "SIGTERM" }]);
         console.log("up"); ${forever}`,
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    await new Promise((resolve) => supervisor.stdout.once("data", resolve).once("end", resolve));
    const [child] = readProcesses(home);
    if (!child) throw new Error("no child");
    expect(isAlive(child)).toBe(true);
    supervisor.kill("SIGKILL");
    await until(() => !isAlive(child));
    await until(() => readProcesses(home).length === 0);
  });

  it("stays when the watchdog is released", async () => {
    const child = spawn(process.execPath, ["-e", forever], { stdio: "ignore" });
    try {
      const record = {
        name: "child",
        pid: pidOf(child),
        began: beganAt(pidOf(child)) ?? "",
        signal: "SIGTERM",
      } as const;
      writeProcesses(home, [record]);
      startWatchdog(home).release();
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(isAlive(record)).toBe(true);
    } finally {
      child.kill("SIGKILL");
    }
  });
});

describe("a state folder", () => {
  it("is never one that has other things in it", () => {
    const mine = stateDirAt(join(home, "new"));
    claimStateDir(mine);
    claimStateDir(mine);
    writeFileSync(join(home, "thesis.txt"), "");
    expect(() => claimStateDir(stateDirAt(home))).toThrow(/has other things in it .*thesis\.txt/);
  });
});

describe("the lock of a state folder", () => {
  it("has one holder, and survives a dead one", () => {
    const lock = lockStateDir(home);
    expect(() => lockStateDir(home)).toThrow(/runs in .* already \(process \d+\).*--home/);
    lock.release();
    writeFileSync(join(home, "lock"), JSON.stringify({ pid: process.pid, began: "long ago" }));
    lockStateDir(home).release();
    writeFileSync(join(home, "lock"), "torn");
    lockStateDir(home).release();
  });
});

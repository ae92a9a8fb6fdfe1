import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "../../test/fixtures/until.ts";
import { guardsGone } from "../src/guard.ts";
import { typescriptFlags } from "../src/packages.ts";
import { createProcesses, type Processes, type ProcessSpec, readyLine } from "../src/processes.ts";
import { claimStateDir, lockStateDir, stateDirAt } from "../src/stateDir.ts";

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
const forever = "setInterval(() => {}, 1000);";

/** Returns true while there is a process with that id, or its exit code has not been asked for. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("processes", () => {
  it("waits for the ready line, keeps the log private, stops the process", async () => {
    const part = await processes.start(script(`console.log("hello"); ${ready} ${forever}`));
    expect(readFileSync(part.log, "utf8")).toContain("hello");
    expect(statSync(part.log).mode & 0o077).toBe(0);
    expect(isAlive(part.pid)).toBe(true);
    await part.stop();
    expect(await part.ended).toBe("killed by SIGTERM");
    expect(isAlive(part.pid)).toBe(false);
    expect(crashes).toEqual([]);
  });

  it("says how and with what last words a part ended that doesn't come up", async () => {
    const failing = processes.start(script('console.error("no such folder"); process.exit(3)'));
    await expect(failing).rejects.toThrow(/part ended \(exit code 3\) before it was ready[\s\S]*no such folder/);
    const slow = processes.start(script(forever, { patience: 300 }));
    await expect(slow).rejects.toThrow("isn't ready after 0.3 s");
    await expect(processes.start(script("", { command: "/nonexistent" }))).rejects.toThrow("can't be started");
    await guardsGone(home);
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
    const starting = processes.start(script(`console.log("hello"); ${forever}`));
    const fails = expect(starting).rejects.toThrow("before it was ready");
    await until(() => readFileSync(join(home, "logs/part.log"), "utf8") === "hello\n");
    await processes.close([]);
    await fails;
    await expect(processes.start(script(forever))).rejects.toThrow("everything is being stopped");
  });
});

describe("a guard", () => {
  it.each([
    ["", "by its signal"],
    ['process.on("SIGTERM", () => console.log("ignored")); ', "by force when it ignores its signal"],
  ])("%sends what a killed supervisor leaves behind, %s", async (deaf) => {
    const text = `${deaf}console.log(process.pid); ${ready} ${forever}`;
    const spec = { ...script(text, { grace: 300 }), environment: undefined, isReady: undefined };
    const module = new URL("../src/processes.ts", import.meta.url).href;
    const supervise = `import { createProcesses, readyLine } from ${JSON.stringify(module)};
      const processes = createProcesses(${JSON.stringify(home)}, () => {});
      const spec = { ...${JSON.stringify(spec)}, environment: process.env, isReady: readyLine };
      console.log((await processes.start(spec)).pid);`;
    const args = [...typescriptFlags(), "--input-type=module", "-e", supervise];
    const supervisor = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const pid = Number(await new Promise((resolve) => supervisor.stdout.once("data", resolve).once("end", resolve)));
    const log = () => readFileSync(join(home, "logs/part.log"), "utf8");
    expect(log()).toMatch(new RegExp(`^${pid}\\n`));
    expect(isAlive(pid)).toBe(true);
    supervisor.kill("SIGKILL");
    await until(() => !isAlive(pid));
    await guardsGone(home);
    expect(log().includes("ignored")).toBe(deaf !== "");
  });

  it("is gone with its program, and what starts next in the folder waits for it", async () => {
    await guardsGone(home);
    const part = await processes.start(script(`process.on("SIGTERM", () => {}); ${ready} ${forever}`, { grace: 200 }));
    let isGone = false;
    const gone = guardsGone(home).then(() => {
      isGone = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(isGone).toBe(false);
    await part.kill();
    await gone;
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
  it("has one holder, and survives a dead one", async () => {
    const state = stateDirAt(home);
    const lock = await lockStateDir(state);
    await expect(lockStateDir(state)).rejects.toMatchObject({
      code: "ALREADY_RUNNING",
      message: expect.stringMatching(/runs in .* already \(process \d+\).*--home/),
    });
    const left = JSON.parse(readFileSync(join(home, "lock"), "utf8")) as { started: string };
    lock.release();
    const started = left.started.replace(/\d+$/, "1");
    writeFileSync(join(home, "lock"), JSON.stringify({ ...left, started }));
    (await lockStateDir(state)).release();
    writeFileSync(join(home, "lock"), "torn");
    await expect(lockStateDir(state)).rejects.toThrow(/not readable.*remove that file/);
  });
});

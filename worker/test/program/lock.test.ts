/** Lock of the state folder: one worker at a time, on any host. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { until } from "../../../test/fixtures/until.ts";
import { openJournal } from "../../src/state/journal.ts";
import { lockFolder } from "../../src/state/lock.ts";

const folder = mkdtempSync(join(tmpdir(), "gridnft-state-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let names = 0;
const fresh = (): string => join(folder, `${names++}`);

describe("the lock", () => {
  const held = (path: string, holder: object): void => {
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, "lock"), JSON.stringify(holder));
  };

  const isLocked = expect.objectContaining({ code: "STATE_LOCKED" });
  const quick = { beat: 10, stale: 100 };

  it("keeps a second one out, and is gone when released", async () => {
    const path = fresh();
    const lock = await lockFolder(path);
    await expect(lockFolder(path)).rejects.toEqual(isLocked);
    lock.require();
    lock.release();
    expect(() => lock.require()).toThrow("not this process' any more");
    (await lockFolder(path)).release();
    expect(readdirSync(path)).toEqual([]);
  });

  it("is taken from a process that has died", async () => {
    const path = fresh();
    held(path, { pid: 2 ** 30, started: null, host: hostname() });
    (await lockFolder(path)).release();
  });

  it.runIf(existsSync("/proc/self/stat"))("is taken when another process has the pid by now", async () => {
    const path = fresh();
    held(path, { pid: process.pid, started: "another boot:1", host: hostname() });
    (await lockFolder(path)).release();
  });

  it("is left to a program of before on another machine, and to one that cannot be read", async () => {
    const path = fresh();
    held(path, { pid: 2 ** 30, started: null, host: "another-machine" });
    await expect(lockFolder(path, quick)).rejects.toEqual(isLocked);
    writeFileSync(join(path, "lock"), "scribble");
    await expect(lockFolder(path, quick)).rejects.toEqual(isLocked);
  });

  it.each([
    ["another host name", { host: "container-of-before" }],
    ["another container of this name", { host: hostname(), space: "pid:[1]" }],
    ["another boot of this machine, or another machine of this name", { host: hostname(), started: "boot:1" }],
    ["a system that does not tell when processes began", { host: hostname(), pid: process.pid, started: null }],
  ])("of %s is taken when it gives no sign of life", async (_, holder) => {
    const path = fresh();
    const mine = await lockFolder(path);
    const own = JSON.parse(readFileSync(join(path, "lock"), "utf8")) as object;
    mine.release();
    const theirs = { ...own, pid: 2 ** 30, ...holder, id: "theirs" };
    held(path, theirs);
    const sentences: string[] = [];
    const lock = await lockFolder(path, { ...quick, onWait: (sentence) => sentences.push(sentence) });
    expect(sentences).toEqual([expect.stringContaining("waiting 0.1 s for a sign of its life")]);
    lock.require();
    lock.release();
  });

  it.each(["", "\0\0\0"])("that a power cut left empty is taken when it gives no sign of life", async (text) => {
    const path = fresh();
    mkdirSync(path);
    writeFileSync(join(path, "lock"), text);
    const sentences: string[] = [];
    (await lockFolder(path, { ...quick, onWait: (sentence) => sentences.push(sentence) })).release();
    expect(sentences).toEqual([expect.stringContaining("left an empty lock: waiting 0.1 s")]);
  });

  it("is left to one that lives, wherever that is", async () => {
    const path = fresh();
    held(path, { pid: 1, started: null, host: "another-machine", space: null, beats: true });
    const file = join(path, "lock");
    const beating = setInterval(() => utimesSync(file, new Date(), new Date()), 10);
    try {
      await expect(lockFolder(path, { beat: 10, stale: 30_000 })).rejects.toEqual(isLocked);
    } finally {
      clearInterval(beating);
    }
    const stop = new AbortController();
    const waiting = lockFolder(path, { stale: 30_000, signal: stop.signal });
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: "STOPPED" });
  });

  it("touches its file while it is held", async () => {
    const path = fresh();
    const lock = await lockFolder(path, quick);
    utimesSync(join(path, "lock"), 1, 1);
    await until(async () => statSync(join(path, "lock")).mtimeMs > 1_000);
    lock.release();
  });

  it("goes to one of many", async () => {
    const path = fresh();
    held(path, { pid: 2 ** 30, started: null, host: "gone", space: null, beats: true });
    const tries = await Promise.allSettled(Array.from({ length: 6 }, () => lockFolder(path, { beat: 5, stale: 50 })));
    const locks = tries.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const valid = locks.filter((lock) => {
      try {
        lock.require();
        return true;
      } catch {
        return false;
      }
    });
    expect(valid).toHaveLength(1);
    for (const lock of locks) lock.release();
  });

  it("that was lost to another process lets nothing be written any more", async () => {
    const path = fresh();
    const lock = await lockFolder(path);
    const { journal } = await openJournal(join(path, "journal.jsonl"), lock.require);
    await journal.append({ n: 1 });
    // As if this process had been stopped, and another one had taken the folder.
    rmSync(join(path, "lock"));
    const other = await lockFolder(path);
    const theirs = await openJournal(join(path, "journal.jsonl"), other.require);
    await expect(journal.append({ n: 2 })).rejects.toMatchObject({ code: "STATE_UNWRITABLE" });
    await expect(journal.append({ n: 3 })).rejects.toMatchObject({ code: "STATE_UNWRITABLE" });
    await expect(journal.rewrite(() => [{ n: 4 }])).rejects.toMatchObject({ code: "STATE_UNWRITABLE" });
    await theirs.journal.append({ n: 5 });
    await Promise.all([journal.close(), theirs.journal.close()]);
    expect(readFileSync(join(path, "journal.jsonl"), "utf8")).toBe('{"n":1}\n{"n":5}\n');
    lock.release();
    other.require();
    other.release();
  });
});

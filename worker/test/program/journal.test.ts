/** Journal and pictures of the worker: what a crash or a full disk leaves of them. */
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256, zeroHash } from "viem";
import { afterAll, describe, expect, it } from "vitest";
import { MemoryDisk } from "../../../test/fixtures/memoryDisk.ts";
import { openJournal } from "../../src/state/journal.ts";
import { openPictures } from "../../src/state/pictures.ts";

const folder = mkdtempSync(join(tmpdir(), "gridnft-state-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let names = 0;
const fresh = (): string => join(folder, `${names++}`);

describe("the journal", () => {
  it("cuts off a line that was never finished", async () => {
    const path = fresh();
    const { journal } = await openJournal(path);
    await journal.append({ n: 1 });
    await journal.append({ n: 2, text: "ü" });
    await journal.close();
    appendFileSync(path, '{"n":3,"text":"hal');
    // And half of a journal that was to take its place.
    writeFileSync(`${path}.new`, '{"n":1}\n{"n":2,"te');
    const again = await openJournal(path);
    expect(again.lines).toEqual([{ n: 1 }, { n: 2, text: "ü" }]);
    await again.journal.append({ n: 3 });
    await again.journal.close();
    expect(readFileSync(path, "utf8")).toBe('{"n":1}\n{"n":2,"text":"ü"}\n{"n":3}\n');
    expect(existsSync(`${path}.new`)).toBe(false);
  });

  it("refuses a damaged line in the middle", async () => {
    const path = fresh();
    for (const line of ["scribble", Buffer.from([0x22, 0xff, 0x22])]) {
      writeFileSync(path, Buffer.concat([Buffer.from('{"n":1}\n'), Buffer.from(line), Buffer.from('\n{"n":3}\n')]));
      await expect(openJournal(path)).rejects.toMatchObject({ code: "STATE_DAMAGED" });
    }
  });

  it("is written anew in one step, between two lines", async () => {
    const path = fresh();
    const { journal } = await openJournal(path);
    const known: number[] = [];
    const add = (n: number) => journal.append({ n }, () => known.push(n));
    const before = [add(1), add(2)];
    const rewritten = journal.rewrite(() => [{ all: [...known] }]);
    const after = [add(3), journal.append(() => undefined), journal.append(() => ({ known: known.length }))];
    await Promise.all([...before, rewritten, ...after]);
    expect(journal.length).toBe(3);
    const failing = journal.rewrite(() => {
      throw new Error("a fault of ours");
    });
    await expect(failing).rejects.toThrow("cannot be written");
    await add(4);
    await journal.close();
    expect(readFileSync(path, "utf8")).toBe('{"all":[1,2]}\n{"n":3}\n{"known":3}\n{"n":4}\n');
    expect(existsSync(`${path}.new`)).toBe(false);
  });

  it("takes nothing from whoever had it open before", async () => {
    const path = fresh();
    writeFileSync(path, '{"n":1}\n');
    const old = openSync(path, "a");
    const { journal } = await openJournal(path);
    writeSync(old, '{"n":"of a process that was stopped"}\n');
    closeSync(old);
    await journal.append({ n: 2 });
    await journal.close();
    expect(readFileSync(path, "utf8")).toBe('{"n":1}\n{"n":2}\n');
  });
});

it("gives a picture only if it is still itself", async () => {
  const path = fresh();
  const pictures = await openPictures(path);
  const file = new TextEncoder().encode("a picture");
  const hash = sha256(file);
  await pictures.put(hash, file);
  expect(await pictures.get(hash)).toEqual(file);
  writeFileSync(join(path, `${hash.slice(2)}.png`), "another");
  expect(await pictures.get(hash)).toBeUndefined();
  expect(await pictures.get(zeroHash)).toBeUndefined();
});

it("makes room for a picture on a full disk, once", async () => {
  const disk = new MemoryDisk();
  const file = new TextEncoder().encode("a picture");
  let asked = 0;
  const makeRoom = async (): Promise<void> => {
    asked++;
    if (asked === 2) disk.failAt(disk.steps + 1, "ENOSPC");
  };
  const pictures = await openPictures("/pictures", { files: disk, makeRoom });
  disk.failAt(disk.steps + 1, "ENOSPC");
  await pictures.put(sha256(file), file);
  expect([asked, await pictures.get(sha256(file))]).toEqual([1, file]);
  disk.failAt(disk.steps + 1, "ENOSPC");
  const other = new TextEncoder().encode("another");
  // As with the journal, the worker has to stop: it would fail each job after having made its picture.
  await expect(pictures.put(sha256(other), other)).rejects.toMatchObject({
    ...{ code: "STATE_UNWRITABLE", message: expect.stringContaining("There is no room in /pictures.") },
  });
  expect([asked, await pictures.get(sha256(other))]).toEqual([2, undefined]);
});

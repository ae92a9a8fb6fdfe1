/** Machinery that programs share: who a client is, what it may spend, entity tags, parameters of URLs, files that last. */
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { MemoryDisk } from "../../test/fixtures/memoryDisk.ts";
import {
  clientOf,
  createRateLimit,
  namesTag,
  networkOf,
  openFileStore,
  readDeploymentFile,
  readSearchParameters,
  unicodeFault,
} from "../src/node/index.ts";

describe("the network of an address", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1"],
    [" 192.0.2.1:5678 ", "192.0.2.1"],
    ["2001:db8:1:2::1", "2001:db8:1:2::/64"],
    ["2001:DB8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"],
    ["[2001:db8:1:2::1]", "2001:db8:1:2::/64"],
    ["[2001:db8:1:2::1]:443", "2001:db8:1:2::/64"],
    ['"[2001:db8:1:2::1]:443"', "2001:db8:1:2::/64"],
    ["2001:0db8:0001:0002::", "2001:db8:1:2::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::", "0:0:0:0::/64"],
    ["1::", "1:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["[fe80::1%25en0]:80", "fe80:0:0:0::/64"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::ffff:c000:0201", "192.0.2.1"],
    ["0:0:0:0:0:ffff:c000:201", "192.0.2.1"],
    ["[::ffff:192.0.2.1]:443", "192.0.2.1"],
    ["2001:db8:1:2::ffff:192.0.2.1", "2001:db8:1:2::/64"],
  ])("%s is %s", (address, network) => {
    expect(networkOf(address)).toBe(network);
  });

  it.each([
    ...["", "unknown", "_hidden", "192.0.2", "192.0.2.256", "192.0.2.1:", "192.0.2.1:x", "0x7f.1", "2130706433"],
    ...["2001:db8::1::2", "[2001:db8::1", "2001:db8::g", "[::1]x", "example.org", "[]", "1:2:3:4:5:6:7:8:9", ":::"],
  ])("there is none in %j", (text) => {
    expect(networkOf(text)).toBeUndefined();
  });
});

describe("the client of a request", () => {
  const socket = "10.0.0.7";

  it.each([
    [0, "203.0.113.1", "10.0.0.7"],
    [1, "203.0.113.1", "203.0.113.1"],
    [1, "198.51.100.7, 203.0.113.1:4711", "203.0.113.1"],
    [2, "198.51.100.7, 203.0.113.1", "198.51.100.7"],
    // Shorter than there are proxies: it did not come through all of them, so nothing in it is trusted.
    [2, "203.0.113.1", "10.0.0.7"],
    [1, "203.0.113.1, unknown", "10.0.0.7"],
    [1, "", "10.0.0.7"],
    [1, undefined, "10.0.0.7"],
  ])("behind %i proxies that say %j is %s", (proxies, forwarded, client) => {
    expect(clientOf({ socket, forwarded, proxies })).toBe(client);
  });

  it("is unknown where there is no address at all", () => {
    expect(clientOf({ socket: undefined, forwarded: undefined, proxies: 0 })).toBe("unknown");
  });
});

describe("an entity tag", () => {
  it.each([
    ['"a"', '"a"', true],
    ['W/"a"', '"a"', true],
    ['"a"', 'W/"a"', true],
    ['"b", W/"a" ,"c"', 'W/"a"', true],
    ['"x,y"', '"x,y"', true],
    ['"x,y"', '"y"', false],
    [" * ", '"a"', true],
    ['"b"', '"a"', false],
    ["a", '"a"', false],
    ["", '"a"', false],
    [undefined, '"a"', false],
  ])("is named by %j: %j %s", (header, tag, isNamed) => {
    expect(namesTag(header, tag)).toBe(isNamed);
  });
});

describe("the query of a URL", () => {
  const known = { names: ["a", "tags"], lists: ["tags"] };

  it("is read by names", () => {
    expect(readSearchParameters("?a=x%20y&tags=1&tags=2&tags=3", known)).toEqual({ a: "x y", tags: ["1", "2", "3"] });
    expect(readSearchParameters("", known)).toEqual({});
    expect(readSearchParameters("?", known)).toEqual({});
  });

  it.each([
    ["?b=1", "b is not a parameter of this route: this route takes a, tags."],
    ["?a=1&a=1", "a is given more than once."],
    ["?__proto__=1", "__proto__ is not a parameter of this route: this route takes a, tags."],
    ["?a=%E4", "The URL's query is not percent-encoded UTF-8."],
    ["?a=x%00y", "a has a zero byte (%00)."],
    ["?a=%", "The URL's query is not percent-encoded UTF-8."],
    ["?=1", "An empty name is not a parameter of this route: this route takes a, tags."],
  ])("%s is refused", (search, message) => {
    expect(() => readSearchParameters(search, known)).toThrow(message);
  });
});

describe("a bucket", () => {
  it("fills evenly", () => {
    let now = 0;
    const limit = createRateLimit(60, () => now);
    expect(limit.take("a", 60)).toBe(0);
    expect(limit.take("a", 1)).toBe(1);
    expect(limit.take("b", 1)).toBe(0);
    now = 999;
    expect(limit.take("a", 1)).toBe(1);
    now = 1_000;
    expect(limit.take("a", 1)).toBe(0);
    now = 3_600_000;
    expect(limit.take("a", 60)).toBe(0);
    expect(limit.take("a", 30)).toBe(30);
  });

  it("is charged at most half a minute in advance", () => {
    let now = 0;
    const limit = createRateLimit(60, () => now);
    limit.charge("a", 1_000_000);
    expect(limit.take("a", 1)).toBe(31);
    now = 31_000;
    expect(limit.take("a", 1)).toBe(0);
  });

  it("lets through what costs more than it holds, when it is full", () => {
    const limit = createRateLimit(10, () => 0);
    expect(limit.take("a", 25)).toBe(0);
    expect(limit.take("a", 1)).toBe(36); // a debt is half a minute at most
  });
});

describe("a text", () => {
  it("of a file that is not UTF-8 is refused", () => {
    const folder = mkdtempSync(join(tmpdir(), "gridnft-text-"));
    const path = join(folder, "deployment.json");
    writeFileSync(path, Buffer.from('{"name":"caf\xe9"}', "latin1"));
    expect(() => readDeploymentFile(path)).toThrow("it is not UTF-8");
    rmSync(folder, { recursive: true });
  });

  it("of a command line names the first word that is not UTF-8", () => {
    expect(unicodeFault(["generate", "a caf\ufffd"])).toContain("Word 2 of the command line");
    expect(unicodeFault(["\ud800"])).toContain("Word 1 of the command line");
    expect(unicodeFault(["generate", "a café 🏮"])).toBeUndefined();
  });
});

describe("a store of files", () => {
  const folder = mkdtempSync(join(tmpdir(), "gridnft-files-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let names = 0;
  const fresh = (): string => join(folder, `${names++}`);
  const fileOf = (text: string): { bytes: Uint8Array; hash: string } => {
    const bytes = Buffer.from(text.repeat(40));
    return { bytes, hash: createHash("sha256").update(bytes).digest("hex") };
  };
  const [one, two] = [fileOf("one"), fileOf("two")];
  const pathOf = (root: string, { hash }: { hash: string }): string => join(root, hash.slice(0, 2), hash);

  it("gives what was put, by either form of its hash, and takes no file under another's name", async () => {
    const store = await openFileStore(fresh());
    await store.put(`0x${one.hash.toUpperCase()}`, one.bytes);
    expect(await store.get(one.hash)).toEqual(one.bytes);
    expect(await store.get(two.hash)).toBeUndefined();
    await expect(store.put(two.hash, one.bytes)).rejects.toMatchObject({ code: "MISNAMED" });
    await expect(store.get("../secret")).rejects.toMatchObject({ code: "MISNAMED" });
    expect((await store.list()).map(({ sha256, size }) => [sha256, size])).toEqual([[one.hash, one.bytes.length]]);
    await store.remove(one.hash);
    expect(await store.get(one.hash)).toBeUndefined();
  });

  it("never gives a damaged file, tells of it once, and mends it by the next copy", async () => {
    const root = fresh();
    const told: string[] = [];
    const store = await openFileStore(root, { onDamage: (hash, event) => told.push(`${event} ${hash}`) });
    const path = pathOf(root, one);
    const damages: readonly (() => void)[] = [
      () => {
        const bytes = readFileSync(path);
        bytes.writeUInt8(bytes.readUInt8(77) ^ 1, 77);
        writeFileSync(path, bytes);
      },
      () => truncateSync(path, 10),
      () => truncateSync(path, 0),
      () => writeFileSync(path, two.bytes),
    ];
    for (const damage of damages) {
      await store.put(one.hash, one.bytes);
      told.splice(0);
      damage();
      expect(await store.get(one.hash)).toBeUndefined();
      expect(await store.get(one.hash)).toBeUndefined();
      expect(told).toEqual([`damaged ${one.hash}`]);
      await store.put(one.hash, one.bytes);
      expect(await store.get(one.hash)).toEqual(one.bytes);
      expect(told).toEqual([`damaged ${one.hash}`, `mended ${one.hash}`]);
    }
  });

  it("goes on when somebody removes its folder, whole or in part", async () => {
    const root = fresh();
    const store = await openFileStore(root);
    for (const gone of [root, join(root, "parts"), join(root, one.hash.slice(0, 2))]) {
      await store.put(one.hash, one.bytes);
      rmSync(gone, { recursive: true });
      if (!gone.endsWith("parts")) expect(await store.get(one.hash)).toBeUndefined();
      await store.put(one.hash, one.bytes);
      await store.put(two.hash, two.bytes);
      expect(await store.get(one.hash)).toEqual(one.bytes);
      expect(await store.get(two.hash)).toEqual(two.bytes);
    }
  });

  it("takes the same file many times at once, from several processes", async () => {
    const root = fresh();
    const stores = await Promise.all([openFileStore(root), openFileStore(root)]);
    await Promise.all(Array.from({ length: 20 }, (_, i) => stores[i % 2]?.put(one.hash, one.bytes)));
    expect(await stores[0]?.get(one.hash)).toEqual(one.bytes);
    expect(readdirSync(join(root, "parts"))).toEqual([]);
  });

  it("removes a file only if nobody needs it by then", async () => {
    const root = fresh();
    const store = await openFileStore(root);
    await store.put(one.hash, one.bytes);
    await store.removeUnless(one.hash, async () => true);
    expect(await store.get(one.hash)).toEqual(one.bytes);
    // Asked when it is aside: whoever puts it now finds nothing, and writes it.
    await store.removeUnless(one.hash, async () => {
      expect(await store.get(one.hash)).toBeUndefined();
      await store.put(one.hash, one.bytes);
      return false;
    });
    expect(await store.get(one.hash)).toEqual(one.bytes);
    await expect(store.removeUnless(one.hash, () => Promise.reject(new Error("the database is away")))).rejects.toThrow(
      "the database",
    );
    expect(await store.get(one.hash)).toEqual(one.bytes);
    await store.removeUnless(one.hash, async () => false);
    expect(await store.get(one.hash)).toBeUndefined();
    await store.removeUnless(one.hash, async () => false);
    expect(readdirSync(join(root, "parts"))).toEqual([]);
  });

  it("cleans up after processes that ended: parts go, what was set aside comes back", async () => {
    const root = fresh();
    const store = await openFileStore(root);
    writeFileSync(join(root, "parts/1.part"), "half");
    writeFileSync(join(root, `parts/${one.hash}.1.aside`), one.bytes);
    writeFileSync(join(root, `parts/${two.hash}.2.aside`), "damaged");
    await store.clean(3_600_000);
    expect(readdirSync(join(root, "parts"))).toHaveLength(3);
    await store.clean(0);
    expect(readdirSync(join(root, "parts"))).toEqual([]);
    expect(await store.get(one.hash)).toEqual(one.bytes);
    expect(await store.get(two.hash)).toBeUndefined();
    // A file that was written long ago and is set aside now is somebody's at work.
    utimesSync(pathOf(root, one), 1, 1);
    await store.removeUnless(one.hash, async () => {
      await store.clean(3_600_000);
      return false;
    });
    expect(await store.get(one.hash)).toBeUndefined();
  });

  describe("on a disk that loses power after any step", () => {
    for (const kept of ["what was synced", "everything"] as const) {
      it(`has each file that was acknowledged, if ${kept} is kept`, async () => {
        let steps = 0;
        for (let cut = 0; cut <= steps; cut++) {
          const disk = new MemoryDisk();
          const acknowledged: { bytes: Uint8Array; hash: string }[] = [];
          disk.stopAfter(cut);
          await (async () => {
            const store = await openFileStore("/var/pictures", { files: disk });
            for (const file of [one, two, one]) {
              await store.put(file.hash, file.bytes);
              acknowledged.push(file);
            }
          })().catch((error: unknown) => expect(disk.isStopped, String(error)).toBe(true));
          if (cut === 0) {
            const whole = new MemoryDisk();
            const store = await openFileStore("/var/pictures", { files: whole });
            for (const file of [one, two, one]) await store.put(file.hash, file.bytes);
            steps = whole.steps;
          }
          const later = disk.afterPowerCut(kept === "everything");
          const store = await openFileStore("/var/pictures", { files: later });
          await store.clean(0);
          for (const file of [one, two]) {
            const found = await store.get(file.hash);
            if (found !== undefined || acknowledged.includes(file)) expect(found).toEqual(file.bytes);
            await store.put(file.hash, file.bytes);
            expect(await store.get(file.hash)).toEqual(file.bytes);
          }
          expect(await later.readdir("/var/pictures/parts")).toEqual([]);
        }
        expect(steps).toBeGreaterThan(20);
      });
    }

    it("has a file that another program had written, and not made durable, before it was put", async () => {
      const disk = new MemoryDisk();
      const store = await openFileStore("/pictures", { files: disk });
      const above = `/pictures/${one.hash.slice(0, 2)}`;
      await disk.mkdir(above);
      await (await disk.open(`${above}/${one.hash}`, "wx")).writeFile(one.bytes);
      expect(await store.get(one.hash)).toEqual(one.bytes);
      await store.put(one.hash, one.bytes);
      const later = await openFileStore("/pictures", { files: disk.afterPowerCut(false) });
      expect(await later.get(one.hash)).toEqual(one.bytes);
    });

    it("mends a damaged file or leaves it, and gives it in no case", async () => {
      for (let cut = 0; cut < 30; cut++) {
        const disk = new MemoryDisk();
        await (await openFileStore("/pictures", { files: disk })).put(one.hash, one.bytes);
        disk.damage(`/pictures/${one.hash.slice(0, 2)}/${one.hash}`);
        disk.stopAfter(disk.steps + cut);
        let isMended = false;
        await (async () => {
          await (await openFileStore("/pictures", { files: disk })).put(one.hash, one.bytes);
          isMended = true;
        })().catch(() => {});
        for (const everything of [false, true]) {
          const store = await openFileStore("/pictures", { files: disk.afterPowerCut(everything) });
          const found = await store.get(one.hash);
          if (found !== undefined || isMended) expect(found).toEqual(one.bytes);
        }
      }
    });
  });

  it.each([
    ["ENOSPC", "FULL"],
    ["EDQUOT", "FULL"],
    ["EIO", "UNWRITABLE"],
  ] as const)(
    "after %s at any step of a put says %s, keeps nothing half, and takes the file later",
    async (errno, code) => {
      let refused = 0;
      for (let step = 1; step < 40; step++) {
        const disk = new MemoryDisk();
        const store = await openFileStore("/pictures", { files: disk });
        const before = disk.steps;
        disk.failAt(before + step, errno);
        const error: unknown = await store.put(one.hash, one.bytes).catch((caught: unknown) => caught);
        if (disk.steps < before + step) break;
        if (error !== undefined) {
          expect(error).toMatchObject({ code });
          refused++;
        }
        const found = await store.get(one.hash);
        if (found !== undefined || error === undefined) expect(found).toEqual(one.bytes);
        expect(await disk.readdir("/pictures/parts")).toEqual([]);
        await store.put(one.hash, one.bytes);
        expect(await store.get(one.hash)).toEqual(one.bytes);
      }
      expect(refused).toBeGreaterThan(3);
    },
  );
});

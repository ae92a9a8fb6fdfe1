/** Files over HTTP as RFC 9110 has it: lengths, ranges, weights, errors. */
import { beforeAll, describe, expect, it } from "vitest";
import { chosenType, isRangeAsked, rangeOf } from "../src/api/http/requestHeaders.ts";
import { readSettings } from "../src/environment.ts";
import { filesGrid, noise } from "./filesGrid.ts";
import { call } from "./grid.ts";

const files = filesGrid();
const { stored, ask } = files;

describe("a stored file", () => {
  let small: Uint8Array;
  let large: Uint8Array;
  let cids: { small: string; large: string };
  beforeAll(async () => {
    [small, large] = await Promise.all([noise(64), noise(1_024)]);
    cids = { small: await stored(64, 64, small), large: await stored(1_024, 1_024, large) };
  });

  it("has its length on HEAD as on GET, in each form, and no body there", async () => {
    const paths = [
      `/ipfs/${cids.small}`,
      `/ipfs/${cids.large}`,
      `/ipfs/${cids.small}?format=raw`,
      `/thumbnails/${cids.large}?width=128`,
    ];
    for (const path of paths) {
      const [get, head] = await Promise.all([ask(path), ask(path, { method: "HEAD" })]);
      expect([path, get.status, head.status, head.bytes.length]).toEqual([path, 200, 200, 0]);
      expect(head.headers.get("content-length")).toBe(String(get.bytes.length));
      for (const name of ["content-length", "etag", "content-type", "cache-control", "accept-ranges"]) {
        expect([path, name, head.headers.get(name)]).toEqual([path, name, get.headers.get(name)]);
      }
    }
    const car = await ask(`/ipfs/${cids.large}?format=car`, { method: "HEAD" });
    expect([car.status, car.bytes.length]).toEqual([200, 0]);
    // A range is asked with GET alone.
    const part = await ask(`/ipfs/${cids.large}`, { method: "HEAD", headers: { range: "bytes=0-9" } });
    expect([part.status, part.headers.get("content-length")]).toEqual([200, String(large.length)]);
  });

  it("is the same bytes in every range, across its blocks", async () => {
    const { length } = large;
    const block = 262_144;
    for (const [first, last] of [
      [0, 0],
      [block - 1, block],
      [block, 2 * block - 1],
      [2 * block + 7, length - 1],
      [length - 1, length - 1],
      [0, length - 1],
    ] as const) {
      const { status, headers, bytes } = await ask(`/ipfs/${cids.large}`, {
        headers: { range: `bytes=${first}-${last}` },
      });
      expect([status, headers.get("content-range")]).toEqual([206, `bytes ${first}-${last}/${length}`]);
      expect(headers.get("content-length")).toBe(String(last - first + 1));
      expect(Buffer.from(bytes).equals(large.subarray(first, last + 1))).toBe(true);
    }
  });

  it("is sent in parts only to who has the same one", async () => {
    const range = { range: "bytes=0-3" };
    const part = (ifRange: string) => ask(`/ipfs/${cids.small}`, { headers: { ...range, "if-range": ifRange } });
    expect((await part(`"${cids.small}"`)).status).toBe(206);
    for (const other of [`W/"${cids.small}"`, `"${cids.large}"`, "Sun, 29 Nov 2026 12:00:00 GMT"]) {
      const { status, bytes } = await part(other);
      expect([other, status, bytes.length]).toEqual([other, 200, small.length]);
    }
  });

  it("comes in the form that its Accept header weighs most", async () => {
    const type = async (accept: string) =>
      (await ask(`/ipfs/${cids.small}`, { headers: { accept } })).headers.get("content-type")?.split(";")[0];
    const [raw, car] = ["application/vnd.ipld.raw", "application/vnd.ipld.car"];
    expect(await type(raw)).toBe(raw);
    expect(await type(`${raw};q=0.5, ${car}`)).toBe(car);
    expect(await type(`${car};version=1;order=dfs, */*;q=0.1`)).toBe(car);
    for (const accept of [
      `${raw};q=0`,
      `${raw};q=0, */*`,
      `image/png, ${raw};q=0.5`,
      "*/*",
      "application/*",
      `x${raw}`,
    ]) {
      expect([accept, await type(accept)]).toEqual([accept, "image/png"]);
    }
  });

  it("is kept for a year, and an error about it is not", async () => {
    const found = await ask(`/ipfs/${cids.small}`);
    expect(found.headers.get("cache-control")).toContain("immutable");
    const outside = await ask(`/ipfs/${cids.small}`, { headers: { range: `bytes=${small.length}-` } });
    expect([outside.status, outside.headers.get("content-range")]).toEqual([416, `bytes */${small.length}`]);
    const nothing = "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4";
    const gone = await ask(`/ipfs/${nothing}`);
    // By a broken disk, say.
    await files.grid.sql("UPDATE cloud.picture_block SET cid = $2 WHERE root = $1", [cids.small, nothing]);
    const broken = await ask(`/ipfs/${cids.small}`);
    const blank = await ask(`/thumbnails/${cids.small}`);
    await files.grid.sql("UPDATE cloud.picture_block SET cid = root WHERE root = $1", [cids.small]);
    expect([gone.status, broken.status, blank.status]).toEqual([404, 503, 503]);
    for (const { headers } of [outside, gone, broken, blank]) {
      expect([headers.get("cache-control"), headers.get("etag")]).toEqual(["no-store", null]);
      for (const name of ["x-ipfs-path", "accept-ranges"]) expect([name, headers.get(name)]).toEqual([name, null]);
    }
  });

  it("is streamed: its broken end breaks the answer off", async () => {
    await files.grid.sql("UPDATE cloud.picture_block SET cid = $2 WHERE root = $1 AND position = 4", [
      cids.large,
      "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4",
    ]);
    const answer = await fetch(`${files.cloud.url}/ipfs/${cids.large}`);
    expect(answer.status).toBe(200);
    await expect(answer.arrayBuffer()).rejects.toThrow();
    // What is in front of it can be had.
    const start = await ask(`/ipfs/${cids.large}`, { headers: { range: "bytes=0-99" } });
    expect(Buffer.from(start.bytes).equals(large.subarray(0, 100))).toBe(true);
    // And the process is well.
    expect((await call(files.cloud, "GET", "/health")).status).toBe(200);
  });
});

describe("headers", () => {
  it("of ranges are read by the grammar", () => {
    expect(rangeOf("bytes=0-", 10)).toEqual([0, 9]);
    expect(rangeOf("Bytes=2-3", 10)).toEqual([2, 3]);
    expect(rangeOf("bytes=-3", 10)).toEqual([7, 9]);
    expect(rangeOf("bytes=-30", 10)).toEqual([0, 9]);
    expect(rangeOf("bytes=8-99999999999999999999", 10)).toEqual([8, 9]);
    for (const text of ["bytes=10-", "bytes=-0", "bytes=10-20"]) expect(rangeOf(text, 10)).toBe("unsatisfiable");
    for (const text of [undefined, "", "bytes=", "bytes=-", "bytes=3-2", "bytes=30-20", "bytes=0-1,3-4", "lines=0-1"]) {
      expect([text, rangeOf(text, 10)]).toEqual([text, undefined]);
    }
    expect([undefined, '"a"', 'W/"a"', '"b"', "*"].map((header) => isRangeAsked(header, '"a"'))).toEqual([
      ...[true, true, false, false, false],
    ]);
  });

  it("of Accept choose a stream of events alike", () => {
    const chosen = (accept: string | undefined) => chosenType(accept, ["text/event-stream"], "application/json");
    for (const accept of ["text/event-stream", "Text/Event-Stream, */*", "application/json;q=0.9, text/event-stream"]) {
      expect([accept, chosen(accept)]).toEqual([accept, "text/event-stream"]);
    }
    for (const accept of [undefined, "*/*", "text/event-stream;q=0", "application/json, text/event-stream;q=0.9"]) {
      expect([accept, chosen(accept)]).toEqual([accept, undefined]);
    }
  });
});

describe("settings about files", () => {
  const least = { GRID_RPC_URL: "http://127.0.0.1:1", DATABASE_URL: "postgres://x", GRID_BLOCKS: "/x" };

  it("are read", () => {
    const none = readSettings(least);
    expect([none.mirrors, none.takedowns, none.keepPicturesDays, none.keepJobsDays]).toEqual([[], undefined, 45, 45]);
    const { mirrors } = readSettings({ ...least, GRID_BLOCKS_MIRRORS: "https://a.example/, http://b.example:8080" });
    expect(mirrors).toEqual(["https://a.example", "http://b.example:8080"]);
  });

  it.each([
    ["GRID_BLOCKS_MIRRORS", "https://a.example,ftp://b.example", "is not a list of http(s) URLs, by commas."],
    ["GRID_CLOUD_KEEP_PICTURES_DAYS", "30", "is neither 0 nor above 30: until then a receipt can be anchored."],
    ["GRID_CLOUD_KEEP_JOBS_DAYS", "-1", "is not a whole number."],
  ])("%s = %s is refused", (name, value, fault) => {
    expect(() => readSettings({ ...least, [name]: value })).toThrow(`${name} ${fault}`);
  });
});

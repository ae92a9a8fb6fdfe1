/** Files over HTTP as RFC 9110 has it: lengths, ranges, weights, errors; and what an upload may carry. */
import { deflateRawSync } from "node:zlib";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chosenType, isRangeAsked, rangeOf } from "../src/http/negotiation.ts";
import type { RunningCloud } from "../src/start.ts";
import { mostBytesOf, requirePng } from "../src/storage/png.ts";
import { call, png, type Refusal, signIn, startTestGrid, type TestGrid, until } from "./grid.ts";
import { type JobJson, type ScriptedWorker, scriptedWorker } from "./scriptedWorker.ts";

let grid: TestGrid;
let cloud: RunningCloud;
let worker: ScriptedWorker;
let token: string;

beforeAll(async () => {
  grid = await startTestGrid();
  cloud = await grid.cloud();
  worker = await scriptedWorker(grid, cloud, grid.workers[0]);
  token = await signIn(grid, cloud, grid.artist.account);
}, 120_000);
afterAll(() => grid?.stop());

/** A gateway job in the worker's hands. */
const claimed = async (width: number, height: number): Promise<JobJson> => {
  await call(cloud, "POST", "/v1/generate-image", {
    token,
    json: { prompt: "a file", model: grid.open.toString(), steps: 1, width, height },
    headers: { prefer: "respond-async" },
  });
  return until(() => worker.claim(5), "the worker gets the job");
};
const stored = async (width: number, height: number, file: Uint8Array): Promise<string> => {
  const job = await claimed(width, height);
  const { body } = await worker.upload(job, 0, file);
  expect((await worker.complete(job, [worker.receipt(job, 0, body)])).status).toBe(200);
  return body.ipfs_hash;
};
const noise = (side: number): Promise<Uint8Array> =>
  sharp({
    create: {
      ...{ width: side, height: side, channels: 3, background: "#000" },
      noise: { type: "gaussian", mean: 128, sigma: 60 },
    },
  })
    .png()
    .toBuffer();

const ask = async (path: string, init: RequestInit = {}) => {
  const answer = await fetch(`${cloud.url}${path}`, init);
  return { status: answer.status, headers: answer.headers, bytes: new Uint8Array(await answer.arrayBuffer()) };
};

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
    await grid.sql("UPDATE cloud.picture_block SET cid = $2 WHERE root = $1", [cids.small, nothing]);
    const broken = await ask(`/ipfs/${cids.small}`);
    const blank = await ask(`/thumbnails/${cids.small}`);
    await grid.sql("UPDATE cloud.picture_block SET cid = root WHERE root = $1", [cids.small]);
    expect([gone.status, broken.status, blank.status]).toEqual([404, 500, 500]);
    for (const { headers } of [outside, gone, broken, blank]) {
      expect([headers.get("cache-control"), headers.get("etag")]).toEqual(["no-store", null]);
      for (const name of ["x-ipfs-path", "accept-ranges"]) expect([name, headers.get(name)]).toEqual([name, null]);
    }
  });

  it("is streamed: its broken end breaks the answer off", async () => {
    await grid.sql("UPDATE cloud.picture_block SET cid = $2 WHERE root = $1 AND position = 4", [
      cids.large,
      "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4",
    ]);
    const answer = await fetch(`${cloud.url}/ipfs/${cids.large}`);
    expect(answer.status).toBe(200);
    await expect(answer.arrayBuffer()).rejects.toThrow();
    // What is in front of it can be had.
    const start = await ask(`/ipfs/${cids.large}`, { headers: { range: "bytes=0-99" } });
    expect(Buffer.from(start.bytes).equals(large.subarray(0, 100))).toBe(true);
    // And the process is well.
    expect((await call(cloud, "GET", "/health")).status).toBe(200);
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

/** A PNG with a chunk more, in front of its pixels. */
function withChunk(file: Uint8Array, type: string, data: Uint8Array): Uint8Array {
  const chunk = Buffer.alloc(12 + data.length);
  chunk.writeUInt32BE(data.length, 0);
  chunk.write(type, 4, "latin1");
  chunk.set(data, 8);
  chunk.writeUInt32BE(crcOf(chunk.subarray(4, 8 + data.length)), 8 + data.length);
  // Behind IHDR.
  return Buffer.concat([file.subarray(0, 33), chunk, file.subarray(33)]);
}

function crcOf(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

describe("an upload", () => {
  const size = { width: 64, height: 64 };
  const text = (content: string) => Buffer.from(content, "latin1");

  it("of one still picture with its texts is taken", async () => {
    const file = await png(64, 64, 1);
    const colours = await sharp(file)
      .withIccProfile("p3")

      .png()
      .toBuffer();
    for (const good of [
      file,
      withChunk(file, "tEXt", text("parameters\0a lighthouse")),
      withChunk(file, "iTXt", text("parameters\0\0\0\0\0a lighthouse")),
      withChunk(file, "pHYs", Uint8Array.of(0, 0, 11, 19, 0, 0, 11, 19, 1)),
      await noise(64),
      await sharp(await noise(64))
        .png({ progressive: true, compressionLevel: 0 })
        .toBuffer(),
      colours,
    ]) {
      await requirePng(good, size);
      expect(good.length).toBeLessThanOrEqual(mostBytesOf(size));
    }
  });

  it.each([
    ["frames of an animation", "acTL", Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 0)],
    ["a photograph's Exif", "eXIf", text("MM\0*")],
    ["a program's own data", "prVt", text("anything")],
    ["a text that inflates", "zTXt", Buffer.concat([text("parameters\0\0"), deflateRawSync(Buffer.alloc(100_000))])],
    ["a compressed international text", "iTXt", text("parameters\0\x01\0\0\0x")],
    ["a chunk whose name is no name", "\0\0\0\0", text("")],
  ])("with %s is refused by name", async (_, type, data) => {
    await expect(requirePng(withChunk(await png(64, 64, 2), type, data), size)).rejects.toMatchObject({
      ...{ code: "IMAGE_INVALID", message: expect.stringContaining(JSON.stringify(type).slice(1, -1)) },
    });
  });

  it("with more beside its pixels than a picture has is refused", async () => {
    const file = withChunk(await png(64, 64, 3), "tEXt", Buffer.concat([text("a\0"), Buffer.alloc(65_536, 0x61)]));
    await expect(requirePng(file, size)).rejects.toMatchObject({ code: "IMAGE_INVALID" });
  });

  it("is read up to what its pixels can weigh, whether its length is said or not", async () => {
    const job = await claimed(64, 64);
    const path = `/v1/worker/jobs/${job.id}/images/0?lease=${job.lease.token}`;
    const most = mostBytesOf(size);
    expect(most).toBeLessThan(100_000);
    const body = new Uint8Array(most + 1);
    const said = await call<Refusal>(cloud, "PUT", path, { token: worker.token, body });
    expect([said.status, said.body.error.code]).toEqual([413, "BODY_TOO_LARGE"]);
    expect(said.body.error.message).toBe(`A picture of 64 x 64 pixels has at most ${most} bytes.`);
    const streamed = await fetch(`${cloud.url}${path}`, {
      ...{ method: "PUT", headers: { authorization: `Bearer ${worker.token}` }, duplex: "half" },
      body: new Blob([body]).stream(),
    } as RequestInit);
    expect(streamed.status).toBe(413);
    // Neither has cost the worker its job.
    expect((await worker.upload(job, 0, await png(64, 64, 4))).status).toBe(200);
  });
});

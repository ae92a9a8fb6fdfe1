/** Files over HTTP as RFC 9110 has it: lengths, ranges, weights, errors; what an upload may carry; disks that fail, and files that go. */
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { type ClientRequest, createServer, request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { deflateRawSync, gzipSync } from "node:zlib";
import { FsBlockstore } from "blockstore-fs";
import { base32upper } from "multiformats/bases/base32";
import { base36 } from "multiformats/bases/base36";
import { CID } from "multiformats/cid";
import type { MultihashDigest } from "multiformats/hashes/interface";
import pg from "pg";
import { pino } from "pino";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fileBlocks } from "../../sdk/src/index.ts";
import { MemoryDisk } from "../../test/fixtures/memoryDisk.ts";
import { listen } from "../../test/fixtures/scriptedServer.ts";
import { until } from "../../test/fixtures/until.ts";
import { MAX_UPLOADS } from "../src/api/http/concurrencyLimit.ts";
import { chosenType, isRangeAsked, rangeOf } from "../src/api/http/requestHeaders.ts";
import { openChain } from "../src/chain/chain.ts";
import type { Cloud } from "../src/cloud.ts";
import { type Database, openDatabase } from "../src/database/database.ts";
import { readSettings } from "../src/environment.ts";
import { MAX_PARALLEL_THUMBNAILS, openPictures, type PictureStore } from "../src/files/pictures.ts";
import { maxFileSize, requirePng } from "../src/files/png.ts";
import { scrubber } from "../src/files/scrub.ts";
import { openTakedowns } from "../src/files/takedowns.ts";
import { deleteExpired } from "../src/jobs/retention.ts";
import { sweepStaging } from "../src/jobs/staging.ts";
import type { RunningCloud } from "../src/start.ts";
import { call, png, type Refusal, signIn, startTestGrid, type TestGrid } from "./grid.ts";
import { type JobJson, type ScriptedWorker, scriptedWorker, type UploadJson } from "./scriptedWorker.ts";

let grid: TestGrid;
let cloud: RunningCloud;
let worker: ScriptedWorker;
let token: string;
const folder = mkdtempSync(join(tmpdir(), "gridnft-files-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(async () => {
  grid = await startTestGrid();
  cloud = await grid.cloud({ blocks: folder });
  worker = await scriptedWorker(grid, cloud, grid.workers[0]);
  token = await signIn(grid, cloud, grid.artist.account);
}, 300_000);
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
    expect([gone.status, broken.status, blank.status]).toEqual([404, 503, 503]);
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
      expect(good.length).toBeLessThanOrEqual(maxFileSize(size));
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
    const most = maxFileSize(size);
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

  it("is one of a few that a worker may send at a time, as each takes memory", async () => {
    const job = await claimed(64, 64);
    const [path, file] = [`/v1/worker/jobs/${job.id}/images/0?lease=${job.lease.token}`, await png(64, 64, 5)];
    const open: ClientRequest[] = [];
    const begin = (): void => {
      const headers = { authorization: `Bearer ${worker.token}`, "content-length": 50_000 };
      const slow = httpRequest(`${cloud.url}${path}`, { method: "PUT", headers }).on("error", () => {});
      slow.write("half");
      open.push(slow);
    };
    const status = async (of: number) => (await worker.upload(job, 0, file)).status === of;
    try {
      while (open.length < MAX_UPLOADS - 1) begin();
      expect(await status(200)).toBe(true);
      // One of them may come while a place is taken for looking.
      await until(() => {
        begin();
        return status(429);
      }, "all places are taken");
    } finally {
      for (const slow of open) slow.destroy();
    }
    await until(() => status(200), "the places are free again");
  });

  it("that is compressed once more is refused by the header's name, and costs the worker nothing", async () => {
    const job = await claimed(64, 64);
    const path = `/v1/worker/jobs/${job.id}/images/0?lease=${job.lease.token}`;
    const [token, body] = [worker.token, await png(64, 64, 7)];
    const headers = { "content-encoding": "gzip" };
    const refused = await call<Refusal>(cloud, "PUT", path, { token, headers, body: gzipSync(body) });
    expect([refused.status, refused.body.error]).toEqual([
      422,
      {
        ...{ code: "FIELD_INVALID", field: "Content-Encoding" },
        message: "Content-Encoding gzip is not read: send the file as it is.",
      },
    ]);
    const plain = await call<UploadJson>(cloud, "PUT", path, {
      ...{ token, headers: { "content-encoding": "identity" }, body },
    });
    expect((await worker.complete(job, [worker.receipt(job, 0, plain.body)])).status).toBe(200);
  });

  it("of a copy may be larger than JSON, in whatever case its hash is written", async () => {
    for (const digits of ["ab", "AB"]) {
      const path = `/v1/worker/wanted-images/0x${digits.repeat(32)}`;
      const { status, body } = await call<Refusal>(cloud, "PUT", path, {
        ...{ token: worker.token, body: new Uint8Array(300_000) },
      });
      expect([digits, status, body.error.code]).toEqual([digits, 404, "IMAGE_UNKNOWN"]);
    }
  });

  it("that breaks off while it is read is the client's doing, as is JSON in chunks, and no failure of ours", async () => {
    const job = await claimed(64, 64);
    const refusals = async (code: string): Promise<number> => {
      const { bytes } = await ask("/metrics");
      return Number(
        new RegExp(`refusals_total\\{code="${code}"\\} (\\d+)`).exec(Buffer.from(bytes).toString())?.[1] ?? 0,
      );
    };
    const failures = await refusals("INTERNAL");
    const authorization = `Bearer ${worker.token}`;
    const upload = `/v1/worker/jobs/${job.id}/images/0?lease=${job.lease.token}`;
    for (const [method, path, headers] of [
      ["PUT", upload, { "content-length": "50000" }],
      ["PUT", upload, { "transfer-encoding": "chunked" }],
      ["POST", "/v1/generate-image", { "transfer-encoding": "chunked", "content-type": "application/json" }],
    ] as const) {
      const before = await refusals("BODY_INCOMPLETE");
      const broken = httpRequest(`${cloud.url}${path}`, { method, headers: { ...headers, authorization } });
      broken.on("error", () => {}).write("half");
      // By then it is being read, or is not yet: the answer is the same.
      await setTimeout(100);
      broken.destroy();
      await until(async () => (await refusals("BODY_INCOMPLETE")) > before, `${path} is told to be incomplete`);
    }
    expect(await refusals("INTERNAL")).toBe(failures);
    const { body } = await worker.upload(job, 0, await png(64, 64, 8));
    expect((await worker.complete(job, [worker.receipt(job, 0, body)])).status).toBe(200);
  });

  it("that breaks off before it is read costs the worker nothing", async () => {
    const job = await claimed(64, 64);
    const path = `/v1/worker/jobs/${job.id}/images/0?lease=${job.lease.token}`;
    const locker = new pg.Client({ connectionString: grid.postgres.url });
    await locker.connect();
    try {
      for (const [length, sent] of [
        ["50000", "half"],
        [undefined, "half"],
        ["50000", ""],
      ] as const) {
        await locker.query("BEGIN; LOCK TABLE cloud.job IN ACCESS EXCLUSIVE MODE");
        const headers = { authorization: `Bearer ${worker.token}`, ...(length && { "content-length": length }) };
        const broken = httpRequest(`${cloud.url}${path}`, { method: "PUT", headers }).on("error", () => {});
        broken.flushHeaders();
        if (sent) broken.write(sent);
        await until(async () => {
          const [{ waiting } = { waiting: 0 }] = await grid.sql<{ waiting: number }>(
            "SELECT count(*)::int AS waiting FROM pg_locks WHERE NOT granted AND relation = 'cloud.job'::regclass",
          );
          return waiting > 0;
        }, "the upload waits for its job");
        const closed = new Promise((resolve) => broken.on("close", resolve));
        broken.destroy();
        await closed;
        // The cloud hears of it by the same loop that this test runs on.
        await setTimeout(100);
        await locker.query("ROLLBACK");
      }
    } finally {
      await locker.end();
    }
    const upload = await worker.upload(job, 0, await png(64, 64, 6));
    expect([upload.status, await grid.sql("SELECT FROM cloud.job_failure WHERE job_id = $1", [job.id])]).toEqual([
      200,
      [],
    ]);
  });
});

/** Path of a block's file, in the layout that blockstore-fs has. */
function blockFile(root: string, cid: string): string {
  const name = base32upper.encode(CID.parse(cid).multihash.bytes);
  return join(root, "blocks", name.slice(-2), `${name}.data`);
}

/** Changes one bit of a file. */
function flip(path: string): void {
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 8, bytes.length >> 1);
  writeFileSync(path, bytes);
}

describe("a block that is damaged", () => {
  const damages: readonly [string, (path: string) => void][] = [
    ["by a bit", flip],
    ["by its length", (path) => truncateSync(path, 100)],
    ["by being gone", (path) => rmSync(path)],
  ];
  let rival: ScriptedWorker | undefined;
  const refused = async (path: string): Promise<void> => {
    const answer = await call<Refusal>(cloud, "GET", path);
    expect([answer.status, answer.body.error.code]).toEqual([503, "IMAGE_UNAVAILABLE"]);
    expect([answer.headers.get("retry-after"), answer.headers.get("cache-control")]).toEqual(["60", "no-store"]);
  };
  const handIn = (hash: string, body: Uint8Array, by = worker.token) =>
    call<Refusal>(cloud, "PUT", `/v1/worker/wanted-images/${hash}`, { token: by, body });
  const wanted = async (by = worker.token): Promise<string[]> => {
    const { body } = await call<{ images: { image_hash: string }[] }>(cloud, "GET", "/v1/worker/wanted-images", {
      token: by,
    });
    return body.images.map(({ image_hash }) => image_hash);
  };

  it.each(damages)("%s is not served in any form, and mended by its worker's copy", async (_, damage) => {
    await grid.sql("DELETE FROM cloud.wanted_picture");
    const file = await noise(64);
    const job = await claimed(64, 64);
    const { body } = await worker.upload(job, 0, file);
    await worker.complete(job, [worker.receipt(job, 0, body)]);
    const cid = body.ipfs_hash;
    damage(blockFile(folder, cid));
    for (const form of ["", "?format=raw", "?format=car"]) await refused(`/ipfs/${cid}${form}`);
    await refused(`/thumbnails/${cid}`);
    expect(await wanted()).toEqual([body.image_hash]);
    // Neither others' nor other bytes, nor more of them than the picture has.
    rival ??= await scriptedWorker(grid, cloud, grid.workers[1], { models: [grid.licensed] });
    expect(await wanted(rival.token)).toEqual([]);
    expect((await handIn(body.image_hash, file, rival.token)).status).toBe(404);
    const other = Uint8Array.from(file, (byte, i) => (i === 60 ? byte ^ 1 : byte));
    expect((await handIn(body.image_hash, other)).body.error.code).toBe("IMAGE_MISMATCH");
    expect((await handIn(body.image_hash, Buffer.concat([file, file]))).status).toBe(413);
    await refused(`/ipfs/${cid}`);
    expect((await handIn(body.image_hash, file)).status).toBe(204);
    expect(Buffer.from((await ask(`/ipfs/${cid}`)).bytes).equals(file)).toBe(true);
    expect(await wanted()).toEqual([]);
    expect((await handIn(body.image_hash, file)).status).toBe(404);
    const metrics = (await call<string>(cloud, "GET", "/metrics")).body;
    if (damage === flip) expect(metrics).toMatch(/grid_cloud_blocks_total\{event="mended"\} [1-9]/);
  });

  it("at a file's end breaks the first answer off, and is refused from then on", async () => {
    const file = await noise(640);
    const cid = await stored(640, 640, file);
    const last = blockFile(folder, fileBlocks(file).at(-1)?.cid ?? "");
    const bytes = readFileSync(last);
    flip(last);
    const received = await new Promise<Buffer>((resolve) => {
      httpRequest(`${cloud.url}/ipfs/${cid}`, (answer) => {
        const parts: Buffer[] = [];
        answer.on("data", (part: Buffer) => parts.push(part)).on("error", () => resolve(Buffer.concat(parts)));
      }).end();
    });
    expect(received.length).toBeGreaterThan(0);
    expect(received.equals(file.subarray(0, received.length)), "nothing but the file's beginning came").toBe(true);
    await refused(`/ipfs/${cid}`);
    await refused(`/ipfs/${cid}?format=car`);
    const start = await ask(`/ipfs/${cid}`, { headers: { range: "bytes=0-99" } });
    expect([start.status, Buffer.from(start.bytes).equals(file.subarray(0, 100))]).toEqual([206, true]);
    // It was the cable.
    writeFileSync(last, bytes);
    expect(Buffer.from((await ask(`/ipfs/${cid}`)).bytes).equals(file)).toBe(true);
    expect(await grid.sql("SELECT FROM cloud.wanted_picture WHERE cid = $1", [cid])).toEqual([]);
  });

  it("is mended by whoever uploads the same bytes", async () => {
    const file = await noise(64);
    const cid = await stored(64, 64, file);
    flip(blockFile(folder, cid));
    await refused(`/ipfs/${cid}`);
    expect(await stored(64, 64, file)).toBe(cid);
    expect(Buffer.from((await ask(`/ipfs/${cid}`)).bytes).equals(file)).toBe(true);
    expect(await grid.sql("SELECT FROM cloud.wanted_picture WHERE cid = $1", [cid])).toEqual([]);
  });

  it("is no picture: no receipt is accepted for it until it is uploaded again", async () => {
    const file = await noise(64);
    const job = await claimed(64, 64);
    const { body } = await worker.upload(job, 0, file);
    // Somebody tidies up.
    rmSync(join(folder, "blocks"), { recursive: true });
    const early = await worker.complete(job, [worker.receipt(job, 0, body)]);
    expect([early.status, (early.body as unknown as Refusal).error.code]).toEqual([503, "IMAGE_UNAVAILABLE"]);
    expect((await worker.upload(job, 0, file)).status).toBe(200);
    expect((await worker.complete(job, [worker.receipt(job, 0, body)])).status).toBe(200);
    expect((await ask(`/ipfs/${body.ipfs_hash}`)).status).toBe(200);
  });

  it("is restored from another gateway, if it is public and the bytes are its own", async () => {
    const asked: string[] = [];
    let lie = false;
    // What a private picture's CID would be told to, and one whose bytes are wrong.
    const liar = createServer((request, response) => {
      asked.push(`${request.method} ${request.url} ${request.headers.via}`);
      response.writeHead(lie ? 200 : 404).end(lie ? Buffer.alloc(2_200_000) : "");
    });
    const elsewhere = mkdtempSync(join(tmpdir(), "gridnft-mirrored-"));
    const nowhere = `http://127.0.0.1:${await listen(liar)}`;
    try {
      const large = await noise(640);
      const [cid, spare] = [await stored(640, 640, large), await stored(64, 64, await noise(64))];
      const mirrored = await grid.cloud({ blocks: elsewhere, mirrors: [nowhere, cloud.url] });
      const get = async (path: string) => {
        const answer = await fetch(`${mirrored.url}${path}`);
        return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()) };
      };
      lie = true;
      expect((await get(`/ipfs/${cid}`)).bytes.equals(large)).toBe(true);
      expect(asked.length).toBeGreaterThan(4);
      expect(asked[0]).toBe(`GET /ipfs/${cid}?format=raw 1.1 gridnft-cloud`);
      // From now on it is here: nobody is asked.
      asked.splice(0);
      expect((await get(`/ipfs/${cid}`)).bytes.equals(large)).toBe(true);
      expect(asked).toEqual([]);
      // Who asks is a mirror itself: it is told no, and nobody is asked in a circle.
      const circle = await fetch(`${mirrored.url}/ipfs/${spare}?format=raw`, { headers: { via: "1.1 gridnft-cloud" } });
      expect([circle.status, asked]).toEqual([503, []]);
      await grid.sql(
        "UPDATE cloud.job SET private = true WHERE id IN (SELECT job_id FROM cloud.receipt WHERE cid = $1)",
        [spare],
      );
      const own = await fetch(`${mirrored.url}/ipfs/${spare}`, { headers: { authorization: `Bearer ${token}` } });
      expect([own.status, asked]).toEqual([503, []]);
    } finally {
      liar.closeAllConnections();
      await new Promise((resolve) => liar.close(resolve));
      rmSync(elsewhere, { recursive: true, force: true });
    }
  });
});

describe("a disk", () => {
  it("that does not work is said so, costs the worker nothing, and keeps nothing half", async () => {
    const job = await claimed(64, 64);
    const file = await noise(64);
    const parts = join(folder, "blocks/parts");
    renameSync(parts, `${parts}.away`);
    writeFileSync(parts, "no folder");
    const refused = (await worker.upload(job, 0, file)) as unknown as { status: number; body: Refusal };
    rmSync(parts);
    renameSync(`${parts}.away`, parts);
    expect([refused.status, refused.body.error.code]).toEqual([503, "STORAGE_UNAVAILABLE"]);
    expect(await grid.sql("SELECT FROM cloud.staged_image WHERE job_id = $1", [job.id])).toEqual([]);
    const { body, status } = await worker.upload(job, 0, file);
    expect(status).toBe(200);
    expect((await worker.complete(job, [worker.receipt(job, 0, body)])).status).toBe(200);
  });

  it("that is full is told from one that does not work", async () => {
    const disk = new MemoryDisk();
    const pictures = await openPictures(mkdtempSync(join(folder, "full-")), { files: disk });
    const file = await noise(64);
    disk.failAt(disk.steps + 4, "ENOSPC");
    await expect(pictures.put(file)).rejects.toMatchObject({ code: "STORAGE_FULL", status: 507 });
    const { cid } = await pictures.put(file);
    expect(await pictures.holds(cid)).toBe(true);
  });

  it("with what blockstore-fs wrote is read as before", async () => {
    const path = mkdtempSync(join(folder, "before-"));
    const before = new FsBlockstore(join(path, "blocks"));
    await before.open();
    const file = await noise(640);
    for (const { cid, bytes } of fileBlocks(file)) await before.put(CID.parse(cid), bytes);
    const pictures = await openPictures(path);
    const { cid, blocks } = pictures.name(file);
    expect([blocks.length > 4, await pictures.holds(cid)]).toEqual([true, true]);
    rmSync(blockFile(path, blocks[3] as string));
    expect(await pictures.holds(cid)).toBe(false);
    await pictures.put(file);
    expect(await pictures.holds(cid)).toBe(true);
  });
});

describe("thumbnails", () => {
  it("are made a few at a time, so that few whole files are in memory; each is made in the end", async () => {
    const pictures = await openPictures(mkdtempSync(join(folder, "small-")));
    const file = await noise(64);
    let loads = 0;
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const count = 10 * MAX_PARALLEL_THUMBNAILS;
    const made = Array.from({ length: count }, (_, i) => {
      const [{ cid } = { cid: "" }] = fileBlocks(Buffer.from(`picture ${i}`));
      return pictures.thumbnail(cid, 128, async () => {
        const turn = ++loads;
        await gate;
        // The first one fails, and gives its place to the next.
        return turn === 1 ? new Uint8Array(1) : file;
      });
    });
    await until(async () => loads >= MAX_PARALLEL_THUMBNAILS, "the first ones load");
    // All others have asked the disk for theirs by then.
    await noise(512);
    expect(loads).toBe(MAX_PARALLEL_THUMBNAILS);
    open();
    const ends = await Promise.allSettled(made);
    expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(count - 1);
  });
});

describe("the keeping of files", () => {
  let database: Database;
  let pictures: PictureStore;
  let chain: Cloud["chain"];
  beforeAll(async () => {
    database = openDatabase(grid.postgres.url, () => {});
    pictures = await openPictures(folder);
    const { rpcUrl, deployment } = grid.chain;
    chain = await openChain({ rpcUrl, deployment, pollEvery: 1_000 }, () => {});
  });
  afterAll(async () => {
    chain?.stop();
    await database?.close();
  });
  const parts = (over: object = {}): Cloud => {
    const settings = { keepPicturesDays: 45, keepJobsDays: 30 };
    return { database, pictures, chain, settings, log: pino({ level: "silent" }), ...over } as unknown as Cloud;
  };
  const age = (cid: string, days: number) =>
    grid.sql(
      `WITH old AS (UPDATE cloud.picture SET look_at = now() - $2 * interval '1 day' WHERE cid = $1)
       UPDATE cloud.job SET finished_at = now() - $2 * interval '1 day'
       WHERE id IN (SELECT job_id FROM cloud.receipt WHERE cid = $1)`,
      [cid, days],
    );
  const isKept = async (cid: string): Promise<boolean> =>
    (await grid.sql("SELECT FROM cloud.picture WHERE cid = $1", [cid])).length === 1;

  it("finds damage before anybody asks for a picture", async () => {
    const cids = [await stored(64, 64, await noise(64)), await stored(640, 640, await noise(640))];
    const [small = "", large = ""] = cids;
    const odd = await stored(64, 64, await noise(64));
    rmSync(blockFile(folder, small));
    const links = await grid.sql<{ cid: string }>(
      "SELECT cid FROM cloud.picture_block WHERE root = $1 ORDER BY position DESC",
      [large],
    );
    flip(blockFile(folder, links[0]?.cid ?? ""));
    const wanted = async () =>
      (await grid.sql<{ cid: string }>("SELECT cid FROM cloud.wanted_picture WHERE cid = ANY ($1)", [cids])).length;
    const scrub = scrubber(parts({ settings: { mirrors: [] } }));
    await scrub();
    expect(await wanted()).toBe(0);
    // From anywhere to the end, then from the beginning; past one that cannot be read at all.
    const unreadable = blockFile(folder, odd);
    renameSync(unreadable, `${unreadable}.away`);
    symlinkSync(unreadable, unreadable);
    try {
      await scrub();
      await scrub();
    } finally {
      renameSync(`${unreadable}.away`, unreadable);
    }
    expect(await wanted()).toBe(2);
  });

  it("ends for pictures that were never anchored; receipts and jobs stay", async () => {
    const [old, recent, again, anchored, minted] = await Promise.all([64, 64, 64, 64, 64].map(noise));
    const cids: string[] = [];
    for (const file of [old, recent, again, anchored, minted]) cids.push(await stored(64, 64, file as Uint8Array));
    const [oldCid, recentCid, againCid, anchoredCid, mintedCid] = cids as [string, string, string, string, string];
    await ask(`/thumbnails/${oldCid}?width=128`);
    for (const cid of [oldCid, againCid, anchoredCid, mintedCid]) await age(cid, 46);
    await age(recentCid, 44);
    // The same picture out of another job, today.
    await stored(64, 64, again as Uint8Array);
    const [lane] = await grid.sql<{ lane_id: string; lane_position: number; receipt_id: string }>(
      "SELECT lane_id, lane_position, receipt_id FROM cloud.receipt WHERE cid = $1",
      [anchoredCid],
    );
    // As the chain's watcher notes it, of this receipt alone.
    await grid.sql("UPDATE cloud.voucher SET anchored_block = 1e9, first = last WHERE lane_id = $1 AND last = $2", [
      lane?.lane_id,
      lane?.lane_position,
    ]);
    const [{ order_hash: mintedOrder } = { order_hash: "" }] = await grid.sql<{ order_hash: string }>(
      "SELECT order_hash FROM cloud.receipt WHERE cid = $1",
      [mintedCid],
    );
    // A database that forgot what the chain knows.
    const isMinted: Cloud["chain"]["isMinted"] = async (requester, orderHash, index) =>
      orderHash === mintedOrder || chain.isMinted(requester, orderHash, index);
    await deleteExpired(parts({ chain: { ...chain, isMinted }, settings: { keepPicturesDays: 0, keepJobsDays: 0 } }));
    expect(await isKept(oldCid)).toBe(true);
    await deleteExpired(parts({ chain: { ...chain, isMinted } }));
    const kept = await Promise.all([oldCid, recentCid, againCid, anchoredCid, mintedCid].map(isKept));
    expect(kept).toEqual([false, true, true, true, true]);
    const looks = await grid.sql<{ cid: string }>("SELECT cid FROM cloud.picture WHERE look_at = 'infinity'");
    expect(looks.map(({ cid }) => cid).sort()).toEqual([anchoredCid, mintedCid].sort());

    await grid.sql("UPDATE cloud.picture_block SET added_at = now() - interval '2 hours' WHERE root = $1", [oldCid]);
    expect(await pictures.holds(oldCid)).toBe(true);
    await sweepStaging(parts());
    expect(await pictures.holds(oldCid)).toBe(false);
    expect(readdirSync(join(folder, "thumbnails")).filter((name) => name.startsWith(oldCid))).toEqual([]);
    const gone = await call<Refusal>(cloud, "GET", `/ipfs/${oldCid}`);
    expect([gone.status, gone.body.error.code]).toEqual([410, "IMAGE_GONE"]);
    const [receipt] = await grid.sql<{ receipt_id: string; job_id: string }>(
      "SELECT receipt_id, job_id FROM cloud.receipt WHERE cid = $1",
      [oldCid],
    );
    expect((await call(cloud, "GET", `/v1/receipts/${receipt?.receipt_id}`, { token })).status).toBe(200);
    expect((await call(cloud, "GET", `/v1/jobs/${receipt?.job_id}`, { token })).status).toBe(200);
    // Made again, it is there again.
    expect(await stored(64, 64, old as Uint8Array)).toBe(oldCid);
    expect((await ask(`/ipfs/${oldCid}`)).status).toBe(200);
  });

  it("goes on for pictures that are uploaded again, and ends for them if nothing comes of that", async () => {
    const file = await noise(64);
    const cid = await stored(64, 64, file);
    await age(cid, 46);
    const job = await claimed(64, 64);
    expect((await worker.upload(job, 0, file)).status).toBe(200);
    await deleteExpired(parts());
    expect(await isKept(cid)).toBe(true);
    await worker.release(job, "failed");
    await grid.sql("DELETE FROM cloud.staged_image WHERE job_id = $1", [job.id]);
    // Its next look is as far away as that of a new picture.
    await grid.sql("UPDATE cloud.picture SET look_at = look_at - interval '46 days' WHERE cid = $1", [cid]);
    await deleteExpired(parts());
    expect(await isKept(cid)).toBe(false);
  });

  it("ends by a task of every cloud, from its start on", async () => {
    const old = await stored(64, 64, await noise(64));
    await age(old, 46);
    const other = await grid.cloud({ blocks: folder });
    try {
      await until(async () => !(await isKept(old)) || undefined, "an old picture is forgotten");
    } finally {
      await other.stop();
    }
  });

  it("ends for jobs without a result, and for what ended jobs need no more; nonces stay", async () => {
    const done = await stored(64, 64, await noise(64));
    const [{ job_id: doneId } = { job_id: "" }] = await grid.sql<{ job_id: string }>(
      "SELECT job_id FROM cloud.receipt WHERE cid = $1",
      [done],
    );
    const payer = grid.artist.address.toLowerCase();
    const copy = async (status: string, days: number, nonce: number): Promise<string> => {
      const [row] = await grid.sql<{ id: string }>(
        `INSERT INTO cloud.job (rail, model_id, model_hash, requester, payer, private, request, request_hash, pixels, steps, count,
           sampler, scheduler, status, finished_at)
         SELECT 'direct', model_id, model_hash, requester, $2, private, request, request_hash, pixels, steps, count, sampler, scheduler,
           $3, now() - $4 * interval '1 day' FROM cloud.job WHERE id = $1 RETURNING id`,
        [doneId, payer, status, days],
      );
      await grid.sql("INSERT INTO cloud.order_nonce (payer, nonce, job_id) VALUES ($1, $2, $3)", [
        payer,
        nonce,
        row?.id,
      ]);
      return row?.id ?? "";
    };
    const ids = [
      ...[await copy("failed", 31, 900_001), await copy("cancelled", 31, 900_002)],
      ...[await copy("failed", 29, 900_003), await copy("queued", 31, 900_004)],
    ];
    for (const id of [doneId, ids[0]]) {
      await grid.sql(
        `INSERT INTO cloud.candidate (job_id, position, worker, order_message, order_hash, signature, price, deadline)
         VALUES ($1, 0, 'w', '{}', $2, '0x', 1, 1)`,
        [id, `0x${id}`],
      );
      await grid.sql("INSERT INTO cloud.job_failure (job_id, worker, kind, message) VALUES ($1, 'w', 'failed', 'm')", [
        id,
      ]);
    }
    const rows = (table: string) => grid.sql(`SELECT FROM cloud.${table} WHERE job_id = ANY ($1)`, [[doneId, ids[0]]]);
    await age(done, 29);
    await deleteExpired(parts());
    expect([(await rows("candidate")).length, (await rows("job_failure")).length]).toEqual([1, 1]);
    await age(done, 31);
    await deleteExpired(parts());
    expect([(await rows("candidate")).length, (await rows("job_failure")).length]).toEqual([0, 0]);
    const left = await grid.sql<{ id: string }>("SELECT id FROM cloud.job WHERE id = ANY ($1)", [[doneId, ...ids]]);
    expect(left.map(({ id }) => id).sort()).toEqual([doneId, ids[2], ids[3]].sort());
    const nonces = await grid.sql<{ job_id: string | null }>(
      "SELECT job_id FROM cloud.order_nonce WHERE nonce > 900000 ORDER BY nonce",
    );
    expect(nonces.map(({ job_id }) => job_id)).toEqual([null, null, ids[2], ids[3]]);
    await grid.sql("DELETE FROM cloud.job WHERE id = ANY ($1)", [ids]);
    expect((await call(cloud, "GET", `/v1/jobs/${doneId}`, { token })).status).toBe(200);
  });

  it("sweeps nothing that an upload begins with meanwhile", async () => {
    for (let round = 0; round < 3; round++) {
      const file = await noise(640);
      const job = await claimed(640, 640);
      const { blocks } = await pictures.put(file);
      const root = blocks[0] ?? "";
      // An upload that was broken off two hours ago.
      await grid.sql(
        `INSERT INTO cloud.picture_block (root, position, cid, added_at)
         SELECT $1, position - 1, cid, now() - interval '2 hours'
         FROM unnest($2::text[]) WITH ORDINALITY AS listed (cid, position)`,
        [root, blocks],
      );
      const [upload] = await Promise.all([worker.upload(job, 0, file), sweepStaging(parts()), sweepStaging(parts())]);
      expect(upload.status).toBe(200);
      expect((await worker.complete(job, [worker.receipt(job, 0, upload.body)])).status).toBe(200);
      await sweepStaging(parts());
      expect(await pictures.holds(root)).toBe(true);
      expect(Buffer.from((await ask(`/ipfs/${root}`)).bytes).equals(file)).toBe(true);
    }
  });

  it("goes on at the next sweep, when a process was killed between rows and files", async () => {
    const file = await noise(64);
    const { cid } = await pictures.put(file);
    const used = await stored(64, 64, await noise(64));
    await grid.sql("INSERT INTO cloud.swept_block VALUES ($1), ($2)", [cid, used]);
    await sweepStaging(parts());
    expect([await pictures.holds(cid), await pictures.holds(used)]).toEqual([false, true]);
    expect(await grid.sql("SELECT FROM cloud.swept_block")).toEqual([]);
  });
});

describe("a takedown", () => {
  const path = join(folder, "takedowns.txt");
  let strict: RunningCloud;
  /** Two files that share blocks; one of them is taken down. */
  let bad: { file: Uint8Array; cid: string; blocks: readonly string[] };
  let good: { file: Uint8Array; cid: string; blocks: readonly string[] };
  let small: string;
  let blocked: string;
  const get = async (of: string, init: RequestInit = {}) => {
    const answer = await fetch(`${strict.url}${of}`, init);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    return { status: answer.status, headers: answer.headers, bytes, text: Buffer.from(bytes).toString() };
  };

  beforeAll(async () => {
    const file = await noise(640);
    const end = file.length - 12;
    const tail = withChunk(file, "tEXt", Buffer.from("a\0another end", "latin1")).subarray(33, 33 + 12 + 13);
    const other = Buffer.concat([file.subarray(0, end), tail, file.subarray(end)]);
    const named = (bytes: Uint8Array) => {
      const blocks = fileBlocks(bytes).map(({ cid }) => cid);
      return { file: bytes, cid: blocks[0] ?? "", blocks };
    };
    [bad, good] = [named(file), named(other)];
    expect(await stored(640, 640, file)).toBe(bad.cid);
    expect(await stored(640, 640, other)).toBe(good.cid);
    [small, blocked] = [await stored(64, 64, await noise(64)), await stored(64, 64, await noise(64))];
    writeFileSync(path, "# nothing yet\n");
    strict = await grid.cloud({ blocks: folder, takedowns: path });
  });

  it("is read again when its list changes, and no route or form of the CID gets around it", async () => {
    const tag = (await get(`/ipfs/${bad.cid}`)).headers.get("etag") ?? "";
    const kept = await get(`/ipfs/${bad.cid}`, { headers: { "if-none-match": tag } });
    expect([kept.status, kept.headers.get("cache-control")]).toEqual([304, "public, max-age=300, must-revalidate"]);
    await get(`/thumbnails/${bad.cid}`);
    const parsed = CID.parse(bad.cid);
    writeFileSync(
      path,
      `\uFEFF# by order\r\n${parsed.toString(base36)} 451 Court of X, file 7\r\n\r\n  ${blocked}\n${small} 410\n`,
    );
    await until(async () => (await get(`/ipfs/${bad.cid}`)).status === 451, "the list is read");
    const roots = [
      bad.cid,
      CID.createV0(parsed.multihash as MultihashDigest<0x12>).toString(),
      parsed.toString(base36),
    ];
    const ways = roots.flatMap((cid) => [`/ipfs/${cid}`, `/ipfs/${cid}?format=raw`, `/ipfs/${cid}?format=car`]);
    for (const way of [...ways, `/thumbnails/${bad.cid}`, `/thumbnails/${bad.cid}?width=512`]) {
      for (const init of [
        {},
        { method: "HEAD" },
        { headers: { "if-none-match": tag } },
        { headers: { "if-none-match": "*" } },
        { headers: { range: "bytes=0-9" } },
      ]) {
        const { status, headers } = await get(way, init);
        expect([way, init, status, headers.get("cache-control"), headers.get("etag")]).toEqual([
          ...[way, init, 451, "no-store", null],
        ]);
      }
    }
    expect((await get(`/ipfs/${bad.cid}`)).text).toContain("Court of X, file 7");
    for (const cid of [blocked, small]) {
      const { status, text } = await get(`/ipfs/${cid}`);
      expect([status, JSON.parse(text).error.code]).toEqual([410, "IMAGE_GONE"]);
    }
    // The same bytes under the other codec, and for whoever is signed in.
    const digest = CID.createV1(0x70, CID.parse(small).multihash).toString();
    expect((await get(`/ipfs/${digest}`)).status).toBe(410);
    expect((await get(`/ipfs/${small}`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(410);
  });

  it("covers the blocks that no other file has", async () => {
    const shared = bad.blocks.filter((cid) => good.blocks.includes(cid));
    const own = bad.blocks.filter((cid) => !good.blocks.includes(cid));
    expect([shared.length > 3, own.length > 0]).toEqual([true, true]);
    for (const cid of own) expect([cid, (await get(`/ipfs/${cid}?format=raw`)).status]).toEqual([cid, 451]);
    for (const cid of shared) expect([cid, (await get(`/ipfs/${cid}?format=raw`)).status]).toEqual([cid, 200]);
    expect(Buffer.from((await get(`/ipfs/${good.cid}`)).bytes).equals(good.file)).toBe(true);
  });

  it("holds when the list cannot be read any more, and ends with its line", async () => {
    const said: string[] = [];
    const log = pino({ level: "error" }, { write: (line: string) => void said.push(line) });
    const list = await openTakedowns(path, log);
    renameSync(path, `${path}.away`);
    await until(async () => {
      await list.require(good.cid);
      return said.length > 0;
    }, "the list is missed");
    expect(said[0]).toContain("the last one holds");
    await expect(list.require(small)).rejects.toMatchObject({ code: "IMAGE_GONE" });
    expect((await get(`/ipfs/${small}`)).status).toBe(410);
    writeFileSync(`${path}.away`, `not a CID\n${small} 451\n`);
    renameSync(`${path}.away`, path);
    await until(async () => (await get(`/ipfs/${small}`)).status === 451, "the list is read");
    expect((await get(`/ipfs/${bad.cid}`)).status).toBe(200);
    await until(async () => {
      await list.require(good.cid);
      return said.some((line) => line.includes("line 1 does not begin with a CID"));
    }, "the fault is told");
  });

  it("with a line that is none, or without its file, is refused at the start", async () => {
    const log = pino({ level: "silent" });
    await expect(openTakedowns(join(folder, "nothing.txt"), log)).rejects.toThrow("GRID_TAKEDOWNS: ");
    writeFileSync(path, `${small}\n\nhttps://example.org/ipfs/${small}\n`);
    await expect(openTakedowns(path, log)).rejects.toThrow("line 3 does not begin with a CID");
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

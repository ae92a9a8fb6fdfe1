/** Grid with a cloud and a worker, and pictures in its files. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { base32upper } from "multiformats/bases/base32";
import { CID } from "multiformats/cid";
import sharp from "sharp";
import { afterAll, beforeAll, expect } from "vitest";
import { until } from "../../test/fixtures/until.ts";
import type { RunningCloud } from "../src/start.ts";
import { call, signIn, startTestGrid, type TestGrid } from "./grid.ts";
import { type JobJson, type ScriptedWorker, scriptedWorker } from "./scriptedWorker.ts";

/** Grid whose artist orders pictures of a scripted worker. Its hooks start and stop it. */
export function filesGrid() {
  const folder = mkdtempSync(join(tmpdir(), "gridnft-files-"));
  let grid: TestGrid;
  let cloud: RunningCloud;
  let worker: ScriptedWorker;
  let token: string;
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  beforeAll(async () => {
    grid = await startTestGrid();
    cloud = await grid.cloud({ blocks: folder });
    worker = await scriptedWorker(grid, cloud, grid.workers[0]);
    token = await signIn(grid, cloud, grid.artist.account);
  }, 300_000);
  afterAll(() => grid?.stop());

  /** Gateway job in the worker's hands. */
  const claimed = async (width: number, height: number): Promise<JobJson> => {
    await call(cloud, "POST", "/v1/generate-image", {
      token,
      json: { prompt: "a file", model: grid.open.toString(), steps: 1, width, height },
      headers: { prefer: "respond-async" },
    });
    return until(() => worker.claim(5), "the worker gets the job");
  };

  return {
    folder,
    /** Running grid, its cloud, its worker, and the artist's session: there once the tests run. */
    get grid() {
      return grid;
    },
    get cloud() {
      return cloud;
    },
    get worker() {
      return worker;
    },
    get token() {
      return token;
    },
    claimed,
    /** CID of a picture that was uploaded and paid. */
    stored: async (width: number, height: number, file: Uint8Array): Promise<string> => {
      const job = await claimed(width, height);
      const { body } = await worker.upload(job, 0, file);
      expect((await worker.complete(job, [worker.receipt(job, 0, body)])).status).toBe(200);
      return body.ipfs_hash;
    },
    ask: async (path: string, init: RequestInit = {}) => {
      const answer = await fetch(`${cloud.url}${path}`, init);
      return { status: answer.status, headers: answer.headers, bytes: new Uint8Array(await answer.arrayBuffer()) };
    },
  };
}

/** PNG of noise, which does not compress. */
export const noise = (side: number): Promise<Uint8Array> =>
  sharp({
    create: {
      ...{ width: side, height: side, channels: 3, background: "#000" },
      noise: { type: "gaussian", mean: 128, sigma: 60 },
    },
  })
    .png()
    .toBuffer();

/** A PNG with a chunk more, in front of its pixels. */
export function withChunk(file: Uint8Array, type: string, data: Uint8Array): Uint8Array {
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

/** Path of a block's file, in the layout that blockstore-fs has. */
export function blockFile(root: string, cid: string): string {
  const name = base32upper.encode(CID.parse(cid).multihash.bytes);
  return join(root, "blocks", name.slice(-2), `${name}.data`);
}

/** Changes one bit of a file. */
export function flip(path: string): void {
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 8, bytes.length >> 1);
  writeFileSync(path, bytes);
}

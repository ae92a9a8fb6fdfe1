/** Takedowns: a list that no route and no form of a CID gets around. */
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { base36 } from "multiformats/bases/base36";
import { CID } from "multiformats/cid";
import type { MultihashDigest } from "multiformats/hashes/interface";
import { pino } from "pino";
import { beforeAll, describe, expect, it } from "vitest";
import { fileBlocks } from "../../sdk/src/index.ts";
import { until } from "../../test/fixtures/until.ts";
import { openTakedowns } from "../src/files/takedowns.ts";
import type { RunningCloud } from "../src/start.ts";
import { filesGrid, noise, withChunk } from "./filesGrid.ts";

const files = filesGrid();
const { folder, stored } = files;

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
    strict = await files.grid.cloud({ blocks: folder, takedowns: path });
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
    expect((await get(`/ipfs/${small}`, { headers: { authorization: `Bearer ${files.token}` } })).status).toBe(410);
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

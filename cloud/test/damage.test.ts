/** Damaged blocks and what mends them, and disks that fail. */
import { mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createServer, request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FsBlockstore } from "blockstore-fs";
import { CID } from "multiformats/cid";
import { describe, expect, it } from "vitest";
import { fileBlocks } from "../../sdk/src/index.ts";
import { MemoryDisk } from "../../test/fixtures/memoryDisk.ts";
import { listen } from "../../test/fixtures/scriptedServer.ts";
import { until } from "../../test/fixtures/until.ts";
import { MAX_PARALLEL_THUMBNAILS, openPictures } from "../src/files/pictures.ts";
import { blockFile, filesGrid, flip, noise } from "./filesGrid.ts";
import { call, type Refusal } from "./grid.ts";
import { type ScriptedWorker, scriptedWorker } from "./scriptedWorker.ts";

const files = filesGrid();
const { folder, claimed, stored, ask } = files;

describe("a block that is damaged", () => {
  const damages: readonly [string, (path: string) => void][] = [
    ["by a bit", flip],
    ["by its length", (path) => truncateSync(path, 100)],
    ["by being gone", (path) => rmSync(path)],
  ];
  let rival: ScriptedWorker | undefined;
  const refused = async (path: string): Promise<void> => {
    const answer = await call<Refusal>(files.cloud, "GET", path);
    expect([answer.status, answer.body.error.code]).toEqual([503, "IMAGE_UNAVAILABLE"]);
    expect([answer.headers.get("retry-after"), answer.headers.get("cache-control")]).toEqual(["60", "no-store"]);
  };
  const handIn = (hash: string, body: Uint8Array, by = files.worker.token) =>
    call<Refusal>(files.cloud, "PUT", `/v1/worker/wanted-images/${hash}`, { token: by, body });
  const wanted = async (by = files.worker.token): Promise<string[]> => {
    const { body } = await call<{ images: { image_hash: string }[] }>(files.cloud, "GET", "/v1/worker/wanted-images", {
      token: by,
    });
    return body.images.map(({ image_hash }) => image_hash);
  };

  it.each(damages)("%s is not served in any form, and mended by its worker's copy", async (_, damage) => {
    await files.grid.sql("DELETE FROM cloud.wanted_picture");
    const file = await noise(64);
    const job = await claimed(64, 64);
    const { body } = await files.worker.upload(job, 0, file);
    await files.worker.complete(job, [files.worker.receipt(job, 0, body)]);
    const cid = body.ipfs_hash;
    damage(blockFile(folder, cid));
    for (const form of ["", "?format=raw", "?format=car"]) await refused(`/ipfs/${cid}${form}`);
    await refused(`/thumbnails/${cid}`);
    expect(await wanted()).toEqual([body.image_hash]);
    // Neither others' nor other bytes, nor more of them than the picture has.
    rival ??= await scriptedWorker(files.grid, files.cloud, files.grid.workers[1], { models: [files.grid.licensed] });
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
    const metrics = (await call<string>(files.cloud, "GET", "/metrics")).body;
    if (damage === flip) expect(metrics).toMatch(/grid_cloud_blocks_total\{event="mended"\} [1-9]/);
  });

  it("at a file's end breaks the first answer off, and is refused from then on", async () => {
    const file = await noise(640);
    const cid = await stored(640, 640, file);
    const last = blockFile(folder, fileBlocks(file).at(-1)?.cid ?? "");
    const bytes = readFileSync(last);
    flip(last);
    const received = await new Promise<Buffer>((resolve) => {
      httpRequest(`${files.cloud.url}/ipfs/${cid}`, (answer) => {
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
    expect(await files.grid.sql("SELECT FROM cloud.wanted_picture WHERE cid = $1", [cid])).toEqual([]);
  });

  it("is mended by whoever uploads the same bytes", async () => {
    const file = await noise(64);
    const cid = await stored(64, 64, file);
    flip(blockFile(folder, cid));
    await refused(`/ipfs/${cid}`);
    expect(await stored(64, 64, file)).toBe(cid);
    expect(Buffer.from((await ask(`/ipfs/${cid}`)).bytes).equals(file)).toBe(true);
    expect(await files.grid.sql("SELECT FROM cloud.wanted_picture WHERE cid = $1", [cid])).toEqual([]);
  });

  it("is no picture: no receipt is accepted for it until it is uploaded again", async () => {
    const file = await noise(64);
    const job = await claimed(64, 64);
    const { body } = await files.worker.upload(job, 0, file);
    // Somebody tidies up.
    rmSync(join(folder, "blocks"), { recursive: true });
    const early = await files.worker.complete(job, [files.worker.receipt(job, 0, body)]);
    expect([early.status, (early.body as unknown as Refusal).error.code]).toEqual([503, "IMAGE_UNAVAILABLE"]);
    expect((await files.worker.upload(job, 0, file)).status).toBe(200);
    expect((await files.worker.complete(job, [files.worker.receipt(job, 0, body)])).status).toBe(200);
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
      const mirrored = await files.grid.cloud({ blocks: elsewhere, mirrors: [nowhere, files.cloud.url] });
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
      await files.grid.sql(
        "UPDATE cloud.job SET private = true WHERE id IN (SELECT job_id FROM cloud.receipt WHERE cid = $1)",
        [spare],
      );
      const own = await fetch(`${mirrored.url}/ipfs/${spare}`, { headers: { authorization: `Bearer ${files.token}` } });
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
    const refused = (await files.worker.upload(job, 0, file)) as unknown as { status: number; body: Refusal };
    rmSync(parts);
    renameSync(`${parts}.away`, parts);
    expect([refused.status, refused.body.error.code]).toEqual([503, "STORAGE_UNAVAILABLE"]);
    expect(await files.grid.sql("SELECT FROM cloud.staged_image WHERE job_id = $1", [job.id])).toEqual([]);
    const { body, status } = await files.worker.upload(job, 0, file);
    expect(status).toBe(200);
    expect((await files.worker.complete(job, [files.worker.receipt(job, 0, body)])).status).toBe(200);
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

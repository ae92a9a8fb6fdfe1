/** Scrub of files, and the end of pictures, jobs and staged uploads that nobody needs any more. */
import { readdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../test/fixtures/until.ts";
import { openChain } from "../src/chain/chain.ts";
import type { Cloud } from "../src/cloud.ts";
import { type Database, openDatabase } from "../src/database/database.ts";
import { openPictures, type PictureStore } from "../src/files/pictures.ts";
import { scrubber } from "../src/files/scrub.ts";
import { deleteExpired } from "../src/jobs/retention.ts";
import { sweepStaging } from "../src/jobs/staging.ts";
import { blockFile, filesGrid, flip, noise } from "./filesGrid.ts";
import { call, type Refusal } from "./grid.ts";

const files = filesGrid();
const { folder, claimed, stored, ask } = files;

describe("the keeping of files", () => {
  let database: Database;
  let pictures: PictureStore;
  let chain: Cloud["chain"];
  beforeAll(async () => {
    database = openDatabase(files.grid.postgres.url, () => {});
    pictures = await openPictures(folder);
    const { rpcUrl, deployment } = files.grid.chain;
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
    files.grid.sql(
      `WITH old AS (UPDATE cloud.picture SET look_at = now() - $2 * interval '1 day' WHERE cid = $1)
       UPDATE cloud.job SET finished_at = now() - $2 * interval '1 day'
       WHERE id IN (SELECT job_id FROM cloud.receipt WHERE cid = $1)`,
      [cid, days],
    );
  const isKept = async (cid: string): Promise<boolean> =>
    (await files.grid.sql("SELECT FROM cloud.picture WHERE cid = $1", [cid])).length === 1;

  it("finds damage before anybody asks for a picture", async () => {
    const cids = [await stored(64, 64, await noise(64)), await stored(640, 640, await noise(640))];
    const [small = "", large = ""] = cids;
    const odd = await stored(64, 64, await noise(64));
    rmSync(blockFile(folder, small));
    const links = await files.grid.sql<{ cid: string }>(
      "SELECT cid FROM cloud.picture_block WHERE root = $1 ORDER BY position DESC",
      [large],
    );
    flip(blockFile(folder, links[0]?.cid ?? ""));
    const wanted = async () =>
      (await files.grid.sql<{ cid: string }>("SELECT cid FROM cloud.wanted_picture WHERE cid = ANY ($1)", [cids]))
        .length;
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
    const [lane] = await files.grid.sql<{ lane_id: string; lane_position: number; receipt_id: string }>(
      "SELECT lane_id, lane_position, receipt_id FROM cloud.receipt WHERE cid = $1",
      [anchoredCid],
    );
    // As the chain's watcher notes it, of this receipt alone.
    await files.grid.sql(
      "UPDATE cloud.voucher SET anchored_block = 1e9, first = last WHERE lane_id = $1 AND last = $2",
      [lane?.lane_id, lane?.lane_position],
    );
    const [{ order_hash: mintedOrder } = { order_hash: "" }] = await files.grid.sql<{ order_hash: string }>(
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
    const looks = await files.grid.sql<{ cid: string }>("SELECT cid FROM cloud.picture WHERE look_at = 'infinity'");
    expect(looks.map(({ cid }) => cid).sort()).toEqual([anchoredCid, mintedCid].sort());

    await files.grid.sql("UPDATE cloud.picture_block SET added_at = now() - interval '2 hours' WHERE root = $1", [
      oldCid,
    ]);
    expect(await pictures.holds(oldCid)).toBe(true);
    await sweepStaging(parts());
    expect(await pictures.holds(oldCid)).toBe(false);
    expect(readdirSync(join(folder, "thumbnails")).filter((name) => name.startsWith(oldCid))).toEqual([]);
    const gone = await call<Refusal>(files.cloud, "GET", `/ipfs/${oldCid}`);
    expect([gone.status, gone.body.error.code]).toEqual([410, "IMAGE_GONE"]);
    const [receipt] = await files.grid.sql<{ receipt_id: string; job_id: string }>(
      "SELECT receipt_id, job_id FROM cloud.receipt WHERE cid = $1",
      [oldCid],
    );
    expect((await call(files.cloud, "GET", `/v1/receipts/${receipt?.receipt_id}`, { token: files.token })).status).toBe(
      200,
    );
    expect((await call(files.cloud, "GET", `/v1/jobs/${receipt?.job_id}`, { token: files.token })).status).toBe(200);
    // Made again, it is there again.
    expect(await stored(64, 64, old as Uint8Array)).toBe(oldCid);
    expect((await ask(`/ipfs/${oldCid}`)).status).toBe(200);
  });

  it("goes on for pictures that are uploaded again, and ends for them if nothing comes of that", async () => {
    const file = await noise(64);
    const cid = await stored(64, 64, file);
    await age(cid, 46);
    const job = await claimed(64, 64);
    expect((await files.worker.upload(job, 0, file)).status).toBe(200);
    await deleteExpired(parts());
    expect(await isKept(cid)).toBe(true);
    await files.worker.release(job, "failed");
    await files.grid.sql("DELETE FROM cloud.staged_image WHERE job_id = $1", [job.id]);
    // Its next look is as far away as that of a new picture.
    await files.grid.sql("UPDATE cloud.picture SET look_at = look_at - interval '46 days' WHERE cid = $1", [cid]);
    await deleteExpired(parts());
    expect(await isKept(cid)).toBe(false);
  });

  it("ends by a task of every cloud, from its start on", async () => {
    const old = await stored(64, 64, await noise(64));
    await age(old, 46);
    const other = await files.grid.cloud({ blocks: folder });
    try {
      await until(async () => !(await isKept(old)) || undefined, "an old picture is forgotten");
    } finally {
      await other.stop();
    }
  });

  it("ends for jobs without a result, and for what ended jobs need no more; nonces stay", async () => {
    const done = await stored(64, 64, await noise(64));
    const [{ job_id: doneId } = { job_id: "" }] = await files.grid.sql<{ job_id: string }>(
      "SELECT job_id FROM cloud.receipt WHERE cid = $1",
      [done],
    );
    const payer = files.grid.artist.address.toLowerCase();
    const copy = async (status: string, days: number, nonce: number): Promise<string> => {
      const [row] = await files.grid.sql<{ id: string }>(
        `INSERT INTO cloud.job (rail, model_id, model_hash, requester, payer, private, request, request_hash, pixels, steps, count,
           sampler, scheduler, status, finished_at)
         SELECT 'direct', model_id, model_hash, requester, $2, private, request, request_hash, pixels, steps, count, sampler, scheduler,
           $3, now() - $4 * interval '1 day' FROM cloud.job WHERE id = $1 RETURNING id`,
        [doneId, payer, status, days],
      );
      await files.grid.sql("INSERT INTO cloud.order_nonce (payer, nonce, job_id) VALUES ($1, $2, $3)", [
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
      await files.grid.sql(
        `INSERT INTO cloud.candidate (job_id, position, worker, order_message, order_hash, signature, price, deadline)
         VALUES ($1, 0, 'w', '{}', $2, '0x', 1, 1)`,
        [id, `0x${id}`],
      );
      await files.grid.sql(
        "INSERT INTO cloud.job_failure (job_id, worker, kind, message) VALUES ($1, 'w', 'failed', 'm')",
        [id],
      );
    }
    const rows = (table: string) =>
      files.grid.sql(`SELECT FROM cloud.${table} WHERE job_id = ANY ($1)`, [[doneId, ids[0]]]);
    await age(done, 29);
    await deleteExpired(parts());
    expect([(await rows("candidate")).length, (await rows("job_failure")).length]).toEqual([1, 1]);
    await age(done, 31);
    await deleteExpired(parts());
    expect([(await rows("candidate")).length, (await rows("job_failure")).length]).toEqual([0, 0]);
    const left = await files.grid.sql<{ id: string }>("SELECT id FROM cloud.job WHERE id = ANY ($1)", [
      [doneId, ...ids],
    ]);
    expect(left.map(({ id }) => id).sort()).toEqual([doneId, ids[2], ids[3]].sort());
    const nonces = await files.grid.sql<{ job_id: string | null }>(
      "SELECT job_id FROM cloud.order_nonce WHERE nonce > 900000 ORDER BY nonce",
    );
    expect(nonces.map(({ job_id }) => job_id)).toEqual([null, null, ids[2], ids[3]]);
    await files.grid.sql("DELETE FROM cloud.job WHERE id = ANY ($1)", [ids]);
    expect((await call(files.cloud, "GET", `/v1/jobs/${doneId}`, { token: files.token })).status).toBe(200);
  });

  it("sweeps nothing that an upload begins with meanwhile", async () => {
    for (let round = 0; round < 3; round++) {
      const file = await noise(640);
      const job = await claimed(640, 640);
      const { blocks } = await pictures.put(file);
      const root = blocks[0] ?? "";
      // An upload that was broken off two hours ago.
      await files.grid.sql(
        `INSERT INTO cloud.picture_block (root, position, cid, added_at)
         SELECT $1, position - 1, cid, now() - interval '2 hours'
         FROM unnest($2::text[]) WITH ORDINALITY AS listed (cid, position)`,
        [root, blocks],
      );
      const [upload] = await Promise.all([
        files.worker.upload(job, 0, file),
        sweepStaging(parts()),
        sweepStaging(parts()),
      ]);
      expect(upload.status).toBe(200);
      expect((await files.worker.complete(job, [files.worker.receipt(job, 0, upload.body)])).status).toBe(200);
      await sweepStaging(parts());
      expect(await pictures.holds(root)).toBe(true);
      expect(Buffer.from((await ask(`/ipfs/${root}`)).bytes).equals(file)).toBe(true);
    }
  });

  it("goes on at the next sweep, when a process was killed between rows and files", async () => {
    const file = await noise(64);
    const { cid } = await pictures.put(file);
    const used = await stored(64, 64, await noise(64));
    await files.grid.sql("INSERT INTO cloud.swept_block VALUES ($1), ($2)", [cid, used]);
    await sweepStaging(parts());
    expect([await pictures.holds(cid), await pictures.holds(used)]).toEqual([false, true]);
    expect(await files.grid.sql("SELECT FROM cloud.swept_block")).toEqual([]);
  });
});

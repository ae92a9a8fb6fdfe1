import { isFile } from "@gridnft/sdk";
import type { uploadAnswer } from "@gridnft/sdk/schemas";
import type { Hex } from "viem";
import type { z } from "zod";
import type { Cloud } from "../cloud.ts";
import type { Queries } from "../database/database.ts";
import { ApiError } from "../error.ts";
import { sha256 } from "../files/pictures.ts";
import { requirePng } from "../files/png.ts";
import { requestOf } from "./job.ts";
import { findLeased, type LeaseKey, lockLeased } from "./lease.ts";
import { jobMutex } from "./mutexes.ts";

/** Largest file that a worker may upload, bytes. */
export const MAX_FILE_BYTES = 16 * 1_048_576;
/** Blocks that one statement sweeps. */
const SWEEP_BATCH_SIZE = 200;

/** File that waits for its receipt. */
export interface StagedImage {
  readonly index: number;
  readonly image_hash: Hex;
  readonly cid_digest: Hex;
  readonly cid: string;
  readonly bytes: number;
}

/**
 * Stages a file under a lease: checks that it is a whole PNG of the requested size, stores its blocks, and, once they are durable, stores
 * their hashes. Until the job is complete the same image may be sent again, in place of the first.
 *
 * @throws {@link ApiError} `LEASE_LOST`, `FIELD_INVALID` for an index outside of the order, `IMAGE_INVALID`, `STORAGE_FULL`,
 * `STORAGE_UNAVAILABLE`.
 */
export async function stageImage(
  { database, pictures }: Cloud,
  key: LeaseKey,
  index: number,
  file: Uint8Array,
): Promise<z.input<typeof uploadAnswer>> {
  const job = await findLeased(database, key);
  if (index >= job.count) {
    throw new ApiError("FIELD_INVALID", `index is not below ${job.count}, the job's number of images.`, {
      field: "index",
    });
  }
  await requirePng(file, requestOf(job));
  // Rows first: whatever comes in between, no block lies on the disk that no row knows of, and the sweeper finds it.
  const named = pictures.name(file);
  await storeBlocks(database, named.cid, named.blocks);
  const stored = await pictures.put(file);
  // The names are what we say the bytes are, so they are checked by the reader's function as well.
  if (!isFile(file, stored, sha256)) throw new Error("A stored file does not have its own name.");
  await database.transaction(async (queries) => {
    await lockLeased(queries, key);
    // Rows that are touched now are not swept before this is over; if one was, so was its file.
    const isStaged = await queries.run(
      `WITH kept AS (UPDATE cloud.picture_block SET added_at = now() WHERE root = $6 RETURNING position),
       whole AS (DELETE FROM cloud.wanted_picture WHERE cid = $6)
       INSERT INTO cloud.staged_image (job_id, lease_token, index, image_hash, cid_digest, cid, bytes)
       SELECT $1::uuid, $2, $3::int, $4, $5, $6, $7::int WHERE (SELECT count(*) FROM kept) = $8
       ON CONFLICT (job_id, lease_token, index) DO UPDATE SET
         image_hash = excluded.image_hash, cid_digest = excluded.cid_digest, cid = excluded.cid, bytes = excluded.bytes,
         staged_at = now()`,
      [job.id, key.token, index, stored.imageHash, stored.cidDigest, stored.cid, file.length, stored.blocks.length],
    );
    if (isStaged === 0) throw new ApiError("STORAGE_UNAVAILABLE", "Storing the image took too long. Send it again.");
  }, jobMutex(key.jobId));
  return {
    image_hash: stored.imageHash,
    cid_digest: stored.cidDigest,
    ipfs_hash: stored.cid,
    bytes: file.length,
  };
}

/**
 * Requires that staged images are complete on the disk, before a receipt is accepted for them.
 * @throws {@link ApiError} `IMAGE_UNAVAILABLE`, after which it is to be uploaded again.
 */
export async function requireStored(
  { pictures }: Pick<Cloud, "pictures">,
  staged: readonly StagedImage[],
): Promise<void> {
  for (const { index, cid } of staged) {
    if (await pictures.holds(cid)) continue;
    throw new ApiError("IMAGE_UNAVAILABLE", `Image ${index} is damaged here. Upload it again.`, {
      field: `receipts.${index}`,
    });
  }
}

async function storeBlocks(queries: Queries, root: string, blocks: readonly string[]): Promise<void> {
  await queries.run(
    `INSERT INTO cloud.picture_block (root, position, cid)
     SELECT $1, position - 1, cid FROM unnest($2::text[]) WITH ORDINALITY AS listed (cid, position)
     ON CONFLICT (root, position) DO UPDATE SET added_at = now()`,
    [root, blocks],
  );
}

/**
 * Deletes files that no receipt came for within an hour, unless somebody else's receipt names the same file: those of leases that
 * are over, those that another upload took the place of, those whose upload was broken off, and those of pictures that are not kept.
 *
 * Rows go first. Their blocks stay on a list until the files are gone, and no file goes while a row has it: an upload that begins
 * meanwhile finds the file in its place, or misses it and writes it.
 */
export async function sweepStaging({ database, pictures }: Pick<Cloud, "database" | "pictures">): Promise<void> {
  await database.run(
    `DELETE FROM cloud.staged_image s USING cloud.job j
     WHERE j.id = s.job_id AND s.staged_at < now() - interval '1 hour'
       AND (j.lease_token IS DISTINCT FROM s.lease_token OR j.status NOT IN ('claimed', 'running'))`,
  );
  let swept: number;
  do {
    const row = await database.one<{ swept: number }>(
      `WITH gone AS (
         DELETE FROM cloud.picture_block WHERE added_at < now() - interval '1 hour' AND (root, position) IN (
           SELECT b.root, b.position FROM cloud.picture_block b
           WHERE b.added_at < now() - interval '1 hour'
             AND NOT EXISTS (SELECT FROM cloud.picture p WHERE p.cid = b.root)
             AND NOT EXISTS (SELECT FROM cloud.staged_image s WHERE s.cid = b.root)
           LIMIT $1)
         RETURNING cid),
       listed AS (INSERT INTO cloud.swept_block SELECT DISTINCT cid FROM gone ON CONFLICT DO NOTHING)
       SELECT count(*)::int AS swept FROM gone`,
      [SWEEP_BATCH_SIZE],
    );
    swept = row?.swept ?? 0;
  } while (swept === SWEEP_BATCH_SIZE);
  await deleteSwept({ database, pictures });
}

/** Deletes the files of swept blocks. The next process continues the list of one that ended. */
async function deleteSwept({ database, pictures }: Pick<Cloud, "database" | "pictures">): Promise<void> {
  for (let after = ""; ; ) {
    const doomed = await database.all<{ cid: string }>(
      "SELECT cid FROM cloud.swept_block WHERE cid > $1 ORDER BY cid LIMIT $2",
      [after, SWEEP_BATCH_SIZE],
    );
    const done: string[] = [];
    for (const { cid } of doomed) {
      const isNeeded = async (): Promise<boolean> =>
        (await database.one("SELECT 1 FROM cloud.picture_block WHERE cid = $1 LIMIT 1", [cid])) !== undefined;
      // One file that the disk does not let go of must not hold up the others.
      const isGone =
        (await isNeeded()) || (await pictures.deleteBlockUnless(cid, isNeeded).then(() => true, falseOnStorageError));
      if (isGone) done.push(cid);
    }
    await database.run("DELETE FROM cloud.swept_block WHERE cid = ANY ($1)", [done]);
    const last = doomed.at(-1);
    if (doomed.length < SWEEP_BATCH_SIZE || !last) return;
    after = last.cid;
  }
}

function falseOnStorageError(error: unknown): boolean {
  if (error instanceof ApiError && error.code.startsWith("STORAGE_")) return false;
  throw error;
}

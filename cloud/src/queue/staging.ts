import { isFile } from "@gridnft/sdk";
import type { uploadAnswer } from "@gridnft/sdk/wire";
import type { Hex } from "viem";
import type { z } from "zod";
import type { Cloud } from "../cloud.ts";
import type { Queries } from "../database/database.ts";
import { CloudError } from "../error.ts";
import { sha256 } from "../storage/pictures.ts";
import { requirePng } from "../storage/png.ts";
import { requestOf } from "./jobs.ts";
import { findLeased, type LeaseKey, lockLeased, turnOf } from "./lease.ts";

/** Largest file that a worker may upload, bytes. */
export const MOST_BYTES = 16 * 1_048_576;
/** Advisory lock between uploads, which share it, and the sweeper. */
const SWEEPING = 5_801;
/** Blocks that are swept under one lock. */
const SWEPT_AT_ONCE = 200;

/** A file that waits for its receipt. */
export interface StagedImage {
  readonly index: number;
  readonly image_hash: Hex;
  readonly cid_digest: Hex;
  readonly cid: string;
  readonly bytes: number;
}

/**
 * Takes a file under a lease: checks that it is a whole PNG of the requested size, stores its blocks, and remembers what its
 * bytes hash to. Until the job is complete the same image may be sent again, in place of the first.
 *
 * @throws {@link CloudError} `LEASE_LOST`, `FIELD_INVALID` for an index outside of the order, `IMAGE_INVALID`.
 */
export async function stageImage(
  { database, pictures }: Cloud,
  key: LeaseKey,
  index: number,
  file: Uint8Array,
): Promise<z.input<typeof uploadAnswer>> {
  const job = await findLeased(database, key);
  if (index >= job.count) {
    throw new CloudError("FIELD_INVALID", `index is not below ${job.count}, the job's number of images.`, {
      field: "index",
    });
  }
  await requirePng(file, requestOf(job));
  // Rows first: whatever comes in between, no block lies on the disk that no row knows of, and the sweeper finds it.
  const named = pictures.name(file);
  await database.transaction(async (queries) => {
    await queries.run("SELECT pg_advisory_xact_lock_shared($1)", [SWEEPING]);
    await rememberBlocks(queries, named.cid, named.blocks);
  });
  const stored = await pictures.put(file);
  // The names are what we say the bytes are, so they are checked by the reader's function as well.
  if (!isFile(file, stored, sha256)) throw new Error("A stored file does not have its own name.");
  await database.transaction(async (queries) => {
    await lockLeased(queries, key);
    await queries.run(
      `INSERT INTO cloud.staged_image (job_id, lease_token, index, image_hash, cid_digest, cid, bytes)
       VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT (job_id, lease_token, index) DO UPDATE SET
         image_hash = excluded.image_hash, cid_digest = excluded.cid_digest, cid = excluded.cid, bytes = excluded.bytes,
         staged_at = now()`,
      [job.id, key.token, index, stored.imageHash, stored.cidDigest, stored.cid, file.length],
    );
  }, turnOf(key));
  return {
    image_hash: stored.imageHash,
    cid_digest: stored.cidDigest,
    ipfs_hash: stored.cid,
    bytes: file.length,
  };
}

/** What was staged under a lease, by index. */
export function stagedImages(queries: Queries, jobId: string, token: string): Promise<StagedImage[]> {
  return queries.all<StagedImage>(
    `SELECT index, image_hash, cid_digest, cid, bytes FROM cloud.staged_image
     WHERE job_id = $1 AND lease_token = $2 ORDER BY index`,
    [jobId, token],
  );
}

async function rememberBlocks(queries: Queries, root: string, blocks: readonly string[]): Promise<void> {
  await queries.run(
    `INSERT INTO cloud.picture_block (root, position, cid)
     SELECT $1, position - 1, cid FROM unnest($2::text[]) WITH ORDINALITY AS listed (cid, position)
     ON CONFLICT (root, position) DO UPDATE SET added_at = now()`,
    [root, blocks],
  );
}

/**
 * Deletes files that no receipt came for within an hour, unless somebody else's receipt names the same file: those of leases that
 * are over, those that another upload took the place of, and those whose upload was broken off.
 */
export async function sweepStaging({ database, pictures }: Pick<Cloud, "database" | "pictures">): Promise<void> {
  await database.run(
    `DELETE FROM cloud.staged_image s USING cloud.job j
     WHERE j.id = s.job_id AND s.staged_at < now() - interval '1 hour'
       AND (j.lease_token IS DISTINCT FROM s.lease_token OR j.status NOT IN ('claimed', 'running'))`,
  );
  let swept: number;
  do {
    // Uploads wait meanwhile: one that begins after this finds its blocks gone, and writes them.
    swept = await database.transaction(async (queries) => {
      await queries.run("SELECT pg_advisory_xact_lock($1)", [SWEEPING]);
      const orphans = await queries.all<{ cid: string }>(
        `DELETE FROM cloud.picture_block WHERE (root, position) IN (
           SELECT b.root, b.position FROM cloud.picture_block b
           WHERE b.added_at < now() - interval '1 hour'
             AND NOT EXISTS (SELECT FROM cloud.picture p WHERE p.cid = b.root)
             AND NOT EXISTS (SELECT FROM cloud.staged_image s WHERE s.cid = b.root)
           LIMIT $1)
         RETURNING cid`,
        [SWEPT_AT_ONCE],
      );
      for (const { cid } of orphans) {
        const used = await queries.one("SELECT 1 FROM cloud.picture_block WHERE cid = $1", [cid]);
        if (!used) await pictures.deleteBlock(cid).catch(() => {});
      }
      return orphans.length;
    });
  } while (swept === SWEPT_AT_ONCE);
}

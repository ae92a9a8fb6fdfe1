import { CarWriter } from "@ipld/car";
import { CID } from "multiformats/cid";
import { ApiError } from "../error.ts";
import { type Parts, restoreBlock } from "./repair.ts";
import { DAG_PB, fileBytesOf } from "./unixFs.ts";

/** Stored picture: its size, and its blocks in the order of a CAR, the root first. */
export interface StoredPicture {
  readonly root: string;
  /** Bytes of the file. */
  readonly length: number;
  readonly blocks: readonly string[];
  /** Allows to fetch missing blocks from mirrors. */
  readonly useMirrors: boolean;
  /** Set if a block was missing or damaged when it was last read. */
  readonly isWanted: boolean;
}

/** Bytes of file in each leaf of a tree but the last one. */
const CHUNK = 262_144;

/**
 * Returns the size and blocks of a picture that has a receipt.
 * @throws {@link ApiError} `IMAGE_GONE`.
 */
export async function storedPicture(
  { database }: Parts,
  root: string,
  { useMirrors }: Pick<StoredPicture, "useMirrors">,
): Promise<StoredPicture> {
  const row = await database.one<{ bytes: number; blocks: string[]; is_wanted: boolean }>(
    `SELECT bytes, ARRAY(SELECT b.cid FROM cloud.picture_block b WHERE b.root = p.cid ORDER BY b.position) AS blocks,
       EXISTS (SELECT FROM cloud.wanted_picture w WHERE w.cid = p.cid) AS is_wanted
     FROM cloud.picture p WHERE p.cid = $1`,
    [root],
  );
  if (!row) {
    throw new ApiError("IMAGE_GONE", "This picture is not kept any more: nobody anchored its receipt in time.", {
      field: "cid",
    });
  }
  return { root, length: row.bytes, blocks: row.blocks, useMirrors, isWanted: row.is_wanted };
}

/**
 * Requires that a picture is complete, before its response begins, if a block was missing when it was last read.
 * @throws {@link ApiError} `IMAGE_UNAVAILABLE`.
 */
export async function requireWhole(cloud: Parts, stored: StoredPicture): Promise<void> {
  if (stored.isWanted) await readAll(cloud, stored);
}

/**
 * Reads all blocks of a picture, and restores damaged ones. A complete picture is no longer wanted.
 * @throws {@link ApiError} `IMAGE_UNAVAILABLE`.
 */
export async function readAll(cloud: Parts, stored: StoredPicture): Promise<void> {
  for (const cid of stored.blocks) await blockOf(cloud, stored, cid);
  if (stored.isWanted) await cloud.database.run("DELETE FROM cloud.wanted_picture WHERE cid = $1", [stored.root]);
}

/** Yields the bytes of a picture from one offset to another, both included, a block at a time. */
export async function* fileParts(
  cloud: Parts,
  stored: StoredPicture,
  first: number,
  last: number,
): AsyncGenerator<Uint8Array> {
  const { root, length, blocks } = stored;
  const isTree = CID.parse(root).code === DAG_PB;
  const leaves = blocks.slice(1);
  // One level of leaves, each but the last one full: those in front of the range are not read.
  const skipped = isTree && leaves.length === Math.ceil(length / CHUNK) ? Math.floor(first / CHUNK) : 0;
  let offset = skipped * CHUNK;
  for (const cid of skipped > 0 ? leaves.slice(skipped) : blocks) {
    if (offset > last) return;
    const block = await blockOf(cloud, stored, cid);
    const bytes = isTree ? fileBytesOf(block) : block;
    const from = Math.max(0, first - offset);
    const to = Math.min(bytes.length, last + 1 - offset);
    if (from < to) yield bytes.subarray(from, to);
    offset += bytes.length;
  }
  if (offset <= last) throw new Error(`Picture ${root} has ${offset} bytes, not ${length}.`);
}

/** Returns all bytes of a picture. */
export async function wholeFile(cloud: Parts, stored: StoredPicture): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of fileParts(cloud, stored, 0, stored.length - 1)) parts.push(part);
  return Buffer.concat(parts);
}

/** Yields the bytes of a CAR with all blocks of a picture. The root is read first. */
export async function* carParts(cloud: Parts, stored: StoredPicture): AsyncGenerator<Uint8Array> {
  const { root, blocks } = stored;
  const first = await blockOf(cloud, stored, root);
  const { writer, out } = CarWriter.create([CID.parse(root)]);
  const writing = (async () => {
    try {
      for (const cid of blocks) {
        const bytes = cid === root ? first : await blockOf(cloud, stored, cid);
        await writer.put({ cid: CID.parse(cid), bytes });
      }
    } finally {
      await writer.close();
    }
  })();
  writing.catch(() => {});
  yield* out;
  await writing;
}

/**
 * Returns a block of a picture, from another copy if it is missing or damaged here.
 * @throws {@link ApiError} `IMAGE_UNAVAILABLE`, `STORAGE_UNAVAILABLE`.
 */
export async function blockOf(
  cloud: Parts,
  { root, useMirrors }: Pick<StoredPicture, "root" | "useMirrors">,
  cid: string,
): Promise<Uint8Array> {
  return (await cloud.pictures.block(cid)) ?? restoreBlock(cloud, root, cid, useMirrors);
}

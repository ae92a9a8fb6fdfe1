import { CarWriter } from "@ipld/car";
import { CID } from "multiformats/cid";
import type { Cloud } from "../cloud.ts";
import { CloudError } from "../error.ts";
import { fileBytesOf } from "./unixFs.ts";

/** A stored picture: its size, and its blocks in the order of a CAR, the root first. */
export interface StoredPicture {
  readonly root: string;
  /** Bytes of the file. */
  readonly length: number;
  readonly blocks: readonly string[];
}

const DAG_PB = 0x70;
/** Bytes of file in each leaf of a tree but the last one. */
const CHUNK = 262_144;

type Parts = Pick<Cloud, "database" | "pictures">;

/**
 * Returns a picture's size and blocks.
 * @throws {@link CloudError} `IMAGE_UNKNOWN`.
 */
export async function storedPicture({ database }: Parts, root: string): Promise<StoredPicture> {
  const row = await database.one<{ bytes: number; blocks: string[] }>(
    `SELECT bytes, ARRAY(SELECT b.cid FROM cloud.picture_block b WHERE b.root = p.cid ORDER BY b.position) AS blocks
     FROM cloud.picture p WHERE p.cid = $1`,
    [root],
  );
  if (!row) throw new CloudError("IMAGE_UNKNOWN", "There is no picture with this CID here.", { field: "cid" });
  return { root, length: row.bytes, blocks: row.blocks };
}

/** Yields the bytes of a picture from one offset to another, both included, a block at a time. */
export async function* fileParts(
  cloud: Parts,
  { root, length, blocks }: StoredPicture,
  first: number,
  last: number,
): AsyncGenerator<Uint8Array> {
  const isTree = CID.parse(root).code === DAG_PB;
  const leaves = blocks.slice(1);
  // One level of leaves, each but the last one full: those in front of the range are not read.
  const skipped = isTree && leaves.length === Math.ceil(length / CHUNK) ? Math.floor(first / CHUNK) : 0;
  let offset = skipped * CHUNK;
  for (const cid of skipped > 0 ? leaves.slice(skipped) : blocks) {
    if (offset > last) return;
    const block = await blockOf(cloud, root, cid);
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

/** Yields the bytes of a CAR with all blocks of a picture. */
export async function* carParts(cloud: Parts, { root, blocks }: StoredPicture): AsyncGenerator<Uint8Array> {
  const { writer, out } = CarWriter.create([CID.parse(root)]);
  const writing = (async () => {
    try {
      for (const cid of blocks) await writer.put({ cid: CID.parse(cid), bytes: await blockOf(cloud, root, cid) });
    } finally {
      await writer.close();
    }
  })();
  writing.catch(() => {});
  yield* out;
  await writing;
}

async function blockOf({ pictures }: Parts, root: string, cid: string): Promise<Uint8Array> {
  const block = await pictures.block(cid);
  if (!block) throw new Error(`Block ${cid} of picture ${root} is missing.`);
  return block;
}

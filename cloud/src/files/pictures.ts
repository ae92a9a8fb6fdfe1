import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cidOf, type FileHashes, fileBlocks, fileHashes } from "@gridnft/sdk";
import { type FileLayout, FileStoreError, type FileStoreOptions, openFileStore } from "@gridnft/sdk/node";
import { base32upper } from "multiformats/bases/base32";
import { CID } from "multiformats/cid";
import pLimit from "p-limit";
import sharp from "sharp";
import { ApiError } from "../error.ts";
import { DAG_PB, linksOf } from "./unixFs.ts";

/** File that is stored: its hashes, its CID, and its blocks in the order of a CAR. */
export interface StoredFile extends FileHashes {
  readonly cid: string;
  readonly blocks: readonly string[];
}

/** Block store by CID, in a folder that several clouds may share. */
export interface PictureStore {
  /** Returns the names under which {@link put} stores a file. */
  name(file: Uint8Array): StoredFile;
  /**
   * Stores a file's blocks, which are durable when this resolves. Damaged ones are replaced.
   * @throws {@link ApiError} `STORAGE_FULL`, `STORAGE_UNAVAILABLE`.
   */
  put(file: Uint8Array): Promise<StoredFile>;
  /** Stores one block, which has to have its CID's hash. */
  putBlock(cid: string, bytes: Uint8Array): Promise<void>;
  /** Returns a block that has its CID's hash; undefined when it is missing or damaged. */
  block(cid: string): Promise<Uint8Array | undefined>;
  /** Returns true if all blocks of a file are there and undamaged. */
  holds(root: string): Promise<boolean>;
  /** Deletes a block and its thumbnails, unless it is needed: see the SDK's `removeUnless`. */
  deleteBlockUnless(cid: string, isNeeded: () => Promise<boolean>): Promise<void>;
  /** Returns a small webp of a stored picture. It is made once. */
  thumbnail(cid: string, width: ThumbnailWidth, load: () => Promise<Uint8Array>): Promise<Uint8Array>;
  /** Removes unfinished files of killed processes. */
  clean(): Promise<void>;
}

/** Widths of thumbnails, pixels. */
export const thumbnailWidths = [128, 256, 512] as const;
export type ThumbnailWidth = (typeof thumbnailWidths)[number];

/** Hashes by Node's OpenSSL, ten times as fast as the portable sha256. */
export const sha256 = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();

/** Blocks of a file that are written in parallel. Each waits for the disk. */
const MAX_PARALLEL_WRITES = 8;
/** Thumbnails that are made in parallel. Each holds its whole picture in memory; others wait for their turn before they load it. */
export const MAX_PARALLEL_THUMBNAILS = 4;
/** Milliseconds after which an unfinished file counts as abandoned. */
const MAX_PART_AGE = 3_600_000;
/** Bytes of a thumbnail's own hash, in front of it. */
const HASH_BYTES = 32;
const THUMBNAIL_END = ".checked";

/** Layout of blockstore-fs, which wrote these folders before: names by multihash in upper case, folders by their last two letters. */
const blockLayout: FileLayout = {
  pathOf: (hash) => {
    const name = base32upper.encode(Buffer.concat([Uint8Array.of(0x12, 0x20), Buffer.from(hash, "hex")]));
    return join(name.slice(-2), `${name}.data`);
  },
  hashOf: (name) => {
    const text = /^(B[A-Z2-7]+)\.data$/.exec(name)?.[1];
    return text && Buffer.from(base32upper.decode(text).subarray(2)).toString("hex");
  },
};

/** Opens (or makes) the folder. */
export async function openPictures(
  folder: string,
  options: Pick<FileStoreOptions, "onDamage" | "files"> = {},
): Promise<PictureStore> {
  const blocks = await openFileStore(join(folder, "blocks"), { ...options, layout: blockLayout }).catch(
    throwStorageError,
  );
  const thumbnails = join(folder, "thumbnails");
  await mkdir(thumbnails, { recursive: true });
  const making = new Map<string, Promise<Uint8Array>>();
  const inTurn = pLimit(MAX_PARALLEL_THUMBNAILS);
  const thumbnailAt = (cid: string, width: number): string => join(thumbnails, `${cid}-${width}${THUMBNAIL_END}`);

  const withNames = (file: Uint8Array, pieces: readonly { readonly cid: string }[]): StoredFile => {
    const hashes = fileHashes(file, { sha256 });
    return { ...hashes, cid: cidOf(hashes), blocks: pieces.map(({ cid }) => cid) };
  };
  const block: PictureStore["block"] = (cid) => blocks.get(digestOf(cid)).catch(throwStorageError);

  return {
    name: (file) => withNames(file, fileBlocks(file, { sha256 })),
    put: async (file) => {
      const pieces = fileBlocks(file, { sha256 });
      const write = pLimit(MAX_PARALLEL_WRITES);
      await write.map(pieces, ({ cid, bytes }) => blocks.put(digestOf(cid), bytes)).catch(throwStorageError);
      return withNames(file, pieces);
    },
    putBlock: (cid, bytes) => blocks.put(digestOf(cid), bytes).catch(throwStorageError),
    block,
    holds: async (root) => {
      const open = [root];
      for (let cid = open.pop(); cid !== undefined; cid = open.pop()) {
        const bytes = await block(cid);
        if (bytes === undefined) return false;
        if (CID.parse(cid).code === DAG_PB) open.push(...linksOf(bytes));
      }
      return true;
    },
    deleteBlockUnless: async (cid, isNeeded) => {
      await blocks.removeUnless(digestOf(cid), isNeeded).catch(throwStorageError);
      for (const width of thumbnailWidths) await rm(thumbnailAt(cid, width), { force: true });
    },
    thumbnail: async (cid, width, load) => {
      const path = thumbnailAt(cid, width);
      const kept = await readChecked(path);
      if (kept) return kept;
      const known = making.get(path);
      if (known) return known;
      const made = inTurn(async () => {
        const picture = await sharp(await load(), { limitInputPixels: 4_194_304 })
          .resize({ width, withoutEnlargement: true })
          .webp({ quality: 80 })
          .toBuffer();
        await writeChecked(path, picture);
        return picture;
      }).finally(() => making.delete(path));
      making.set(path, made);
      return made;
    },
    clean: async () => {
      await blocks.clean(MAX_PART_AGE);
      for (const name of await readdir(thumbnails).catch(() => [])) {
        if (name.endsWith(THUMBNAIL_END)) continue;
        const path = join(thumbnails, name);
        const written = (await stat(path).catch(() => undefined))?.mtimeMs;
        // Unfinished ones, and those of before they had a hash.
        if (written !== undefined && Date.now() - written > MAX_PART_AGE) await rm(path, { force: true });
      }
    },
  };
}

/** Returns the sha256 in a CID, in hex. */
function digestOf(cid: string): string {
  return Buffer.from(CID.parse(cid).multihash.digest).toString("hex");
}

/** Returns what a file of {@link writeChecked} holds; undefined when it is missing or damaged. */
async function readChecked(path: string): Promise<Uint8Array | undefined> {
  const file = await readFile(path).catch(() => undefined);
  const bytes = file?.subarray(HASH_BYTES);
  return file && bytes && file.subarray(0, HASH_BYTES).equals(sha256(bytes)) ? bytes : undefined;
}

/** Writes a file with its hash in front. A failure is ignored, because the file can be made again. */
async function writeChecked(path: string, bytes: Uint8Array): Promise<void> {
  const part = `${path}.${randomUUID()}.part`;
  await writeFile(part, Buffer.concat([sha256(bytes), bytes]))
    .then(() => rename(part, path))
    .catch(() => rm(part, { force: true }))
    .catch(() => {});
}

/** Throws the API's error for an error of the disk. */
function throwStorageError(cause: unknown): never {
  if (!(cause instanceof FileStoreError)) throw cause;
  if (cause.code === "FULL") {
    throw new ApiError("STORAGE_FULL", "There is no room for pictures here at the moment. Try again later.", {
      headers: { "retry-after": "60" },
      cause,
    });
  }
  throw new ApiError("STORAGE_UNAVAILABLE", "The disk with the pictures does not work here. Try again later.", {
    headers: { "retry-after": "10" },
    cause,
  });
}

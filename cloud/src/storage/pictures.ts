import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cidOf, type FileHashes, fileBlocks, fileHashes } from "@gridnft/sdk";
import { FsBlockstore } from "blockstore-fs";
import { CID } from "multiformats/cid";
import sharp from "sharp";

/** A stored file: its names, and the blocks it consists of in the order of a CAR. */
export interface StoredFile extends FileHashes {
  readonly cid: string;
  readonly blocks: readonly string[];
}

/** Blocks by CID: this one is a folder; any interface-blockstore does, S3 or a pinning service's included. */
export interface PictureStore {
  /** What {@link put} will store it as. */
  name(file: Uint8Array): StoredFile;
  /** Stores a file's blocks, which are on disk when this resolves. The same file again changes nothing. */
  put(file: Uint8Array): Promise<StoredFile>;
  block(cid: string): Promise<Uint8Array | undefined>;
  deleteBlock(cid: string): Promise<void>;
  /** A small webp of a stored picture, made once. */
  thumbnail(cid: string, width: number, load: () => Promise<Uint8Array>): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** sha256 by Node's OpenSSL: ten times the speed of the portable one. */
export const sha256 = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();

/** Opens (or makes) the folder. */
export async function openPictures(folder: string): Promise<PictureStore> {
  const blocks = new FsBlockstore(join(folder, "blocks"));
  await blocks.open();
  const thumbnails = join(folder, "thumbnails");
  await mkdir(thumbnails, { recursive: true });
  const making = new Map<string, Promise<Uint8Array>>();

  const named = (file: Uint8Array, pieces: readonly { readonly cid: string }[]): StoredFile => {
    const hashes = fileHashes(file, { sha256 });
    return { ...hashes, cid: cidOf(hashes), blocks: pieces.map(({ cid }) => cid) };
  };
  return {
    name: (file) => named(file, fileBlocks(file, { sha256 })),
    put: async (file) => {
      const pieces = fileBlocks(file, { sha256 });
      for (const { cid, bytes } of pieces) {
        const key = CID.parse(cid);
        if (!(await blocks.has(key))) await blocks.put(key, bytes);
      }
      return named(file, pieces);
    },
    block: async (cid) => {
      const key = CID.parse(cid);
      if (!(await blocks.has(key))) return undefined;
      const parts: Uint8Array[] = [];
      for await (const part of blocks.get(key)) parts.push(part);
      return parts.length === 1 ? parts[0] : Buffer.concat(parts);
    },
    deleteBlock: (cid) => blocks.delete(CID.parse(cid)),
    thumbnail: async (cid, width, load) => {
      const path = join(thumbnails, `${cid}-${width}.webp`);
      const kept = await readFile(path).catch(() => undefined);
      if (kept) return kept;
      const known = making.get(path);
      if (known) return known;
      const made = (async () => {
        const picture = await sharp(await load(), { limitInputPixels: 4_194_304 })
          .resize({ width, withoutEnlargement: true })
          .webp({ quality: 80 })
          .toBuffer();
        const part = `${path}.${process.pid}.part`;
        await writeFile(part, picture);
        await rename(part, path).catch(() => rm(part, { force: true }));
        return picture;
      })().finally(() => making.delete(path));
      making.set(path, made);
      return made;
    },
    close: () => blocks.close(),
  };
}

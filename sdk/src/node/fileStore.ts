/// <reference types="node" />
import { createHash, randomUUID } from "node:crypto";
import { dirname, join } from "node:path";
import { errnoOf, type FileSystem, machineFiles, makeFolder, syncFolder, writeDurably } from "./durable.js";

/** Why a file was not stored or read. `FULL`: the disk, or a quota on it. `MISNAMED`: the bytes have another hash than was said. */
export type FileStoreErrorCode = "FULL" | "UNWRITABLE" | "UNREADABLE" | "MISNAMED";

/** Failure of a {@link FileStore}. Nothing was stored. */
export class FileStoreError extends Error {
  override readonly name = "FileStoreError";

  constructor(
    readonly code: FileStoreErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A stored file, as its folder lists it. */
export interface StoredEntry {
  /** 64 hex digits. */
  readonly sha256: string;
  readonly size: number;
  /** Unix milliseconds at which it was written. */
  readonly writtenAt: number;
}

/**
 * Files by the sha256 of their bytes, in a folder that several processes may share. A file is whole and durable once `put` resolves,
 * and is read only as long as it has its hash. Hashes are 64 hex digits, with or without 0x.
 */
export interface FileStore {
  /**
   * Stores a file. One that is there is read: a good one is made durable, a damaged one replaced.
   * @throws {@link FileStoreError}
   */
  put(sha256: string, bytes: Uint8Array): Promise<void>;
  /**
   * Returns a file; undefined when it is not there or damaged. A damaged one stays in its place until `put` has another copy: the fault
   * may be the machine's and pass.
   * @throws {@link FileStoreError} `UNREADABLE`, which says nothing about the file.
   */
  get(sha256: string): Promise<Uint8Array | undefined>;
  remove(sha256: string): Promise<void>;
  /**
   * Removes a file that nobody needs, though somebody may be about to. It is moved aside, then `isNeeded` is asked: a file that was
   * claimed before the move is put back, one that is claimed later is not found by `put` and written again.
   */
  removeUnless(sha256: string, isNeeded: () => Promise<boolean>): Promise<void>;
  list(): Promise<StoredEntry[]>;
  /** Removes what processes that ended left behind: unfinished files, written longer ago than that. */
  clean(milliseconds: number): Promise<void>;
}

/** Places of files in a store's folder. */
export interface FileLayout {
  /** Path below the folder. */
  pathOf(sha256: string): string;
  /** Hash of a file by its name; undefined for one that is not of the store. */
  hashOf(name: string): string | undefined;
}

/** Options of a {@link FileStore}. */
export interface FileStoreOptions {
  readonly layout?: FileLayout;
  /** Told of each file found damaged, once until it is mended, and of each that was mended. */
  readonly onDamage?: (sha256: string, event: "damaged" | "mended") => void;
  readonly files?: FileSystem;
}

/** Folders by the first two digits. */
const byFirstDigits: FileLayout = {
  pathOf: (sha256) => join(sha256.slice(0, 2), sha256),
  hashOf: (name) => (/^[0-9a-f]{64}$/.test(name) ? name : undefined),
};

/** Folder of files that are being written. */
const PARTS = "parts";
const PART_END = ".part";
/** Files set aside carry their hash, so that they can be put back after a crash. */
const ASIDE_END = ".aside";
/** Damaged files that are remembered as told of. */
const MOST_TOLD = 10_000;

/** Opens a folder as a {@link FileStore}, making it if need be. */
export async function openFileStore(
  folder: string,
  { layout = byFirstDigits, onDamage = () => {}, files = machineFiles }: FileStoreOptions = {},
): Promise<FileStore> {
  const parts = join(folder, PARTS);
  /** Folders whose names this process has made durable. */
  const durable = new Set<string>();
  const told = new Set<string>();

  const prepare = async (path: string): Promise<void> => {
    if (durable.has(path)) return;
    await makeFolder(path, files);
    durable.add(path);
  };
  const pathOf = (hash: string): string => join(folder, layout.pathOf(hash));
  const newPart = (end: string): string => join(parts, `${randomUUID()}${end}`);

  const read = async (path: string): Promise<Uint8Array | "missing" | "broken"> => {
    try {
      return await files.readFile(path);
    } catch (cause) {
      const errno = errnoOf(cause);
      if (errno === "ENOENT" || errno === "ENOTDIR") return "missing";
      // The medium's fault, unlike too many open files or missing rights.
      if (errno === "EIO" || errno === "EUCLEAN" || errno === "EISDIR") return "broken";
      throw new FileStoreError("UNREADABLE", `The file ${path} cannot be read (${errno}).`, { cause });
    }
  };
  const tell = (hash: string): void => {
    if (told.has(hash)) return;
    if (told.size >= MOST_TOLD) told.clear();
    told.add(hash);
    onDamage(hash, "damaged");
  };

  /** Returns whether the file is there with these bytes; it is durable then. */
  const isKept = async (hash: string, path: string, bytes: Uint8Array): Promise<boolean> => {
    const found = await read(path);
    if (found === "missing") return false;
    if (found === "broken" || !isEqual(found, bytes)) {
      tell(hash);
      return false;
    }
    // The writer may not have come to this, or may be a program that never does.
    try {
      const handle = await files.open(path, "r+");
      try {
        await handle.datasync();
      } finally {
        await handle.close();
      }
    } catch {
      return false;
    }
    await syncFolder(dirname(path), files);
    return true;
  };
  const store = async (hash: string, bytes: Uint8Array): Promise<void> => {
    const path = pathOf(hash);
    await prepare(parts);
    await prepare(dirname(path));
    if (await isKept(hash, path, bytes)) return;
    const part = newPart(PART_END);
    await writeDurably(part, bytes, files);
    await files.rename(part, path).catch(async (error: unknown) => {
      await files.rm(part, { force: true }).catch(() => {});
      throw error;
    });
    await syncFolder(dirname(path), files);
    if (told.delete(hash)) onDamage(hash, "mended");
  };
  const failure = (cause: unknown, hash: string): FileStoreError => {
    if (cause instanceof FileStoreError) return cause;
    const errno = errnoOf(cause);
    const isFull = errno === "ENOSPC" || errno === "EDQUOT";
    const message = isFull ? `There is no room in ${folder}.` : `${hash} cannot be written to ${folder} (${errno}).`;
    return new FileStoreError(isFull ? "FULL" : "UNWRITABLE", message, { cause });
  };

  const put: FileStore["put"] = async (sha256, bytes) => {
    const hash = normal(sha256);
    const actual = createHash("sha256").update(bytes).digest("hex");
    if (actual !== hash)
      throw new FileStoreError("MISNAMED", `A file was given as ${hash}, and its sha256 is ${actual}.`);
    try {
      await store(hash, bytes).catch(async (error: unknown) => {
        // A folder was removed meanwhile.
        if (errnoOf(error) !== "ENOENT") throw error;
        durable.clear();
        await store(hash, bytes);
      });
    } catch (error) {
      throw failure(error, hash);
    }
  };

  const get: FileStore["get"] = async (sha256) => {
    const hash = normal(sha256);
    // Memory and cables fail, too: what is wrong twice is wrong.
    for (const isLast of [false, true]) {
      const found = await read(pathOf(hash));
      if (found === "missing") return undefined;
      if (found !== "broken" && createHash("sha256").update(found).digest("hex") === hash) {
        if (told.delete(hash)) onDamage(hash, "mended");
        return found;
      }
      if (isLast) tell(hash);
    }
    return undefined;
  };

  /** Puts a file back that was set aside, unless there is another one in its place by now. */
  const putBack = async (aside: string, hash: string): Promise<void> => {
    const bytes = await read(aside);
    if (typeof bytes !== "string" && createHash("sha256").update(bytes).digest("hex") === hash) await put(hash, bytes);
    await files.rm(aside, { force: true });
  };

  const open: FileStore = {
    put,
    get,
    remove: async (sha256) => {
      try {
        await files.rm(pathOf(normal(sha256)), { force: true });
      } catch (error) {
        throw failure(error, sha256);
      }
    },
    removeUnless: async (sha256, isNeeded) => {
      const hash = normal(sha256);
      const aside = join(parts, `${hash}.${randomUUID()}${ASIDE_END}`);
      try {
        await prepare(parts);
        await files.rename(pathOf(hash), aside);
      } catch (error) {
        if (errnoOf(error) !== "ENOENT") throw failure(error, hash);
        durable.clear();
        return;
      }
      let isWanted = true;
      try {
        isWanted = await isNeeded();
      } finally {
        if (isWanted) await putBack(aside, hash);
        else await files.rm(aside, { force: true });
      }
    },
    list: async () => {
      const found: StoredEntry[] = [];
      const look = async (path: string, depth: number): Promise<void> => {
        for (const name of await files.readdir(path).catch(() => [])) {
          const at = join(path, name);
          const status = await files.stat(at).catch(() => undefined);
          if (status?.isDirectory() && depth > 0 && name !== PARTS) await look(at, depth - 1);
          const sha256 = status?.isDirectory() === false ? layout.hashOf(name) : undefined;
          if (status && sha256) found.push({ sha256, size: status.size, writtenAt: status.mtimeMs });
        }
      };
      await look(folder, 1);
      return found;
    },
    clean: async (milliseconds) => {
      for (const name of await files.readdir(parts).catch(() => [])) {
        const path = join(parts, name);
        const status = await files.stat(path).catch(() => undefined);
        // Its last change: a file that was set aside was written long before.
        if (status === undefined || Date.now() - status.ctimeMs < milliseconds) continue;
        const hash = name.endsWith(ASIDE_END) ? name.slice(0, 64) : undefined;
        // A file of unknown use is kept; a caller that wants it removed comes again.
        if (hash && /^[0-9a-f]{64}$/.test(hash)) await putBack(path, hash);
        else await files.rm(path, { force: true });
      }
    },
  };
  try {
    await prepare(folder);
    await prepare(parts);
  } catch (error) {
    throw failure(error, "Anything");
  }
  return open;
}

/** Lower-case hex without 0x. */
function normal(sha256: string): string {
  const hash = sha256.replace(/^0x/, "").toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(hash)) throw new FileStoreError("MISNAMED", `${sha256} is not a sha256 in hex.`);
  return hash;
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

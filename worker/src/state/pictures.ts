import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type FileLayout, FileStoreError, type FileSystem, openFileStore, type StoredEntry } from "@gridnft/sdk/node";
import type { Hex } from "viem";
import { WorkerError } from "../errors.ts";
import type { Ledger } from "./ledger.ts";

/** Files that receipts name, by their sha256. */
export interface Pictures {
  /**
   * Stores a file; durable when it resolves. When the disk is full, copies make room for it.
   * @throws {@link WorkerError} `STATE_UNWRITABLE`.
   */
  put(imageHash: Hex, file: Uint8Array): Promise<void>;
  /** Returns the file, or undefined when it is absent or damaged. */
  get(imageHash: Hex): Promise<Uint8Array | undefined>;
  remove(imageHash: string): Promise<void>;
  /** Returns true if a file was put a moment ago: its receipt may not be written yet. */
  isFresh(sha256: string): boolean;
  list(): Promise<StoredEntry[]>;
}

/** Layout of one folder: its pictures are as many as fit into `KeepTerms`. */
const layout: FileLayout = {
  pathOf: (sha256) => `${sha256}.png`,
  hashOf: (name) => /^([0-9a-f]{64})\.png$/.exec(name)?.[1],
};

/** Milliseconds for which a picture that was put counts as needed. */
const FRESH_TIMEOUT = 60_000;

/**
 * Opens a folder of pictures, making it if need be.
 * @param makeRoom Removes what is not needed, for a file that the disk has no room for.
 * @throws {@link WorkerError} `STATE_UNWRITABLE`.
 */
export async function openPictures(
  folder: string,
  {
    makeRoom = async () => {},
    files,
  }: { readonly makeRoom?: () => Promise<void>; readonly files?: FileSystem | undefined } = {},
): Promise<Pictures> {
  const unwritable = (cause: unknown): never => {
    if (!(cause instanceof FileStoreError)) throw cause;
    throw new WorkerError("STATE_UNWRITABLE", `The pictures of the state folder: ${cause.message}`, { cause });
  };
  const store = await openFileStore(folder, { layout, ...(files && { files }) }).catch(unwritable);
  // The folder is locked, so no other process writes to any of them.
  await store.clean(0);
  for (const name of await readdir(folder).catch(() => []))
    if (name.endsWith(".part")) await rm(join(folder, name), { force: true });
  const putAt = new Map<string, number>();
  const isFresh = (sha256: string): boolean => (putAt.get(sha256) ?? 0) > Date.now() - FRESH_TIMEOUT;
  return {
    isFresh,
    put: async (imageHash, file) => {
      for (const sha256 of putAt.keys()) if (!isFresh(sha256)) putAt.delete(sha256);
      putAt.set(imageHash.slice(2).toLowerCase(), Date.now());
      await store
        .put(imageHash, file)
        .catch(async (error: unknown) => {
          if (!(error instanceof FileStoreError && error.code === "FULL")) throw error;
          await makeRoom();
          await store.put(imageHash, file);
        })
        .catch(unwritable);
    },
    get: async (imageHash) => {
      const file = await store.get(imageHash);
      return file && new Uint8Array(file);
    },
    remove: (imageHash) => store.remove(imageHash),
    list: () => store.list(),
  };
}

/** Time for which copies of delivered pictures are kept. */
export interface KeepTerms {
  readonly seconds: number;
  readonly bytes: number;
}

/**
 * Removes pictures that are not needed any more. Those of jobs that are not over stay: being made, not delivered, not settled. The others are
 * copies, from which the cloud can mend its own: they go when they are old, the oldest first when they are too many.
 */
export async function tidyPictures(
  { ledger, pictures }: { readonly ledger: Ledger; readonly pictures: Pictures },
  { seconds, bytes }: KeepTerms,
): Promise<void> {
  // Listed first: what is stored in between belongs to a job that is found then.
  const entries = await pictures.list();
  const needed = new Set<string>();
  for (const state of ["open", "delivered", "waiting"] as const) {
    for (const { receipts } of ledger.jobsIn(state)) {
      for (const { imageHash } of receipts.values()) needed.add(imageHash.slice(2).toLowerCase());
    }
  }
  const copies = entries
    .filter(({ sha256 }) => !needed.has(sha256) && !pictures.isFresh(sha256))
    .sort((a, b) => b.writtenAt - a.writtenAt);
  let total = 0;
  for (const { sha256, size, writtenAt } of copies) {
    total += size;
    if (writtenAt < Date.now() - seconds * 1_000 || total > bytes) await pictures.remove(sha256);
  }
}

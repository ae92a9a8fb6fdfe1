/// <reference types="node" />
import * as nodeFiles from "node:fs/promises";
import { dirname } from "node:path";

/** An open file or folder. */
export interface FileHandle {
  writeFile(bytes: Uint8Array): Promise<void>;
  datasync(): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** A file or folder, as the system describes it. */
export interface FileStatus {
  readonly size: number;
  /** Unix milliseconds of its last writing, and of any last change, renaming included. */
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  isDirectory(): boolean;
}

/** Operations on files, as of `node:fs/promises`. */
export interface FileSystem {
  open(path: string, flags: string, mode?: number): Promise<FileHandle>;
  readFile(path: string): Promise<Uint8Array>;
  rename(from: string, to: string): Promise<void>;
  rm(path: string, options: { readonly force: boolean }): Promise<void>;
  /** Returns the first folder that was made. */
  mkdir(path: string, options: { readonly recursive: true; readonly mode?: number }): Promise<string | undefined>;
  readdir(path: string): Promise<string[]>;
  stat(path: string): Promise<FileStatus>;
}

/** Files of this machine. */
export const machineFiles: FileSystem = nodeFiles;

/** Makes the names in a folder durable. */
export async function syncFolder(folder: string, files: FileSystem = machineFiles): Promise<void> {
  const handle = await files.open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a folder with those above it, and their names durable. */
export async function makeFolder(folder: string, files: FileSystem = machineFiles): Promise<void> {
  const first = await files.mkdir(folder, { recursive: true, mode: 0o700 });
  // Another process may have made it a moment ago: its name is made durable in any case.
  for (let made = folder; ; made = dirname(made)) {
    await syncFolder(dirname(made), files).catch((error: unknown) => {
      // A folder that was there, in one that only its owner may read.
      if (first !== undefined || !["EACCES", "EPERM"].includes(errnoOf(error) ?? "")) throw error;
    });
    if (first === undefined || made === first || made === dirname(made)) return;
  }
}

/** Writes a new file; its bytes are durable when this resolves, its name is not. A file that was not finished is removed. */
export async function writeDurably(path: string, bytes: Uint8Array, files: FileSystem = machineFiles): Promise<void> {
  try {
    const handle = await files.open(path, "wx", 0o600);
    try {
      await handle.writeFile(bytes);
      await handle.datasync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") await files.rm(path, { force: true }).catch(() => {});
    throw error;
  }
}

/** Code of a system call's error. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

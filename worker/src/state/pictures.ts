import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Hex } from "viem";
import { syncFolder } from "./journal.ts";

/** Files that receipts name, by their sha256, kept until they are delivered. */
export interface Pictures {
  /** Stores a file; on the disk when it resolves. */
  put(imageHash: Hex, file: Uint8Array): Promise<void>;
  /** The file, or undefined when it is not there or not itself any more. */
  get(imageHash: Hex): Promise<Uint8Array | undefined>;
  remove(imageHash: Hex): Promise<void>;
}

/** Opens a folder of pictures, making it if need be. */
export function openPictures(folder: string): Pictures {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(folder)) if (name.endsWith(".part")) rmSync(join(folder, name), { force: true });
  const path = (imageHash: Hex): string => join(folder, `${imageHash.slice(2).toLowerCase()}.png`);
  return {
    put: async (imageHash, file) => {
      const part = join(folder, `${randomUUID()}.part`);
      const handle = await open(part, "wx", 0o600);
      try {
        await handle.writeFile(file);
        await handle.datasync();
      } finally {
        await handle.close();
      }
      await rename(part, path(imageHash));
      await syncFolder(folder);
    },
    get: async (imageHash) => {
      const file = await readFile(path(imageHash)).catch(() => undefined);
      if (file === undefined) return undefined;
      const hash = createHash("sha256").update(file).digest("hex");
      return `0x${hash}` === imageHash.toLowerCase() ? new Uint8Array(file) : undefined;
    },
    remove: (imageHash) => rm(path(imageHash), { force: true }),
  };
}

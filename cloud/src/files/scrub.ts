import { randomBytes } from "node:crypto";
import { cidOf } from "@gridnft/sdk";
import type { Cloud } from "../cloud.ts";
import { ApiError } from "../error.ts";
import { visibilityOf } from "./access.ts";
import { readAll, storedPicture } from "./reading.ts";

/** Pictures that are read in one run. */
const BATCH_SIZE = 200;

/**
 * Creates a task that reads all pictures, some in each run, so that damage is found while workers still have copies. It begins at a random
 * one, because a process that restarts often would read the same ones again.
 */
export function scrubber(cloud: Cloud): () => Promise<void> {
  const { database, log } = cloud;
  let after: string | undefined;
  return async () => {
    if (after === undefined) {
      const digest = `0x${randomBytes(32).toString("hex")}` as const;
      after = cidOf({ imageHash: Math.random() < 0.5 ? digest : `0x${"0".repeat(64)}`, cidDigest: digest });
      // A process that starts has others to serve first.
      return;
    }
    const due = await database.all<{ cid: string }>(
      "SELECT cid FROM cloud.picture WHERE cid > $1 ORDER BY cid LIMIT $2",
      [after, BATCH_SIZE],
    );
    let damaged = 0;
    for (const { cid } of due) if (!(await isWhole(cloud, cid))) damaged++;
    after = due.length < BATCH_SIZE ? "" : (due.at(-1)?.cid ?? "");
    if (damaged > 0) log.error({ read: due.length, damaged }, "pictures are damaged");
  };
}

/** Reads a picture. Returns false when it is damaged and no other copy is available. */
async function isWhole(cloud: Cloud, cid: string): Promise<boolean> {
  try {
    const useMirrors = (await visibilityOf(cloud, cid, undefined)) === "public";
    await readAll(cloud, await storedPicture(cloud, cid, { useMirrors }));
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // It was deleted meanwhile.
    if (error.code === "IMAGE_GONE") return true;
    // A file that cannot be read now is no reason to leave those after it unread.
    if (error.code === "IMAGE_UNAVAILABLE" || error.code === "STORAGE_UNAVAILABLE") return false;
    throw error;
  }
}

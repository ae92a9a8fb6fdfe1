import { randomBytes } from "node:crypto";
import { cidOf } from "@gridnft/sdk";
import type { Cloud } from "../cloud.ts";
import { CloudError } from "../error.ts";
import { reachOf } from "./access.ts";
import { readAll, storedPicture } from "./reading.ts";

/** Pictures that are read in one go. */
const AT_ONCE = 200;

/**
 * Returns a duty that reads all pictures, some at each call, so that damage is found while there are copies: a worker keeps its own for days,
 * and a picture may not be asked for in years. It begins anywhere: a process that is restarted often must not always read the same ones.
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
      [after, AT_ONCE],
    );
    let damaged = 0;
    for (const { cid } of due) if (!(await isWhole(cloud, cid))) damaged++;
    after = due.length < AT_ONCE ? "" : (due.at(-1)?.cid ?? "");
    if (damaged > 0) log.error({ read: due.length, damaged }, "pictures are damaged");
  };
}

/** Reads a picture; false when it is damaged and there is no other copy now. */
async function isWhole(cloud: Cloud, cid: string): Promise<boolean> {
  try {
    const mayAskMirrors = (await reachOf(cloud, cid, undefined)) === "public";
    await readAll(cloud, await storedPicture(cloud, cid, { mayAskMirrors }));
    return true;
  } catch (error) {
    if (!(error instanceof CloudError)) throw error;
    // It was deleted meanwhile, or nobody keeps it any more.
    if (error.code === "IMAGE_GONE") return true;
    // A file that cannot be read now is no reason to leave those after it unread.
    if (error.code === "IMAGE_UNAVAILABLE" || error.code === "STORAGE_UNAVAILABLE") return false;
    throw error;
  }
}

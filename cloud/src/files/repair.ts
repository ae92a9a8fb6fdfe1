import type { Hex } from "viem";
import type { Cloud } from "../cloud.ts";
import { ApiError } from "../error.ts";
import { blockFromMirrors } from "./mirrors.ts";

/** Parts of a cloud that reading of pictures needs. */
export type Parts = Pick<Cloud, "database" | "pictures" | "settings" | "log">;

/** Milliseconds until mirrors are asked again for a block that none had. */
const MIRROR_INTERVAL = 30_000;
/** Blocks that no mirror had, in memory. */
const MAX_PAUSES = 10_000;
/** Seconds after which the worker that keeps a copy has been asked. */
const RETRY_AFTER = "60";

const pending = new Map<string, Promise<Uint8Array | undefined>>();
const pausedUntil = new Map<string, number>();

/**
 * Gets another copy of a block that is missing or damaged here, from a mirror where that is allowed. Otherwise the picture is added to the
 * list that workers are asked for.
 *
 * @param useMirrors Not for a private picture, whose CID is nobody's business, nor for another cloud that asks us.
 * @throws {@link ApiError} `IMAGE_UNAVAILABLE`.
 */
export async function restoreBlock(cloud: Parts, root: string, cid: string, useMirrors: boolean): Promise<Uint8Array> {
  const block = useMirrors ? await fromMirrors(cloud, cid) : undefined;
  if (block) return block;
  const isNew = await cloud.database.run(
    `INSERT INTO cloud.wanted_picture (cid) SELECT cid FROM cloud.picture WHERE cid = $1 ON CONFLICT DO NOTHING`,
    [root],
  );
  if (isNew > 0) cloud.log.error({ root, block: cid }, "picture is missing or damaged: workers are asked for a copy");
  throw new ApiError("IMAGE_UNAVAILABLE", "This picture is damaged here. A copy is asked for: try again later.", {
    field: "cid",
    headers: { "retry-after": RETRY_AFTER },
  });
}

async function fromMirrors({ settings, pictures, log }: Parts, cid: string): Promise<Uint8Array | undefined> {
  const { mirrors } = settings;
  if (mirrors.length === 0 || (pausedUntil.get(cid) ?? 0) > Date.now()) return undefined;
  const known = pending.get(cid);
  if (known) return known;
  const fetching = (async () => {
    const block = await blockFromMirrors(mirrors, cid);
    if (!block) {
      if (pausedUntil.size >= MAX_PAUSES) pausedUntil.clear();
      pausedUntil.set(cid, Date.now() + MIRROR_INTERVAL);
      return undefined;
    }
    pausedUntil.delete(cid);
    // It is served even if the disk takes nothing.
    await pictures.putBlock(cid, block).then(
      () => log.warn({ block: cid }, "block restored from a mirror"),
      (cause: unknown) => log.error({ block: cid, reason: String(cause) }, "block of a mirror cannot be stored"),
    );
    return block;
  })().finally(() => pending.delete(cid));
  pending.set(cid, fetching);
  return fetching;
}

/** Picture that workers are asked for. */
export interface WantedPicture {
  readonly cid: string;
  readonly image_hash: Hex;
  readonly bytes: number;
}

/** Returns some pictures that a worker made and that are missing or damaged here. Their order is random, so that none blocks the others. */
export function wantedOf(
  { database }: Pick<Cloud, "database">,
  worker: string,
  imageHash?: Hex,
): Promise<WantedPicture[]> {
  return database.all<WantedPicture>(
    `SELECT p.cid, p.image_hash, p.bytes FROM cloud.wanted_picture w JOIN cloud.picture p USING (cid)
     WHERE ($2::text IS NULL OR p.image_hash = $2)
       AND EXISTS (SELECT FROM cloud.receipt r JOIN cloud.job j ON j.id = r.job_id WHERE r.cid = w.cid AND j.worker = $1)
     ORDER BY random() LIMIT 20`,
    [worker, imageHash ?? null],
  );
}

/**
 * Stores a worker's copy.
 * @throws {@link ApiError} `IMAGE_MISMATCH` for other bytes.
 */
export async function restorePicture(
  { database, pictures, log }: Parts,
  { cid, image_hash }: WantedPicture,
  file: Uint8Array,
): Promise<void> {
  const named = pictures.name(file);
  if (named.imageHash !== image_hash || named.cid !== cid) {
    throw new ApiError("IMAGE_MISMATCH", `These are other bytes: their sha256 is ${named.imageHash}.`);
  }
  await pictures.put(file);
  await database.run("DELETE FROM cloud.wanted_picture WHERE cid = $1", [cid]);
  log.warn({ root: cid }, "picture restored from its worker's copy");
}

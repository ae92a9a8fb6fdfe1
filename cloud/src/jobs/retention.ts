import type { Address, Hex } from "viem";
import type { Cloud } from "../cloud.ts";

type Parts = Pick<Cloud, "database" | "chain" | "settings" | "log" | "pictures">;

/** Rows of one statement. */
const BATCH_SIZE = 200;

/**
 * Conditions under which picture `p` is not needed: no upload is under way, all jobs that made it ended more than $1 days ago, and no
 * receipt of it is settled or anchored.
 */
const isExpired = `
  NOT EXISTS (SELECT FROM cloud.staged_image s WHERE s.cid = p.cid)
  AND NOT EXISTS (
    SELECT FROM cloud.receipt r JOIN cloud.job j ON j.id = r.job_id LEFT JOIN cloud.lane l ON l.lane_id = r.lane_id
    WHERE r.cid = p.cid AND (
      coalesce(j.finished_at > now() - $1 * interval '1 day', true) OR j.settled_at IS NOT NULL
      OR r.lane_position <= l.anchored_through
      OR EXISTS (SELECT FROM cloud.voucher v WHERE v.lane_id = r.lane_id AND v.anchored_block IS NOT NULL
        AND r.lane_position BETWEEN v.first AND v.last)))`;

/**
 * Deletes data that is not needed any more: pictures that were never anchored and cannot be any more, jobs without a result, orders of
 * unused candidates, and failures. Receipts, their jobs, vouchers, lanes, totals and nonces stay for ever.
 */
export async function deleteExpired(cloud: Parts): Promise<void> {
  await deleteExpiredPictures(cloud);
  await deleteExpiredJobs(cloud);
  await cloud.pictures.clean();
}

/** Deletes pictures. Their blocks are swept like those of abandoned uploads. */
async function deleteExpiredPictures({ database, chain, settings, log }: Parts): Promise<void> {
  const { keepPicturesDays: days } = settings;
  if (days === 0) return;
  for (;;) {
    const due = await database.all<{ cid: string; is_forgotten: boolean; is_recent: boolean }>(
      `SELECT p.cid, (${isExpired}) AS is_forgotten, EXISTS (SELECT FROM cloud.staged_image s WHERE s.cid = p.cid)
         OR EXISTS (SELECT FROM cloud.receipt r JOIN cloud.job j ON j.id = r.job_id
         WHERE r.cid = p.cid AND coalesce(j.finished_at > now() - $1 * interval '1 day', true)) AS is_recent
       FROM cloud.picture p WHERE p.look_at < 'infinity' AND p.look_at < now() - $1 * interval '1 day'
       ORDER BY p.look_at LIMIT $2`,
      [days, BATCH_SIZE],
    );
    const [expired, recent, kept]: [string[], string[], string[]] = [[], [], []];
    for (const { cid, is_forgotten, is_recent } of due) {
      if (is_forgotten && !(await isOnChain({ database, chain }, cid))) expired.push(cid);
      else if (is_recent) recent.push(cid);
      else kept.push(cid);
    }
    // Asked again by the same statement: it may have become somebody's meanwhile.
    const deleted = await database.run(`DELETE FROM cloud.picture p WHERE p.cid = ANY ($2) AND ${isExpired}`, [
      days,
      expired,
    ]);
    if (deleted > 0) log.info({ pictures: deleted }, "pictures that were never anchored are deleted");
    await database.run("UPDATE cloud.picture SET look_at = 'infinity' WHERE cid = ANY ($1)", [kept]);
    // Those of other jobs that made the same one since, and of uploads.
    await database.run("UPDATE cloud.picture SET look_at = now() WHERE cid = ANY ($1)", [[...recent, ...expired]]);
    if (due.length < BATCH_SIZE) return;
  }
}

/** Reads a picture's receipts from the chain, because this database may have lost data. */
async function isOnChain({ database, chain }: Pick<Parts, "database" | "chain">, cid: string): Promise<boolean> {
  const receipts = await database.all<{
    requester: Address;
    payer: Address;
    rail: "direct" | "gateway";
    nonce: string | null;
    order_hash: Hex;
    index: number;
  }>(
    `SELECT j.requester, j.payer, j.rail, j.order_message->>'nonce' AS nonce, r.order_hash, r.index
     FROM cloud.receipt r JOIN cloud.job j ON j.id = r.job_id WHERE r.cid = $1`,
    [cid],
  );
  for (const { requester, payer, rail, nonce, order_hash, index } of receipts) {
    if (await chain.isMinted(requester, order_hash, index)) return true;
    if (rail === "direct" && nonce !== null && (await chain.isNonceUsed(payer, BigInt(nonce)))) return true;
  }
  return false;
}

/** Deletes jobs that ended without a result, and working data of those with one. */
async function deleteExpiredJobs({ database, settings, log }: Parts): Promise<void> {
  const { keepJobsDays: days } = settings;
  if (days === 0) return;
  let deleted: number;
  do {
    deleted = await database.run(
      `DELETE FROM cloud.job WHERE id IN (
         SELECT id FROM cloud.job j WHERE status IN ('failed', 'cancelled')
           AND finished_at < now() - $1 * interval '1 day'
           AND NOT EXISTS (SELECT FROM cloud.receipt r WHERE r.job_id = j.id)
         ORDER BY finished_at LIMIT $2)`,
      [days, BATCH_SIZE],
    );
    if (deleted > 0) log.info({ jobs: deleted }, "jobs that ended without a result are deleted");
  } while (deleted === BATCH_SIZE);
  for (const table of ["candidate", "job_failure"] as const) {
    do {
      deleted = await database.run(
        `DELETE FROM cloud.${table} WHERE ctid IN (
           SELECT c.ctid FROM cloud.${table} c JOIN cloud.job j ON j.id = c.job_id
           WHERE j.status = 'done' AND j.finished_at < now() - $1 * interval '1 day' LIMIT $2)`,
        [days, BATCH_SIZE],
      );
    } while (deleted === BATCH_SIZE);
  }
}

import type { Address, Hex } from "viem";
import type { Cloud } from "../cloud.ts";

type Parts = Pick<Cloud, "database" | "chain" | "settings" | "log" | "pictures">;

/** Rows that are looked at with one statement. */
const AT_ONCE = 200;

/**
 * Conditions under which nobody needs picture `p`: no upload is under way, all jobs that made it ended more than $1 days ago, and no
 * receipt of it is settled or anchored.
 */
const isForgotten = `
  NOT EXISTS (SELECT FROM cloud.staged_image s WHERE s.cid = p.cid)
  AND NOT EXISTS (
    SELECT FROM cloud.receipt r JOIN cloud.job j ON j.id = r.job_id LEFT JOIN cloud.lane l ON l.lane_id = r.lane_id
    WHERE r.cid = p.cid AND (
      coalesce(j.finished_at > now() - $1 * interval '1 day', true) OR j.settled_at IS NOT NULL
      OR r.lane_position <= l.anchored_through
      OR EXISTS (SELECT FROM cloud.voucher v WHERE v.lane_id = r.lane_id AND v.anchored_block IS NOT NULL
        AND r.lane_position BETWEEN v.first AND v.last)))`;

/**
 * Deletes what ended jobs and processes leave behind and nobody needs: pictures that were never anchored, and can't be any more; jobs without a result;
 * orders that other candidates got, and failures. Receipts, jobs that have some, vouchers, lanes, totals and nonces stay for ever.
 */
export async function expire(cloud: Parts): Promise<void> {
  await expirePictures(cloud);
  await expireJobs(cloud);
  await cloud.pictures.clean();
}

/** Forgets pictures; their blocks are swept as those of uploads that nothing came of. */
async function expirePictures({ database, chain, settings, log }: Parts): Promise<void> {
  const { keepPicturesDays: days } = settings;
  if (days === 0) return;
  for (;;) {
    const due = await database.all<{ cid: string; is_forgotten: boolean; is_recent: boolean }>(
      `SELECT p.cid, (${isForgotten}) AS is_forgotten, EXISTS (
         SELECT FROM cloud.receipt r JOIN cloud.job j ON j.id = r.job_id
         WHERE r.cid = p.cid AND coalesce(j.finished_at > now() - $1 * interval '1 day', true)) AS is_recent
       FROM cloud.picture p WHERE p.look_at < 'infinity' AND p.look_at < now() - $1 * interval '1 day'
       ORDER BY p.look_at LIMIT $2`,
      [days, AT_ONCE],
    );
    const [forgotten, recent, kept]: [string[], string[], string[]] = [[], [], []];
    for (const { cid, is_forgotten, is_recent } of due) {
      if (is_forgotten && !(await isOnChain({ database, chain }, cid))) forgotten.push(cid);
      else if (is_recent) recent.push(cid);
      else kept.push(cid);
    }
    // Asked again by the same statement: it may have become somebody's meanwhile.
    const deleted = await database.run(`DELETE FROM cloud.picture p WHERE p.cid = ANY ($2) AND ${isForgotten}`, [
      days,
      forgotten,
    ]);
    if (deleted > 0) log.info({ pictures: deleted }, "pictures that were never anchored are deleted");
    await database.run("UPDATE cloud.picture SET look_at = 'infinity' WHERE cid = ANY ($1)", [kept]);
    // Those of other jobs that made the same one since, and of uploads.
    await database.run("UPDATE cloud.picture SET look_at = now() WHERE cid = ANY ($1)", [[...recent, ...forgotten]]);
    if (due.length < AT_ONCE) return;
  }
}

/** Asks the chain itself about a picture's receipts: this database may be one that forgot. */
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

/** Deletes jobs that ended without a result, and of those with one what only the work needed. */
async function expireJobs({ database, settings, log }: Parts): Promise<void> {
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
      [days, AT_ONCE],
    );
    if (deleted > 0) log.info({ jobs: deleted }, "jobs that ended without a result are deleted");
  } while (deleted === AT_ONCE);
  for (const table of ["candidate", "job_failure"] as const) {
    do {
      deleted = await database.run(
        `DELETE FROM cloud.${table} WHERE ctid IN (
           SELECT c.ctid FROM cloud.${table} c JOIN cloud.job j ON j.id = c.job_id
           WHERE j.status = 'done' AND j.finished_at < now() - $1 * interval '1 day' LIMIT $2)`,
        [days, AT_ONCE],
      );
    } while (deleted === AT_ONCE);
  }
}

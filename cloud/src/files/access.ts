import type { Address, Hex } from "viem";
import type { SessionRecord } from "../auth/sessions.ts";
import type { Cloud } from "../cloud.ts";

/** Visibility of a file: for everybody, or for this reader alone. */
export type Visibility = "public" | "private";

/**
 * Returns the visibility of a picture for a reader. A picture of private jobs alone is visible to their requesters, until one of them mints
 * it.
 * @returns undefined when there is no such picture for this reader.
 */
export async function visibilityOf(
  { database, chain }: Cloud,
  cid: string,
  session: SessionRecord | undefined,
): Promise<Visibility | undefined> {
  // The reader's own are among those that are looked at, however many others made the same picture.
  const jobs = await database.all<{
    private: boolean;
    is_theirs: boolean;
    requester: Address;
    order_hash: Hex;
    index: number;
  }>(
    `SELECT j.private, $2::text IS NOT NULL AND $2 IN (j.requester, j.payer) AS is_theirs, j.requester, r.order_hash, r.index
     FROM cloud.receipt r JOIN cloud.job j ON j.id = r.job_id WHERE r.cid = $1 ORDER BY j.private, is_theirs DESC LIMIT 20`,
    [cid, session?.account ?? null],
  );
  if (jobs.some((job) => !job.private)) return "public";
  for (const { requester, order_hash, index } of jobs) {
    if (await chain.isMinted(requester, order_hash, index)) return "public";
  }
  return jobs.some(({ is_theirs }) => is_theirs) ? "private" : undefined;
}

import type { Address } from "viem";
import type { Queries } from "../database/database.ts";
import { CloudError } from "../error.ts";

/** What an account has left of a day of the gateway. */
export interface QuotaState {
  readonly limit: number;
  readonly used: number;
  /** Unix seconds: the next UTC midnight. */
  readonly resetsAt: number;
}

/**
 * Takes images from an account's quota of today (UTC), in the transaction that queues the job.
 * @returns The day.
 * @throws {@link CloudError} `QUOTA_USED`.
 */
export async function takeQuota(queries: Queries, account: Address, images: number, limit: number): Promise<string> {
  const row =
    images <= limit
      ? await queries.one<{ day: string }>(
          `INSERT INTO cloud.quota (account, day, used) VALUES ($1, (now() AT TIME ZONE 'utc')::date, $2)
           ON CONFLICT (account, day) DO UPDATE SET used = quota.used + excluded.used
             WHERE quota.used + excluded.used <= $3
           RETURNING day::text`,
          [account.toLowerCase(), images, limit],
        )
      : undefined;
  if (row) return row.day;
  throw new CloudError(
    "QUOTA_USED",
    `The gateway pays for ${limit} images a day, and this would be more. Pay by a signed order, or come back tomorrow (UTC).`,
  );
}

/** Gives images back that were not delivered. */
export async function returnQuota(queries: Queries, account: Address, day: string, images: number): Promise<void> {
  await queries.run("UPDATE cloud.quota SET used = greatest(0, used - $3) WHERE account = $1 AND day = $2", [
    account.toLowerCase(),
    day,
    images,
  ]);
}

/** How an account stands today. */
export async function quotaOf(queries: Queries, account: Address, limit: number): Promise<QuotaState> {
  const row = await queries.one<{ used: number; resets: string }>(
    `SELECT extract(epoch FROM date_trunc('day', now() AT TIME ZONE 'utc') + interval '1 day')::bigint AS resets,
       coalesce((SELECT used FROM cloud.quota WHERE account = $1 AND day = (now() AT TIME ZONE 'utc')::date), 0) AS used`,
    [account.toLowerCase()],
  );
  return { limit, used: row?.used ?? 0, resetsAt: Number(row?.resets ?? 0) };
}

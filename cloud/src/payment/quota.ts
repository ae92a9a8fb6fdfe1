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

/** What the gateway pays for in a day: images of one account, and of all. */
export interface QuotaLimits {
  readonly dailyImages: number;
  readonly dailyTotal: number;
}

/** The row that counts everybody's: accounts cost nothing, so a limit of each alone would be none. */
const EVERYBODY = "everybody";

/**
 * Takes images from the quota of today (UTC), in the transaction that queues the job.
 * @returns The day.
 * @throws {@link CloudError} `QUOTA_USED`.
 */
export async function takeQuota(
  queries: Queries,
  account: Address,
  images: number,
  { dailyImages, dailyTotal }: QuotaLimits,
): Promise<string> {
  const pay = "Pay by a signed order, or come back tomorrow (UTC).";
  const day = await take(queries, account.toLowerCase(), images, dailyImages);
  if (day === undefined) {
    const message = `The gateway pays for ${dailyImages} images a day, and this would be more. ${pay}`;
    throw new CloudError("QUOTA_USED", message);
  }
  if ((await take(queries, EVERYBODY, images, dailyTotal)) === undefined) {
    throw new CloudError("QUOTA_USED", `The gateway has paid for all it can pay for today. ${pay}`);
  }
  return day;
}

async function take(queries: Queries, account: string, images: number, limit: number): Promise<string | undefined> {
  const row =
    images <= limit
      ? await queries.one<{ day: string }>(
          `INSERT INTO cloud.quota (account, day, used) VALUES ($1, (now() AT TIME ZONE 'utc')::date, $2)
           ON CONFLICT (account, day) DO UPDATE SET used = quota.used + excluded.used
             WHERE quota.used + excluded.used <= $3
           RETURNING day::text`,
          [account, images, limit],
        )
      : undefined;
  return row?.day;
}

/** Gives images back that were not delivered. */
export async function returnQuota(queries: Queries, account: Address, day: string, images: number): Promise<void> {
  // In the order in which they are taken, or two transactions could wait for each other.
  for (const whose of [account.toLowerCase(), EVERYBODY]) {
    await queries.run("UPDATE cloud.quota SET used = greatest(0, used - $3) WHERE account = $1 AND day = $2", [
      whose,
      day,
      images,
    ]);
  }
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

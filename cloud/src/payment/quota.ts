import type { Address } from "viem";
import { formatEther } from "viem";
import type { Database, Queries } from "../database/database.ts";
import type { GatewayCaps } from "../environment.ts";
import { ApiError } from "../error.ts";

/** Charge of a job against the gateway's caps. */
export interface Charge {
  readonly account: Address;
  /** Address that the request comes from. */
  readonly address: string;
  readonly images: number;
  /** AIPG wei that the job can cost at most. */
  readonly price: bigint;
}

/** Quota of an account for the day. */
export interface QuotaState {
  /** Images per day. */
  readonly limit: number;
  readonly used: number;
  /** AIPG wei per day. */
  readonly cap: bigint;
  readonly spent: bigint;
  /** Unix time of the next UTC midnight, seconds. */
  readonly resetsAt: number;
}

/** Mutex of changes to the counters. */
export const QUOTA_MUTEX = "quota";
/** Name of the row that counts all accounts. */
const ALL_ACCOUNTS = "everybody";
/** Days for which rows are kept. Addresses are not stored for longer. */
const RETENTION_DAYS = 2;
const REMEDY = "Pay by a signed order, or come back tomorrow (UTC).";

interface CounterRow {
  readonly day: string;
  readonly account: string;
  readonly used: number;
  readonly spent: string;
  /** Set if ended jobs have charges that are not settled. */
  readonly open: boolean;
}

/**
 * Refuses charges beyond a cap, without a lock, so that requests to a used-up gateway cost little.
 * @throws {@link ApiError} `QUOTA_USED`, which names the cap and what is left.
 */
export async function requireQuota(queries: Queries, caps: GatewayCaps, charge: Charge): Promise<void> {
  if (charge.price > caps.job) {
    const message = `The gateway pays at most ${aipg(caps.job)} for a job, and this one can cost up to ${aipg(charge.price)}.`;
    throw new ApiError("QUOTA_USED", `${message} Ask for less, or pay by a signed order.`);
  }
  const rows = await countersOf(queries, countersFor(charge));
  // The reserve of jobs that are over may make room.
  if (!rows.some(({ open }) => open)) requireWithinCaps(rows, caps, charge);
}

/**
 * Charges the highest price of a job to its account, its address and all accounts, in the transaction that queues it. Ended jobs are
 * refunded first.
 *
 * @returns The day, and the rows that count the job.
 * @throws {@link ApiError} `QUOTA_USED`.
 */
export async function chargeQuota(
  queries: Queries,
  caps: GatewayCaps,
  charge: Charge,
): Promise<{ readonly day: string; readonly chargedTo: readonly string[] }> {
  await refundEndedJobs(queries);
  const rows = await countersOf(queries, countersFor(charge));
  const day = requireWithinCaps(rows, caps, charge);
  const chargedTo = rows.map(({ account }) => account);
  await queries.run(
    `INSERT INTO cloud.quota (account, day, used, spent) SELECT account, $2, $3, $4 FROM unnest($1::text[]) AS account
     ON CONFLICT (account, day) DO UPDATE SET used = quota.used + excluded.used, spent = quota.spent + excluded.spent`,
    [chargedTo, day, charge.images, charge.price.toString()],
  );
  return { day, chargedTo };
}

const countersFor = ({ account, address }: Charge) => [account.toLowerCase(), `from ${address}`, ALL_ACCOUNTS];

/** Requires that a charge fits under each cap. Returns the day. */
function requireWithinCaps(rows: readonly CounterRow[], caps: GatewayCaps, { images, price }: Charge): string {
  const [own, network, all] = rows;
  if (!own || !network || !all) throw new Error("The gateway's counters were not read.");
  if (own.used + images > caps.images) {
    const left = Math.max(0, caps.images - own.used);
    const message = `The gateway pays for ${caps.images} images a day for an account. ${left} are left, and this would be ${images}.`;
    throw new ApiError("QUOTA_USED", `${message} ${REMEDY}`);
  }
  requireWithinCap("for an account", own, caps.account, price);
  requireWithinCap("for the network that this request comes from", network, caps.address, price);
  requireWithinCap("for all accounts together", all, caps.all, price);
  return own.day;
}

function requireWithinCap(whose: string, { spent }: CounterRow, cap: bigint, price: bigint): void {
  if (BigInt(spent) + price <= cap) return;
  const left = cap > BigInt(spent) ? cap - BigInt(spent) : 0n;
  const message = `The gateway pays at most ${aipg(cap)} a day ${whose}. ${aipg(left)} are left, and this job can cost up to ${aipg(price)}.`;
  throw new ApiError("QUOTA_USED", `${message} ${REMEDY}`);
}

const aipg = (wei: bigint): string => `${formatEther(wei)} AIPG`;

/** Returns today's counters, in the order of their names. */
async function countersOf(queries: Queries, accounts: readonly string[]): Promise<CounterRow[]> {
  return queries.all<CounterRow>(
    `SELECT today.day::text, asked.account, coalesce(q.used, 0) AS used, coalesce(q.spent, 0)::text AS spent,
       EXISTS (SELECT FROM cloud.job WHERE charged_to IS NOT NULL AND status IN ('done', 'failed', 'cancelled')) AS open
     FROM (SELECT (now() AT TIME ZONE 'utc')::date AS day) today
     CROSS JOIN unnest($1::text[]) WITH ORDINALITY AS asked (account, place)
     LEFT JOIN cloud.quota q ON q.account = asked.account AND q.day = today.day ORDER BY asked.place`,
    [accounts],
  );
}

/**
 * Refunds ended jobs: all of those that failed or were cancelled, the rest of those that are done. Each job stores its open charge, so
 * ending one changes no counter, and nothing is refunded twice. Every change of the counters holds this lock.
 */
async function refundEndedJobs(queries: Queries): Promise<void> {
  await queries.one("SELECT pg_advisory_xact_lock(hashtextextended('gridnft gateway quota', 4))");
  await queries.run(
    `WITH over AS (
       SELECT id, quota_day, charged_to, CASE WHEN status = 'done' THEN 0 ELSE count END AS images,
         CASE WHEN status = 'done' THEN greatest(0, max_price - price) ELSE max_price END AS amount
       FROM cloud.job WHERE charged_to IS NOT NULL AND status IN ('done', 'failed', 'cancelled') FOR UPDATE
     ), noted AS (
       UPDATE cloud.job j SET charged_to = NULL FROM over WHERE j.id = over.id
     ), returned AS (
       SELECT account, quota_day, sum(images) AS images, sum(amount) AS amount
       FROM over CROSS JOIN unnest(over.charged_to) AS account GROUP BY account, quota_day
     )
     UPDATE cloud.quota q SET used = greatest(0, q.used - returned.images), spent = greatest(0, q.spent - returned.amount)
     FROM returned WHERE q.account = returned.account AND q.day = returned.quota_day`,
  );
}

/** Returns the quota of an account for the day. */
export function quotaOf(database: Database, account: Address, caps: GatewayCaps | undefined): Promise<QuotaState> {
  return database.transaction(async (queries) => {
    await refundEndedJobs(queries);
    const [own] = await countersOf(queries, [account.toLowerCase()]);
    const row = await queries.one<{ resets: string }>(
      "SELECT extract(epoch FROM date_trunc('day', now() AT TIME ZONE 'utc') + interval '1 day')::bigint AS resets",
    );
    return {
      limit: caps?.images ?? 0,
      used: own?.used ?? 0,
      cap: caps?.account ?? 0n,
      spent: BigInt(own?.spent ?? 0),
      resetsAt: Number(row?.resets ?? 0),
    };
  }, QUOTA_MUTEX);
}

/** Deletes rows of past days, once no open job counts in them. */
export async function sweepQuota(queries: Queries): Promise<void> {
  await queries.run(
    `DELETE FROM cloud.quota q WHERE q.day < (now() AT TIME ZONE 'utc')::date - $1::int
       AND NOT EXISTS (SELECT FROM cloud.job j WHERE j.charged_to IS NOT NULL AND j.quota_day = q.day)`,
    [RETENTION_DAYS],
  );
}

import type { Address } from "viem";
import { formatEther } from "viem";
import type { Database, Queries } from "../database/database.ts";
import { CloudError } from "../error.ts";

/** Limits of what the gateway pays for. Amounts are AIPG wei, days are UTC days. */
export interface GatewayCaps {
  /** One job. */
  readonly job: bigint;
  /** An account's day. */
  readonly account: bigint;
  /** Day of an address that requests come from: an IPv4 address, or the /64 of an IPv6 address. */
  readonly address: bigint;
  /** Day of all accounts together. Accounts and addresses cost little, so this one bounds what can be lost. */
  readonly all: bigint;
  /** Images of an account's day. */
  readonly images: number;
}

/** Promise of the gateway for a job. */
export interface Charge {
  readonly account: Address;
  /** Address that the request comes from. */
  readonly address: string;
  readonly images: number;
  /** AIPG wei that the job can cost at most. */
  readonly price: bigint;
}

/** State of an account's day. */
export interface QuotaState {
  /** Images. */
  readonly limit: number;
  readonly used: number;
  /** AIPG wei. */
  readonly cap: bigint;
  readonly spent: bigint;
  /** Unix seconds: the next UTC midnight. */
  readonly resetsAt: number;
}

/** Name of the turns that changes of the counters take. */
export const QUOTA_TURN = "quota";
/** Row that counts everybody's. */
const EVERYBODY = "everybody";
/** Days for which rows are kept: an address is nobody's concern for longer. */
const KEPT_DAYS = 2;
const REMEDY = "Pay by a signed order, or come back tomorrow (UTC).";

interface CounterRow {
  readonly day: string;
  readonly account: string;
  readonly used: number;
  readonly spent: string;
  /** Jobs are over whose charge is not settled. */
  readonly open: boolean;
}

/**
 * Refuses what has no chance, without a lock: a gateway that is used up is not to be kept busy by being asked.
 * @throws {@link CloudError} `QUOTA_USED`, which names the cap and what is left.
 */
export async function requireQuota(queries: Queries, caps: GatewayCaps, charge: Charge): Promise<void> {
  if (charge.price > caps.job) {
    const message = `The gateway pays at most ${aipg(caps.job)} for a job, and this one can cost up to ${aipg(charge.price)}.`;
    throw new CloudError("QUOTA_USED", `${message} Ask for less, or pay by a signed order.`);
  }
  const rows = await countersOf(queries, countersFor(charge));
  // The reserve of jobs that are over may make room.
  if (!rows.some(({ open }) => open)) requireRoom(rows, caps, charge);
}

/**
 * Charges a job that can cost `price` at most to its account, its address and everybody, in the transaction that queues it. What jobs
 * that are over did not cost is given back first.
 *
 * @returns The day, and the rows that count the job.
 * @throws {@link CloudError} `QUOTA_USED`.
 */
export async function takeQuota(
  queries: Queries,
  caps: GatewayCaps,
  charge: Charge,
): Promise<{ readonly day: string; readonly chargedTo: readonly string[] }> {
  await giveBack(queries);
  const rows = await countersOf(queries, countersFor(charge));
  const day = requireRoom(rows, caps, charge);
  const chargedTo = rows.map(({ account }) => account);
  await queries.run(
    `INSERT INTO cloud.quota (account, day, used, spent) SELECT account, $2, $3, $4 FROM unnest($1::text[]) AS account
     ON CONFLICT (account, day) DO UPDATE SET used = quota.used + excluded.used, spent = quota.spent + excluded.spent`,
    [chargedTo, day, charge.images, charge.price.toString()],
  );
  return { day, chargedTo };
}

const countersFor = ({ account, address }: Charge) => [account.toLowerCase(), `from ${address}`, EVERYBODY];

/** Insists that a charge fits under each cap; returns the day. */
function requireRoom(rows: readonly CounterRow[], caps: GatewayCaps, { images, price }: Charge): string {
  const [own, place, all] = rows;
  if (!own || !place || !all) throw new Error("The gateway's counters were not read.");
  if (own.used + images > caps.images) {
    const left = Math.max(0, caps.images - own.used);
    const message = `The gateway pays for ${caps.images} images a day for an account. ${left} are left, and this would be ${images}.`;
    throw new CloudError("QUOTA_USED", `${message} ${REMEDY}`);
  }
  requireLeft("for an account", own, caps.account, price);
  requireLeft("for the network that this request comes from", place, caps.address, price);
  requireLeft("for all accounts together", all, caps.all, price);
  return own.day;
}

function requireLeft(whose: string, { spent }: CounterRow, cap: bigint, price: bigint): void {
  if (BigInt(spent) + price <= cap) return;
  const left = cap > BigInt(spent) ? cap - BigInt(spent) : 0n;
  const message = `The gateway pays at most ${aipg(cap)} a day ${whose}. ${aipg(left)} are left, and this job can cost up to ${aipg(price)}.`;
  throw new CloudError("QUOTA_USED", `${message} ${REMEDY}`);
}

const aipg = (wei: bigint): string => `${formatEther(wei)} AIPG`;

/** Today's counters, in the order of their names. */
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
 * Gives back what jobs that are over did not cost: all of those that failed or were cancelled, the rest of those that are done. A job
 * says itself what is open, so ending one changes no counter, and nothing is given back twice. Whoever changes counters holds this lock.
 */
async function giveBack(queries: Queries): Promise<void> {
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

/** An account's day. */
export function quotaOf(database: Database, account: Address, caps: GatewayCaps | undefined): Promise<QuotaState> {
  return database.transaction(async (queries) => {
    await giveBack(queries);
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
  }, QUOTA_TURN);
}

/** Deletes rows of days that are over, once no open job counts in them. */
export async function sweepQuota(queries: Queries): Promise<void> {
  await queries.run(
    `DELETE FROM cloud.quota q WHERE q.day < (now() AT TIME ZONE 'utc')::date - $1::int
       AND NOT EXISTS (SELECT FROM cloud.job j WHERE j.charged_to IS NOT NULL AND j.quota_day = q.day)`,
    [KEPT_DAYS],
  );
}

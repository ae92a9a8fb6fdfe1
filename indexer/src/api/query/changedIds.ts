// Reads the ids that history names in some blocks.
import { firstSeqOf } from "../../lib/keys.ts";
import { type StatementScope, statementOf } from "./queryContext.ts";
import type { Reader } from "./readPool.ts";
import type { Statement } from "./statement.ts";
import { tableRef } from "./tables.ts";

/** Ids of what changed, by kind, each once and in order. */
export interface ChangedIds {
  readonly artworks: readonly string[];
  readonly series: readonly string[];
  readonly models: readonly string[];
  readonly workers: readonly string[];
  readonly accounts: readonly string[];
  readonly lanes: readonly string[];
}

/** Most lines of history that one answer covers. */
const MAX_LINES = 10_000;
/** Lines of history whose places and transactions tell one branch of the chain from another. */
const MARKED = 100;

/**
 * Mark of the history up to a block: another one when a reorg has changed any of its last 100 lines. Every process answers the same.
 */
export async function markAt(scope: StatementScope, reader: Reader, block: number): Promise<string> {
  const statement = statementOf(scope);
  const last = `select h.seq, h.tx from ${tableRef(statement, "activity")} h where h.chain_id = ${statement.value(scope.chainId)} and h.seq < ${endOf(statement, block)} order by h.seq desc limit ${MARKED}`;
  const text = `select left(md5(coalesce(string_agg(l.seq || l.tx, ',' order by l.seq), '')), 12) as mark from (${last}) l`;
  const [row] = await reader.query<{ mark: string }>(text, statement.values);
  return row?.mark ?? "";
}

/** Returns the ids that changed after a block, up to another one; undefined when they are too many for one answer. */
export async function changedBetween(
  scope: StatementScope,
  reader: Reader,
  after: number,
  upTo: number,
): Promise<ChangedIds | undefined> {
  const statement = statementOf(scope);
  const lines = `select h.* from ${tableRef(statement, "activity")} h where h.chain_id = ${statement.value(scope.chainId)} and h.seq >= ${endOf(statement, after)} and h.seq < ${endOf(statement, upTo)} order by h.seq limit ${MAX_LINES + 1}`;
  const ids = (of: string, order = of) =>
    `(select coalesce(array_agg(distinct ${of} order by ${order}) filter (where ${of} is not null), '{}') from lines)`;
  const accounts = `(select coalesce(array_agg(distinct a.address order by a.address) filter (where a.address is not null), '{}') from (select actor as address from lines union all select counterparty from lines) a)`;
  const text = `with lines as materialized (${lines}) select (select count(*)::int from lines) as count, ${ids("token_id")}::text[] as artworks, ${ids("series_id")}::text[] as series, ${ids("model_id")}::text[] as models, ${ids("worker")} as workers, ${accounts} as accounts, ${ids("lane_id")} as lanes`;
  const [row] = await reader.query<ChangedIds & { readonly count: number }>(text, statement.values);
  if (!row) throw new Error("A sum has one row.");
  const { count, ...changed } = row;
  return count > MAX_LINES ? undefined : changed;
}

/** First place in history after a block. */
function endOf(statement: Statement, block: number): string {
  return statement.value(`${firstSeqOf(block + 1)}`, "bigint");
}

// Query plans of pages of artworks: scan an index in the order that is asked for until the page is full, or read all rows that the
// conditions let through and sort them. The planner guesses by statistics, which know nothing of values that are rare, or of how
// conditions and orders hang together. Counters know.
import type { Condition } from "./artworkFilters.ts";
import { totals } from "./estimates.ts";
import type { QueryContext } from "./queryContext.ts";

/** Plan of a page. */
export interface QueryPlan {
  /**
   * - `indexOnly`: scan the one index that has the rows in their order. No value changes that, so Postgres keeps its plan.
   * - `indexScan`: as the planner likes, along the order's index as a rule.
   * - `sort`: read all that the conditions let through, then sort.
   * - `boundedScan`: scan the index, but give up after `rows` rows and go on as `otherwise` says.
   */
  readonly first: "indexOnly" | "indexScan" | "sort" | "boundedScan";
  readonly otherwise: "indexScan" | "sort";
  /** Rows that a bounded scan may read. */
  readonly rows: number;
}

/** Rows that are sorted without a look at anything else. It takes a millisecond. */
const FEW = 500;
/** Rows that are sorted unless a scan is likely to be shorter. It takes some milliseconds. */
export const SORT_LIMIT = 4_000;
/** Rows beyond which sorting takes longer than any scan. */
const MAX_SORTED = 60_000;
/** Rows that a scan may read before something else is tried. */
export const SCAN_LIMIT = 5_000;
/** Factor by which a scan goes further than is likely before something else is tried. */
const SCAN_FACTOR = 4;

/** @param key Column that the order begins with. `rows`: of a page. */
export async function planOf(
  context: QueryContext,
  conditions: readonly Condition[],
  key: string,
  rows: number,
): Promise<QueryPlan> {
  const plan = (
    first: QueryPlan["first"],
    otherwise: QueryPlan["otherwise"] = "indexScan",
    max = SCAN_LIMIT,
  ): QueryPlan => ({
    ...{ first, otherwise, rows: max },
  });
  // The first is that about burnt artworks, which nearly all pass.
  const [first, ...asked] = conditions;
  const isPlain = first?.covered !== undefined;
  if (asked.length === 0) return plan(isPlain ? "indexOnly" : "indexScan");
  // An index has the rows of this one condition in this order.
  const [only] = asked;
  if (asked.length === 1 && only?.ordered?.includes(key))
    return plan(isPlain && !only.isRange ? "indexOnly" : "indexScan");
  const [{ supply }, ...counts] = await Promise.all([
    totals(context),
    ...asked.map(({ rows: count }) => count?.() ?? Promise.resolve(Number.POSITIVE_INFINITY)),
  ]);
  const min = Math.min(...counts);
  if (min <= FEW) return plan("sort", "sort");
  // Rows that a scan has to read, if conditions and order had nothing to do with each other.
  const share = counts.reduce((product, count) => product * Math.min(1, count / supply), 1);
  const far = rows / share;
  if (min <= SORT_LIMIT) return 2 * far < min ? plan("boundedScan", "sort", scanLimitOf(far)) : plan("sort", "sort");
  if (supply <= SCAN_LIMIT) return plan("indexScan");
  const otherwise = min <= MAX_SORTED ? "sort" : "indexScan";
  return far > SCAN_LIMIT ? plan(otherwise, otherwise) : plan("boundedScan", otherwise);
}

/** A power of two: statements that differ by it are planned apart. */
function scanLimitOf(far: number): number {
  return Math.min(SCAN_LIMIT, 2 ** Math.ceil(Math.log2(SCAN_FACTOR * far)));
}

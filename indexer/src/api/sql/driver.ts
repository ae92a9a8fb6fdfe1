// Chooses how to find a page of artworks: walk an index in the order that is asked for until the page is full, or first gather all
// that the conditions let through and sort them. The planner guesses by statistics, which know nothing of values that are rare, or
// of how conditions and orders hang together; counters do.
import type { Asking } from "./asking.ts";
import type { Condition } from "./conditions.ts";
import { totals } from "./estimates.ts";

/** How to find a page. */
export interface Route {
  /**
   * - `walk`: as the planner likes, along the order's index as a rule.
   * - `gather`: all that the conditions let through, then sort.
   * - `probe`: walk, but give up after `PROBE` rows; then go on as `otherwise` says.
   */
  readonly first: "walk" | "gather" | "probe";
  readonly otherwise: "walk" | "gather";
}

/** As many rows are always gathered: a few milliseconds. */
export const GATHER = 4_000;
/** Beyond as many rows, gathering takes longer than any walk. */
const MOST_GATHERED = 60_000;
/** Rows that a walk may look at before something else is tried. */
export const PROBE = 5_000;

/** @param key Column that the order begins with. `rows`: of a page. */
export async function routeOf(
  asking: Asking,
  conditions: readonly Condition[],
  key: string,
  rows: number,
): Promise<Route> {
  const walk: Route = { first: "walk", otherwise: "walk" };
  // The first is that about burnt artworks, which nearly all pass.
  const [, ...asked] = conditions;
  if (asked.length === 0) return walk;
  // An index has the rows of this one condition in this order.
  if (asked.length === 1 && asked[0]?.ordered?.includes(key)) return walk;
  const [{ supply }, ...counts] = await Promise.all([
    totals(asking),
    ...asked.map(({ rows: count }) => count?.() ?? Promise.resolve(Number.POSITIVE_INFINITY)),
  ]);
  const least = Math.min(...counts);
  if (least <= GATHER) return { first: "gather", otherwise: "gather" };
  if (supply <= PROBE) return walk;
  const otherwise = least <= MOST_GATHERED ? "gather" : "walk";
  // How far a walk has to go, if conditions and order had nothing to do with each other.
  const share = counts.reduce((product, count) => product * Math.min(1, count / supply), 1);
  if (rows > share * PROBE) return { first: otherwise, otherwise };
  return { first: "probe", otherwise };
}

// Chooses how to find a page of artworks: walk an index in the order that is asked for until the page is full, or first gather all
// that the conditions let through and sort them. The planner guesses by statistics, which know nothing of values that are rare, or
// of how conditions and orders hang together; counters do.
import type { Asking } from "./asking.ts";
import type { Condition } from "./conditions.ts";
import { totals } from "./estimates.ts";

/** How to find a page. */
export interface Route {
  /**
   * - `fixed`: walk the one index that has the rows of the question in its order. No value changes that, so the plan is kept.
   * - `walk`: as the planner likes, along the order's index as a rule.
   * - `gather`: all that the conditions let through, then sort.
   * - `probe`: walk, but give up after `rows` rows; then go on as `otherwise` says.
   */
  readonly first: "fixed" | "walk" | "gather" | "probe";
  readonly otherwise: "walk" | "gather";
  /** Rows that a probe may look at. */
  readonly rows: number;
}

/** As many rows are gathered without a look at anything else: a millisecond. */
const FEW = 500;
/** As many rows are gathered unless a walk is likely to be shorter: some milliseconds. */
export const GATHER = 4_000;
/** Beyond as many rows, gathering takes longer than any walk. */
const MOST_GATHERED = 60_000;
/** Rows that a walk may look at before something else is tried. */
export const PROBE = 5_000;
/** How much further than is likely a walk goes before something else is tried. */
const PATIENCE = 4;

/** @param key Column that the order begins with. `rows`: of a page. */
export async function routeOf(
  asking: Asking,
  conditions: readonly Condition[],
  key: string,
  rows: number,
): Promise<Route> {
  const route = (first: Route["first"], otherwise: Route["otherwise"] = "walk", most = PROBE): Route => ({
    ...{ first, otherwise, rows: most },
  });
  // The first is that about burnt artworks, which nearly all pass.
  const [first, ...asked] = conditions;
  const isPlain = first?.covered !== undefined;
  if (asked.length === 0) return route(isPlain ? "fixed" : "walk");
  // An index has the rows of this one condition in this order.
  const [only] = asked;
  if (asked.length === 1 && only?.ordered?.includes(key)) return route(isPlain && !only.isRange ? "fixed" : "walk");
  const [{ supply }, ...counts] = await Promise.all([
    totals(asking),
    ...asked.map(({ rows: count }) => count?.() ?? Promise.resolve(Number.POSITIVE_INFINITY)),
  ]);
  const least = Math.min(...counts);
  if (least <= FEW) return route("gather", "gather");
  // How far a walk has to go, if conditions and order had nothing to do with each other.
  const share = counts.reduce((product, count) => product * Math.min(1, count / supply), 1);
  const far = rows / share;
  if (least <= GATHER) return 2 * far < least ? route("probe", "gather", patience(far)) : route("gather", "gather");
  if (supply <= PROBE) return route("walk");
  const otherwise = least <= MOST_GATHERED ? "gather" : "walk";
  return far > PROBE ? route(otherwise, otherwise) : route("probe", otherwise);
}

/** A power of two: statements that differ by it are planned apart. */
function patience(far: number): number {
  return Math.min(PROBE, 2 ** Math.ceil(Math.log2(PATIENCE * far)));
}

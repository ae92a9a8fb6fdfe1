import { whereOf } from "./artworkFilters.ts";
import { type ArtworkCriteria, joinWords } from "./artworks.ts";
import { COUNT_LIMIT, totals, upTo } from "./estimates.ts";
import type { QueryContext } from "./queryContext.ts";
import { tableRef } from "./tables.ts";

/** Number of all rows of a list. */
export interface Total {
  readonly count: number;
  readonly isExact: boolean;
}

/** Returns the number of artworks: by a counter where there is one, else counted up to a limit. */
export async function artworkTotal(context: QueryContext, criteria: ArtworkCriteria): Promise<Total> {
  const { conditions, query, key } = criteria;
  const [, ...asked] = conditions;
  const isCounted = query === undefined && conditions[0]?.covered !== undefined;
  if (isCounted && asked.length === 0) return { count: (await totals(context)).supply, isExact: true };
  const [only] = asked;
  if (isCounted && asked.length === 1 && only?.isExact && only.rows) return { count: await only.rows(), isExact: true };
  const count = await upTo(context, `artworks/${key}`, COUNT_LIMIT + 1, (statement) => {
    const alias = statement.alias();
    const found = query === undefined ? "" : ` ${joinWords(statement, alias, query)}`;
    return `from ${tableRef(statement, "artwork")} ${alias}${found} where ${whereOf(context, conditions, alias, statement)}`;
  });
  return limited(count);
}

/** A count that stopped at one above the limit. */
export function limited(count: number): Total {
  return count > COUNT_LIMIT ? { count: COUNT_LIMIT, isExact: false } : { count, isExact: true };
}

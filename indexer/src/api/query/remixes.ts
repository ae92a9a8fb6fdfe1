// The tree of what was made from what, by the artwork whose picture each was made from at its mint. It has no circles: that artwork was
// minted before.
import { type QueryContext, statementOf } from "./queryContext.ts";
import { tableRef } from "./tables.ts";

/** A step of a walk through the tree. */
export interface Step {
  readonly tokenId: string;
  /** Steps from the artwork that was asked about. */
  readonly depth: number;
  /** Token id that it was made from; 0 of the first artwork of all. */
  readonly remixOf: string;
}

/** Deepest step. */
export const MAX_REMIX_DEPTH = 1_000;

/** Reads the ancestors of an artwork, the nearest first. `from`: the step to go on after. */
export async function ancestors(
  context: QueryContext,
  from: Pick<Step, "tokenId" | "depth">,
  rows: number,
): Promise<readonly Step[]> {
  const statement = statementOf(context);
  const artworks = tableRef(statement, "artwork");
  const chain = statement.value(context.chainId);
  const text = `with recursive walk(token_id, remix_of, depth) as (
      select a.token_id, a.remix_of, ${statement.value(from.depth, "int")} from ${artworks} a where a.chain_id = ${chain} and a.token_id = ${statement.value(from.tokenId, "numeric")}
      union all
      select a.token_id, a.remix_of, walk.depth + 1 from walk join ${artworks} a on a.chain_id = ${chain} and a.token_id = walk.remix_of
      where walk.remix_of <> 0 and walk.depth < ${MAX_REMIX_DEPTH} and walk.depth < ${statement.value(from.depth + rows, "int")}
    ) select token_id::text as "tokenId", remix_of::text as "remixOf", depth from walk offset 1`;
  return context.lists.query<Step>(text, statement.values);
}

/**
 * Remixes of an artwork, and remixes of those: each before what was made from it, siblings in the order of their mints. Every step is found
 * by the index on `remix_of` from the one before, so that a page costs the same wherever it begins and however large the tree is.
 * @param after Where to go on; undefined from the beginning. It must be in the tree.
 * @returns Undefined when `after` is not in the tree.
 */
export async function descendants(
  context: QueryContext,
  root: string,
  after: string | undefined,
  rows: number,
): Promise<readonly Step[] | undefined> {
  const path = await pathTo(context, root, after ?? root);
  if (!path) return undefined;
  const statement = statementOf(context);
  const artworks = tableRef(statement, "artwork");
  const chain = statement.value(context.chainId);
  const child = (parent: string, more: string) =>
    `select a.token_id from ${artworks} a where a.chain_id = ${chain} and a.remix_of = ${parent}${more} order by a.token_id limit 1`;
  // The first child; without one, the next sibling of the last of the path that has one.
  const first = `select path || c.token_id as path from (${child("path[cardinality(path)]", "")}) c where cardinality(path) <= ${MAX_REMIX_DEPTH}`;
  const sibling = `select path[1:i.at - 1] || c.token_id as path from generate_series(cardinality(path), 2, -1) i(at) cross join lateral (${child("path[i.at - 1]", " and a.token_id > path[i.at]")}) c limit 1`;
  const text = `with recursive walk(path, step) as (
      select ${statement.value(path, "numeric[]")}, 0
      union all
      select next.path, step + 1 from walk cross join lateral ((${first}) union all (${sibling}) limit 1) next where step < ${statement.value(rows, "int")}
    ) select path[cardinality(path)]::text as "tokenId", path[cardinality(path) - 1]::text as "remixOf", cardinality(path) - 1 as depth from walk where step > 0 order by step`;
  return context.lists.query<Step>(text, statement.values);
}

/** Ids from the root to an artwork below it, or the root alone. */
async function pathTo(context: QueryContext, root: string, tokenId: string): Promise<readonly string[] | undefined> {
  if (tokenId === root) return [root];
  const steps = await ancestors(context, { tokenId, depth: 0 }, MAX_REMIX_DEPTH);
  const at = steps.findIndex((step) => step.tokenId === root);
  if (at === -1) return undefined;
  return [tokenId, ...steps.slice(0, at + 1).map((step) => step.tokenId)].reverse();
}

import { MAX_FIRST, MAX_VALUES } from "../../query/limits.ts";
import { rarityOf } from "../../query/rarity.ts";
import { rowsByKey } from "../../query/rowsByKey.ts";
import { under } from "../../query/selection.ts";
import { countOf } from "../../query/selectList.ts";
import { requestError } from "../errors.ts";
import type { ResolverArgs } from "./resolver.ts";

/** Rows that looking at a series counts as: its artworks are read once for each block. */
const SERIES_COST = 10;

/** Rarity within a series; null when it has no artwork. */
export async function readRarity({ context, selection, arguments: given }: ResolverArgs): Promise<unknown> {
  const first = countOf("first", given.first, MAX_FIRST);
  const tokenIds = given.tokenIds as readonly string[] | null | undefined;
  if (tokenIds && tokenIds.length > MAX_VALUES) {
    throw requestError("BAD_INPUT", `tokenIds has at most ${MAX_VALUES} values.`);
  }
  context.budget.spend(SERIES_COST, "Artwork", []);
  const { supply, traits, artworks } = await rarityOf(context, String(given.seriesId));
  if (supply === 0) return null;
  const shown = artworks.filter(({ tokenId }) => !tokenIds || tokenIds.includes(tokenId)).slice(0, first);
  const rows = await rowsByKey(context, {
    ...{ type: "Artwork", key: "tokenId" },
    values: shown.map(({ tokenId }) => tokenId),
    fields: under(under(selection.fields, "artworks"), "artwork"),
  });
  return {
    ...{ seriesId: given.seriesId, supply, traits },
    artworks: shown.map((ranked) => ({ ...ranked, artwork: rows.get(ranked.tokenId) ?? null })),
  };
}

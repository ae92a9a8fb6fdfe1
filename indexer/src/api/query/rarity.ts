// Rarity within a series: how often each value of an attribute is in it, and how surprising an artwork's values are all together.
import { oncePerBlock, type QueryContext, statementOf } from "./queryContext.ts";
import { columnOf, tableOf, tableRef } from "./tables.ts";
import { attributesOf, type TraitSource, traitsSql } from "./traits.ts";

/** A value of an attribute, null where an artwork has none, and how many artworks of the series have it. */
export interface TraitCount {
  readonly traitType: string;
  readonly value: string | null;
  readonly count: number;
  /** Information of the value in bits: minus log2 of its share. */
  readonly bits: number;
}

export interface RankedArtwork {
  readonly tokenId: string;
  /** From 1. Equal scores share a rank. */
  readonly rank: number;
  /** Bits of all its values together. */
  readonly score: number;
  readonly traits: readonly TraitCount[];
}

export interface Rarity {
  /** Artworks that are not burnt. */
  readonly supply: number;
  readonly traits: readonly TraitCount[];
  /** Rarest first. */
  readonly artworks: readonly RankedArtwork[];
}

/** Rarity of a series, once for each block. A series has at most 999 artworks, so that all of them are looked at. */
export function rarityOf(context: QueryContext, seriesId: string): Promise<Rarity> {
  return oncePerBlock(context, `rarity/${seriesId}`, async () => {
    const statement = statementOf(context);
    const alias = statement.alias();
    const column = (key: string) => columnOf(tableOf("artwork"), alias, key);
    const text = `select ${column("tokenId")}::text as "tokenId", (${traitsSql(column, (name) => tableRef(statement, name))}) as traits from ${tableRef(statement, "artwork")} ${alias} where ${column("chainId")} = ${statement.value(context.chainId)} and ${column("tokenId")} >= ${statement.value(seriesId, "numeric")} * 1000 and ${column("tokenId")} < (${statement.value(seriesId, "numeric")} + 1) * 1000 and not ${column("burned")} order by ${column("tokenId")}`;
    const rows = await context.lists.query<{ tokenId: string; traits: TraitSource }>(text, statement.values);
    return rank(rows.map(({ tokenId, traits }) => ({ tokenId, values: valuesOf(traits) })));
  });
}

/** Values by attribute. A date is no trait: it counts time. Of tags an artwork has many: each is there, or is not. */
export function valuesOf(source: TraitSource): ReadonlyMap<string, ReadonlySet<string>> {
  const values = new Map<string, Set<string>>();
  for (const { traitType, value, displayType } of attributesOf(source)) {
    if (displayType === "date") continue;
    values.set(traitType, (values.get(traitType) ?? new Set()).add(value));
  }
  return values;
}

interface Valued {
  readonly tokenId: string;
  readonly values: ReadonlyMap<string, ReadonlySet<string>>;
}

function rank(artworks: readonly Valued[]): Rarity {
  const supply = artworks.length;
  const types = new Set(artworks.flatMap(({ values }) => [...values.keys()]));
  const counts = new Map<string, TraitCount>();
  const keyOf = (traitType: string, value: string | null) => JSON.stringify([traitType, value]);
  const valuesIn = ({ values }: Valued, traitType: string): readonly (string | null)[] => [
    ...(values.get(traitType) ?? [null]),
  ];
  for (const artwork of artworks) {
    for (const traitType of types) {
      for (const value of valuesIn(artwork, traitType)) {
        const key = keyOf(traitType, value);
        counts.set(key, { traitType, value, count: (counts.get(key)?.count ?? 0) + 1, bits: 0 });
      }
    }
  }
  for (const [key, known] of counts) counts.set(key, { ...known, bits: Math.log2(supply / known.count) });
  const scored = artworks.map((artwork) => {
    const traits = [...types].flatMap((traitType) =>
      valuesIn(artwork, traitType).map((value) => counts.get(keyOf(traitType, value)) as TraitCount),
    );
    return { tokenId: artwork.tokenId, traits, score: round(traits.reduce((sum, { bits }) => sum + bits, 0)) };
  });
  // Equal ones stay in the order of their ids.
  scored.sort((a, b) => b.score - a.score);
  let rank = 0;
  const ranked = scored.map((artwork, i): RankedArtwork => {
    if (artwork.score !== scored[i - 1]?.score) rank = i + 1;
    return { ...artwork, rank };
  });
  const traits = [...counts.values()].sort(
    (a, b) => compare(a.traitType, b.traitType) || b.count - a.count || compare(a.value ?? "", b.value ?? ""),
  );
  return { supply, traits, artworks: ranked };
}

/** To a millionth of a bit: sums in another order would differ in the last place. */
const round = (bits: number): number => Math.round(bits * 1e6) / 1e6;

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

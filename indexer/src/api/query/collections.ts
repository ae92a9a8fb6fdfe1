import { zeroAddress } from "viem";
import { totals } from "./estimates.ts";
import { oncePerBlock, type QueryContext, statementOf } from "./queryContext.ts";
import { tableRef } from "./tables.ts";

const DAY = 86_400;

/** Statistics of a whole collection, by the names of the schema. */
export interface CollectionStatistics {
  readonly collection: "ARTWORK" | "MODEL";
  readonly items: number;
  readonly supply: number;
  readonly holders: number;
  readonly creators: number;
  readonly transfers: number;
  readonly series: number | null;
  readonly evolutions: number | null;
  readonly mintedLastDay: number;
  readonly mintedLastWeek: number;
  readonly usageRoyalties: string | null;
  readonly licenseRevenue: string | null;
}

export function collectionStatistics(
  context: QueryContext,
  collection: "ARTWORK" | "MODEL",
): Promise<CollectionStatistics> {
  return oncePerBlock(context, `collection/${collection}`, () =>
    collection === "ARTWORK" ? artworkStatistics(context) : modelStatistics(context),
  );
}

async function artworkStatistics(context: QueryContext): Promise<CollectionStatistics> {
  const statement = statementOf(context);
  const now = context.block?.timestamp ?? 0;
  const since = (seconds: number) =>
    `(select count(*)::int from ${tableRef(statement, "artwork")} a where a.chain_id = ${statement.value(context.chainId)} and a.minted_at > ${statement.value(now - seconds, "bigint")})`;
  const text = `select ${since(DAY)} as "mintedLastDay", ${since(7 * DAY)} as "mintedLastWeek"`;
  const [{ artworks, supply, holders, artists, transfers, series, evolutions }, [minted]] = await Promise.all([
    totals(context),
    context.lists.query<{ mintedLastDay: number; mintedLastWeek: number }>(text, statement.values),
  ]);
  return {
    collection: "ARTWORK",
    ...{ items: artworks, supply, holders, creators: artists, transfers, series, evolutions },
    mintedLastDay: minted?.mintedLastDay ?? 0,
    mintedLastWeek: minted?.mintedLastWeek ?? 0,
    usageRoyalties: null,
    licenseRevenue: null,
  };
}

/** Models are few enough to be counted. */
async function modelStatistics(context: QueryContext): Promise<CollectionStatistics> {
  const statement = statementOf(context);
  const now = context.block?.timestamp ?? 0;
  const since = (seconds: number) =>
    `count(*) filter (where m.registered_at > ${statement.value(now - seconds, "bigint")})::int`;
  const text = `select count(*)::int as items, count(distinct m.owner)::int as holders, count(distinct m.creator)::int as creators,
      ${since(DAY)} as "mintedLastDay", ${since(7 * DAY)} as "mintedLastWeek",
      coalesce(sum(m.royalty_earned), 0)::text as "usageRoyalties", coalesce(sum(m.license_revenue), 0)::text as "licenseRevenue",
      (select count(*)::int from ${tableRef(statement, "transfer")} t where t.chain_id = ${statement.value(context.chainId)} and t.collection = 'MODEL' and t."from" not in (t."to", '${zeroAddress}')) as transfers
    from ${tableRef(statement, "model")} m where m.chain_id = ${statement.value(context.chainId)}`;
  const [row] = await context.lists.query<Omit<CollectionStatistics, "collection">>(text, statement.values);
  if (!row) throw new Error("A sum has one row.");
  return { ...row, collection: "MODEL", supply: row.items, series: null, evolutions: null };
}

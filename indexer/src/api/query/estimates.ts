// Estimates of how many rows a condition lets through, from the counters that the handlers keep. The planner's statistics know nothing of
// values that are rare, or don't exist. Estimates choose a plan; no answer depends on them, unless they are said to be exact.
import { oncePerBlock, type QueryContext, readRows } from "./queryContext.ts";
import type { Statement } from "./statement.ts";
import { tableRef } from "./tables.ts";

/** Rows at which counting stops. */
export const COUNT_LIMIT = 10_000;

/** A number of rows. */
async function one(context: QueryContext, key: string, sql: (statement: Statement) => string): Promise<number> {
  return oncePerBlock(context, key, async () => {
    const [row] = await readRows<{ count: number | null }>(context, "byKey", sql);
    return row?.count ?? 0;
  });
}

/** Artworks that aren't burnt and have an attribute: exact. */
export function withAttribute(context: QueryContext, attribute: string): Promise<number> {
  return one(
    context,
    `attribute/${attribute}`,
    (statement) =>
      `select artworks as count from ${tableRef(statement, "attribute")} where chain_id = ${statement.value(context.chainId)} and attribute = ${statement.value(attribute)}`,
  );
}

/** Artworks that an account owns: exact. Of its own making: those that it minted, burnt ones included. */
export function ofAccount(
  context: QueryContext,
  address: string,
  column: "artworks_owned" | "artworks_created",
): Promise<number> {
  return one(
    context,
    `${column}/${address}`,
    (statement) =>
      `select ${column} as count from ${tableRef(statement, "account")} where chain_id = ${statement.value(context.chainId)} and address = ${statement.value(address)}`,
  );
}

/** Artworks that were made from one, burnt ones included; at least. */
export function remixesOf(context: QueryContext, tokenId: string): Promise<number> {
  return one(
    context,
    `remixes/${tokenId}`,
    (statement) =>
      `select remixes as count from ${tableRef(statement, "artwork")} where chain_id = ${statement.value(context.chainId)} and token_id = ${statement.value(tokenId)}`,
  );
}

/** Rows of a statement, counted up to a limit. */
export function upTo(
  context: QueryContext,
  key: string,
  limit: number,
  rows: (statement: Statement) => string,
): Promise<number> {
  return oncePerBlock(context, `${limit}/${key}`, async () => {
    const [row] = await readRows<{ count: number }>(
      context,
      "lists",
      (statement) =>
        `select count(*)::int as count from (select 1 ${rows(statement)} limit ${statement.value(limit, "int")}) found`,
    );
    return row?.count ?? 0;
  });
}

const noTotals = {
  artworks: 0,
  supply: 0,
  holders: 0,
  artists: 0,
  transfers: 0,
  evolutions: 0,
  series: 0,
  models: 0,
  accounts: 0,
};
export type Totals = Readonly<typeof noTotals>;

/** Totals of the protocol: exact. */
export function totals(context: QueryContext): Promise<Totals> {
  return oncePerBlock(context, "totals", async () => {
    const columns = Object.keys(noTotals).join(", ");
    const [row] = await readRows<Totals>(
      context,
      "byKey",
      (statement) =>
        `select ${columns} from ${tableRef(statement, "protocol")} where chain_id = ${statement.value(context.chainId)}`,
    );
    return row ?? noTotals;
  });
}

/** Models that are verified, or aren't, and the artworks made with them. */
export interface Verified {
  readonly modelIds: readonly string[];
  readonly artworks: number;
}

export function verified(context: QueryContext, isVerified: boolean): Promise<Verified> {
  return oncePerBlock(context, `verified/${isVerified}`, async () => {
    const [row] = await readRows<Verified>(
      context,
      "lists",
      (
        statement,
      ) => `select coalesce(array_agg(m.model_id::text), '{}') as "modelIds", coalesce(sum(a.artworks), 0)::int as artworks
      from ${tableRef(statement, "model")} m
      left join ${tableRef(statement, "attribute")} a on a.chain_id = m.chain_id and a.attribute = 'model:' || m.model_id
      where m.chain_id = ${statement.value(context.chainId)} and m.verified = ${statement.value(isVerified)}`,
    );
    return row ?? { modelIds: [], artworks: 0 };
  });
}

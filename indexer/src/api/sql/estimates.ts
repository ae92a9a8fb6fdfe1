// How many rows a condition lets through, from the counters that the handlers keep: what the planner's statistics can't know of
// values that are rare, or don't exist. Estimates choose a plan; no answer depends on them, unless they are said to be exact.
import { type Asking, oncePerBlock, placeOf, statementOf } from "./asking.ts";
import type { Statement } from "./builder.ts";

/** Where counting stops. */
export const COUNT_LIMIT = 10_000;

/** A number of rows. */
async function one(asking: Asking, key: string, sql: (statement: Statement) => string): Promise<number> {
  return oncePerBlock(asking, key, async () => {
    const statement = statementOf(asking);
    const [row] = await asking.byKey.query<{ count: number | null }>(sql(statement), statement.values);
    return row?.count ?? 0;
  });
}

/** Artworks that aren't burnt and have an attribute: exact. */
export function withAttribute(asking: Asking, attribute: string): Promise<number> {
  return one(
    asking,
    `attribute/${attribute}`,
    (statement) =>
      `select artworks as count from ${placeOf(statement, "attribute")} where chain_id = ${statement.value(asking.chainId)} and attribute = ${statement.value(attribute)}`,
  );
}

/** Artworks that an account owns: exact. Of its own making: those that it minted, burnt ones included. */
export function ofAccount(
  asking: Asking,
  address: string,
  column: "artworks_owned" | "artworks_created",
): Promise<number> {
  return one(
    asking,
    `${column}/${address}`,
    (statement) =>
      `select ${column} as count from ${placeOf(statement, "account")} where chain_id = ${statement.value(asking.chainId)} and address = ${statement.value(address)}`,
  );
}

/** Artworks that were made from one, burnt ones included; at least. */
export function remixesOf(asking: Asking, tokenId: string): Promise<number> {
  return one(
    asking,
    `remixes/${tokenId}`,
    (statement) =>
      `select remixes as count from ${placeOf(statement, "artwork")} where chain_id = ${statement.value(asking.chainId)} and token_id = ${statement.value(tokenId)}`,
  );
}

/** Rows of a statement, counted up to a limit. */
export function upTo(
  asking: Asking,
  key: string,
  limit: number,
  rows: (statement: Statement) => string,
): Promise<number> {
  return oncePerBlock(asking, `${limit}/${key}`, async () => {
    const statement = statementOf(asking);
    const text = `select count(*)::int as count from (select 1 ${rows(statement)} limit ${statement.value(limit, "int")}) found`;
    const [row] = await asking.lists.query<{ count: number }>(text, statement.values);
    return row?.count ?? 0;
  });
}

export interface Totals {
  readonly artworks: number;
  readonly supply: number;
  readonly holders: number;
  readonly artists: number;
  readonly transfers: number;
  readonly evolutions: number;
  readonly series: number;
  readonly models: number;
  readonly accounts: number;
}

const noTotals: Totals = {
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

/** Totals of the protocol: exact. */
export function totals(asking: Asking): Promise<Totals> {
  return oncePerBlock(asking, "totals", async () => {
    const statement = statementOf(asking);
    const columns = Object.keys(noTotals).join(", ");
    const text = `select ${columns} from ${placeOf(statement, "protocol")} where chain_id = ${statement.value(asking.chainId)}`;
    const [row] = await asking.byKey.query<Totals>(text, statement.values);
    return row ?? noTotals;
  });
}

/** Models that are verified, or aren't, and the artworks made with them. */
export interface Verified {
  readonly modelIds: readonly string[];
  readonly artworks: number;
}

export function verified(asking: Asking, isVerified: boolean): Promise<Verified> {
  return oncePerBlock(asking, `verified/${isVerified}`, async () => {
    const statement = statementOf(asking);
    const text = `select coalesce(array_agg(m.model_id::text), '{}') as "modelIds", coalesce(sum(a.artworks), 0)::int as artworks
      from ${placeOf(statement, "model")} m
      left join ${placeOf(statement, "attribute")} a on a.chain_id = m.chain_id and a.attribute = 'model:' || m.model_id
      where m.chain_id = ${statement.value(asking.chainId)} and m.verified = ${statement.value(isVerified)}`;
    const [row] = await asking.lists.query<Verified>(text, statement.values);
    return row ?? { modelIds: [], artworks: 0 };
  });
}

// Pages of artworks: filters, orders and search in one statement.
import { parseSearch, type Search, type Spellings, writeTsquery } from "../../lib/fullText/searchQuery.ts";
import { NOT_LISTED } from "../../lib/keys.ts";
import { type ArtworkFilter, artworkColumn, type Condition, conditionsOf, whereOf } from "./artworkFilters.ts";
import { QueryError } from "./errors.ts";
import {
  between,
  type Key,
  type KeyOrder,
  keyColumns,
  orderBy,
  type Page,
  type PageArguments,
  pageOf,
  type ReadPage,
} from "./keyset.ts";
import { MAX_SEARCH, MAX_VALUES } from "./limits.ts";
import { enums, type Row } from "./objectTypes.ts";
import { type QueryContext, statementOf } from "./queryContext.ts";
import { planOf, type QueryPlan, SCAN_LIMIT, SORT_LIMIT } from "./queryPlan.ts";
import type { SelectedField } from "./selection.ts";
import { selectList } from "./selectList.ts";
import { spellingsOf } from "./spellings.ts";
import type { Statement } from "./statement.ts";
import { tableRef } from "./tables.ts";

/** Orders of artworks: the column, and which way. */
const orders = {
  NEWEST: ["tokenId", "numeric", true],
  OLDEST: ["tokenId", "numeric", false],
  RECENTLY_UPDATED: ["updatedSeq", "bigint", true],
  TRENDING: ["trending", "bigint", true],
  MOST_REMIXED: ["remixes", "int", true],
  MOST_VERSIONS: ["versions", "int", true],
  MOST_TRANSFERRED: ["transfers", "int", true],
  TITLE: ["nameKey", "text", false],
  TITLE_DESCENDING: ["nameKey", "text", true],
  PRICE_LOWEST: ["listPrice", "numeric", false],
  PRICE_HIGHEST: ["listPrice", "numeric", true],
} as const satisfies Record<string, readonly [column: string, type: Key["type"], isDescending: boolean]>;

export type ArtworkOrder = keyof typeof orders | "RELEVANCE";

/** Arguments of a list of artworks. */
export interface ArtworkArguments extends PageArguments {
  readonly filter?: ArtworkFilter | null;
  readonly orderBy?: ArtworkOrder | null;
  readonly search?: string | null;
}

/** Newest matches that a ranked search looks at. */
const RANKED = 200;

/** Filter and search of artworks, read once for page, total and facets. */
export interface ArtworkCriteria {
  readonly conditions: readonly Condition[];
  /** Words that are searched for. Undefined when nothing is, or when a search has no word that must be there: `conditions` then let nothing through. */
  readonly search: Search | undefined;
  /** Words that may stand for words of the search. */
  readonly spellings: Spellings | undefined;
  /** The search as Postgres reads it, other spellings included. */
  readonly query: string | undefined;
  /** Search as Postgres reads it, without other spellings. Undefined when there are none. */
  readonly exactQuery: string | undefined;
  /** Words were given, whatever they ask for. */
  readonly isSearch: boolean;
  /** Tells queries apart that differ in filter or search. */
  readonly key: string;
}

/** Reads filter and search. */
export async function artworkCriteria(
  context: QueryContext,
  filter: ArtworkFilter | null | undefined,
  search: string | null | undefined,
): Promise<ArtworkCriteria> {
  for (const [name, value] of Object.entries(filter ?? {})) requirePlain(name, value);
  const words = typeof search === "string" && search.trim() !== "" ? search : undefined;
  if (words !== undefined) requireSearch(words);
  const parsed = words === undefined ? undefined : parseSearch(words);
  const spellings = parsed && (await spellingsOf(context, parsed));
  const query = parsed && writeTsquery(parsed, spellings);
  const conditions = await conditionsOf(context, filter, enums);
  return {
    conditions: words !== undefined && parsed === undefined ? [...conditions, never] : conditions,
    search: parsed,
    spellings,
    query,
    exactQuery: parsed && spellings && writeTsquery(parsed),
    isSearch: words !== undefined,
    get key() {
      const given = Object.entries(filter ?? {}).filter(([, value]) => value !== null && value !== undefined);
      return JSON.stringify([given.sort(([a], [b]) => (a < b ? -1 : 1)), query ?? words !== undefined]);
    },
  };
}

/** Condition of a search without a word that must be there: lets nothing through. */
const never: Condition = {
  sql: () => "false",
  covered: () => "false",
  rows: async () => 0,
  isExact: true,
};

/** Longest search, counted as people count characters of a text: by code points. */
export function requireSearch(search: string): void {
  requirePlain("search", search);
  if (search.length > 2 * MAX_SEARCH || [...search].length > MAX_SEARCH) {
    throw new QueryError("BAD_INPUT", `search has at most ${MAX_SEARCH} characters.`);
  }
}

/** Postgres takes no NUL in text, and nobody needs a thousand values in a list. */
export function requirePlain(name: string, value: unknown): void {
  if (Array.isArray(value)) {
    if (value.length > MAX_VALUES) throw new QueryError("BAD_INPUT", `${name} has at most ${MAX_VALUES} values.`);
    for (const item of value) requirePlain(name, item);
  }
  if (typeof value === "string" && value.includes("\u0000")) {
    throw new QueryError("BAD_INPUT", `${name} holds a NUL character.`);
  }
}

/**
 * Reads a page.
 * @param selections What to read of each artwork. `columns`: more of it, under names with `~` before.
 */
export async function readArtworks(
  context: QueryContext,
  criteria: ArtworkCriteria,
  listArguments: ArtworkArguments,
  selections: readonly SelectedField[],
  columns: readonly string[],
): Promise<ReadPage> {
  const given = listArguments.orderBy ?? (criteria.isSearch ? "RELEVANCE" : "NEWEST");
  if (given === "RELEVANCE" && !criteria.isSearch) {
    throw new QueryError("BAD_INPUT", "orderBy: RELEVANCE needs a search.");
  }
  const name = given === "RELEVANCE" && criteria.query === undefined ? "NEWEST" : given;
  if (name === "RELEVANCE") {
    const order = relevance;
    const page = pageOf(listArguments, order);
    context.budget.spend(page.rows, "Artwork", selections);
    return { rows: await readRanked(context, criteria, { page, order, selections, columns }), page, order: name };
  }
  const order = orderOf(name, "t0");
  const page = pageOf(listArguments, order);
  context.budget.spend(page.rows, "Artwork", selections);
  const [column] = orders[name];
  const plan: QueryPlan = criteria.query
    ? await searchPlan(criteria)
    : await planOf(context, criteria.conditions, column, page.rows);
  const of = { page, order, selections, columns };
  const rows = await read(context, criteria, of, plan);
  if (plan.first !== "boundedScan" || rows.length > page.rows) return { rows, page, order: name };
  return { rows: await read(context, criteria, of, { ...plan, first: plan.otherwise }), page, order: name };
}

function orderOf(name: keyof typeof orders, alias: string): KeyOrder {
  const [key, type, isDescending] = orders[name];
  const column = artworkColumn(alias);
  const keys: Key[] = [{ sql: column(key), type }];
  if (key !== "tokenId") keys.push({ sql: column("tokenId"), type: "numeric" });
  return { name, isDescending, keys };
}

const onlyListed: Condition = {
  sql: (column) => `${column("listPrice")} < ${NOT_LISTED}`,
  ordered: ["listPrice"],
  isRange: true,
};

/** The query with what its order implies: by price comes only what has one. */
export function withOrder(criteria: ArtworkCriteria, orderBy: ArtworkOrder | null | undefined): ArtworkCriteria {
  if (!orderBy?.startsWith("PRICE")) return criteria;
  return { ...criteria, conditions: [...criteria.conditions, onlyListed], key: `${criteria.key}/priced` };
}

/** A search leaves it to the planner, which knows how frequent words are, unless a filter lets only few through. */
async function searchPlan({ conditions }: ArtworkCriteria): Promise<QueryPlan> {
  const counts = await Promise.all(conditions.map(({ rows }) => rows?.() ?? Number.POSITIVE_INFINITY));
  const first = Math.min(...counts) <= SORT_LIMIT ? "sort" : "indexScan";
  return { first, otherwise: first, rows: SCAN_LIMIT };
}

interface Reading {
  readonly page: Page;
  readonly order: KeyOrder;
  readonly selections: readonly SelectedField[];
  readonly columns: readonly string[];
}

async function read(
  context: QueryContext,
  criteria: ArtworkCriteria,
  { page, order, selections, columns }: Reading,
  { first: way, rows: max }: QueryPlan,
): Promise<Row[]> {
  const statement = statementOf(context);
  const alias = statement.alias();
  const artworks = tableRef(statement, "artwork");
  const keys = order.keys.map(({ sql }) => sql);
  const chain = `${alias}.chain_id = ${statement.value(context.chainId)}`;
  const along = way === "boundedScan" ? alongOf(criteria.conditions, order, alias) : [];
  const isKept = way === "indexOnly" || (way === "boundedScan" && along.every(({ isRange }) => !isRange));
  // A plan that is kept has to know that few rows are wanted.
  const limit = isKept ? page.rows + 1 : statement.value(page.rows + 1, "int");
  const sorted = orderBy(page, order);
  const conditions = whereOf(context, criteria.conditions, alias, statement);
  const found = criteria.query ? ` ${joinWords(statement, alias, criteria.query)}` : "";
  const list = `${selectOf(statement, selections, columns, alias)}, ${keyColumns(keys)}`;
  let text: string;
  if (way === "sort") {
    // Keys alone are gathered and sorted; the rest is read of the page's rows. Cursors are no conditions of what is gathered: they would
    // lead the planner to the order's index.
    const names = keys.map((_, i) => `k${i}`);
    const gathered = keys.map((key, i) => `${key} as k${i}`).join(", ");
    const named = { ...order, keys: order.keys.map(({ type }, i) => ({ sql: `k${i}`, type })) };
    const beyond = between(page, named, statement);
    const shown = `select * from gathered${beyond.length > 0 ? ` where ${beyond.join(" and ")}` : ""} ${orderBy(page, order, names)} limit ${limit}`;
    text = `with gathered as materialized (select ${gathered} from ${artworks} ${alias}${found} where ${conditions}), page as (${shown}) select ${list} from page join ${artworks} ${alias} on ${chain} and ${alias}.token_id = page.k${keys.length - 1} ${sorted}`;
  } else {
    const cursors = between(page, order, statement);
    const all = [conditions, ...cursors].join(" and ");
    if (way === "boundedScan") {
      const column = artworkColumn(alias);
      const walked = [chain, ...along.map(({ sql }) => sql(column, statement)), ...cursors].join(" and ");
      text = `select ${list} from (select * from ${artworks} ${alias} where ${walked} ${sorted} limit ${max}) ${alias} where ${conditions} ${sorted} limit ${limit}`;
    } else {
      text = `select ${list} from ${artworks} ${alias}${found} where ${all} ${sorted} limit ${limit}`;
    }
  }
  return (isKept ? context.byKey : context.lists).query<Row>(text, statement.values);
}

/** Conditions that the order's index, or one that begins with a column more, keeps to by itself: ranges, and one value of a column. */
function alongOf(conditions: readonly Condition[], { keys }: KeyOrder, alias: string): Condition[] {
  const column = artworkColumn(alias);
  const along = conditions.filter(({ ordered }) => ordered?.some((key) => column(key) === keys[0]?.sql));
  const [value] = along.filter(({ isRange }) => !isRange);
  return along.filter((condition) => condition.isRange || condition === value);
}

/** Joins what is searched. The query stands as a value where it is compared: only so Postgres plans by how frequent its words are. */
export function joinWords(statement: Statement, alias: string, query: string): string {
  return `join ${tableRef(statement, "artworkText")} x on x.chain_id = ${alias}.chain_id and x.token_id = ${alias}.token_id and x.words @@ ${statement.value(query, "tsquery")}`;
}

function selectOf(
  statement: Statement,
  selections: readonly SelectedField[],
  columns: readonly string[],
  alias: string,
): string {
  const column = artworkColumn(alias);
  return [
    selectList(statement, "Artwork", selections, alias),
    ...columns.map((key) => `${column(key)} as "~${key}"`),
  ].join(", ");
}

const relevance: KeyOrder = {
  name: "RELEVANCE",
  isDescending: true,
  keys: [
    { sql: "rank", type: "real" },
    { sql: "id", type: "numeric" },
  ],
};

/** Weights of prompt, names of model and artist, tags, name. */
const weights = "{0.1,0.3,0.6,1.0}";
/** Divides by the logarithm of the length: a long prompt holds every word. */
const NORMALIZATION = 1;
/** Divides likewise and stays below 1, so that what is found as written stands above what is found by other spellings. */
const BOUNDED = 1 | 32;

async function readRanked(
  context: QueryContext,
  criteria: ArtworkCriteria,
  { page, order, selections, columns }: Reading,
): Promise<Row[]> {
  const statement = statementOf(context);
  const alias = statement.alias();
  const found = await rankedMatches(context, criteria, statement);
  const cursors = between(page, order, statement);
  const list = `${selectOf(statement, selections, columns, alias)}, ${keyColumns(["page.rank", "page.id"])}`;
  const text = `with found as materialized (${found.text}), ranked as (select token_id as id, ${found.rank} as rank from found), page as (select * from ranked${cursors.length > 0 ? ` where ${cursors.join(" and ")}` : ""} ${orderBy(page, order)} limit ${statement.value(page.rows + 1, "int")}) select ${list} from page join ${tableRef(statement, "artwork")} ${alias} on ${alias}.chain_id = ${statement.value(context.chainId)} and ${alias}.token_id = page.id ${orderBy(page, order, ["page.rank", "page.id"])}`;
  return context.lists.query<Row>(text, statement.values);
}

/** SQL of the rows that a ranked search looks at: the newest matches; of a search with other spellings the newest of each, those as written above the others. */
async function rankedMatches(
  context: QueryContext,
  criteria: ArtworkCriteria,
  statement: Statement,
): Promise<{ readonly text: string; readonly rank: string }> {
  const { exactQuery } = criteria;
  const newest = await newestMatches(context, criteria, statement, RANKED);
  const query = statement.value(criteria.query, "tsquery");
  if (exactQuery === undefined) {
    return { text: newest, rank: `ts_rank_cd('${weights}', words, ${query}, ${NORMALIZATION})` };
  }
  const exact = await newestMatches(context, { ...criteria, query: exactQuery }, statement, RANKED);
  return {
    text: `(${exact}) union (${newest})`,
    rank: `((words @@ ${statement.value(exactQuery, "tsquery")})::int + ts_rank_cd('${weights}', words, ${query}, ${BOUNDED}))::real`,
  };
}

/** SQL of the newest matches of a search: `token_id` and `words`. */
export async function newestMatches(
  context: QueryContext,
  criteria: ArtworkCriteria,
  statement: Statement,
  limit: number,
): Promise<string> {
  const { conditions, query } = criteria;
  const chain = statement.value(context.chainId);
  const texts = tableRef(statement, "artworkText");
  const matches = `x.words @@ ${statement.value(query, "tsquery")}`;
  const [, ...asked] = conditions;
  // Burnt artworks have no words any more.
  const isPlain = asked.length === 0 && conditions[0]?.rows === undefined && conditions[0]?.covered !== undefined;
  if (isPlain) {
    return `select x.token_id, x.words from ${texts} x where x.chain_id = ${chain} and ${matches} order by x.token_id desc limit ${limit}`;
  }
  const alias = statement.alias();
  const where = whereOf(context, conditions, alias, statement);
  const artworks = tableRef(statement, "artwork");
  const { first } = await searchPlan(criteria);
  if (first === "sort") {
    return `with few as materialized (select ${alias}.token_id from ${artworks} ${alias} where ${where}) select x.token_id, x.words from few join ${texts} x on x.chain_id = ${chain} and x.token_id = few.token_id where ${matches} order by x.token_id desc limit ${limit}`;
  }
  return `select x.token_id, x.words from ${texts} x join ${artworks} ${alias} on ${alias}.chain_id = x.chain_id and ${alias}.token_id = x.token_id where x.chain_id = ${chain} and ${matches} and ${where} order by x.token_id desc limit ${limit}`;
}

// Filters of artworks: each as SQL, and how many rows it lets through.
import { cidOf, GridError, parseCid } from "@gridnft/sdk";
import { zeroAddress, zeroHash } from "viem";
import { quoted } from "../../../ops/sql.ts";
import { type AttributeField, attributeOf, firstSeqOf, MAX_SEQ } from "../../lib/keys.ts";
import { QueryError } from "./errors.ts";
import { ofAccount, remixesOf, upTo, verified, withAttribute } from "./estimates.ts";
import type { QueryContext } from "./queryContext.ts";
import type { Statement } from "./statement.ts";
import { columnOf, tableOf, tableRef } from "./tables.ts";

/** Filter of artworks as scalars and enums of the schema have let it through: ids and amounts are decimal strings, enums names. */
export interface ArtworkFilter {
  readonly tokenIds?: readonly string[] | null;
  readonly imageHash?: string | null;
  readonly cid?: string | null;
  readonly tx?: string | null;
  readonly everOwnedBy?: readonly string[] | null;
  readonly seriesId?: string | null;
  readonly artist?: readonly string[] | null;
  readonly owner?: readonly string[] | null;
  readonly worker?: readonly string[] | null;
  readonly modelIds?: readonly string[] | null;
  readonly families?: readonly string[] | null;
  readonly verifiedModel?: boolean | null;
  readonly tags?: readonly string[] | null;
  readonly allTags?: readonly string[] | null;
  readonly samplers?: readonly string[] | null;
  readonly schedulers?: readonly string[] | null;
  readonly width?: number | null;
  readonly height?: number | null;
  readonly sizes?: readonly string[] | null;
  readonly steps?: number | null;
  readonly policy?: string | null;
  readonly mintedAfter?: number | null;
  readonly mintedBefore?: number | null;
  readonly updatedAfter?: number | null;
  readonly updatedBefore?: number | null;
  readonly updatedSinceBlock?: number | null;
  readonly hasParent?: boolean | null;
  readonly remixOf?: string | null;
  readonly evolved?: boolean | null;
  readonly listed?: boolean | null;
  readonly minPrice?: string | null;
  readonly maxPrice?: string | null;
  readonly burned?: boolean | null;
}

/** SQL of an artwork's column by its name in code. */
export type ColumnSql = (key: string) => string;

/** One thing that must hold. */
export interface Condition {
  readonly sql: (column: ColumnSql, statement: Statement) => string;
  /** At most how many artworks that aren't burnt it holds for; left out: nobody knows. */
  readonly rows?: () => Promise<number>;
  /** True when `rows` is exact. */
  readonly isExact?: boolean;
  /** Columns of which an index has the rows of this condition in order. */
  readonly ordered?: readonly string[];
  /** True for a range of such a column, false for one value of another one. */
  readonly isRange?: boolean;
  /** SQL by a column of the index that facets are counted from. */
  readonly covered?: (column: ColumnSql, statement: Statement) => string;
}

/** Enums of the schema that columns keep as numbers. */
export interface EnumNumbers {
  readonly family: readonly string[];
  readonly policy: readonly string[];
}

const SERIES_SIZE = 1_000n;
/** More than any list of one picture's artworks. */
const FEW = 1_000;
/** Rows at which estimates of ranges stop counting. */
const RANGE_LIMIT = 8_000;
const LAST_TOKEN = (2n ** 256n - 1n).toString();

type Make<Value> = (value: Value, context: QueryContext, enums: EnumNumbers) => Condition;

const sum = (counts: readonly Promise<number>[]): Promise<number> =>
  Promise.all(counts).then((all) => all.reduce((total, count) => total + count, 0));

/** Column is one of some values; the index on it goes on with the token's id. */
function oneOf(
  key: string,
  type: "numeric[]" | "text[]",
  values: readonly string[],
  more: Pick<Condition, "rows" | "isExact" | "ordered"> & { readonly isCovered?: boolean },
): Condition {
  const [only] = values;
  const sql: Condition["sql"] = (column, statement) =>
    values.length === 1
      ? `${column(key)} = ${statement.value(only)}`
      : `${column(key)} = any(${statement.value(values, type)})`;
  const { isCovered, ordered, ...rest } = more;
  return { sql, ...rest, ...(values.length === 1 && ordered && { ordered }), ...(isCovered && { covered: sql }) };
}

/** Has one of some attributes. */
function attribute(
  context: QueryContext,
  field: AttributeField,
  values: readonly (string | number)[],
  covered?: Condition["covered"],
): Condition {
  const attributes = [...new Set(values.map((value) => attributeOf(field, value)))];
  return {
    sql: (column, statement) =>
      `${column("attributes")} ${attributes.length === 1 ? "@>" : "&&"} ${statement.value(attributes, "text[]")}`,
    rows: () => sum(attributes.map((one) => withAttribute(context, one))),
    isExact: attributes.length === 1,
    ...(covered && { covered }),
  };
}

/** Is one of the few tokens that a statement finds. */
function amongTokens(select: (statement: Statement) => string): Condition {
  const sql: Condition["sql"] = (column, statement) => `${column("tokenId")} = any(array(${select(statement)}))`;
  return { sql, covered: sql, rows: async () => FEW };
}

/** A CID as rows have it: version 1 in base32. Takes version 0, other bases, and an `ipfs://` address, too. */
function canonicalCid(text: string): string {
  try {
    const { cidDigest, raw } = parseCid(text.replace(/^ipfs:\/\//, "").replace(/\/$/, ""));
    return cidOf({ cidDigest, imageHash: raw ? cidDigest : zeroHash });
  } catch (error) {
    if (!(error instanceof GridError)) throw error;
    throw new QueryError("BAD_INPUT", `cid is not the CID of a picture: ${error.message}`);
  }
}

const mark = (context: QueryContext, field: "remix" | "evolved" | "listed"): Condition =>
  attribute(context, field, ["true"]);

const compare =
  (key: string, value: number | string, operator = "="): Condition["sql"] =>
  (column, statement) =>
    `${column(key)} ${operator} ${statement.value(value)}`;

/** Filters that become one condition together, or need the database for it. */
type Joined = "mintedAfter" | "mintedBefore" | "updatedAfter" | "updatedBefore" | "verifiedModel" | "burned";

const filters: {
  readonly [name in Exclude<keyof ArtworkFilter, Joined>]-?: Make<NonNullable<ArtworkFilter[name]>>;
} = {
  tokenIds: (ids) => oneOf("tokenId", "numeric[]", ids, { rows: async () => ids.length, isCovered: true }),
  imageHash: (hash) => ({ sql: compare("imageHash", hash), rows: async () => FEW }),
  cid: (text, context) => {
    const cid = canonicalCid(text);
    return amongTokens(
      (statement) =>
        `select v.token_id from ${tableRef(statement, "artworkVersion")} v where v.cid = ${statement.value(cid)} and v.chain_id = ${statement.value(context.chainId)}`,
    );
  },
  tx: (hash, context) =>
    amongTokens(
      (statement) =>
        `select h.token_id from ${tableRef(statement, "activity")} h where h.tx = ${statement.value(hash)} and h.chain_id = ${statement.value(context.chainId)} and h.token_id is not null`,
    ),
  everOwnedBy: (addresses, context) => {
    const sent = (statement: Statement): string =>
      `from ${tableRef(statement, "transfer")} h where h.chain_id = ${statement.value(context.chainId)} and h."to" = any(${statement.value(addresses, "text[]")}) and h.collection = 'ARTWORK'`;
    return {
      sql: (column, statement) => `exists (select 1 ${sent(statement)} and h.token_id = ${column("tokenId")})`,
      rows: async () => {
        const count = await upTo(context, `sent/${JSON.stringify(addresses)}`, RANGE_LIMIT, sent);
        return count < RANGE_LIMIT ? count : Number.POSITIVE_INFINITY;
      },
    };
  },
  // A series is a range of token ids.
  seriesId: (id) => {
    const first = BigInt(id) * SERIES_SIZE;
    const sql: Condition["sql"] = (column, statement) =>
      `${column("tokenId")} >= ${statement.value(first.toString(), "numeric")} and ${column("tokenId")} < ${statement.value((first + SERIES_SIZE).toString(), "numeric")}`;
    return { sql, covered: sql, rows: async () => Number(SERIES_SIZE) };
  },
  artist: (addresses, context) =>
    oneOf("artist", "text[]", addresses, {
      rows: () => sum(addresses.map((address) => ofAccount(context, address, "artworks_created"))),
      ordered: ["tokenId", "trending"],
    }),
  owner: (addresses, context) =>
    oneOf("owner", "text[]", addresses, {
      rows: () => sum(addresses.map((address) => ofAccount(context, address, "artworks_owned"))),
      isExact: addresses.length === 1,
      ordered: ["tokenId"],
    }),
  worker: (addresses, context) =>
    oneOf("worker", "text[]", addresses, {
      rows: () => sum(addresses.map((address) => withAttribute(context, attributeOf("worker", address)))),
      isExact: addresses.length === 1,
      ordered: ["tokenId", "trending"],
    }),
  modelIds: (ids, context) =>
    oneOf("modelId", "numeric[]", ids, {
      rows: () => sum(ids.map((id) => withAttribute(context, attributeOf("model", id)))),
      isExact: ids.length === 1,
      ordered: ["tokenId", "trending"],
      isCovered: true,
    }),
  families: (names, context, enums) => {
    const numbers = names.map((name) => enums.family.indexOf(name));
    return attribute(context, "family", numbers, (column, statement) =>
      numbers.length === 1
        ? `${column("family")} = ${statement.value(numbers[0])}`
        : `${column("family")} = any(${statement.value(numbers, "int[]")})`,
    );
  },
  tags: (tags, context) => attribute(context, "tag", tags),
  allTags: (tags, context) => ({
    sql: (column, statement) =>
      `${column("attributes")} @> ${statement.value(
        tags.map((tag) => attributeOf("tag", tag)),
        "text[]",
      )}`,
    ...(tags.length > 0 && {
      rows: async () =>
        Math.min(...(await Promise.all(tags.map((tag) => withAttribute(context, attributeOf("tag", tag)))))),
    }),
  }),
  samplers: (names, context) => {
    const keys = names.map((name) => attributeOf("sampler", name).slice("sampler:".length));
    return attribute(context, "sampler", names, oneOf("samplerKey", "text[]", keys, {}).sql);
  },
  schedulers: (names, context) => attribute(context, "scheduler", names),
  width: (width, context) => attribute(context, "width", [width], compare("width", width)),
  height: (height, context) => attribute(context, "height", [height], compare("height", height)),
  sizes: (sizes, context) =>
    attribute(
      context,
      "size",
      sizes,
      (column, statement) =>
        `${column("width")} || 'x' || ${column("height")} = any(${statement.value(sizes, "text[]")})`,
    ),
  steps: (steps, context) => attribute(context, "steps", [steps]),
  policy: (name, context, enums) => {
    const number = enums.policy.indexOf(name);
    return attribute(context, "policy", [number], compare("policy", number));
  },
  updatedSinceBlock: (block, context) => {
    const sql: Condition["sql"] = (column, statement) =>
      `${column("updatedSeq")} >= ${statement.value(`${firstSeqOf(block)}`, "bigint")}`;
    return { sql, rows: rangeRows(context, `since/${block}`, sql), ordered: ["updatedSeq"], isRange: true };
  },
  hasParent: (has, context) =>
    has ? mark(context, "remix") : { sql: (column) => `${column("remixOf")} = 0`, ordered: ["tokenId"] },
  remixOf: (id, context) => ({
    sql: compare("remixOf", id),
    rows: () => remixesOf(context, id),
    ordered: ["tokenId"],
  }),
  evolved: (has, context) =>
    has ? mark(context, "evolved") : { sql: (column) => `${column("versions")} = 1`, ordered: ["tokenId"] },
  listed: (is, context) => (is ? mark(context, "listed") : { sql: (column) => `not ${column("listed")}` }),
  minPrice: (price, context) => ({
    sql: (column, statement) => `${column("listed")} and ${column("listPrice")} >= ${statement.value(price)}`,
    rows: mark(context, "listed").rows as () => Promise<number>,
  }),
  maxPrice: (price, context) => ({
    sql: (column, statement) => `${column("listed")} and ${column("listPrice")} <= ${statement.value(price)}`,
    rows: mark(context, "listed").rows as () => Promise<number>,
  }),
};

const isBurned: Condition = {
  sql: (column, statement) => `${column("burned")} and ${column("owner")} = ${statement.value(zeroAddress)}`,
};
const notBurned: Condition = {
  sql: (column) => `not ${column("burned")}`,
  covered: (column) => `not ${column("burned")}`,
};

/** All conditions of a filter. The first says whether burnt artworks are meant. */
export async function conditionsOf(
  context: QueryContext,
  filter: ArtworkFilter | null | undefined,
  enums: EnumNumbers,
): Promise<readonly Condition[]> {
  const { burned, mintedAfter, mintedBefore, updatedAfter, updatedBefore, verifiedModel, ...others } = filter ?? {};
  const conditions = [burned === true ? isBurned : notBurned];
  for (const [name, value] of Object.entries(others)) {
    if (value === null || value === undefined) continue;
    const make = filters[name as keyof typeof filters] as Make<unknown> | undefined;
    if (!make) throw new Error(`Filter ${name} of artworks has no meaning.`);
    conditions.push(make(value, context, enums));
  }
  // An artwork that was last changed before a time was minted before it: a scan by ids needn't begin later.
  const minted = rangeOf(mintedAfter, earlier(mintedBefore, updatedBefore));
  if (minted) conditions.push(range(context, "minted", minted));
  const updated = rangeOf(updatedAfter, updatedBefore);
  if (updated) conditions.push(range(context, "updated", updated));
  if (typeof verifiedModel === "boolean") conditions.push(await byVerified(context, verifiedModel));
  return burned === true ? conditions.map(({ sql }): Condition => ({ sql })) : conditions;
}

interface Range {
  readonly after?: number;
  readonly before?: number;
}

function earlier(one: number | null | undefined, other: number | null | undefined): number | null | undefined {
  return typeof one === "number" && typeof other === "number" ? Math.min(one, other) : (one ?? other);
}

function rangeOf(after: number | null | undefined, before: number | null | undefined): Range | undefined {
  if (typeof after !== "number" && typeof before !== "number") return undefined;
  return { ...(typeof after === "number" && { after }), ...(typeof before === "number" && { before }) };
}

/**
 * A range of time is one of token ids, and of places in history: those are what rows are sorted by. Artworks are numbered as they
 * are minted, and history has a row for every change of one.
 */
function range(context: QueryContext, what: "minted" | "updated", { after, before }: Range): Condition {
  const isMinted = what === "minted";
  const [time, key] = isMinted ? ["mintedAt", "tokenId"] : ["updatedAt", "updatedSeq"];
  // Ids tell times of mints all by themselves: there is an order of them. Of changes, only the latest has a place in history.
  const rangeSql = (column: ColumnSql, statement: Statement, isByKey: boolean): string => {
    const chain = statement.value(context.chainId);
    const [table, at, id] = isMinted
      ? (["artwork", "minted_at", "token_id"] as const)
      : (["activity", "time", "seq"] as const);
    const bound = (reached: string, value: string, direction: string) =>
      `(select b.${id} from ${tableRef(statement, table)} b where b.chain_id = ${chain} and b.${at} ${reached} ${value} order by b.${at} ${direction}, b.${id} ${direction} limit 1)`;
    const parts: string[] = [];
    if (after !== undefined) {
      const value = statement.value(after, "bigint");
      if (!isByKey) parts.push(`${column(time)} > ${value}`);
      parts.push(`${column(key)} > coalesce(${bound("<=", value, "desc")}, 0)`);
    }
    if (before !== undefined) {
      const value = statement.value(before, "bigint");
      const end = isMinted ? LAST_TOKEN : MAX_SEQ;
      if (!isByKey) parts.push(`${column(time)} < ${value}`);
      parts.push(`${column(key)} < coalesce(${bound(">=", value, "asc")}, ${end})`);
    }
    return parts.join(" and ");
  };
  const sql: Condition["sql"] = (column, statement) => rangeSql(column, statement, false);
  return {
    sql,
    rows: rangeRows(context, `${what}/${after ?? ""}/${before ?? ""}`, (column, statement) =>
      rangeSql(column, statement, isMinted),
    ),
    ordered: isMinted ? ["tokenId"] : ["updatedSeq"],
    isRange: true,
    ...(isMinted && { covered: (column, statement) => rangeSql(column, statement, true) }),
  };
}

/** Counts the artworks of a range, burnt ones included, up to a limit beyond which nobody knows. */
function rangeRows(context: QueryContext, key: string, sql: Condition["sql"]): () => Promise<number> {
  return async () => {
    const count = await upTo(context, key, RANGE_LIMIT, (statement) => {
      const alias = statement.alias();
      const column = artworkColumn(alias);
      return `from ${tableRef(statement, "artwork")} ${alias} where ${alias}.chain_id = ${statement.value(context.chainId)} and ${sql(column, statement)}`;
    });
    return count < RANGE_LIMIT ? count : Number.POSITIVE_INFINITY;
  };
}

/** Models are few: an artwork of a verified one is one of some models. */
async function byVerified(context: QueryContext, isVerified: boolean): Promise<Condition> {
  const [these, others] = await Promise.all([verified(context, isVerified), verified(context, !isVerified)]);
  const few = these.modelIds.length <= FEW;
  const sql: Condition["sql"] = (column, statement) =>
    few
      ? `${column("modelId")} = any(${statement.value(these.modelIds, "numeric[]")})`
      : `${column("modelId")} <> all(${statement.value(others.modelIds, "numeric[]")})`;
  return { sql, rows: async () => these.artworks, covered: sql };
}

/** SQL of the columns of artworks, by an alias of their table. */
export function artworkColumn(alias: string): ColumnSql {
  const table = tableOf("artwork");
  return (key) => columnOf(table, alias, key);
}

/** The conditions as one, with the chain. */
export function whereOf(
  context: QueryContext,
  conditions: readonly Condition[],
  alias: string,
  statement: Statement,
): string {
  const column = artworkColumn(alias);
  const chain = `${alias}.${quoted("chain_id")} = ${statement.value(context.chainId)}`;
  return [chain, ...conditions.map(({ sql }) => sql(column, statement))].join(" and ");
}

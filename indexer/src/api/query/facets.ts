// Facets: numbers of artworks by their values. They come from counters when nothing is asked for, else from the index that has the columns
// of facets, else, of the newest alone, from what each artwork says of itself.
import type { AttributeField } from "../../lib/keys.ts";
import { whereOf } from "./artworkFilters.ts";
import { type ArtworkCriteria, newestMatches } from "./artworks.ts";
import { totals, upTo, verified } from "./estimates.ts";
import { oncePerBlock, type QueryContext, readRows, statementOf } from "./queryContext.ts";
import type { Statement } from "./statement.ts";
import { tableRef } from "./tables.ts";

/** Facets by the name of their field, and the attribute that they count. */
const facetFields = {
  models: "model",
  families: "family",
  samplers: "sampler",
  schedulers: "scheduler",
  sizes: "size",
  steps: "steps",
  tags: "tag",
  workers: "worker",
  policies: "policy",
} as const satisfies Record<string, AttributeField>;

export type FacetName = keyof typeof facetFields | "verified";

/** Facets that are columns of an artwork, and the columns. Values that an artwork has several of, or writes in several ways, are none. */
const columns = {
  models: ["model_id"],
  families: ["family"],
  samplers: ["sampler_key"],
  sizes: ["width", "height"],
  policies: ["policy"],
  steps: ["steps"],
  workers: ["worker"],
} as const satisfies Partial<Record<FacetName, readonly string[]>>;

type ColumnFacet = keyof typeof columns;

/** Facets whose columns an index has. */
const covered: ReadonlySet<FacetName> = new Set(["models", "families", "samplers", "sizes", "policies", "verified"]);

/** Facets of a filter that are counted by reading each artwork. */
export const readFacetNames: ReadonlySet<FacetName> = new Set(
  (Object.keys(facetFields) as FacetName[]).filter((name) => !covered.has(name)),
);

/** A value as `attribute` has it, and how many artworks. */
export interface FacetValue {
  readonly value: string;
  readonly count: number;
}

export interface Facets {
  readonly total: number;
  readonly isApproximate: boolean;
  readonly values: ReadonlyMap<FacetName, readonly FacetValue[]>;
}

/** Newest matches of a search that are counted. */
const SEARCHED = 2_000;
/** Newest artworks that columns of an index are counted of. */
const COUNTED = 250_000;
/** Newest artworks of which each attribute is looked at. */
const LOOKED_AT = 20_000;

interface CountRow {
  readonly field: string | null;
  readonly value: string;
  readonly count: number;
}

/** The first values of some facets, most first. */
export function artworkFacets(
  context: QueryContext,
  criteria: ArtworkCriteria,
  names: readonly FacetName[],
  first: number,
): Promise<Facets> {
  const sorted = [...names].sort();
  return oncePerBlock(context, `facets/${first}/${sorted.join()}/${criteria.key}`, async () => {
    const { conditions, query } = criteria;
    const isUnfiltered = query === undefined && conditions.length === 1 && conditions[0]?.covered !== undefined;
    if (isUnfiltered) return byCounters(context, sorted, first);
    if (query !== undefined) return byAttributes(context, criteria, sorted, first, SEARCHED);
    const [inIndex, others] = [sorted.filter((name) => covered.has(name)), sorted.filter((name) => !covered.has(name))];
    const [indexed, looked, counted] = await Promise.all([
      inIndex.length > 0 ? byIndex(context, criteria, inIndex, first) : undefined,
      others.length > 0 ? byAttributes(context, criteria, others, first, LOOKED_AT) : undefined,
      inIndex.length > 0 ? 0 : matches(context, criteria),
    ]);
    const total = indexed?.total ?? counted;
    return {
      total: Math.min(total, COUNTED),
      isApproximate: total > COUNTED || (others.length > 0 && total > LOOKED_AT),
      values: new Map([...(indexed?.values ?? []), ...(looked?.values ?? [])]),
    };
  });
}

/** Returns the number of artworks that a filter lets through, up to one more than are counted. */
function matches(context: QueryContext, criteria: ArtworkCriteria): Promise<number> {
  const [, only, ...more] = criteria.conditions;
  if (only?.isExact && only.rows && more.length === 0) return only.rows();
  return upTo(context, `facets/${criteria.key}`, COUNTED + 1, (statement) => {
    const alias = statement.alias();
    return `from ${tableRef(statement, "artwork")} ${alias} where ${countedWhere(context, criteria, alias, statement)}`;
  });
}

async function byCounters(context: QueryContext, names: readonly FacetName[], first: number): Promise<Facets> {
  const [{ supply }, values] = await Promise.all([
    totals(context),
    Promise.all(
      names.map(async (name): Promise<[FacetName, readonly FacetValue[]]> => {
        if (name !== "verified") return [name, await mostOf(context, facetFields[name], first)];
        const both = await Promise.all([true, false].map(async (is) => [is, await verified(context, is)] as const));
        return [name, byCount(both.map(([is, { artworks }]) => ({ value: `${is}`, count: artworks })))];
      }),
    ),
  ]);
  return { total: supply, isApproximate: false, values: new Map(values) };
}

async function mostOf(context: QueryContext, field: AttributeField, first: number): Promise<readonly FacetValue[]> {
  return readRows(
    context,
    "byKey",
    (statement) =>
      `select value, artworks as count from ${tableRef(statement, "attribute")} where chain_id = ${statement.value(context.chainId)} and field = ${statement.value(field)} and artworks > 0 order by artworks desc, value desc limit ${statement.value(first, "int")}`,
  );
}

/** Most first; of as many the one whose value sorts last, as the counters' index has them. */
function byCount(values: readonly FacetValue[]): FacetValue[] {
  return values.filter(({ count }) => count > 0).sort((a, b) => b.count - a.count || (a.value < b.value ? 1 : -1));
}

/** Conditions by columns of the facets' index if it has all of them: then rows needn't be looked at. */
function countedWhere(
  context: QueryContext,
  { conditions }: ArtworkCriteria,
  alias: string,
  statement: Statement,
): string {
  const isInIndex = conditions.every((condition) => condition.covered);
  const used = isInIndex ? conditions.map((condition) => ({ sql: condition.covered ?? condition.sql })) : conditions;
  return whereOf(context, used, alias, statement);
}

async function byIndex(
  context: QueryContext,
  criteria: ArtworkCriteria,
  names: readonly FacetName[],
  first: number,
): Promise<Facets> {
  const { supply } = await totals(context);
  const statement = statementOf(context);
  const alias = statement.alias();
  const list = [...new Set(names.flatMap(columnsOf))].join(", ");
  const where = countedWhere(context, criteria, alias, statement);
  const all = `${tableRef(statement, "artwork")} ${alias} where ${where}`;
  // Rows come out of the index in groups, unless there is a limit.
  const rows = supply <= COUNTED ? all : `(select ${list} from ${all} limit ${COUNTED + 1}) chosen`;
  // Grouped by all columns at once first: few rows are left to be grouped by each.
  const grouped = `select ${list}, count(*)::int as n from ${rows} group by ${list}`;
  const parts = [
    `select null as field, '' as value, coalesce(sum(n), 0)::int as count from chosen`,
    ...names.map((name) => countsOf(context, statement, name, "sum(n)")),
  ];
  const text = `with chosen as materialized (${grouped}) ${firstOfEach(parts, first, statement)}`;
  const counts = await context.lists.query<CountRow>(text, statement.values);
  return { total: totalIn(counts), isApproximate: false, values: collect(names, counts) };
}

/** Columns that a facet needs. */
function columnsOf(name: FacetName): readonly string[] {
  return name === "verified" ? columns.models : isColumn(name) ? columns[name] : ["attributes"];
}

function isColumn(name: FacetName): name is ColumnFacet {
  return name in columns;
}

/** Statement that counts the values of a facet in `chosen`. `count`: how many artworks rows of it are. */
function countsOf(context: QueryContext, statement: Statement, name: FacetName, count: "sum(n)" | "count(*)"): string {
  if (name === "verified") {
    return `select 'verified' as field, coalesce(m.verified, false)::text as value, ${count}::int as count from chosen c left join ${tableRef(statement, "model")} m on m.chain_id = ${statement.value(context.chainId)} and m.model_id = c.model_id group by coalesce(m.verified, false)`;
  }
  if (isColumn(name)) {
    const value = name === "sizes" ? "width || 'x' || height" : `${columns[name][0]}::text`;
    return `select '${name}' as field, ${value} as value, ${count}::int as count from chosen group by ${columns[name].join(", ")}`;
  }
  const mark = `${facetFields[name]}:`;
  return `select '${name}' as field, substr(attribute, ${mark.length + 1}) as value, ${count}::int as count from chosen, unnest(attributes) as attribute where attribute ^@ '${mark}' group by attribute`;
}

function firstOfEach(parts: readonly string[], first: number, statement: Statement): string {
  return `select field, value, count from (select field, value, count, row_number() over (partition by field order by count desc, value collate "C" desc) as nth from (${parts.join(" union all ")}) counted) numbered where nth <= ${statement.value(first, "int")}`;
}

function collect(names: readonly FacetName[], rows: readonly CountRow[]): Map<FacetName, readonly FacetValue[]> {
  return new Map(
    names.map((name) => [
      name,
      byCount(rows.filter(({ field }) => field === name).map(({ value, count }) => ({ value, count }))),
    ]),
  );
}

/** Of the newest alone, whatever is counted. */
async function byAttributes(
  context: QueryContext,
  criteria: ArtworkCriteria,
  names: readonly FacetName[],
  first: number,
  limit: number,
): Promise<Facets> {
  const statement = statementOf(context);
  const artworks = tableRef(statement, "artwork");
  const list = (alias: string) =>
    [...new Set(["token_id", ...names.flatMap(columnsOf)])].map((column) => `${alias}.${column}`).join(", ");
  let chosen: string;
  if (criteria.query === undefined) {
    const alias = statement.alias();
    const where = whereOf(context, criteria.conditions, alias, statement);
    chosen = `select ${list(alias)} from ${artworks} ${alias} where ${where} order by ${alias}.token_id desc limit ${limit}`;
  } else {
    const found = await newestMatches(context, criteria, statement, limit);
    chosen = `select ${list("a")} from (${found}) f join ${artworks} a on a.chain_id = ${statement.value(context.chainId)} and a.token_id = f.token_id`;
  }
  const parts = [
    `select null as field, '' as value, count(*)::int as count from chosen`,
    ...names.map((name) => countsOf(context, statement, name, "count(*)")),
  ];
  const text = `with chosen as materialized (${chosen}) ${firstOfEach(parts, first, statement)}`;
  const counts = await context.lists.query<CountRow>(text, statement.values);
  const total = totalIn(counts);
  return { total, isApproximate: total >= limit, values: collect(names, counts) };
}

function totalIn(rows: readonly CountRow[]): number {
  return rows.find(({ field }) => field === null)?.count ?? 0;
}

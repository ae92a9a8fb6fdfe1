// How many artworks have what: by counters when nothing is asked for, else from the index that has the columns of facets, else, of the
// newest alone, from what each artwork says of itself.
import type { AttributeField } from "../../keys.ts";
import { type ArtworkQuestion, newestMatches } from "./artworks.ts";
import { type Asking, oncePerBlock, placeOf, statementOf } from "./asking.ts";
import type { Statement } from "./builder.ts";
import { artworkColumn, whereOf } from "./conditions.ts";
import { totals, upTo, verified } from "./estimates.ts";

/** Facets by the name of their field, and the attribute that they count. */
export const facetFields = {
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

/** Those that an index has the columns of, and the columns. */
const covered = {
  models: ["model_id"],
  families: ["family"],
  samplers: ["sampler_key"],
  sizes: ["width", "height"],
  policies: ["policy"],
} as const;

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
export const SEARCHED = 2_000;
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
  asking: Asking,
  question: ArtworkQuestion,
  names: readonly FacetName[],
  first: number,
): Promise<Facets> {
  const sorted = [...names].sort();
  return oncePerBlock(asking, `facets/${first}/${sorted.join()}/${question.key}`, async () => {
    const { conditions, query } = question;
    const isUnfiltered = query === undefined && conditions.length === 1 && conditions[0]?.covered !== undefined;
    if (isUnfiltered) return byCounters(asking, sorted, first);
    if (query !== undefined) return byAttributes(asking, question, sorted, first, SEARCHED);
    const total = await upTo(asking, `facets/${question.key}`, COUNTED + 1, (statement) => {
      const alias = statement.alias();
      return `from ${placeOf(statement, "artwork")} ${alias} where ${countedWhere(asking, question, alias, statement)}`;
    });
    const [inIndex, others] = [sorted.filter(isCovered), sorted.filter((name) => !isCovered(name))];
    const parts = await Promise.all([
      inIndex.length > 0 ? byIndex(asking, question, inIndex, first) : undefined,
      others.length > 0 ? byAttributes(asking, question, others, first, LOOKED_AT) : undefined,
    ]);
    return {
      total: Math.min(total, COUNTED),
      isApproximate: total > COUNTED || (others.length > 0 && total > LOOKED_AT),
      values: new Map(parts.flatMap((part) => [...(part?.values ?? [])])),
    };
  });
}

function isCovered(name: FacetName): boolean {
  return name in covered || name === "verified";
}

async function byCounters(asking: Asking, names: readonly FacetName[], first: number): Promise<Facets> {
  const [{ supply }, values] = await Promise.all([
    totals(asking),
    Promise.all(
      names.map(async (name): Promise<[FacetName, readonly FacetValue[]]> => {
        if (name !== "verified") return [name, await mostOf(asking, facetFields[name], first)];
        const both = await Promise.all([true, false].map(async (is) => [is, await verified(asking, is)] as const));
        return [name, byCount(both.map(([is, { artworks }]) => ({ value: `${is}`, count: artworks })))];
      }),
    ),
  ]);
  return { total: supply, isApproximate: false, values: new Map(values) };
}

async function mostOf(asking: Asking, field: AttributeField, first: number): Promise<readonly FacetValue[]> {
  const statement = statementOf(asking);
  const text = `select value, artworks as count from ${placeOf(statement, "attribute")} where chain_id = ${statement.value(asking.chainId)} and field = ${statement.value(field)} and artworks > 0 order by artworks desc, value desc limit ${statement.value(first, "int")}`;
  return asking.byKey.query<FacetValue>(text, statement.values);
}

/** Most first; of as many the one whose value sorts last, as the counters' index has them. */
function byCount(values: readonly FacetValue[]): FacetValue[] {
  return values.filter(({ count }) => count > 0).sort((a, b) => b.count - a.count || (a.value < b.value ? 1 : -1));
}

/** Conditions by columns of the facets' index if it has all of them: then rows needn't be looked at. */
function countedWhere(asking: Asking, { conditions }: ArtworkQuestion, alias: string, statement: Statement): string {
  const isInIndex = conditions.every((condition) => condition.covered);
  const used = isInIndex ? conditions.map((condition) => ({ sql: condition.covered ?? condition.sql })) : conditions;
  return whereOf(asking, used, alias, statement);
}

async function byIndex(
  asking: Asking,
  question: ArtworkQuestion,
  names: readonly FacetName[],
  first: number,
): Promise<Facets> {
  const statement = statementOf(asking);
  const alias = statement.alias();
  const facets = names.filter((name): name is keyof typeof covered => name in covered);
  const needsModel = names.includes("verified");
  const columns = [
    ...new Set([...facets.flatMap((name) => covered[name]), ...(needsModel ? (["model_id"] as const) : [])]),
  ];
  const list = columns.map((column) => `${alias}.${column}`).join(", ");
  const where = countedWhere(asking, question, alias, statement);
  const groups = columns.map((_, i) => i + 1).join(", ");
  const rows = `select ${list} from ${placeOf(statement, "artwork")} ${alias} where ${where} limit ${COUNTED}`;
  // Grouped by all columns at once first: few rows are left for the sets.
  const parts = [
    ...facets.map((name) => {
      const value = name === "sizes" ? "width || 'x' || height" : `${covered[name][0]}::text`;
      return `select '${name}' as field, ${value} as value, sum(n)::int as count from grouped group by ${covered[name].join(", ")}`;
    }),
    ...(needsModel
      ? [
          `select 'verified' as field, coalesce(m.verified, false)::text as value, sum(n)::int as count from grouped g left join ${placeOf(statement, "model")} m on m.chain_id = ${statement.value(asking.chainId)} and m.model_id = g.model_id group by coalesce(m.verified, false)`,
        ]
      : []),
  ];
  const text = `with grouped as materialized (select ${columns.join(", ")}, count(*) as n from (${rows}) chosen group by ${groups}) ${firstOfEach(parts, first, statement)}`;
  const counts = await asking.lists.query<CountRow>(text, statement.values);
  return { total: 0, isApproximate: false, values: collect(names, counts) };
}

function firstOfEach(parts: readonly string[], first: number, statement: Statement): string {
  return `select field, value, count from (select field, value, count, row_number() over (partition by field order by count desc, value collate "C" desc) as place from (${parts.join(" union all ")}) counted) placed where place <= ${statement.value(first, "int")}`;
}

function collect(names: readonly FacetName[], rows: readonly CountRow[]): Map<FacetName, readonly FacetValue[]> {
  return new Map(
    names.map((name) => [
      name,
      byCount(rows.filter(({ field }) => field === name).map(({ value, count }) => ({ value, count }))),
    ]),
  );
}

async function byAttributes(
  asking: Asking,
  question: ArtworkQuestion,
  names: readonly FacetName[],
  first: number,
  limit: number,
): Promise<Facets> {
  const statement = statementOf(asking);
  const alias = statement.alias();
  const artworks = placeOf(statement, "artwork");
  const chain = statement.value(asking.chainId);
  let chosen: string;
  if (question.query === undefined) {
    const where = whereOf(asking, question.conditions, alias, statement);
    const column = artworkColumn(alias);
    chosen = `select ${column("attributes")}, ${column("modelId")} from ${artworks} ${alias} where ${where} order by ${column("tokenId")} desc limit ${limit}`;
  } else {
    const found = await newestMatches(asking, question, statement, limit);
    chosen = `select a.attributes, a.model_id from (${found}) f join ${artworks} a on a.chain_id = ${chain} and a.token_id = f.token_id `;
  }
  const fields = names.filter((name): name is keyof typeof facetFields => name !== "verified");
  const wanted = statement.value(
    fields.map((name) => facetFields[name]),
    "text[]",
  );
  const parts = [
    `select null as field, '' as value, count(*)::int as count from chosen`,
    `select split_part(attribute, ':', 1) as field, substr(attribute, strpos(attribute, ':') + 1) as value, count(*)::int as count from chosen, unnest(attributes) as attribute where split_part(attribute, ':', 1) = any(${wanted}) group by attribute`,
    ...(names.includes("verified")
      ? [
          `select 'verified' as field, coalesce(m.verified, false)::text as value, count(*)::int as count from chosen c left join ${placeOf(statement, "model")} m on m.chain_id = ${chain} and m.model_id = c.model_id group by coalesce(m.verified, false)`,
        ]
      : []),
  ];
  const text = `with chosen as materialized (${chosen}) ${firstOfEach(parts, first, statement)}`;
  const rows = await asking.lists.query<CountRow>(text, statement.values);
  const named = rows.map((row) => ({
    ...row,
    field: fields.find((name) => facetFields[name] === row.field) ?? row.field,
  }));
  const found = rows.find(({ field }) => field === null)?.count ?? 0;
  return { total: found, isApproximate: found >= limit, values: collect(names, named) };
}

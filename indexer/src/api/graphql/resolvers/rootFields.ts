// The fields of `Query`: each reads what is asked of it, at most one page and its total, and answers rows. Everything below is read from
// those rows.
import {
  type ArtworkArguments,
  type ArtworkCriteria,
  artworkCriteria,
  readArtworks,
  withOrder,
} from "../../query/artworks.ts";
import { collectionStatistics } from "../../query/collections.ts";
import { type ListArguments, listTotal, readPage } from "../../query/connectionPage.ts";
import { holderLists, type List, lists } from "../../query/connections.ts";
import { artworkFacets, type FacetName, type FacetValue } from "../../query/facets.ts";
import { cursorOf, lengthOf, type ReadPage, slice } from "../../query/keyset.ts";
import { MAX_DAYS, MAX_FIRST } from "../../query/limits.ts";
import { enums, type Row } from "../../query/objectTypes.ts";
import { oncePerBlock, type QueryContext, readRows } from "../../query/queryContext.ts";
import { rowsByKey } from "../../query/rowsByKey.ts";
import { find, merged, type SelectedField, under } from "../../query/selection.ts";
import { countOf, requireType, selectList } from "../../query/selectList.ts";
import { snippetOf } from "../../query/snippet.ts";
import { columnOf, tableOf, tableRef } from "../../query/tables.ts";
import { artworkTotal, type Total } from "../../query/totals.ts";
import { requestError } from "../errors.ts";
import type { Selection } from "../selection.ts";
import { readLeaderboard } from "./leaderboard.ts";
import { readNode, readNodes } from "./nodes.ts";
import { readRarity } from "./rarity.ts";
import { readRemixTree } from "./remixTree.ts";
import type { Resolver, ResolverArgs } from "./resolver.ts";

/** Root fields that find one row: the arguments that name it, by column. */
const single: Readonly<
  Record<string, { readonly type: string; readonly by?: readonly [argument: string, column: string] }>
> = {
  artwork: { type: "Artwork", by: ["tokenId", "tokenId"] },
  series: { type: "Series", by: ["seriesId", "seriesId"] },
  model: { type: "Model", by: ["modelId", "modelId"] },
  worker: { type: "Worker", by: ["address", "address"] },
  signer: { type: "Signer", by: ["address", "signer"] },
  account: { type: "Account", by: ["address", "address"] },
  receipt: { type: "Receipt", by: ["receiptId", "receiptId"] },
  lane: { type: "Lane", by: ["laneId", "laneId"] },
  protocol: { type: "Protocol" },
};

/** Root fields that list days, the latest first: the argument that says whose, by column. */
const days: typeof single = {
  statistics: { type: "DayStatistics" },
  modelStatistics: { type: "ModelDay", by: ["modelId", "modelId"] },
  workerStatistics: { type: "WorkerDay", by: ["worker", "worker"] },
};

const others: Readonly<Record<string, Resolver>> = {
  block: readBlock,
  node: readNode,
  nodes: readNodes,
  artworks: readArtworkList,
  artworkFacets: readFacets,
  collection: ({ context, arguments: { collection } }) =>
    collectionStatistics(context, collection as "ARTWORK" | "MODEL"),
  holders: readHolders,
  leaderboard: readLeaderboard,
  remixTree: readRemixTree,
  seriesRarity: readRarity,
};

/** Returns the resolver of a field of `Query`. Undefined for one that has no meaning. */
export function resolverOf(name: string): Resolver | undefined {
  const list = lists[name];
  if (list) return (args) => readList(args, list);
  if (single[name]) return readSingle;
  return days[name] ? readDays : others[name];
}

/** Returns whether a root field asks the database. */
export function asksDatabase({ name }: Selection): boolean {
  return name !== "block" && !name.startsWith("__");
}

async function readSingle({ context, selection, arguments: given }: ResolverArgs): Promise<Row | null> {
  const { type, by } = single[selection.name] as (typeof single)[string];
  const [row] = await readSelected(context, { type, fields: selection.fields, rows: 1, where: whereBy(by, given) });
  if (!row && selection.name === "protocol") {
    throw requestError("NOT_READY", "The protocol's first block is not indexed yet: ask again.");
  }
  return row ?? null;
}

async function readDays({ context, selection, arguments: given }: ResolverArgs): Promise<readonly Row[]> {
  const { type, by } = days[selection.name] as (typeof days)[string];
  const rows = countOf("days", given.days, MAX_DAYS);
  return readSelected(context, { type, fields: selection.fields, rows, where: whereBy(by, given), newest: "day" });
}

function whereBy(
  by: readonly [argument: string, column: string] | undefined,
  given: Readonly<Record<string, unknown>>,
): readonly (readonly [column: string, value: unknown])[] {
  return by ? [[by[1], given[by[0]]]] : [];
}

interface Reading {
  readonly type: string;
  readonly fields: readonly SelectedField[];
  readonly rows: number;
  readonly where: readonly (readonly [column: string, value: unknown])[];
  readonly newest?: string;
}

function readSelected(context: QueryContext, { type, fields, rows, where, newest }: Reading): Promise<Row[]> {
  context.budget.spend(rows, type, fields);
  const table = tableOf(requireType(type).table);
  return readRows(context, "byKey", (statement) => {
    const alias = statement.alias();
    const conditions = [["chainId", context.chainId] as const, ...where].map(
      ([key, value]) => `${columnOf(table, alias, key)} = ${statement.value(value)}`,
    );
    const list = selectList(statement, type, fields, alias);
    const order = newest ? ` order by ${columnOf(table, alias, newest)} desc` : "";
    return `select ${list} from ${tableRef(statement, table.name)} ${alias} where ${conditions.join(" and ")}${order} limit ${statement.value(rows, "int")}`;
  });
}

/** The block that the rows are true at; its hash is the chain's, if that has the same block there. */
async function readBlock({ context, selection }: ResolverArgs): Promise<Row> {
  const { chainId, shared } = context;
  const { number, timestamp } = context.block ?? { number: 0, timestamp: 0 };
  const isHashed = find(selection.fields, "hash") !== undefined;
  // Once for each block: every time it would be asked of all nodes.
  const hashed = () => oncePerBlock(context, `block/${number}`, () => shared.chain.block(number));
  const block = isHashed ? await hashed().catch(() => undefined) : undefined;
  return { chainId, number, timestamp, hash: block?.timestamp === timestamp ? block.hash : null };
}

// ---------------------------------------------------------------------------------------------------------------- lists

const nodeFields = new WeakMap<readonly SelectedField[], readonly SelectedField[]>();

/** Returns the fields that are asked of the nodes of a connection: under `nodes`, and under `edges { node }`. */
function nodesAsked(fields: readonly SelectedField[]): readonly SelectedField[] {
  const known = nodeFields.get(fields);
  if (known) return known;
  const made = merged([under(fields, "nodes"), under(under(fields, "edges"), "node")]);
  nodeFields.set(fields, made);
  return made;
}

const isPaged = ({ fields }: Selection): boolean =>
  fields.some(({ name }) => name === "nodes" || name === "edges" || name === "pageInfo");
const isCounted = ({ fields }: Selection): boolean =>
  fields.some(({ name }) => name === "totalCount" || name === "totalIsExact");

async function readList({ context, selection, arguments: given }: ResolverArgs, list: List): Promise<unknown> {
  lengthOf(given as ListArguments);
  const { search } = given;
  const isSearch = list.search && typeof search === "string" && search.trim() !== "";
  const listArguments: ListArguments = {
    ...given,
    ...(isSearch && { found: await list.search.find(context, search) }),
  };
  const [page, total] = await Promise.all([
    isPaged(selection) ? readPage(context, list, listArguments, nodesAsked(selection.fields)) : undefined,
    isCounted(selection) ? listTotal(context, list, listArguments) : undefined,
  ]);
  return connection(selection, page, total);
}

async function readHolders(args: ResolverArgs): Promise<unknown> {
  const { collection, seriesId } = args.arguments;
  if (seriesId !== undefined && seriesId !== null) {
    if (collection !== "ARTWORK") throw requestError("BAD_INPUT", "seriesId is of artworks: collection: ARTWORK.");
    return readList({ ...args, arguments: { ...args.arguments, filter: { seriesId } } }, holderLists.series);
  }
  return readList(args, collection === "ARTWORK" ? holderLists.artworks : holderLists.models);
}

async function readArtworkList({ context, selection, arguments: given }: ResolverArgs): Promise<unknown> {
  const { filter, search, orderBy } = given as ArtworkArguments;
  lengthOf(given as ArtworkArguments);
  const args = withOrder(await artworkCriteria(context, filter, search), orderBy);
  const edges = under(selection.fields, "edges");
  const hasSnippet = args.query !== undefined && find(edges, "snippet") !== undefined;
  const [page, total] = await Promise.all([
    isPaged(selection)
      ? readArtworks(
          context,
          args,
          given as ArtworkArguments,
          nodesAsked(selection.fields),
          hasSnippet ? ["prompt"] : [],
        )
      : undefined,
    isCounted(selection) ? artworkTotal(context, args) : undefined,
  ]);
  return connection(selection, page, total, args);
}

function connection(
  selection: Selection,
  read: ReadPage | undefined,
  total: Total | undefined,
  args?: ArtworkCriteria,
): unknown {
  const found = read && slice(read);
  const rows = found?.rows ?? [];
  const cursor = (row: Row | undefined) => (row && read ? cursorOf(read.order, row) : null);
  return {
    nodes: rows,
    ...(find(selection.fields, "edges") && {
      edges: rows.map((row) => ({
        node: row,
        cursor: cursor(row),
        snippet:
          args?.search === undefined
            ? null
            : (snippetOf(String(row["~prompt"] ?? ""), args.search, args.spellings) ?? null),
        rank: read?.order === "RELEVANCE" ? Number(row["=0"]) : null,
      })),
    }),
    pageInfo: {
      hasNextPage: found?.hasNextPage,
      hasPreviousPage: found?.hasPreviousPage,
      // Only what is asked for is written.
      get startCursor() {
        return cursor(rows[0]);
      },
      get endCursor() {
        return cursor(rows.at(-1));
      },
    },
    totalCount: total?.count,
    totalIsExact: total?.isExact,
  };
}

// --------------------------------------------------------------------------------------------------------------- facets

/** Facets that name a row of another table: the field that it is under. */
const facetRows: Readonly<Record<string, readonly [field: string, type: string, key: string]>> = {
  models: ["model", "Model", "modelId"],
  workers: ["worker", "Worker", "address"],
};

const facetObjects: Readonly<Record<FacetName, (value: string) => Row>> = {
  models: (modelId) => ({ modelId }),
  families: (value) => ({ family: enums.family[Number(value)] ?? null }),
  verified: (value) => ({ verified: value === "true" }),
  policies: (value) => ({ policy: enums.policy[Number(value)] ?? null }),
  workers: (address) => ({ address }),
  samplers: (value) => ({ value }),
  schedulers: (value) => ({ value }),
  sizes: (value) => ({ value }),
  steps: (value) => ({ value }),
  tags: (value) => ({ value }),
};

async function readFacets({ context, selection, arguments: given }: ResolverArgs): Promise<unknown> {
  const { filter, search } = given as ArtworkArguments;
  const args = await artworkCriteria(context, filter, search);
  const first = countOf("first", given.first, MAX_FIRST);
  const names = [
    ...new Set(selection.fields.map(({ name }) => name).filter((name): name is FacetName => name in facetObjects)),
  ];
  const { total, isApproximate, values } = await artworkFacets(context, args, names, first);
  const facets = await Promise.all(
    names.map(async (name) => [name, await facetOf(context, selection, name, values.get(name) ?? [])] as const),
  );
  return { total, isApproximate, ...Object.fromEntries(facets) };
}

async function facetOf(
  context: QueryContext,
  selection: Selection,
  name: FacetName,
  values: readonly FacetValue[],
): Promise<readonly Row[]> {
  const objects = values.map(({ value, count }): Row => ({ ...facetObjects[name](value), count }));
  const [field, type, key] = facetRows[name] ?? [];
  const fields = field ? under(under(selection.fields, name), field) : [];
  if (!field || !type || !key || fields.length === 0 || values.length === 0) return objects;
  const byKey = await rowsByKey(context, { type, key, values: values.map(({ value }) => value), fields });
  return objects.map((object, i) => ({ ...object, [field]: byKey.get(values[i]?.value ?? "") ?? null }));
}

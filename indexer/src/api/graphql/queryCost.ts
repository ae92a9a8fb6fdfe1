// Cost of a query before it is asked, from what it selects: by the kinds of its root fields and the rows that it may read.
import { getNamedType, isInterfaceType, isListType, isNonNullType } from "graphql";
import { type FacetName, readFacetNames } from "../query/facets.ts";
import { isSummedFromRows } from "../query/leaderboards.ts";
import { DEFAULT_FIRST, MAX_FIRST, MAX_ROWS } from "../query/limits.ts";
import { objectTypes } from "../query/objectTypes.ts";
import { costs } from "./costs.ts";
import type { Selection } from "./selection.ts";

type Given = Readonly<Record<string, unknown>>;

/** Cost of a root field in the unit of `costs.ts`. `given`: its arguments. */
export function costOfField(selection: Selection, given: Given): number {
  if (selection.name === "__typename") return 0;
  if (selection.name.startsWith("__")) return costs.schema;
  const isNarrowed = isFiltered(given);
  const isSearch = typeof given.search === "string" && given.search.trim() !== "";
  const typeName = getNamedType(selection.type).name;
  if (typeName === "ArtworkFacets") return costs.field + costOfFacets(selection, { isNarrowed, isSearch });
  // Too many are refused by their number, when they are counted exactly.
  const rows = costs.row * Math.min(rowsOf(selection, given), MAX_ROWS);
  if (!typeName.endsWith("Connection"))
    return costs.field + rows + (typeName === "Leaderboard" && isSummedFromRows(given.of) ? costs.leaderboard : 0);
  const names = new Set(selection.fields.map(({ name }) => name));
  const isPaged = names.has("nodes") || names.has("edges") || names.has("pageInfo");
  const isCounted = (names.has("totalCount") || names.has("totalIsExact")) && (isNarrowed || isSearch);
  const page = isPaged ? costs.page + rows + (isSearch ? costs.search : 0) : 0;
  return costs.field + page + (isCounted ? (isSearch ? costs.searchedCount : costs.count) : 0);
}

function costOfFacets({ fields }: Selection, { isNarrowed, isSearch }: { isNarrowed: boolean; isSearch: boolean }) {
  const names = [...new Set(fields.map(({ name }) => name))];
  if (isSearch) return costs.searchedFacets;
  if (!isNarrowed) return costs.facet * names.length;
  const read = names.filter((name) => readFacetNames.has(name as FacetName)).length;
  return (read < names.length ? costs.indexedFacets : 0) + costs.readFacet * read;
}

/** Returns whether arguments narrow a list down. */
function isFiltered({ filter, seriesId }: Given): boolean {
  const conditions = Object.values((filter ?? {}) as Given);
  return (seriesId ?? null) !== null || conditions.some((value) => value !== null && value !== undefined);
}

/** Rows that a field may read, lists within lists multiplied. */
function rowsOf(selection: Selection, given: Given = selection.arguments): number {
  const { type, fields } = selection;
  const named = getNamedType(type);
  const typeName = named.name;
  // An object of an interface costs what the dearest kind of it would.
  if (isInterfaceType(named)) {
    const dearest = Math.max(0, ...selection.kinds().map(innerRows));
    return (Array.isArray(given.ids) ? given.ids.length : 1) * (1 + dearest);
  }
  const inner = innerRows(fields);
  if (typeName.endsWith("Connection")) return lengthOf(given, DEFAULT_FIRST) * Math.max(1, inner);
  if (typeName === "PageInfo") return 0;
  // Items of a connection are counted by it.
  if (typeName.endsWith("Edge")) return inner;
  if (selection.name === "nodes") return 1 + inner;
  // Items of a value hold no rows of their own.
  if (!(typeName in objectTypes) && inner === 0) return 1;
  const isList = isListType(isNonNullType(type) ? type.ofType : type);
  return (isList ? lengthOf(given, MAX_FIRST) : 1) * (1 + inner);
}

/** Rows of lists and objects within a row. */
function innerRows(fields: readonly Selection[]): number {
  return fields.reduce((sum, one) => sum + (one.fields.length > 0 ? rowsOf(one) : 0), 0);
}

function lengthOf({ first, last, days }: Given, standing: number): number {
  const length = first ?? last ?? days;
  return typeof length === "number" && length > 0 ? length : standing;
}

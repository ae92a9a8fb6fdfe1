// Costs of queries, in one unit for `/graphql` and `/v1`: about what a page of 24 rows takes the processors of API and database, a
// millisecond. `npm run bench:api` prints them beside what it measures, over 100,000 artworks, and they are rounded from that.

/** Costs of the parts of a query. */
export const costs = {
  /** A root field, whatever it answers. */
  field: 0.25,
  /** A page of a list, beside its rows. */
  page: 0.5,
  /** A row, those of lists within lists included. */
  row: 0.01,
  /** A total that is counted, of a filter, up to 10,000. Others are kept by the indexer. */
  count: 10,
  /** Total of a search. It takes 26 to 47. At its full cost it would wait with facets, and searches are not to. */
  searchedCount: 14,
  /** A page of a search, beside its rows. */
  search: 4,
  /** A facet by counters that the indexer keeps. */
  facet: 0.25,
  /** Facets of a search: its newest 2,000 matches are looked at. */
  searchedFacets: 25,
  /** Facets of a filter whose columns an index has. */
  indexedFacets: 20,
  /** Each facet of a filter that is read from artworks, of the newest 20,000. */
  readFacet: 50,
  /** A leaderboard that is summed from the mints or transfers of a week; others have sums by day. */
  leaderboard: 35,
  /** The whole schema by introspection, or a part of it. */
  schema: 20,
} as const;

/** Most that one query may cost. */
export const MAX_COST = 300;
/** Queries of this cost are expensive: they keep to a part of the connections. */
export const EXPENSIVE = 20;

// What questions cost, in one unit for `/graphql` and `/v1`: what a page of 24 rows takes the processors of API and database. The figures
// are rounded from `npm run bench:api`, over 100,000 artworks.

/** Costs of the parts of a question. */
export const costs = {
  /** A root field, whatever it answers. */
  field: 0.25,
  /** A page of a list, beside its rows. */
  page: 0.5,
  /** A row, those of lists within lists included. */
  row: 0.01,
  /** A total that is counted: of a filter or a search. Others are kept by the indexer. */
  count: 3,
  /** A page of a search, beside its rows. */
  search: 3,
  /** A facet by counters that the indexer keeps. */
  facet: 0.25,
  /** Facets of a search: its newest matches are looked at. */
  searchedFacets: 15,
  /** Facets of a filter whose columns an index has. */
  indexedFacets: 25,
  /** Facets of a filter that are looked up in each artwork. */
  readFacets: 40,
  /** The whole schema by introspection, or a part of it. */
  schema: 20,
} as const;

/** Most that one question may cost. */
export const MAX_COST = 200;
/** Questions of this cost are expensive: they keep to a part of the connections. */
export const EXPENSIVE = 10;
/** Milliseconds that a question may take, all its statements together. */
export const MAX_TIME = 5_000;

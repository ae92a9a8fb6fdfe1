// The routes of `/v1`: which query each asks, and how it says what it answers.
import { queries } from "./queries.ts";

/** A route that asks the gallery schema. */
export interface RouteSpec {
  /** Path as OpenAPI writes it. */
  readonly path: string;
  readonly summary: string;
  readonly tag: "artworks" | "models" | "workers" | "accounts" | "statistics";
  readonly query: string;
  /** Root field that is null when there is no such thing, and how that is called. */
  readonly subject?: { readonly field: string; readonly name: string; readonly isHidden?: boolean };
  /** Fields of filters that the route itself decides, and from which parameter. */
  readonly decided?: Readonly<Record<string, string>>;
  /** Words that URLs have for values of the schema, by parameter. */
  readonly words?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** True when the answer changes by time alone. */
  readonly isTimed?: boolean;
}

const collections = { collection: { artworks: "ARTWORK", models: "MODEL" } };
const subjects = { of: { artists: "ARTISTS", collectors: "COLLECTORS", models: "MODELS", workers: "WORKERS" } };
const artworkOf = (isHidden = false) => ({ field: "artwork", name: "artwork", isHidden });

export const routes: readonly RouteSpec[] = [
  {
    path: "/v1/artworks",
    summary: "A page of artworks: filtered, searched, sorted",
    tag: "artworks",
    query: queries.artworks,
  },
  {
    path: "/v1/artworks/{token_id}",
    summary: "An artwork with all its versions",
    tag: "artworks",
    query: queries.artwork,
    subject: artworkOf(),
  },
  {
    path: "/v1/artworks/{token_id}/provenance",
    summary: "Where each version of an artwork came from, with all that is needed to check it by oneself",
    tag: "artworks",
    query: queries.provenance,
    subject: artworkOf(),
  },
  {
    path: "/v1/artworks/{token_id}/activity",
    summary: "What happened to an artwork, newest first",
    tag: "artworks",
    query: queries.artworkActivity,
    subject: artworkOf(true),
  },
  {
    path: "/v1/artworks/{token_id}/remixes",
    summary: "What was made from an artwork, or what it was made from, at any depth",
    tag: "artworks",
    query: queries.remixTree,
    subject: artworkOf(true),
  },
  {
    path: "/v1/series/{series_id}/rarity",
    summary: "How rare the artworks of a series are, the rarest first",
    tag: "artworks",
    query: queries.rarity,
    subject: { field: "rarity", name: "artwork of series" },
  },
  {
    path: "/v1/search",
    summary: "Artworks by words, the best first, with the place in the prompt that matches",
    tag: "artworks",
    query: queries.search,
  },
  {
    path: "/v1/facets",
    summary: "How many of some artworks have what, to narrow a list down",
    tag: "artworks",
    query: queries.facets,
  },
  {
    path: "/v1/series",
    summary: "A page of series: searched, of an artist",
    tag: "artworks",
    query: queries.seriesList,
  },
  {
    path: "/v1/series/{series_id}",
    summary: "A series with its artworks",
    tag: "artworks",
    query: queries.series,
    subject: { field: "series", name: "series" },
  },
  {
    path: "/v1/models",
    summary: "A page of models",
    tag: "models",
    query: queries.models,
    isTimed: true,
  },
  {
    path: "/v1/models/{model_id}",
    summary: "A model",
    tag: "models",
    query: queries.model,
    subject: { field: "model", name: "model" },
    isTimed: true,
  },
  {
    path: "/v1/models/{model_id}/statistics",
    summary: "Sums of a model by day, the latest day first",
    tag: "models",
    query: queries.modelStatistics,
    subject: { field: "model", name: "model", isHidden: true },
  },
  { path: "/v1/workers", summary: "A page of workers", tag: "workers", query: queries.workers },
  {
    path: "/v1/workers/{address}",
    summary: "A worker",
    tag: "workers",
    query: queries.worker,
    subject: { field: "worker", name: "worker" },
  },
  {
    path: "/v1/workers/{address}/statistics",
    summary: "Sums of a worker by day, the latest day first",
    tag: "workers",
    query: queries.workerStatistics,
    subject: { field: "worker", name: "worker", isHidden: true },
  },
  {
    path: "/v1/workers/{address}/earnings",
    summary: "What a worker earned, by week and model",
    tag: "workers",
    query: queries.workerEarnings,
    subject: { field: "worker", name: "worker", isHidden: true },
    decided: { worker: "address" },
  },
  {
    path: "/v1/licenses",
    summary:
      "A page of licenses to use models; with `order=expires_first` and `expires_within_days` those that end soon",
    tag: "models",
    query: queries.licenses,
    isTimed: true,
  },
  {
    path: "/v1/accounts/{address}",
    summary: "An account: what it has, made and spent",
    tag: "accounts",
    query: queries.account,
    subject: { field: "account", name: "account" },
  },
  {
    path: "/v1/accounts/{address}/artworks",
    summary: "A page of the artworks that an account owns",
    tag: "accounts",
    query: queries.portfolio,
    subject: { field: "account", name: "account", isHidden: true },
    decided: { owner: "address" },
  },
  {
    path: "/v1/approvals/tokens",
    summary: "Who may move single tokens of others, as far as it is in force",
    tag: "accounts",
    query: queries.tokenApprovals,
  },
  {
    path: "/v1/approvals/operators",
    summary: "Who may move all tokens of others, as far as it is in force",
    tag: "accounts",
    query: queries.operatorApprovals,
  },
  {
    path: "/v1/transfers",
    summary: "Changes of owner; with `held_at_block` and `to` what an account owned at a block",
    tag: "accounts",
    query: queries.transfers,
  },
  {
    path: "/v1/transactions/{tx}",
    summary: "What happened in a transaction, to which tokens",
    tag: "statistics",
    query: queries.transaction,
  },
  {
    path: "/v1/leaderboards/{of}",
    summary: "Who did most in a week: artists, collectors, models or workers",
    tag: "statistics",
    query: queries.leaderboard,
    words: subjects,
    isTimed: true,
  },
  {
    path: "/v1/collections/{collection}",
    summary: "What is known of a whole collection: artworks or models",
    tag: "statistics",
    query: queries.collection,
    words: collections,
    isTimed: true,
  },
  {
    path: "/v1/collections/{collection}/holders",
    summary: "Who owns how many tokens of a collection, or artworks of one series; most first",
    tag: "statistics",
    query: queries.holders,
    words: collections,
  },
  {
    path: "/v1/activity",
    summary: "Everything that happened; with `order=oldest`, `cursor` and `min_block` it keeps a copy in step",
    tag: "statistics",
    query: queries.activity,
  },
  {
    path: "/v1/statistics",
    summary: "Sums by day, the latest day first",
    tag: "statistics",
    query: queries.statistics,
  },
];

// One function for each question: options for query-core, to be fetched once, watched, or asked page by page.
import type { Address, Hex } from "viem";
import {
  type ArtworkFacetsVariables,
  type Collection,
  documents,
  type HoldersVariables,
  type SearchVariables,
} from "../generated/gallery.js";
import type { GalleryClient } from "./client.js";
import type { GalleryDocument } from "./document.js";
import { galleryPages, galleryQuery, type PageVariables, type QueryOptions } from "./options.js";
import type { BigIntInput } from "./scalars.js";

type Pages<variables> = Omit<variables, "after">;
type Listed = {
  readonly page: { readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null } };
};

/** The two ways of asking for a list whose variables may all be left out. */
function listOf<variables extends PageVariables, answer extends Listed>(document: GalleryDocument<variables, answer>) {
  return {
    one: (gallery: GalleryClient, variables: variables = {} as variables, options?: QueryOptions) =>
      galleryQuery(gallery, document, variables, options),
    pages: (gallery: GalleryClient, variables: Pages<variables> = {} as Pages<variables>, options?: QueryOptions) =>
      galleryPages(gallery, document, variables, options),
  };
}

const artworks = listOf(documents.artworks);
const seriesList = listOf(documents.seriesList);
const models = listOf(documents.models);
const workers = listOf(documents.workers);
const accounts = listOf(documents.accounts);
const receipts = listOf(documents.receipts);
const settlements = listOf(documents.settlements);
const lanes = listOf(documents.lanes);
const transfers = listOf(documents.transfers);
const activity = listOf(documents.activity);

/**
 * An artwork with all its versions; null when there is none.
 *
 * @example
 * const { artwork } = await queryClient.fetchQuery(artworkQuery(gallery, 1001n));
 */
export const artworkQuery = (gallery: GalleryClient, tokenId: BigIntInput, options?: QueryOptions) =>
  galleryQuery(gallery, documents.artwork, { tokenId }, options);

/** Provenance of an artwork's versions, with the receipts as they were signed; null when there is none. */
export const provenanceQuery = (gallery: GalleryClient, tokenId: BigIntInput, options?: QueryOptions) =>
  galleryQuery(gallery, documents.provenance, { tokenId }, options);

/**
 * One page of artworks: filtered, searched, ordered.
 *
 * @example
 * const { page } = await queryClient.fetchQuery(artworksQuery(gallery, { search: "lighthouse", orderBy: "NEWEST" }));
 */
export const artworksQuery = artworks.one;

/**
 * Artworks page by page.
 *
 * @example
 * const observer = new InfiniteQueryObserver(queryClient, artworksPages(gallery, { filter: { artist } }));
 */
export const artworksPages = artworks.pages;

/**
 * One page of artworks that words find, the best first: each with the place in its prompt that matches, as HTML.
 *
 * @example
 * const { page } = await queryClient.fetchQuery(searchQuery(gallery, { search: '"stormy sea" or lighthouse -night' }));
 * for (const { node, snippet } of page.edges) show(node, snippet);
 */
export const searchQuery = (gallery: GalleryClient, variables: SearchVariables, options?: QueryOptions) =>
  galleryQuery(gallery, documents.search, variables, options);

/** Artworks that words find, page by page. */
export const searchPages = (gallery: GalleryClient, variables: Pages<SearchVariables>, options?: QueryOptions) =>
  galleryPages(gallery, documents.search, variables, options);

/** Counts of some artworks by property, to narrow a list down. Takes the filter and search of the list. */
export const facetsQuery = (gallery: GalleryClient, variables: ArtworkFacetsVariables = {}, options?: QueryOptions) =>
  galleryQuery(gallery, documents.artworkFacets, variables, options);

/** A series with its artworks; null when there is none. */
export const seriesQuery = (gallery: GalleryClient, seriesId: BigIntInput, options?: QueryOptions) =>
  galleryQuery(gallery, documents.series, { seriesId }, options);

/** One page of series. */
export const seriesListQuery = seriesList.one;

/** Series page by page. */
export const seriesListPages = seriesList.pages;

/** A model; null when there is none. */
export const modelQuery = (gallery: GalleryClient, modelId: BigIntInput, options?: QueryOptions) =>
  galleryQuery(gallery, documents.model, { modelId }, options);

/** One page of models. */
export const modelsQuery = models.one;

/** Models page by page. */
export const modelsPages = models.pages;

/** Sums of a model by day, the latest first. */
export const modelStatisticsQuery = (
  gallery: GalleryClient,
  modelId: BigIntInput,
  { days, ...options }: QueryOptions & { readonly days?: number } = {},
) => galleryQuery(gallery, documents.modelStatistics, { modelId, days }, options);

/** A worker; null when it never appeared. */
export const workerQuery = (gallery: GalleryClient, address: Address, options?: QueryOptions) =>
  galleryQuery(gallery, documents.worker, { address }, options);

/** One page of workers. */
export const workersQuery = workers.one;

/** Workers page by page. */
export const workersPages = workers.pages;

/** Sums of a worker by day, the latest first. */
export const workerStatisticsQuery = (
  gallery: GalleryClient,
  worker: Address,
  { days, ...options }: QueryOptions & { readonly days?: number } = {},
) => galleryQuery(gallery, documents.workerStatistics, { worker, days }, options);

/** An account; null when it never appeared. */
export const accountQuery = (gallery: GalleryClient, address: Address, options?: QueryOptions) =>
  galleryQuery(gallery, documents.account, { address }, options);

/** One page of accounts. */
export const accountsQuery = accounts.one;

/** Accounts page by page. */
export const accountsPages = accounts.pages;

/** One page of who owns how much of a collection, or of a series; most first. */
export const holdersQuery = (gallery: GalleryClient, variables: HoldersVariables, options?: QueryOptions) =>
  galleryQuery(gallery, documents.holders, variables, options);

/** Holders page by page. */
export const holdersPages = (gallery: GalleryClient, variables: Pages<HoldersVariables>, options?: QueryOptions) =>
  galleryPages(gallery, documents.holders, variables, options);

/** Statistics of a whole collection. */
export const collectionQuery = (gallery: GalleryClient, collection: Collection, options?: QueryOptions) =>
  galleryQuery(gallery, documents.collectionStatistics, { collection }, options);

/** Sums by day, the latest first. */
export const statisticsQuery = (
  gallery: GalleryClient,
  { days, ...options }: QueryOptions & { readonly days?: number } = {},
) => galleryQuery(gallery, documents.statistics, { days }, options);

/** A receipt that was seen whole; null otherwise. */
export const receiptQuery = (gallery: GalleryClient, receiptId: Hex, options?: QueryOptions) =>
  galleryQuery(gallery, documents.receipt, { receiptId }, options);

/** One page of receipts. */
export const receiptsQuery = receipts.one;

/** Receipts page by page. */
export const receiptsPages = receipts.pages;

/** One page of payments to workers. */
export const settlementsQuery = settlements.one;

/** Payments page by page. */
export const settlementsPages = settlements.pages;

/** One page of lanes. */
export const lanesQuery = lanes.one;

/** Lanes page by page. */
export const lanesPages = lanes.pages;

/** One page of changes of owner. */
export const transfersQuery = transfers.one;

/** Changes of owner page by page. */
export const transfersPages = transfers.pages;

/** One page of the history. */
export const activityQuery = activity.one;

/**
 * The history page by page. Oldest first, a cursor is a place to go on from when more has happened.
 *
 * @example
 * const { pages } = await queryClient.fetchInfiniteQuery(activityPages(gallery, { orderBy: "OLDEST" }));
 */
export const activityPages = activity.pages;

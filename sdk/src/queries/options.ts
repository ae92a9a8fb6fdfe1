import type { QueryClient } from "@tanstack/query-core";
import type { Address, Hex } from "viem";
import { pause } from "../pause.js";
import type { GalleryClient, GalleryDocument } from "./client.js";
import { documents, type PageVariables } from "./documents.js";
import { GalleryError } from "./errors.js";
import type { Block } from "./fields.js";

/** Options of one query, for query-core's `fetchQuery`, a `QueryObserver`, or the `useQuery` of a framework. */
export interface GalleryQuery<answer> {
  readonly queryKey: readonly unknown[];
  readonly queryFn: (context: { readonly signal?: AbortSignal }) => Promise<answer>;
}

/** Options of a list by pages, for `fetchInfiniteQuery`, an `InfiniteQueryObserver`, or `useInfiniteQuery`. */
export interface GalleryPages<answer> {
  readonly queryKey: readonly unknown[];
  readonly queryFn: (context: {
    readonly signal?: AbortSignal;
    readonly pageParam: string | undefined;
  }) => Promise<answer>;
  readonly initialPageParam: string | undefined;
  readonly getNextPageParam: (last: answer) => string | undefined;
}

type Listed = {
  readonly page: { readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null } };
};
type VariablesOf<document> = document extends GalleryDocument<infer variables, unknown> ? variables : never;

/** Options for any document. Keys are JSON, so that ids as bigints can be in them. */
export function galleryQuery<variables, answer>(
  gallery: GalleryClient,
  document: GalleryDocument<variables, answer>,
  variables: variables,
): GalleryQuery<answer> {
  return {
    queryKey: keyOf(gallery, document, variables),
    queryFn: ({ signal }) => gallery.query(document, variables, { signal }),
  };
}

/** Options for the pages of a list. */
export function galleryPages<variables extends PageVariables, answer extends Listed>(
  gallery: GalleryClient,
  document: GalleryDocument<variables, answer>,
  variables: Omit<variables, "after">,
): GalleryPages<answer> {
  return {
    queryKey: [...keyOf(gallery, document, variables), "pages"],
    queryFn: ({ signal, pageParam }) =>
      gallery.query(document, { ...variables, ...(pageParam !== undefined && { after: pageParam }) } as variables, {
        signal,
      }),
    initialPageParam: undefined,
    getNextPageParam: ({ page: { pageInfo } }) =>
      pageInfo.hasNextPage ? (pageInfo.endCursor ?? undefined) : undefined,
  };
}

function keyOf(gallery: GalleryClient, { name }: { readonly name: string }, variables: unknown): readonly unknown[] {
  return ["gallery", gallery.url, name, JSON.parse(toJson(variables))];
}

function toJson(value: unknown): string {
  return JSON.stringify(value, (_, part) => (typeof part === "bigint" ? part.toString() : part));
}

/**
 * An artwork with all its versions; null when there is none.
 *
 * @example
 * const { artwork } = await queryClient.fetchQuery(artworkQuery(gallery, 1001n));
 */
export const artworkQuery = (gallery: GalleryClient, tokenId: bigint) =>
  galleryQuery(gallery, documents.artwork, { tokenId });

/**
 * One page of artworks: filtered, searched, ordered.
 *
 * @example
 * const { page } = await queryClient.fetchQuery(artworksQuery(gallery, { search: "lighthouse", orderBy: "NEWEST" }));
 */
export const artworksQuery = (gallery: GalleryClient, variables: VariablesOf<typeof documents.artworks> = {}) =>
  galleryQuery(gallery, documents.artworks, variables);

/**
 * Artworks page by page.
 *
 * @example
 * const observer = new InfiniteQueryObserver(queryClient, artworksPages(gallery, { filter: { artist } }));
 */
export const artworksPages = (
  gallery: GalleryClient,
  variables: Omit<VariablesOf<typeof documents.artworks>, "after"> = {},
) => galleryPages(gallery, documents.artworks, variables);

/** A series with its artworks; null when there is none. */
export const seriesQuery = (gallery: GalleryClient, seriesId: bigint) =>
  galleryQuery(gallery, documents.series, { seriesId });

/** A model; null when there is none. */
export const modelQuery = (gallery: GalleryClient, modelId: bigint) =>
  galleryQuery(gallery, documents.model, { modelId });

/** One page of models. */
export const modelsQuery = (gallery: GalleryClient, variables: VariablesOf<typeof documents.models> = {}) =>
  galleryQuery(gallery, documents.models, variables);

/** A worker; null when it never appeared. */
export const workerQuery = (gallery: GalleryClient, address: Address) =>
  galleryQuery(gallery, documents.worker, { address });

/** One page of workers. */
export const workersQuery = (gallery: GalleryClient, variables: VariablesOf<typeof documents.workers> = {}) =>
  galleryQuery(gallery, documents.workers, variables);

/** An account; null when it never appeared. */
export const accountQuery = (gallery: GalleryClient, address: Address) =>
  galleryQuery(gallery, documents.account, { address });

/** A receipt that was seen whole; null otherwise. */
export const receiptQuery = (gallery: GalleryClient, receiptId: Hex) =>
  galleryQuery(gallery, documents.receipt, { receiptId });

/** One page of the history. */
export const activityQuery = (gallery: GalleryClient, variables: VariablesOf<typeof documents.activity> = {}) =>
  galleryQuery(gallery, documents.activity, variables);

/** What a watched query says: an answer that differs from the last one, or why there is none. */
export type Watched<answer> = { readonly data: answer } | { readonly error: unknown };

/**
 * Keeps a query's answer fresh, in a query cache that others may share: asks every `interval` milliseconds (from answer to
 * question), and calls back when the answer has changed or could not be had. Works without a window, too, where query-core's own
 * `refetchInterval` does not.
 *
 * @returns Ends it; nothing is called back any more.
 *
 * @example
 * const stop = watchQuery(queryClient, artworksQuery(gallery), (now) => {
 *   if ("data" in now) render(now.data.page.nodes);
 * });
 */
export function watchQuery<answer>(
  queryClient: QueryClient,
  { queryKey, queryFn }: GalleryQuery<answer>,
  onChange: (now: Watched<answer>) => void,
  { interval = 2_000 }: { readonly interval?: number } = {},
): () => void {
  const ended = new AbortController();
  const watch = async () => {
    let last: string | undefined;
    while (!ended.signal.aborted) {
      // The cache's own signal ends a question that everybody has lost interest in; ours must not end that of others.
      const now = await queryClient
        .fetchQuery<answer>({
          queryKey,
          queryFn: ({ signal }) => queryFn({ signal }),
          staleTime: 0,
        })
        .then((data): Watched<answer> => ({ data }))
        .catch((error: unknown): Watched<answer> => ({ error }));
      if (ended.signal.aborted) return;
      const text = "data" in now ? toJson(now.data) : `${now.error}`;
      if (text !== last) onChange(now);
      last = text;
      await pause(interval, ended.signal).catch(() => {});
    }
  };
  void watch();
  return () => ended.abort();
}

/**
 * Waits until the gallery has indexed a block, e.g. that of one's own mint.
 *
 * @param options `timeout` in milliseconds, default 30,000.
 * @returns The block that it is at.
 * @throws GalleryError when it stays unreachable or does not get there in time.
 */
export async function waitForBlock(
  gallery: GalleryClient,
  number: bigint,
  { timeout = 30_000, interval = 200, signal }: { timeout?: number; interval?: number; signal?: AbortSignal } = {},
): Promise<Block> {
  const end = Date.now() + timeout;
  for (;;) {
    const { block } = await gallery.query(documents.block, {}, { signal });
    if (BigInt(block.number) >= number) return block;
    if (Date.now() >= end) {
      throw new GalleryError(
        "UNREACHABLE",
        `The gallery is at block ${block.number} and has not reached ${number} yet.`,
      );
    }
    await pause(interval, signal);
  }
}

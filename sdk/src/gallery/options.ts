// Questions as options for query-core, and so for the query libraries of frameworks.
import { type Answer, type AskOptions, type GalleryClient, toJson } from "./client.js";
import type { GalleryDocument } from "./document.js";

/** Options of one query, for query-core's `fetchQuery`, a `QueryObserver`, or the `useQuery` of a framework. */
export interface GalleryQuery<answer> {
  readonly queryKey: readonly unknown[];
  readonly queryFn: (context: { readonly signal?: AbortSignal }) => Promise<answer>;
  /** Whom it asks. */
  readonly meta: { readonly gallery: GalleryClient };
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
  readonly meta: { readonly gallery: GalleryClient };
}

/** Options of a query beside its variables. */
export type QueryOptions = Pick<AskOptions, "minBlock">;

/** Variables of a list that is asked by pages. */
export interface PageVariables {
  /** Number of rows, 1 to 100. Default 24. */
  readonly first?: number | undefined;
  /** `endCursor` of the page before. */
  readonly after?: string | undefined;
  /** False leaves out the count of all rows. Default true. */
  readonly withTotal?: boolean | undefined;
}

type Listed = {
  readonly page: { readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null } };
};

/** Options for any document. Keys are JSON, so that ids as bigints can be in them. */
export function galleryQuery<variables, answer>(
  gallery: GalleryClient,
  document: GalleryDocument<variables, answer>,
  variables: variables,
  { minBlock }: QueryOptions = {},
): GalleryQuery<Answer<answer>> {
  return {
    queryKey: keyOf(gallery, document, variables),
    queryFn: ({ signal }) => gallery.query(document, variables, { signal, minBlock }),
    meta: { gallery },
  };
}

/** Options for the pages of a list. The total is counted with the first page alone. */
export function galleryPages<variables extends PageVariables, answer extends Listed>(
  gallery: GalleryClient,
  document: GalleryDocument<variables, answer>,
  variables: Omit<variables, "after">,
  { minBlock }: QueryOptions = {},
): GalleryPages<Answer<answer>> {
  return {
    queryKey: [...keyOf(gallery, document, variables), "pages"],
    queryFn: ({ signal, pageParam }) => {
      const place = pageParam === undefined ? {} : { after: pageParam, withTotal: false };
      return gallery.query(document, { ...variables, ...place } as unknown as variables, { signal, minBlock });
    },
    initialPageParam: undefined,
    getNextPageParam: ({ page: { pageInfo } }) =>
      pageInfo.hasNextPage ? (pageInfo.endCursor ?? undefined) : undefined,
    meta: { gallery },
  };
}

function keyOf(gallery: GalleryClient, { name }: { readonly name: string }, variables: unknown): readonly unknown[] {
  return ["gallery", gallery.url, name, JSON.parse(toJson(variables))];
}

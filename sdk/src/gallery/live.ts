// Answers that stay true: asked again when something may have been indexed, and not before.
import { documents } from "../generated/gallery.js";
import { sleep } from "../lib/sleep.js";
import { type Block, type GalleryClient, toJson } from "./client.js";
import { GalleryError } from "./errors.js";
import type { GalleryQuery } from "./options.js";

/** News of a watched query: an answer that differs from the last one, or the error for which there is none. */
export type Watched<answer> = { readonly data: answer } | { readonly error: unknown };

/**
 * Query cache: TanStack Query's `QueryClient`, of query-core or of a framework's package. This type fits every copy of that package.
 * The class itself does not: it has private fields, which differ in type between copies.
 */
export interface QueryCache {
  fetchQuery(options: {
    readonly queryKey: readonly unknown[];
    readonly queryFn: (context: { readonly signal: AbortSignal }) => Promise<unknown>;
    readonly staleTime: number;
  }): Promise<unknown>;
}

/** The last indexed block of a gallery, looked at for all who want to know. */
export interface BlockWatch {
  /** Returns the block that was seen last. */
  current(): Block | undefined;
  /**
   * Calls back with the block now, and whenever it is another; or with why it can't be had, once until it can. Looks at the
   * gallery while somebody listens. Returns how to stop.
   */
  subscribe(listener: (now: Watched<Block>) => void): () => void;
}

/** Milliseconds between looks. */
const INTERVAL = 2_000;

const watches = new WeakMap<GalleryClient, BlockWatch>();

/**
 * Watches a gallery's last indexed block. All who watch one gallery share one look, which costs it no statement.
 *
 * @param options `interval`: milliseconds between looks, default 2,000 (a block of Base); of whoever asks first.
 *
 * @example
 * const stop = watchBlocks(gallery).subscribe((now) => {
 *   if ("data" in now) console.log("block", now.data.number);
 * });
 */
export function watchBlocks(gallery: GalleryClient, options: { readonly interval?: number } = {}): BlockWatch {
  const known = watches.get(gallery);
  if (known) return known;
  const watch = createBlockWatch(gallery, options.interval ?? INTERVAL);
  watches.set(gallery, watch);
  return watch;
}

function createBlockWatch(gallery: GalleryClient, interval: number): BlockWatch {
  const listeners = new Set<(now: Watched<Block>) => void>();
  let last: Watched<Block> | undefined;
  let looking: AbortController | undefined;

  async function look(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const now = await gallery
        .query(documents.block, {}, { signal })
        .then(({ block }): Watched<Block> => ({ data: block }))
        .catch((error: unknown): Watched<Block> => ({ error }));
      if (signal.aborted) return;
      if (!last || saying(now) !== saying(last)) {
        last = now;
        for (const listener of [...listeners]) listener(now);
      }
      const retryAfter = "error" in now && now.error instanceof GalleryError ? (now.error.retryAfter ?? 0) : 0;
      await sleep(Math.max(interval, retryAfter * 1_000), signal).catch(() => {});
    }
  }

  return {
    current: () => (last && "data" in last ? last.data : undefined),
    subscribe: (listener) => {
      listeners.add(listener);
      if (looking) {
        const now = last;
        if (now) queueMicrotask(() => listeners.has(listener) && listener(now));
      } else {
        last = undefined;
        looking = new AbortController();
        void look(looking.signal);
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        looking?.abort();
        looking = undefined;
      };
    },
  };
}

/** Returns news as text, to be compared. */
function saying(now: Watched<unknown>): string {
  return "data" in now ? toJson(now.data) : String(now.error);
}

/**
 * Keeps a query's answer fresh, in a query cache that others may share: asks when the gallery has indexed another block, and calls
 * back when the answer has changed or could not be had. All watched queries of a gallery share one look at its block. Works
 * without a window, too, where query-core's own `refetchInterval` does not.
 *
 * @param options `interval`: milliseconds between looks at the block, default 2,000; of whoever watches this gallery first.
 * @returns Ends it; nothing is called back any more.
 *
 * @example
 * const stop = watchQuery(queryClient, artworksQuery(gallery), (now) => {
 *   if ("data" in now) render(now.data.page.nodes);
 * });
 */
export function watchQuery<answer extends { readonly block: Block }>(
  queryClient: QueryCache,
  { queryKey, queryFn, meta }: GalleryQuery<answer>,
  onChange: (now: Watched<answer>) => void,
  options: { readonly interval?: number } = {},
): () => void {
  let isEnded = false;
  let isAsking = false;
  let isStale = false;
  let last: string | undefined;

  function tell(now: Watched<answer>): void {
    // A block in which nothing happened to the answer is no change of it.
    const text = "data" in now ? saying({ data: { ...now.data, block: undefined } }) : saying(now);
    if (text !== last) onChange(now);
    last = text;
  }

  async function ask(): Promise<void> {
    isStale = true;
    if (isAsking) return;
    isAsking = true;
    while (isStale && !isEnded) {
      isStale = false;
      // The cache's own signal ends a question that everybody has lost interest in; ours must not end that of others.
      const now = await queryClient
        .fetchQuery({ queryKey, queryFn: ({ signal }) => queryFn({ signal }), staleTime: 0 })
        .then((data): Watched<answer> => ({ data: data as answer }))
        .catch((error: unknown): Watched<answer> => ({ error }));
      if (!isEnded) tell(now);
    }
    isAsking = false;
  }

  const stop = watchBlocks(meta.gallery, options).subscribe((now) => {
    if ("data" in now) void ask();
    else tell(now);
  });
  return () => {
    isEnded = true;
    stop();
  };
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
    try {
      const { block } = await gallery.query(documents.block, {}, { signal, minBlock: number });
      return block;
    } catch (error) {
      // The gallery itself waits a while, and then says how far it is.
      const isLate = error instanceof GalleryError && ["BLOCK_NOT_REACHED", "NOT_READY"].includes(error.reason ?? "");
      if (!isLate || Date.now() >= end) throw error;
    }
    await sleep(interval, signal);
  }
}

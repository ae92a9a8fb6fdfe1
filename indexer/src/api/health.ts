import type { ChainBlock, ChainReader } from "./chain.ts";
import { type Progress, readProgress } from "./progress.ts";
import type { Reader } from "./sql/pool.ts";

/** Body of `GET /v1/health`. */
export interface Health {
  /** `ok` alone comes with status 200. */
  readonly status: "ok" | "starting" | "behind" | "reorganised" | "chain_unreachable" | "database_unreachable";
  readonly chain_id: number;
  /** Last block that was indexed. */
  readonly indexed: { readonly block: number; readonly timestamp: number } | null;
  /** Newest block of the chain. */
  readonly head: { readonly block: number; readonly timestamp: number } | null;
  readonly lag_blocks: number | null;
  readonly lag_seconds: number | null;
  /** Whether the chain still has the block that the newest rows come from. Null when it can't be asked. */
  readonly canonical: boolean | null;
}

export interface HealthDependencies {
  readonly reader: Reader;
  readonly chain: ChainReader;
  /** Schema of the tables that answer now. */
  readonly schema: () => string;
  readonly chainId: number;
  /** Blocks that the index may be behind. */
  readonly maxLag: number;
}

/**
 * Compares the index with the chain itself: how far behind it is, and whether its rows are of the chain as it is now. Ponder's
 * own `/ready` says neither.
 */
export async function readHealth({ reader, chain, schema, chainId, maxLag }: HealthDependencies): Promise<Health> {
  const unknown = {
    chain_id: chainId,
    indexed: null,
    head: null,
    lag_blocks: null,
    lag_seconds: null,
    canonical: null,
  };
  let progress: Progress | undefined;
  try {
    progress = await readProgress(reader, schema(), chainId);
  } catch {
    return { ...unknown, status: "database_unreachable" };
  }
  let head: ChainBlock | undefined;
  let canonical: boolean;
  try {
    head = await chain.head();
    canonical = progress === undefined || (await isCanonical(chain, progress));
  } catch {
    return { ...unknown, status: "chain_unreachable", indexed: blockJson(progress) };
  }
  if (!progress || !head) return { ...unknown, status: "starting", head: blockJson(head) };
  // The head was asked for before or after: an index that is ahead of it is not behind.
  const lag = Math.max(0, head.number - progress.number);
  const status = !canonical ? "reorganised" : !progress.ready ? "starting" : lag > maxLag ? "behind" : "ok";
  return {
    status,
    chain_id: chainId,
    indexed: blockJson(progress),
    head: blockJson(head),
    lag_blocks: lag,
    lag_seconds: Math.max(0, head.timestamp - progress.timestamp),
    canonical,
  };
}

/**
 * A block's hash commits to all before it: while the chain has the newest block that a row comes from, every row is of this chain.
 * That none is missing since is told by the time of the last block looked at.
 */
async function isCanonical(chain: ChainReader, progress: Progress): Promise<boolean> {
  if (progress.lastEvent) {
    const block = await chain.block(progress.lastEvent.number);
    if (block?.hash !== progress.lastEvent.hash) return false;
  }
  if (progress.number === 0) return true;
  const block = await chain.block(progress.number);
  return block?.timestamp === progress.timestamp;
}

function blockJson(block: { number: number; timestamp: number } | undefined) {
  return block ? { block: block.number, timestamp: block.timestamp } : null;
}

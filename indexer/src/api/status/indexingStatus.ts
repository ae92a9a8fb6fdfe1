// The block at which this process's answers are true, kept by every process that answers: the indexer itself, and readers.
import type pg from "pg";
import { type BlockCache, createBlockCache } from "../query/blockCache.ts";
import type { IndexedBlock } from "../query/queryContext.ts";
import type { Reader } from "../query/readPool.ts";
import { type ActiveSchemaOptions, createActiveSchema } from "./activeSchema.ts";
import { createPgListener } from "./pgListener.ts";
import { type Progress, readProgress } from "./progress.ts";

/**
 * The last block that is indexed.
 *
 * What it promises: everything up to `current()` is in any answer whose statement starts afterwards, on the same database. Rows
 * and checkpoint of a block are committed together, in a backfill (many blocks at a time) as in live indexing (one), and this
 * reads only what is committed. An answer may know of later blocks, by as much as the notification is under way: milliseconds
 * live, at most {@link POLL} ms when rows are taken back or the history is indexed. The number can go back, too: when the chain
 * takes blocks back, and when the indexer starts again and indexes anew what was not final. Between that and the statement a row
 * may be gone.
 */
export interface IndexingStatus {
  /** Undefined until something is indexed, and before the first look. */
  current(): IndexedBlock | undefined;
  /**
   * Names what the rows say: the tables, the newest block that a row comes from, by its hash, and whether an announced least bond is in
   * force. While it is the same, so are all answers but those that count by the time. The same in every process.
   */
  contents(): string;
  /** Returns whether the indexer behind has indexed the history that was there when it started. */
  ready(): boolean;
  /**
   * The schema whose tables answer now. Ask for each statement: behind a schema of views it changes when another indexer takes
   * over.
   */
  schema(): string;
  /**
   * Waits for a block.
   * @throws {@link BlockNotIndexedError} after `timeoutMs`, or at once when too many wait already.
   */
  atLeast(number: number, timeoutMs: number): Promise<IndexedBlock>;
  /**
   * Calls `listener` whenever rows came or went. The block may have the same number as before: another branch's, or a longer
   * history's. Returns how to stop it.
   */
  onBlock(listener: (block: IndexedBlock) => void): () => void;
  /** A cache that forgets everything whenever rows came or went. `max`: entries that it keeps. */
  cachedPerBlock<Key extends string, Value>(max: number): BlockCache<Key, Value>;
  /** Resolves when the first look at the database is over, whatever it saw. */
  readonly started: Promise<void>;
  close(): Promise<void>;
}

export interface IndexingStatusOptions extends ActiveSchemaOptions {
  readonly databaseUrl: string;
  readonly chainId: number;
}

/** A block that was waited for is not indexed yet. Whoever asked can ask again, or for less. */
export class BlockNotIndexedError extends Error {
  override readonly name = "BlockNotIndexedError";
  readonly code = "BLOCK_NOT_INDEXED";

  constructor(
    readonly asked: number,
    /** Last block that is indexed. */
    readonly block: IndexedBlock | undefined,
  ) {
    const activeSchema = block ? `Block ${block.number} is the last one that is indexed` : "No block is indexed yet";
    super(`${activeSchema}, and minBlock asks for ${asked}: ask again in a moment, or for a lower block.`);
  }
}

/** Milliseconds between looks without a notification. */
export const POLL = 200;
const MAX_WAITING = 1_000;

/** Starts to follow the index. It never fails: without its database it keeps what it knew, and goes on when that is back. */
export function createIndexingStatus({ databaseUrl, chainId, ...where }: IndexingStatusOptions): IndexingStatus {
  const activeSchema = createActiveSchema(where);
  const waiting = createWaiting();
  const listeners = new Set<(block: IndexedBlock) => void>([waiting.reached]);
  const caches = new Set<{ forget(): void }>();
  let version = "";
  let contents = "";
  let isReady = false;
  let block: IndexedBlock | undefined;

  /** Looks are always the same few statements: planned once on a connection. */
  const names = new Map<string, string>();
  function nameOf(text: string): string {
    const known = names.get(text) ?? `look${names.size}`;
    names.set(text, known);
    return known;
  }

  async function look(connection: pg.Client, isNew: boolean): Promise<void> {
    const reader: Reader = {
      query: async (text, values) =>
        (await connection.query({ name: nameOf(text), text, values: values as unknown[] })).rows,
    };
    const schema = await activeSchema.find(reader);
    if (schema === undefined) return;
    await activeSchema.claim(connection, schema, isNew);
    const progress = await readProgress(reader, schema, chainId);
    activeSchema.move(schema);
    if (progress) take(schema, progress);
  }

  function take(schema: string, progress: Progress): void {
    const seen = `${schema}/${progress.version}`;
    isReady = progress.ready;
    // A history is committed in pieces: while it is, every piece is something new.
    contents = isReady ? `${schema}/${progress.lastEvent?.hash ?? ""}/${progress.isMinBondRaised}` : seen;
    if (seen === version) return;
    version = seen;
    const { number, timestamp } = progress;
    const reached = { chainId, number, timestamp };
    block = reached;
    for (const cache of caches) cache.forget();
    for (const listener of listeners) listener(reached);
  }

  // Ponder notifies after each live block, by the name of the schema that it was given, and by that of its views.
  const schemas = where.viewsSchema === undefined ? [where.schema] : [where.schema, where.viewsSchema];
  const channels = schemas.map((schema) => `${schema}_live_query`);
  const { started, close } = createPgListener({ databaseUrl, channels, poll: POLL, look });

  return {
    current: () => block,
    contents: () => contents,
    ready: () => isReady,
    schema: activeSchema.current,
    started,
    close,
    atLeast: async (number, timeoutMs) => {
      if (block && block.number >= number) return block;
      const reached = await waiting.wait(number, timeoutMs);
      if (!reached) throw new BlockNotIndexedError(number, block);
      return reached;
    },
    onBlock: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    cachedPerBlock: <Key extends string, Value>(max: number) => {
      const cache = createBlockCache<Key, Value>(max);
      caches.add(cache);
      return cache;
    },
  };
}

interface Waiting {
  /** Undefined after `timeoutMs`, or at once when too many wait. */
  wait(number: number, timeoutMs: number): Promise<IndexedBlock | undefined>;
  readonly reached: (block: IndexedBlock) => void;
}

function createWaiting(): Waiting {
  const waiting = new Set<(block: IndexedBlock) => void>();
  return {
    reached: (block) => {
      for (const take of waiting) take(block);
    },
    wait: (number, timeoutMs) => {
      if (waiting.size >= MAX_WAITING) return Promise.resolve(undefined);
      return new Promise((resolve) => {
        const finish = (block: IndexedBlock | undefined) => {
          waiting.delete(take);
          clearTimeout(timer);
          resolve(block);
        };
        const take = (block: IndexedBlock) => {
          if (block.number >= number) finish(block);
        };
        const timer = setTimeout(finish, timeoutMs, undefined);
        waiting.add(take);
      });
    },
  };
}

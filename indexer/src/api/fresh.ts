// The block at which this process's answers are true, kept by every process that answers: the indexer itself, and readers.
import pg from "pg";
import { succeeds } from "../../config/generations.ts";
import { readerLock } from "../../config/presence.ts";
import { type NeededColumn, readLacking } from "./fit.ts";
import { createPerBlockCache, type PerBlockCache } from "./perBlock.ts";
import { type Progress, readProgress, readTablesSchema } from "./progress.ts";
import type { Reader } from "./sql/pool.ts";

/** A block of the chain that is indexed. */
export interface IndexedBlock {
  readonly chainId: number;
  readonly number: number;
  /** Unix seconds. */
  readonly timestamp: number;
}

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
export interface Fresh {
  /** Undefined until something is indexed, and before the first look. */
  current(): IndexedBlock | undefined;
  /**
   * Names what the rows say: the tables, and the newest block that a row comes from, by its hash. While it is the same, so are all
   * answers but those that depend on the time. The same in every process.
   */
  contents(): string;
  /** Whether the indexer behind has indexed the history that was there when it started. */
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
  cachedPerBlock<Key, Value>(max: number): PerBlockCache<Key, Value>;
  /** Resolves when the first look at the database is over, whatever it saw. */
  readonly started: Promise<void>;
  close(): Promise<void>;
}

export interface FreshDependencies {
  readonly databaseUrl: string;
  /** Schema of tables, or of views of them. */
  readonly schema: string;
  /** Of an indexing process: where it shows its tables. When they are built anew, it answers from the new ones. */
  readonly viewsSchema?: string | undefined;
  /** What this version of the code reads. Tables that lack some of it are not moved to. */
  readonly needed?: readonly NeededColumn[];
  readonly chainId: number;
}

/** A block that was waited for is not indexed yet. Whoever asked can ask again, or for less. */
export class BlockNotIndexedError extends Error {
  override readonly name = "BlockNotIndexedError";
  readonly code = "BLOCK_NOT_INDEXED";

  constructor(
    readonly asked: number,
    /** How far the index is. */
    readonly block: IndexedBlock | undefined,
  ) {
    const place = block ? `Block ${block.number} is the last one that is indexed` : "No block is indexed yet";
    super(`${place}, and minBlock asks for ${asked}: ask again in a moment, or for a lower block.`);
  }
}

/** Milliseconds between looks without a notification. */
export const POLL = 200;
/** Milliseconds that a look may take. */
const PATIENCE = 5_000;
const MAX_WAITING = 1_000;

interface Waiting {
  readonly number: number;
  readonly resolve: (block: IndexedBlock) => void;
}

/** Starts to follow the index. It never fails: without its database it keeps what it knew, and goes on when that is back. */
export function createFresh(dependencies: FreshDependencies): Fresh {
  const { databaseUrl, schema: given, viewsSchema, needed = [], chainId } = dependencies;
  /** The schema that answers, once there is one. */
  let answering: string | undefined;
  /** The schema for which this connection holds a reader's lock. */
  let held: string | undefined;
  let refused: string | undefined;
  let version = "";
  let contents = "";
  let isReady = false;
  let block: IndexedBlock | undefined;
  let client: pg.Client | undefined;
  let isClosed = false;
  let wake: () => void = () => undefined;
  const listeners = new Set<(block: IndexedBlock) => void>();
  const caches = new Set<{ forget(): void }>();
  const waiting = new Set<Waiting>();
  let hasStarted: () => void = () => undefined;
  const started = new Promise<void>((resolve) => {
    hasStarted = resolve;
  });

  async function connected(): Promise<pg.Client> {
    if (client) return client;
    const fresh = new pg.Client({
      connectionString: databaseUrl,
      application_name: "gridnft-fresh",
      keepAlive: true,
      connectionTimeoutMillis: PATIENCE,
      query_timeout: PATIENCE,
      options: "-c default_transaction_read_only=on",
    });
    const lose = () => {
      if (client === fresh) client = undefined;
    };
    fresh.on("error", lose);
    fresh.on("end", lose);
    fresh.on("notification", () => wake());
    await fresh.connect();
    // Ponder notifies after each live block, by the name of the schema that it was given, and by that of its views.
    // A replica takes no listeners: there the looks alone must do.
    for (const schema of viewsSchema === undefined ? [given] : [given, viewsSchema]) {
      await fresh.query(`listen ${pg.escapeIdentifier(`${schema}_live_query`)}`).catch(() => undefined);
    }
    held = undefined;
    client = fresh;
    return fresh;
  }

  async function look(): Promise<void> {
    const connection = await connected();
    const reader: Reader = {
      query: async (text, values) => (await connection.query(text, values as unknown[])).rows,
    };
    const place = await placeNow(reader);
    if (place === undefined) return;
    if (held !== place) {
      // Whoever removes old tables asks for this lock.
      await connection.query("select pg_advisory_unlock_all()");
      await connection.query("select pg_advisory_lock_shared($1::bigint)", [readerLock(place)]);
      held = place;
    }
    const progress = await readProgress(reader, place, chainId);
    answering = place;
    if (progress) take(place, progress);
  }

  /** Where to read from now: what is behind the views, as long as this code can read it. */
  async function placeNow(reader: Reader): Promise<string | undefined> {
    const own = await readTablesSchema(reader, given);
    const shown = viewsSchema === undefined ? undefined : await readTablesSchema(reader, viewsSchema);
    const wanted = shown !== undefined && succeeds(shown, given) ? shown : own;
    if (answering === undefined || wanted === answering) return wanted;
    if (wanted === undefined || wanted === refused) return answering;
    const lacking = await readLacking(reader, wanted, needed);
    if (lacking.length > 0) {
      refused = wanted;
      log(40, "New tables can't be read by this version: start it anew, in theirs", { schema: wanted, lacking });
      return answering;
    }
    log(30, "Answers come from other tables", { schema: wanted });
    return wanted;
  }

  function take(place: string, progress: Progress): void {
    isReady = progress.ready;
    const seen = `${place}/${progress.version}`;
    if (seen === version) return;
    version = seen;
    // A history is committed in pieces that may end within a block.
    contents = progress.ready ? `${place}/${progress.lastEvent?.hash ?? ""}` : seen;
    const { number, timestamp } = progress;
    const next = { chainId, number, timestamp };
    block = next;
    for (const cache of caches) cache.forget();
    for (const one of waiting) if (number >= one.number) one.resolve(next);
    for (const listener of listeners) listener(next);
  }

  async function follow(): Promise<void> {
    while (!isClosed) {
      let isWoken = false;
      const rest = new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, POLL);
        timer.unref();
        wake = () => {
          isWoken = true;
          clearTimeout(timer);
          resolve();
        };
      });
      try {
        await look();
      } catch {
        // No database, or a schema in the making: every statement will say so itself.
        const broken = client;
        client = undefined;
        await broken?.end().catch(() => undefined);
      }
      hasStarted();
      if (!isWoken) await rest;
    }
  }

  const following = follow();
  return {
    current: () => block,
    contents: () => contents,
    ready: () => isReady,
    schema: () => answering ?? given,
    started,
    atLeast: (number, timeoutMs) => {
      if (block && block.number >= number) return Promise.resolve(block);
      if (waiting.size >= MAX_WAITING) return Promise.reject(new BlockNotIndexedError(number, block));
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(one);
          reject(new BlockNotIndexedError(number, block));
        }, timeoutMs);
        const one: Waiting = {
          number,
          resolve: (reached) => {
            waiting.delete(one);
            clearTimeout(timer);
            resolve(reached);
          },
        };
        waiting.add(one);
      });
    },
    onBlock: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    cachedPerBlock: <Key, Value>(max: number) => {
      const cache = createPerBlockCache<Key, Value>(max);
      caches.add(cache);
      return cache;
    },
    close: async () => {
      isClosed = true;
      wake();
      await following;
      await client?.end().catch(() => undefined);
    },
  };
}

function log(level: number, msg: string, more: object): void {
  console.log(JSON.stringify({ level, time: Date.now(), msg, ...more }));
}

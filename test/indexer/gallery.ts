/** The API's answerer on tables that were filled directly. */
import pg from "pg";
import {
  createExecutor,
  type ExecutorDependencies,
  type GraphQLExecutor,
} from "../../indexer/src/api/graphql/executor.ts";
import { createBlockCache } from "../../indexer/src/api/query/blockCache.ts";
import type { IndexedBlock } from "../../indexer/src/api/query/queryContext.ts";
import { createReadPool, type ReadPool } from "../../indexer/src/api/query/readPool.ts";
import type { IndexingStatus } from "../../indexer/src/api/status/indexingStatus.ts";
import { BlockNotIndexedError } from "../../indexer/src/api/status/indexingStatus.ts";
import { startPostgres } from "../fixtures/postgres.ts";
import { type Catalogue, CHAIN_ID, makeCatalogue } from "./catalogue.ts";
import { createIndexes, createTables, insertRows } from "./tables.ts";

export const PLACE = "gallery_test";

/** A database with a catalogue and an answerer on it. */
export interface Gallery {
  readonly catalogue: Catalogue;
  readonly executor: GraphQLExecutor;
  /** Another answerer on the same tables. */
  executorWith(dependencies: Partial<ExecutorDependencies>): GraphQLExecutor;
  readonly pool: ReadPool;
  readonly indexingStatus: ReturnType<typeof standing>;
  readonly url: string;
  /** Errors that askers were not shown. */
  readonly errors: unknown[];
  /** Statements that lists ran, with their values, since it was last emptied. */
  readonly statements: StatementRun[];
  /** Answer to a question; throws if there are errors. */
  ask<Data>(query: string, variables?: Record<string, unknown>): Promise<Data>;
  /** Says that another block is the last one. */
  move(number: number): void;
  stop(): Promise<void>;
}

/** A follower of blocks that stands still, at one block, until it is told otherwise. */
export function standing(block: IndexedBlock, place: string): IndexingStatus & { move(to: IndexedBlock): void } {
  let now = block;
  const caches: { forget(): void }[] = [];
  const listeners = new Set<(block: IndexedBlock) => void>();
  return {
    current: () => now,
    ready: () => true,
    schema: () => place,
    contents: () => `${place}/${now.number}`,
    atLeast: async (number) => {
      if (now.number >= number) return now;
      throw new BlockNotIndexedError(number, now);
    },
    onBlock: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    cachedPerBlock: <Key extends string, Value>(max: number) => {
      const cache = createBlockCache<Key, Value>(max);
      caches.push(cache);
      return cache;
    },
    started: Promise.resolve(),
    close: async () => undefined,
    move: (to) => {
      now = to;
      for (const cache of caches) cache.forget();
      for (const listener of listeners) listener(to);
    },
  };
}

/** A statement that was run. `isKept`: by a plan for whatever values. */
export interface StatementRun {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly isKept: boolean;
}

export async function startGallery(count: number): Promise<Gallery> {
  const postgres = await startPostgres();
  const catalogue = makeCatalogue(count);
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  await createTables(client, PLACE);
  for (const [name, rows] of Object.entries(catalogue.rows)) {
    await insertRows(client, PLACE, name as Parameters<typeof insertRows>[2], rows);
  }
  await createIndexes(client, PLACE);
  await client.end();
  const real = createReadPool(postgres.url, 4);
  const statements: Gallery["statements"] = [];
  const pool: ReadPool = {
    ...real,
    reader: {
      query: (text, values, deadline) => {
        statements.push({ text, values, isKept: true });
        return real.reader.query(text, values, deadline);
      },
    },
    lists: {
      query: (text, values, deadline) => {
        statements.push({ text, values, isKept: false });
        return real.lists.query(text, values, deadline);
      },
    },
  };
  const errors: unknown[] = [];
  const indexingStatus = standing({ chainId: CHAIN_ID, number: 5_000, timestamp: catalogue.now }, PLACE);
  const dependencies: ExecutorDependencies = {
    ...{ pool, indexingStatus, chainId: CHAIN_ID, settlement: "0x00000000000000000000000000000000000000A1" },
    chain: { head: async () => undefined, block: async () => undefined, has: async () => "unknown" },
    onError: (error) => errors.push(error),
    maxTime: 60_000, // a busy machine is no fault of an answer
  };
  const executor = createExecutor(dependencies);
  return {
    executorWith: (others) => createExecutor({ ...dependencies, ...others }),
    ...{ catalogue, executor, pool, indexingStatus, errors, statements, url: postgres.url },
    ask: async <Data>(query: string, variables: Record<string, unknown> = {}) => {
      const { result } = await executor.execute({ query, variables });
      if (result.errors || !result.data) throw new Error(JSON.stringify([result.errors, errors.map(String)]));
      return result.data as Data;
    },
    move: (number) => indexingStatus.move({ chainId: CHAIN_ID, number, timestamp: catalogue.now }),
    stop: async () => {
      await pool.close().catch(() => undefined); // a test may have closed it
      await postgres.stop();
    },
  };
}

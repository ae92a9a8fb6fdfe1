import type { ChainReader } from "../chain.ts";
import type { Fresh, IndexedBlock } from "../fresh.ts";
import type { Budget } from "../graphql/look.ts";
import type { PerBlockCache } from "../perBlock.ts";
import { Statement } from "./builder.ts";
import type { Reader } from "./pool.ts";
import { placeOfTable, type TableName, tableOf } from "./tables.ts";

/** What stays the same until the next block, for all questions of a process. */
export interface Shared {
  readonly chain: ChainReader;
  readonly fresh: Fresh;
  readonly chainId: number;
  /** Totals, facets and estimates. */
  readonly cache: PerBlockCache<string, unknown>;
}

/** One question on its way to the database. */
export interface Asking {
  readonly shared: Shared;
  /** For rows by their key, and for walks along one index. */
  readonly byKey: Reader;
  /** For everything else. */
  readonly lists: Reader;
  readonly schema: string;
  readonly chainId: number;
  readonly budget: Budget;
  /** Everything up to it is in the answer. */
  readonly block: IndexedBlock | undefined;
}

/** What `make` answers, once for each block. */
export function oncePerBlock<Value>({ shared }: Asking, key: string, make: () => Promise<Value>): Promise<Value> {
  return shared.cache.remember(key, make) as Promise<Value>;
}

export function statementOf({ schema, chainId, block }: Asking): Statement {
  return new Statement(schema, chainId, block?.timestamp ?? 0);
}

export function placeOf(statement: Statement, name: TableName): string {
  return placeOfTable(statement, tableOf(name));
}

import type { ChainReader } from "../../../ops/chainReader.ts";
import type { BlockCache } from "./blockCache.ts";
import type { Deadline } from "./deadline.ts";
import { LateError } from "./errors.ts";
import type { Reader } from "./readPool.ts";
import type { Budget } from "./selectList.ts";
import { Statement } from "./statement.ts";

/** Block of the chain that is indexed. */
export interface IndexedBlock {
  readonly chainId: number;
  readonly number: number;
  /** Unix seconds. */
  readonly timestamp: number;
}

/** Context that all queries of a process share. */
export interface SharedContext {
  readonly chain: ChainReader;
  /** Totals, facets and estimates. */
  readonly cache: BlockCache<string, unknown>;
}

/** Context of one query on its way to the database. */
export interface QueryContext {
  readonly shared: SharedContext;
  /** For rows by their key, and for walks along one index. */
  readonly byKey: Reader;
  /** For everything else. */
  readonly lists: Reader;
  readonly schema: string;
  readonly chainId: number;
  readonly budget: Budget;
  /** When it has to be answered. */
  readonly deadline: Deadline;
  /** Everything up to it is in the answer. */
  readonly block: IndexedBlock | undefined;
}

/**
 * Answer of `make`, computed once for each block. Several queries may wait for the same answer: if the one that makes it runs out of time,
 * the next goes on with its own.
 */
export async function oncePerBlock<Value>(
  { shared, deadline }: QueryContext,
  key: string,
  make: () => Promise<Value>,
): Promise<Value> {
  for (;;) {
    let isOwn = false;
    try {
      return (await shared.cache.remember(key, () => {
        isOwn = true;
        return make();
      })) as Value;
    } catch (error) {
      if (isOwn || deadline.hasPassed || !(error instanceof LateError)) throw error;
    }
  }
}

/** Scope of a statement: schema of the tables, chain, and the block of the answer. */
export type StatementScope = Pick<QueryContext, "schema" | "chainId" | "block">;

export function statementOf({ schema, chainId, block }: StatementScope): Statement {
  return new Statement(schema, chainId, block?.timestamp ?? 0, block?.number ?? 0);
}

/** Reads the rows of a statement. `write` puts its text together. */
export function readRows<Row extends object>(
  context: QueryContext,
  by: "byKey" | "lists",
  write: (statement: Statement) => string,
): Promise<Row[]> {
  const statement = statementOf(context);
  return context[by].query<Row>(write(statement), statement.values);
}

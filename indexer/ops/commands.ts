import { sleep } from "@gridnft/sdk/node";
import type pg from "pg";
import { tryLock, writerLock } from "./advisoryLocks.ts";
import { withDatabase } from "./database.ts";
import { type IndexerEnvironment, IndexerEnvironmentError } from "./environment.ts";
import { type Pruned, prune } from "./prune.ts";
import { schemaName } from "./schemaName.ts";
import { currentSchema, nextSchema, shownSchema } from "./schemaVersions.ts";

/** Schemas of an indexing process: that of its tables, and that of its views. */
export interface Schemas {
  readonly schema: string;
  readonly views: string;
  /** True when the views are left alone: tables that take the place of these are being built. */
  readonly isReplaced: boolean;
}

const DEFAULT_VIEWS = "gallery";

/** The tables that an indexer goes on with: the ones that the views show if they are of this version, else its own. */
export async function schemasToStart(environment: IndexerEnvironment): Promise<Schemas> {
  const [base, views] = [await baseOf(environment), viewsOf(environment)];
  return withDatabase(environment.databaseUrl, async (client) => ({
    schema: await currentSchema(client, base, views),
    views,
    isReplaced: await isWritten(client, await nextSchema(client, base, views)),
  }));
}

/**
 * The tables to build anew beside the current ones.
 * @throws {@link IndexerEnvironmentError} `REBUILD_RUNS` when somebody does that already.
 */
export async function schemasToRebuild(environment: IndexerEnvironment): Promise<Schemas> {
  const [base, views] = [await baseOf(environment), viewsOf(environment)];
  return withDatabase(environment.databaseUrl, async (client) => {
    const schema = await nextSchema(client, base, views);
    if (await isWritten(client, schema)) {
      throw new IndexerEnvironmentError("REBUILD_RUNS", `Another process builds ${schema} already.`);
    }
    return { schema, views, isReplaced: false };
  });
}

/** Returns whether an indexing process works on a schema. */
async function isWritten(client: pg.Client, schema: string): Promise<boolean> {
  return !(await tryLock(client, writerLock(schema)));
}

/** Waits until there are views to answer from. Returns their schema. */
export async function viewsToServe(environment: IndexerEnvironment): Promise<string> {
  const views = viewsOf(environment);
  return withDatabase(environment.databaseUrl, async (client) => {
    for (let turn = 0; (await shownSchema(client, views)) === undefined; turn++) {
      if (turn % 30 === 0) console.log(JSON.stringify({ waiting: `until an indexer shows its tables in ${views}` }));
      await sleep(1_000);
    }
    return views;
  });
}

/** Removes tables that nobody needs any more. */
export async function pruneSchemas(environment: IndexerEnvironment): Promise<Pruned[]> {
  const base = await baseOf(environment);
  return withDatabase(environment.databaseUrl, (client) => prune(client, base));
}

async function baseOf(environment: IndexerEnvironment): Promise<string> {
  return environment.schema ?? (await schemaName(environment));
}

function viewsOf(environment: IndexerEnvironment): string {
  return environment.viewsSchema ?? DEFAULT_VIEWS;
}

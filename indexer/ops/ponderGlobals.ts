import type pg from "pg";

/** Globals that Ponder leaves for modules that it runs, by names of its sources, and that of `boot.ts`. */
interface Globals {
  readonly PONDER_NAMESPACE_BUILD?: { readonly schema: string; readonly viewsSchema?: string };
  readonly PONDER_COMMON?: { readonly metrics: { readonly port?: number | null } };
  readonly PONDER_DATABASE?: { readonly driver: { readonly readonly?: pg.Pool; readonly admin?: pg.Pool } };
  GRIDNFT_INDEXER_PRESENCE?: pg.Client;
}

/** Schema of the database in which this process keeps its tables; of a reader, the one with the views. */
export function databaseSchema(): string {
  const { PONDER_NAMESPACE_BUILD: namespace } = globalThis as Globals;
  const schema = namespace?.schema ?? process.env.DATABASE_SCHEMA;
  if (!schema) throw new Error("Ponder has not said in which schema its tables are.");
  return schema;
}

/** Schema with views of the tables in use: those of this indexer, or of one that replaces them. Undefined in a reader. */
export function viewsSchema(): string | undefined {
  return (globalThis as Globals).PONDER_NAMESPACE_BUILD?.viewsSchema ?? process.env.GRID_INDEXER_FOLLOWS;
}

/** Port at which Ponder serves: the one it was told, or the next that was free. Undefined until it does. */
export function servedPort(): number | undefined {
  return (globalThis as Globals).PONDER_COMMON?.metrics.port ?? undefined;
}

/** The connections by which Ponder reads for `/tables` and `/sql`. */
export function ponderReadPool(): pg.Pool {
  const pool = (globalThis as Globals).PONDER_DATABASE?.driver.readonly;
  if (!pool) throw new Error("Ponder has no pool of connections that only read.");
  return pool;
}

/**
 * Gives Ponder's connections an error listener from their first moment on. Ponder adds its own only after the first statements of a
 * connection: one that is terminated before that ends the process.
 */
export function survivePonderLosses(): void {
  const { readonly, admin } = (globalThis as Globals).PONDER_DATABASE?.driver ?? {};
  for (const pool of [readonly, admin]) {
    if (pool) listenFromTheStart(pool);
  }
}

/** Makes the clients of a pool listen for errors before they connect. */
export function listenFromTheStart(pool: pg.Pool): void {
  const clients = pool as unknown as { Client: new (config?: pg.ClientConfig) => pg.Client };
  clients.Client = class extends clients.Client {
    constructor(config?: pg.ClientConfig) {
      super(config);
      this.on("error", () => undefined);
    }
  };
}

/** The connection by which an indexing process says that it is there. Undefined in one that only reads. */
export function lockConnection(): pg.Client | undefined {
  return (globalThis as Globals).GRIDNFT_INDEXER_PRESENCE;
}

export function setLockConnection(client: pg.Client): void {
  (globalThis as Globals).GRIDNFT_INDEXER_PRESENCE = client;
}

/**
 * SIGTERM stops as SIGINT does. Ponder embeds Vite, whose own listener ends the process at SIGTERM before Ponder has let go of its
 * lock, so that the next start would have to wait.
 */
export function stopOnTerm(): void {
  process.removeAllListeners("SIGTERM");
  process.once("SIGTERM", () => void process.emit("SIGINT"));
}

import pg from "pg";

/** Rows by SQL. Numerics and bigints come as strings: amounts do not fit in a number. */
export interface Queries {
  all<Row extends object>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  one<Row extends object>(sql: string, values?: readonly unknown[]): Promise<Row | undefined>;
  /** Number of rows that the statement changed. */
  run(sql: string, values?: readonly unknown[]): Promise<number>;
}

/** A pool of connections. */
export interface Database extends Queries {
  /** Runs `work` in one transaction: all of it, or nothing. */
  transaction<Result>(work: (queries: Queries) => Promise<Result>): Promise<Result>;
  /** Runs `work` while no other process holds the lock of that name; waits for it. */
  exclusively<Result>(lock: string, work: () => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** Connects lazily; `onError` hears of connections that die while idle (Postgres restarting). */
export function openDatabase(url: string, onError: (error: Error) => void, max = 12): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    connectionTimeoutMillis: 10_000,
    application_name: "gridnft-cloud",
    // A statement of ours is short; one that is not must not hold a row for ever.
    statement_timeout: 30_000,
    idle_in_transaction_session_timeout: 60_000,
  });
  pool.on("error", onError);
  // Locks that last over slow work (a chain's transaction) have connections of their own, so that they cannot starve queries.
  const locks = new pg.Pool({ connectionString: url, max: 4, application_name: "gridnft-cloud locks" });
  locks.on("error", onError);

  return {
    ...queriesOn(pool),
    transaction: async (work) => {
      const client = await pool.connect();
      let failed: Error | undefined;
      try {
        await client.query("BEGIN");
        const result = await work(queriesOn(client));
        await client.query("COMMIT");
        return result;
      } catch (error) {
        await client.query("ROLLBACK").catch((cause: unknown) => {
          failed = cause instanceof Error ? cause : new Error("rollback failed");
        });
        throw error;
      } finally {
        client.release(failed);
      }
    },
    exclusively: async (lock, work) => {
      const client = await locks.connect();
      try {
        await client.query("SELECT pg_advisory_lock(hashtextextended($1, 0))", [lock]);
        return await work();
      } finally {
        // Closing the connection gives the lock back even when the unlock could not be said.
        client.release(true);
      }
    },
    close: async () => {
      await Promise.all([pool.end(), locks.end()]);
    },
  };
}

function queriesOn(client: pg.Pool | pg.PoolClient): Queries {
  const query = (sql: string, values: readonly unknown[] = []) => client.query(sql, [...values]);
  return {
    all: async <Row extends object>(sql: string, values?: readonly unknown[]) =>
      (await query(sql, values)).rows as Row[],
    one: async <Row extends object>(sql: string, values?: readonly unknown[]) =>
      (await query(sql, values)).rows[0] as Row | undefined,
    run: async (sql, values) => (await query(sql, values)).rowCount ?? 0,
  };
}

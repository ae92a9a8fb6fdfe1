import pg from "pg";
import { questionError } from "../graphql/errors.ts";

/** Runs statements for one answer. */
export interface Reader {
  query<Row extends object>(text: string, values: readonly unknown[]): Promise<Row[]>;
}

/** Connections that only read, and not for long. */
export interface ReadPool {
  /** One statement whose plan is the same for all values: by a key, or along one index. It is planned once. */
  readonly reader: Reader;
  /** One statement whose plan depends on its values: a list. */
  readonly lists: Reader;
  /** Runs several statements on one and the same state of the database. */
  snapshot<Result>(run: (reader: Reader) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** Milliseconds after which Postgres gives up on a statement. */
const STATEMENT_TIMEOUT = 3_000;
/** Statements that each connection may keep prepared. */
const MAX_PREPARED = 500;
/** Milliseconds after which all of them may be forgotten, with the connections that know them. */
const PREPARED_LIFE = 600_000;
/** Longer ones are rare, and are planned anew each time. */
const MAX_PREPARED_LENGTH = 8_000;
const QUERY_CANCELED = "57014";
/** Class of errors of values, such as a number that is too large for its column. */
const DATA_EXCEPTION = "22";
/** Ponder takes all tables for a moment when it goes back with the chain: ask again. */
const DEADLOCK = "40P01";
const TRIES = 3;

/** Connections of the API's own, beside those with which Ponder writes. `max`: of each of the two kinds. */
export function createReadPool(connectionString: string, max = 6): ReadPool {
  const [byKey, byValue] = (["force_generic_plan", "force_custom_plan"] as const).map((planning) => {
    const pool = new pg.Pool({
      connectionString,
      max,
      connectionTimeoutMillis: 5_000,
      maxLifetimeSeconds: PREPARED_LIFE / 1_000,
      application_name: "gridnft-api",
      options: `-c default_transaction_read_only=on -c statement_timeout=${STATEMENT_TIMEOUT} -c jit=off -c random_page_cost=1.1 -c plan_cache_mode=${planning} -c max_parallel_workers_per_gather=0`,
    });
    // A connection that breaks while it rests is replaced; without a listener it would end the process.
    pool.on("error", () => undefined);
    return pool;
  }) as [pg.Pool, pg.Pool];
  const nameOf = createNames();

  const run = async <Row extends object>(
    client: pg.Pool | pg.PoolClient,
    text: string,
    values: readonly unknown[],
    tries = TRIES,
  ): Promise<Row[]> => {
    const name = nameOf(text);
    try {
      return (await client.query<Row>({ text, values: values as unknown[], ...(name !== undefined && { name }) })).rows;
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error;
      if (error.code === DEADLOCK && tries > 1) return run(client, text, values, tries - 1);
      if (error.code === QUERY_CANCELED) {
        throw questionError(
          "TOO_SLOW",
          `The database gave up after ${STATEMENT_TIMEOUT / 1_000} s: ask for less at a time.`,
        );
      }
      if (error.code?.startsWith(DATA_EXCEPTION)) {
        throw questionError("BAD_INPUT", "A value of this question is outside of what its column can hold.");
      }
      throw error;
    }
  };

  const attempt = async <Result>(use: (reader: Reader) => Promise<Result>): Promise<Result> => {
    const client = await byValue.connect();
    let last: Promise<unknown> = client.query("begin isolation level repeatable read read only");
    try {
      const result = await use({
        // Fields ask at the same time, a connection answers one after the other.
        query: (text, values) => {
          const next = last.then(() => run(client, text, values, 1));
          last = next.catch(() => undefined);
          return next as Promise<never>;
        },
      });
      await last;
      return result;
    } finally {
      await last.catch(() => undefined);
      await client.query("rollback").then(
        () => client.release(),
        (error: Error) => client.release(error),
      );
    }
  };

  return {
    reader: { query: (text, values) => run(byKey, text, values) },
    lists: { query: (text, values) => run(byValue, text, values) },
    snapshot: async (use) => {
      for (let tries = TRIES; ; tries--) {
        try {
          return await attempt(use);
        } catch (error) {
          if (!(error instanceof pg.DatabaseError) || error.code !== DEADLOCK || tries === 1) throw error;
        }
      }
    },
    close: async () => {
      await Promise.all([byKey.end(), byValue.end()]);
    },
  };
}

/** Names for statements that come again: prepared once on each connection. What comes once is not worth it. */
function createNames(): (text: string) => string | undefined {
  const names = new Map<string, string>();
  let seen = new Set<string>();
  let count = 0;
  let began = Date.now();
  return (text) => {
    const known = names.get(text);
    if (known !== undefined) return known;
    if (text.length > MAX_PREPARED_LENGTH) return undefined;
    if (names.size >= MAX_PREPARED) {
      if (Date.now() - began < PREPARED_LIFE) return undefined;
      names.clear();
      began = Date.now();
    }
    if (!seen.has(text)) {
      if (seen.size >= 4 * MAX_PREPARED) seen = new Set();
      seen.add(text);
      return undefined;
    }
    seen.delete(text);
    const name = `q${count++}`;
    names.set(text, name);
    return name;
  };
}

import pg from "pg";
import { questionError } from "../graphql/errors.ts";

/** Runs statements for one answer. */
export interface Reader {
  query<Row extends object>(text: string, values: readonly unknown[]): Promise<Row[]>;
}

/** Connections that only read, and not for long. */
export interface ReadPool {
  /** One statement. */
  readonly reader: Reader;
  /** Runs several statements on one and the same state of the database. */
  snapshot<Result>(run: (reader: Reader) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** Milliseconds after which Postgres gives up on a statement. */
const STATEMENT_TIMEOUT = 3_000;
const QUERY_CANCELED = "57014";
/** Class of errors of values, such as a number that is too large for its column. */
const DATA_EXCEPTION = "22";

/** Connections of the API's own, beside those with which Ponder writes. */
export function createReadPool(connectionString: string, max = 8): ReadPool {
  const pool = new pg.Pool({
    connectionString,
    max,
    connectionTimeoutMillis: 5_000,
    application_name: "gridnft-api",
    options: `-c default_transaction_read_only=on -c statement_timeout=${STATEMENT_TIMEOUT} -c jit=off`,
  });
  // A connection that breaks while it rests is replaced; without a listener it would end the process.
  pool.on("error", () => undefined);

  const run = async <Row extends object>(
    client: pg.Pool | pg.PoolClient,
    text: string,
    values: readonly unknown[],
  ): Promise<Row[]> => {
    try {
      return (await client.query<Row>(text, values as unknown[])).rows;
    } catch (error) {
      if (error instanceof pg.DatabaseError && error.code === QUERY_CANCELED) {
        throw questionError(
          "TOO_SLOW",
          `The database gave up after ${STATEMENT_TIMEOUT / 1_000} s: ask for less at a time.`,
        );
      }
      if (error instanceof pg.DatabaseError && error.code?.startsWith(DATA_EXCEPTION)) {
        throw questionError("BAD_INPUT", "A value of this question is outside of what its column can hold.");
      }
      throw error;
    }
  };

  return {
    reader: { query: (text, values) => run(pool, text, values) },
    snapshot: async (use) => {
      const client = await pool.connect();
      let last: Promise<unknown> = client.query("begin isolation level repeatable read read only");
      try {
        const result = await use({
          // Fields ask at the same time, a connection answers one after the other.
          query: (text, values) => {
            const next = last.then(() => run(client, text, values));
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
    },
    close: () => pool.end(),
  };
}

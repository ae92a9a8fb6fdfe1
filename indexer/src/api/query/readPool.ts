import pg from "pg";
import type { Deadline } from "./deadline.ts";
import { LateError, overloaded, QueryError } from "./errors.ts";
import { MAX_TIME } from "./limits.ts";

/** Runs statements for one answer. */
export interface Reader {
  /** @param deadline When it passes, the statement is cancelled. */
  query<Row extends object>(text: string, values: readonly unknown[], deadline?: Deadline): Promise<Row[]>;
}

/** Connections that only read, and not for long. */
export interface ReadPool {
  /** One statement whose plan is the same for all values: by a key, or along one index. It is planned once. */
  readonly reader: Reader;
  /** One statement whose plan depends on its values: a list. */
  readonly lists: Reader;
  /** Runs several statements on one and the same state of the database. Those that run or wait when the deadline passes are given up. */
  snapshot<Result>(run: (reader: Reader) => Promise<Result>, deadline?: Deadline): Promise<Result>;
  close(): Promise<void>;
}

/** Connections of each kind. */
export const MAX_CONNECTIONS = 6;
/** Milliseconds after which Postgres gives up on a statement. */
const STATEMENT_TIMEOUT = 3_000;
/** Statements that each connection may keep prepared. */
const MAX_PREPARED = 500;
/** Milliseconds after which all of them may be forgotten, with the connections that know them. */
const PREPARED_LIFE = 600_000;
/** Longer ones are rare, and are planned anew each time. */
const MAX_PREPARED_LENGTH = 8_000;
const QUERY_CANCELED = "57014";
/** Class of errors that end a session: a shutdown, a lost database. */
const SESSION_ENDED = "57P";
/** Class of errors of values, such as a number that is too large for its column. */
const DATA_EXCEPTION = "22";
/** Ponder takes all tables for a moment when it goes back with the chain: ask again. */
const DEADLOCK = "40P01";
const TRIES = 3;

/** Milliseconds that a statement waits for a connection. */
const CONNECT_TIMEOUT = 5_000;

/**
 * Connections of the API's own, beside those with which Ponder writes. `max`: of each of the three kinds. Snapshots have their own: in one,
 * a query may wait for what a query with a single statement is making, which must not wait for that connection.
 */
export function createReadPool(connectionString: string, max = MAX_CONNECTIONS): ReadPool {
  const open = (planning: "force_generic_plan" | "force_custom_plan"): pg.Pool =>
    createPool({
      connectionString,
      max,
      connectionTimeoutMillis: CONNECT_TIMEOUT,
      maxLifetimeSeconds: PREPARED_LIFE / 1_000,
      options: `-c default_transaction_read_only=on -c statement_timeout=${STATEMENT_TIMEOUT} -c jit=off -c random_page_cost=1.1 -c plan_cache_mode=${planning} -c max_parallel_workers_per_gather=0`,
    });
  const [byKey, byValue, snapshots] = [
    open("force_generic_plan"),
    open("force_custom_plan"),
    open("force_custom_plan"),
  ];
  const canceller = createPool({ connectionString, max: 1, idleTimeoutMillis: 10_000 });
  const nameOf = createNames();

  const run = async <Row extends object>(
    client: pg.PoolClient,
    text: string,
    values: readonly unknown[],
    { tries, deadline }: { readonly tries: number; readonly deadline: Deadline | undefined },
  ): Promise<Row[]> => {
    if (deadline?.hasPassed) throw new LateError(MAX_TIME);
    const name = nameOf(text);
    try {
      return (await client.query<Row>({ text, values: values as unknown[], ...(name !== undefined && { name }) })).rows;
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error;
      if (error.code === DEADLOCK && tries > 1) return run(client, text, values, { tries: tries - 1, deadline });
      throw told(error, deadline);
    }
  };

  /** Holds a connection while it is used; when the deadline passes meanwhile, what it runs is cancelled. */
  const hold = async <Result>(
    pool: pg.Pool,
    deadline: Deadline | undefined,
    use: (client: pg.PoolClient) => Promise<Result>,
  ): Promise<Result> => {
    const client = await connect(pool, deadline);
    let cancelling: Promise<unknown> | undefined;
    const stop = deadline?.onPassed(() => {
      const { processID } = client as { readonly processID?: number };
      cancelling = canceller.query("select pg_cancel_backend($1)", [processID]).catch(() => undefined);
    });
    let broken: Error | undefined;
    try {
      return await use(client);
    } catch (error) {
      if (isBreaking(error)) broken = error as Error;
      throw error;
    } finally {
      stop?.();
      // The next statement of this connection must not be the one that is cancelled.
      await cancelling;
      client.release(broken);
    }
  };

  const attempt = <Result>(use: (reader: Reader) => Promise<Result>, deadline: Deadline | undefined): Promise<Result> =>
    hold(snapshots, deadline, async (client) => {
      const begin = () => client.query("begin isolation level repeatable read read only");
      let last: Promise<unknown> = begin();
      try {
        const result = await use({
          // Fields ask at the same time, a connection answers one after the other.
          query: (text, values) => {
            const next = last.then(() => run(client, text, values, { tries: 1, deadline }));
            // A failed statement ends the transaction: those after it read a state that is as new or newer.
            last = next.catch(() => client.query("rollback").then(begin)).catch(() => undefined);
            return next as Promise<never>;
          },
        });
        await last;
        return result;
      } finally {
        await last.catch(() => undefined);
        await client.query("rollback");
      }
    });

  const single = (pool: pg.Pool): Reader => ({
    query: (text, values, deadline) =>
      hold(pool, deadline, (client) => run(client, text, values, { tries: TRIES, deadline })),
  });

  return {
    reader: single(byKey),
    lists: single(byValue),
    snapshot: async (use, deadline) => {
      for (let tries = TRIES; ; tries--) {
        try {
          return await attempt(use, deadline);
        } catch (error) {
          if (!(error instanceof pg.DatabaseError) || error.code !== DEADLOCK || tries === 1) throw error;
        }
      }
    },
    close: async () => {
      await Promise.all([byKey, byValue, snapshots, canceller].map((pool) => pool.end()));
    },
  };
}

/** Connections that survive the loss of one: without listeners it would end the process, whether it rests or is in use. */
function createPool(config: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool({ ...config, application_name: "gridnft-api" });
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  return pool;
}

/** A connection; OVERLOADED when none is free in time. */
async function connect(pool: pg.Pool, deadline: Deadline | undefined): Promise<pg.PoolClient> {
  const connecting = pool.connect().catch((error: Error) => {
    throw error.message.includes("timeout exceeded") ? overloaded() : error;
  });
  if (pool.waitingCount === 0 || !deadline) return connecting;
  try {
    return await deadline.race(connecting, overloaded);
  } catch (error) {
    // It may come later, and is nobody's then.
    if (deadline.hasPassed) connecting.then((client) => client.release()).catch(() => undefined);
    throw error;
  }
}

/** Returns whether an error may have left a connection broken: none that Postgres answers does, unless it ends the session. */
function isBreaking(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return error.code?.startsWith(SESSION_ENDED) === true;
  return !(error instanceof QueryError);
}

/** An error of the database that a client can put right, in words for one; every other one as it is. */
function told(error: pg.DatabaseError, deadline: Deadline | undefined): Error {
  if (error.code === QUERY_CANCELED) {
    if (deadline?.hasPassed) return new LateError(MAX_TIME);
    const message = `The database gave up after ${STATEMENT_TIMEOUT / 1_000} s: ask for less at a time.`;
    return new QueryError("TOO_SLOW", message);
  }
  if (error.code?.startsWith(DATA_EXCEPTION)) {
    return new QueryError("BAD_INPUT", "A value of this question is outside of what its column can hold.");
  }
  return error;
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

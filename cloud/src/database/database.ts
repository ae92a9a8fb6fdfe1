import pg from "pg";
import { CloudError } from "../error.ts";

/** Rows by SQL. Numerics and bigints come as strings: amounts do not fit in a number. */
export interface Queries {
  all<Row extends object>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  one<Row extends object>(sql: string, values?: readonly unknown[]): Promise<Row | undefined>;
  /** Number of rows that the statement changed. */
  run(sql: string, values?: readonly unknown[]): Promise<number>;
}

/**
 * A pool of connections. Any of them may be lost at any time (a restart, a failover, an operator): what surely had no effect is done
 * again for some seconds, everything else is refused with `DATABASE_UNAVAILABLE`.
 */
export interface Database extends Queries {
  /** @param turn As of `transaction`. */
  one<Row extends object>(sql: string, values?: readonly unknown[], turn?: string): Promise<Row | undefined>;
  /**
   * Runs one statement that has an effect, and no transaction around it: all of it, or nothing. When its answer was lost, `look` finds
   * what it did, which is then the answer; if it did nothing, it runs again.
   */
  once<Row extends object>(
    sql: string,
    values: readonly unknown[],
    look: () => Promise<Row | undefined>,
  ): Promise<Row | undefined>;
  /** Runs `work` alone among those of one name in this process. Who waits holds no connection. */
  inTurn<Result>(turn: string, work: () => Promise<Result>): Promise<Result>;
  /**
   * Runs `work` in one transaction: all of it, or nothing. It runs again when its connection is lost before the commit, or when
   * another transaction holds a lock for longer than a moment; so it does nothing but queries. A commit that was not answered is
   * asked for by its id.
   *
   * @param turn Those of one name run one after the other in this process, and use one connection instead of one each.
   */
  transaction<Result>(work: (queries: Queries) => Promise<Result>, turn?: string): Promise<Result>;
  /** Runs `work` while no other process holds the lock of that name; waits for it. */
  exclusively<Result>(lock: string, work: () => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** Statements that connections keep parsed and planned, by their text; each has a name. */
const named = new Map<string, string>();

/** Marks the text of a statement that each job needs: a connection parses and plans it once. */
export function often(sql: string): string {
  if (!named.has(sql)) named.set(sql, `grid_${named.size}`);
  return sql;
}

/** Milliseconds for which work that had no effect is tried again. */
const PATIENCE = 5_000;
/** Milliseconds that a statement waits for a lock before its connection goes back to the pool. */
const LOCK_WAIT = 100;

/** Connects lazily; `onError` hears of connections that die, whether they rest or are in use. */
export function openDatabase(url: string, onError: (error: Error) => void, max = 12, patience = PATIENCE): Database {
  const pool = openPool(
    {
      connectionString: url,
      max,
      connectionTimeoutMillis: 10_000,
      application_name: "gridnft-cloud",
      // A statement of ours is short; one that is not must not hold a row for ever.
      statement_timeout: 30_000,
      // A server that is gone without a word never answers.
      query_timeout: 40_000,
      lock_timeout: LOCK_WAIT,
      idle_in_transaction_session_timeout: 60_000,
    },
    onError,
  );
  // Locks that last over slow work (a chain's transaction) have connections of their own, so that they cannot starve queries.
  const locks = openPool({ connectionString: url, max: 4, application_name: "gridnft-cloud locks" }, onError);
  const turns = new Turns();
  let closed = false;

  /** @param since When the work was asked for: whoever had to wait for its turn is not kept longer by a database that is away. */
  const patiently = async <Result>(attempt: () => Promise<Result>, since = Date.now()): Promise<Result> => {
    const end = Date.now() + patience;
    for (let tries = 0; ; tries++) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof Interruption)) throw error;
        if (error.isUnsure || closed || Date.now() >= (error.isLost ? since + patience : end)) throw unavailable(error);
        await new Promise((resolve) => setTimeout(resolve, backoff(tries)));
      }
    }
  };
  const hold = async <Result>(
    use: (client: pg.PoolClient, lose: (error: Error) => void) => Promise<Result>,
  ): Promise<Result> => {
    const client = await pool.connect().catch((cause: unknown) => {
      throw new Interruption(cause, { isLost: true, isUnsure: false });
    });
    let lost: Error | undefined;
    const lose = (error: Error): void => {
      lost = error;
    };
    try {
      return await use(client, lose);
    } catch (error) {
      if (error instanceof Interruption && error.isLost) lose(error);
      throw error;
    } finally {
      client.release(lost);
    }
  };
  const single = (sql: string, values: readonly unknown[] = [], since?: number): Promise<pg.QueryResult> =>
    patiently(() => hold((client) => ask(client, sql, values, !isRead(sql))), since);

  /**
   * Asks what became of a transaction whose commit was not answered. A server that crashed gives ids again that it had not written
   * down: then "committed" may be somebody else's, and anything else says that this one was lost.
   */
  const isCommitted = async ({ id, life }: TransactionId): Promise<boolean> => {
    const lost = () => new Interruption(new Error("The transaction was aborted."), { isLost: true, isUnsure: false });
    for (let tries = 0; ; tries++) {
      const sql = `SELECT pg_xact_status($1::text::xid8) AS status, ${LIFE} AS life`;
      const { rows } = await single(sql, [id]).catch((error: unknown) => {
        if (error instanceof pg.DatabaseError && error.code === INVALID_VALUE) throw lost();
        throw error;
      });
      const [row] = rows as { readonly status: string | null; readonly life: string | null }[];
      const isSameLife = row?.life === life;
      if (row?.status === "committed") return isSameLife;
      if (row?.status === "aborted" || !isSameLife) throw lost();
      if (row?.status !== "in progress" || tries > 100) return false;
      await new Promise((resolve) => setTimeout(resolve, backoff(tries)));
    }
  };

  /** Runs a transaction once. What became of a lost commit is asked for when its connection is given back. */
  const attempt = async <Result>(work: (queries: Queries) => Promise<Result>): Promise<Result> => {
    const { id, result, unanswered } = await hold(async (client, lose) => {
      const id = await begin(client);
      let result: Awaited<Result>;
      try {
        result = await work(queriesBy((sql, values = []) => ask(client, sql, values, false)));
      } catch (error) {
        // A client that can't even do this is thrown away by its pool.
        if (!(error instanceof Interruption && error.isLost)) await client.query("ROLLBACK").catch(() => undefined);
        throw error;
      }
      try {
        await ask(client, "COMMIT", [], true);
        return { id, result, unanswered: undefined };
      } catch (error) {
        if (!(error instanceof Interruption && error.isUnsure)) throw error;
        lose(error);
        return { id, result, unanswered: error };
      }
    });
    if (unanswered && !(await isCommitted(id))) throw unanswered;
    return result;
  };

  return {
    ...queriesBy((sql, values) => single(sql, values)),
    one: async <Row extends object>(sql: string, values?: readonly unknown[], turn?: string) => {
      const since = Date.now();
      return (await turns.take(turn, () => single(sql, values, since))).rows[0] as Row | undefined;
    },
    once: async <Row extends object>(
      sql: string,
      values: readonly unknown[],
      look: () => Promise<Row | undefined>,
    ): Promise<Row | undefined> =>
      patiently(async () => {
        try {
          return (await hold((client) => ask(client, sql, values, true))).rows[0] as Row | undefined;
        } catch (error) {
          if (!(error instanceof Interruption && error.isUnsure)) throw error;
          const found = await look();
          if (found) return found;
          throw new Interruption(error, { isLost: true, isUnsure: false });
        }
      }),
    inTurn: (turn, work) => turns.take(turn, work),
    transaction: (work, turn) => {
      const since = Date.now();
      return turns.take(turn, () => patiently(() => attempt(work), since));
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
      closed = true;
      await Promise.all([pool.end(), locks.end()]);
    },
  };
}

/** A pool that survives the loss of a connection: without a listener on the client itself, one that is in use would end the process. */
function openPool(config: pg.PoolConfig, onError: (error: Error) => void): pg.Pool {
  const pool = new pg.Pool({ keepAlive: true, keepAliveInitialDelayMillis: 10_000, ...config });
  pool.on("connect", (client) => client.on("error", onError));
  // A resting connection is heard of by its client's listener already.
  pool.on("error", () => undefined);
  return pool;
}

/** Failure that is not the statement's own: a connection was lost, or a lock was not to be had in a moment. */
class Interruption extends Error {
  override readonly name = "Interruption";
  readonly isLost: boolean;
  /** The statement may have had its effect. */
  readonly isUnsure: boolean;

  constructor(cause: unknown, { isLost, isUnsure }: { readonly isLost: boolean; readonly isUnsure: boolean }) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.isLost = isLost;
    this.isUnsure = isUnsure;
  }
}

/** SQLSTATEs of locks that others hold: not available, deadlock, serialization. Nothing was done. */
const CONTENTION = ["55P03", "40P01", "40001"];
/** Classes and codes after which a connection is of no use: it ends, or leads to a server that only reads since a failover. */
const SESSION_ENDED = ["57P", "08", "25006"];

async function ask(
  client: pg.PoolClient,
  sql: string,
  values: readonly unknown[],
  mayHaveEffect: boolean,
): Promise<pg.QueryResult> {
  try {
    const name = named.get(sql);
    return await client.query({ text: sql, values: [...values], ...(name !== undefined && { name }) });
  } catch (error) {
    const code = error instanceof pg.DatabaseError ? (error.code ?? "") : undefined;
    if (code !== undefined && CONTENTION.includes(code))
      throw new Interruption(error, { isLost: false, isUnsure: false });
    // A table has other columns than when this connection planned: nothing was done, and another connection plans anew.
    if (code === "0A000" && named.has(sql)) throw new Interruption(error, { isLost: true, isUnsure: false });
    // An error that does not come from the server is the connection's.
    const isLost = code === undefined || SESSION_ENDED.some((ended) => code.startsWith(ended));
    if (!isLost) throw error;
    // A session that ended may have ended after its work, unless the statement never left, or the server only reads.
    const wasSent = code !== "25006" && !(error instanceof Error && /not queryable/.test(error.message));
    throw new Interruption(error, { isLost, isUnsure: mayHaveEffect && wasSent });
  }
}

/** Name of a transaction, by which its end can be asked for: ids are of one life of the server. */
interface TransactionId {
  readonly id: string;
  readonly life: string | null;
}

/** SQL of what changes with each crash of the server, and with a failover: its statistics begin anew. */
const LIFE = "extract(epoch FROM pg_stat_get_bgwriter_stat_reset_time())::text";
/** SQLSTATE for the id of a transaction that is yet to come. */
const INVALID_VALUE = "22023";

/** Begins a transaction. */
async function begin(client: pg.PoolClient): Promise<TransactionId> {
  const sql = `BEGIN; SELECT pg_current_xact_id()::text AS id, ${LIFE} AS life`;
  const [, { rows }] = (await ask(client, sql, [], false)) as unknown as [unknown, pg.QueryResult<TransactionId>];
  return rows[0] ?? { id: "", life: null };
}

/** Returns whether a statement reads only, so that it can be asked again when its answer was lost. */
function isRead(sql: string): boolean {
  return /^\s*SELECT\b/i.test(sql) && !/\b(pg_notify|nextval)\b/i.test(sql);
}

function backoff(tries: number): number {
  return Math.min(250, 10 * 2 ** Math.min(tries, 5)) * (0.5 + Math.random() / 2);
}

function unavailable({ isLost, isUnsure, cause }: Interruption): CloudError {
  const reason = isLost ? "The database does not answer" : "Too many ask for the same thing at a time";
  const advice = isUnsure ? "Look whether it happened, and ask again if not." : "Ask again in a moment.";
  return new CloudError("DATABASE_UNAVAILABLE", `${reason}. ${advice}`, { headers: { "retry-after": "1" }, cause });
}

function queriesBy(query: (sql: string, values?: readonly unknown[]) => Promise<pg.QueryResult>): Queries {
  return {
    all: async <Row extends object>(sql: string, values?: readonly unknown[]) =>
      (await query(sql, values)).rows as Row[],
    one: async <Row extends object>(sql: string, values?: readonly unknown[]) =>
      (await query(sql, values)).rows[0] as Row | undefined,
    run: async (sql, values) => (await query(sql, values)).rowCount ?? 0,
  };
}

/** Queues by name. Who waits in one holds no connection. */
class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  take<Result>(name: string | undefined, work: () => Promise<Result>): Promise<Result> {
    if (name === undefined) return work();
    const running = (this.#last.get(name) ?? Promise.resolve()).then(work);
    const ended = running.catch(() => undefined);
    this.#last.set(name, ended);
    ended.then(() => {
      if (this.#last.get(name) === ended) this.#last.delete(name);
    });
    return running;
  }
}

import { type BackoffTerms, backoff, createNamedMutex, retry, sleep } from "@gridnft/sdk/node";
import pg from "pg";
import { ApiError } from "../error.ts";
import { type Channel, createNoticeQueue, type Notice } from "./notices.ts";

/** Queries by SQL. Numerics and bigints are strings, because amounts do not fit in a number. */
export interface Queries {
  all<Row extends object>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  one<Row extends object>(sql: string, values?: readonly unknown[]): Promise<Row | undefined>;
  /** Returns the number of rows that the statement changed. */
  run(sql: string, values?: readonly unknown[]): Promise<number>;
  /**
   * Notifies the listeners of all processes soon, of a transaction's change after its commit. A process that is killed in between never
   * does: listeners poll as well.
   */
  notify(channel: Channel, payload: string): void;
}

/**
 * Pool of connections. Any of them may be lost at any time (a restart, a failover, an operator). Statements that surely had no effect are
 * retried for some seconds; all others fail with `DATABASE_UNAVAILABLE`.
 */
export interface Database extends Queries {
  /** @param mutex As one of those of `transaction`. */
  one<Row extends object>(sql: string, values?: readonly unknown[], mutex?: string): Promise<Row | undefined>;
  /**
   * Runs one statement that has an effect, without a transaction around it: all of it, or nothing. When its answer is lost, `findResult`
   * finds its result. It runs again if there is none.
   */
  runOnce<Row extends object>(
    sql: string,
    values: readonly unknown[],
    findResult: () => Promise<Row | undefined>,
  ): Promise<Row | undefined>;
  /** Runs `work` alone among those of one mutex in this process. Waiting work holds no connection. */
  serialized<Result>(mutex: string, work: () => Promise<Result>): Promise<Result>;
  /**
   * Runs `work` in one transaction: all of it, or nothing. It runs again when its connection is lost before the commit, or when another
   * transaction holds a lock for too long, so it does nothing but queries. A commit without an answer is looked up by its transaction id.
   *
   * @param mutexes Transactions of one mutex run one after the other in this process, and use one connection instead of one each. Several
   * are taken in this order: a job's before its worker's.
   */
  transaction<Result>(work: (queries: Queries) => Promise<Result>, ...mutexes: readonly string[]): Promise<Result>;
  /** Runs `work` under a lock over all processes. Waits for it. */
  withLock<Result>(lock: string, work: () => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** Names of prepared statements, by their text. */
const statementNames = new Map<string, string>();

/** Marks a frequent statement to be prepared: a connection parses and plans it once. */
export function prepared(sql: string): string {
  if (!statementNames.has(sql)) statementNames.set(sql, `grid_${statementNames.size}`);
  return sql;
}

/** Milliseconds for which work without an effect is retried. */
const RETRY_TIMEOUT = 5_000;
/** Milliseconds that a statement waits for a lock before its connection returns to the pool. */
const LOCK_TIMEOUT = 100;

/** Opens a pool, which connects lazily. `onError` gets the errors of lost connections, idle or in use. */
export function openDatabase(
  url: string,
  onError: (error: Error) => void,
  max = 12,
  retryTimeout = RETRY_TIMEOUT,
): Database {
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
      lock_timeout: LOCK_TIMEOUT,
      idle_in_transaction_session_timeout: 60_000,
    },
    onError,
  );
  // Locks that last over slow work (a chain's transaction) have connections of their own, so that they cannot starve queries.
  const locks = openPool({ connectionString: url, max: 4, application_name: "gridnft-cloud locks" }, onError);
  const mutexes = createNamedMutex();
  const notices = createNoticeQueue((waiting) =>
    withRetry(() => withClient((client) => runStatement(client, NOTIFY, noticeValues(waiting), false))),
  );
  const runIn = <Result>([first, ...others]: readonly string[], work: () => Promise<Result>): Promise<Result> =>
    first === undefined ? work() : mutexes.run(first, () => runIn(others, work));
  let closed = false;

  /** @param since Time of the request. Work that waited for its mutex does not wait longer for a database that is away. */
  const withRetry = async <Result>(attempt: () => Promise<Result>, since = Date.now()): Promise<Result> => {
    const end = Date.now() + retryTimeout;
    return retry(attempt, async (error, tries) => {
      if (!(error instanceof TransientError)) return false;
      if (error.isUncertain || closed || Date.now() >= (error.isLost ? since + retryTimeout : end))
        throw unavailable(error);
      await sleep(backoff(tries, retryTerms));
      return true;
    });
  };
  const withClient = async <Result>(
    use: (client: pg.PoolClient, discard: (error: Error) => void) => Promise<Result>,
  ): Promise<Result> => {
    const client = await pool.connect().catch((cause: unknown) => {
      throw new TransientError(cause, { isLost: true, isUncertain: false });
    });
    let lost: Error | undefined;
    const discard = (error: Error): void => {
      lost = error;
    };
    try {
      return await use(client, discard);
    } catch (error) {
      if (error instanceof TransientError && error.isLost) discard(error);
      throw error;
    } finally {
      client.release(lost);
    }
  };
  const runSingle = (sql: string, values: readonly unknown[] = [], since?: number): Promise<pg.QueryResult> =>
    withRetry(() => withClient((client) => runStatement(client, sql, values, !isRead(sql))), since);

  /**
   * Finds out if a transaction without an answer to its commit is committed. A crashed server gives ids again that it had not written, so
   * "committed" may be another transaction's. Any other status says that this one was lost.
   */
  const isCommitted = async ({ id, life }: TransactionId): Promise<boolean> => {
    const lost = () =>
      new TransientError(new Error("The transaction was aborted."), { isLost: true, isUncertain: false });
    for (let tries = 0; ; tries++) {
      const sql = `SELECT pg_xact_status($1::text::xid8) AS status, ${SERVER_LIFE} AS life`;
      const { rows } = await runSingle(sql, [id]).catch((error: unknown) => {
        if (error instanceof pg.DatabaseError && error.code === INVALID_VALUE) throw lost();
        throw error;
      });
      const [row] = rows as { readonly status: string | null; readonly life: string | null }[];
      const isSameLife = row?.life === life;
      if (row?.status === "committed") return isSameLife;
      if (row?.status === "aborted" || !isSameLife) throw lost();
      if (row?.status !== "in progress" || tries > 100) return false;
      await sleep(backoff(tries, retryTerms));
    }
  };

  /** Runs a transaction once. The state of a lost commit is read after its connection was released. */
  const attempt = async <Result>(work: (queries: Queries) => Promise<Result>): Promise<Result> => {
    const told: Notice[] = [];
    const { id, result, unanswered } = await withClient(async (client, discard) => {
      const id = await begin(client);
      let result: Awaited<Result>;
      try {
        result = await work(
          queriesOver(
            (sql, values = []) => runStatement(client, sql, values, false),
            (notice) => told.push(notice),
          ),
        );
      } catch (error) {
        // A client that can't even do this is thrown away by its pool.
        if (!(error instanceof TransientError && error.isLost)) await client.query("ROLLBACK").catch(() => undefined);
        throw error;
      }
      try {
        await runStatement(client, "COMMIT", [], true);
        return { id, result, unanswered: undefined };
      } catch (error) {
        if (!(error instanceof TransientError && error.isUncertain)) throw error;
        discard(error);
        return { id, result, unanswered: error };
      }
    });
    if (unanswered && !(await isCommitted(id))) throw unanswered;
    for (const notice of told) notices.add(notice);
    return result;
  };

  return {
    ...queriesOver((sql, values) => runSingle(sql, values), notices.add),
    one: async <Row extends object>(sql: string, values?: readonly unknown[], mutex?: string) => {
      const since = Date.now();
      return (await runIn(mutex === undefined ? [] : [mutex], () => runSingle(sql, values, since))).rows[0] as
        | Row
        | undefined;
    },
    runOnce: async <Row extends object>(
      sql: string,
      values: readonly unknown[],
      findResult: () => Promise<Row | undefined>,
    ): Promise<Row | undefined> =>
      withRetry(async () => {
        try {
          return (await withClient((client) => runStatement(client, sql, values, true))).rows[0] as Row | undefined;
        } catch (error) {
          if (!(error instanceof TransientError && error.isUncertain)) throw error;
          const found = await findResult();
          if (found) return found;
          throw new TransientError(error, { isLost: true, isUncertain: false });
        }
      }),
    serialized: (mutex, work) => mutexes.run(mutex, work),
    transaction: (work, ...names) => {
      const since = Date.now();
      return runIn(names, () => withRetry(() => attempt(work), since));
    },
    withLock: async (lock, work) => {
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
      // Of what waits, too, nothing is tried again.
      closed = true;
      await notices.flush();
      await Promise.all([pool.end(), locks.end()]);
    },
  };
}

/** Opens a pool that survives lost connections. Without a listener on the client, the loss of one in use would end the process. */
function openPool(config: pg.PoolConfig, onError: (error: Error) => void): pg.Pool {
  const pool = new pg.Pool({ keepAlive: true, keepAliveInitialDelayMillis: 10_000, ...config });
  pool.on("connect", (client) => client.on("error", onError));
  // A resting connection is heard of by its client's listener already.
  pool.on("error", () => undefined);
  return pool;
}

/** Error that is not the statement's own: a lost connection, or a lock that was not available. */
class TransientError extends Error {
  override readonly name = "TransientError";
  readonly isLost: boolean;
  /** Set if the statement may have had its effect. */
  readonly isUncertain: boolean;

  constructor(cause: unknown, { isLost, isUncertain }: { readonly isLost: boolean; readonly isUncertain: boolean }) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.isLost = isLost;
    this.isUncertain = isUncertain;
  }
}

/** SQLSTATEs of lock conflicts: not available, deadlock, serialization. The statement had no effect. */
const CONTENTION = ["55P03", "40P01", "40001"];
/** SQLSTATE classes and codes after which a connection is unusable: it ends, or its server is read-only since a failover. */
const SESSION_ENDED = ["57P", "08", "25006"];

async function runStatement(
  client: pg.PoolClient,
  sql: string,
  values: readonly unknown[],
  mayHaveEffect: boolean,
): Promise<pg.QueryResult> {
  try {
    const name = statementNames.get(sql);
    return await client.query({ text: sql, values: [...values], ...(name !== undefined && { name }) });
  } catch (error) {
    const code = error instanceof pg.DatabaseError ? (error.code ?? "") : undefined;
    if (code !== undefined && CONTENTION.includes(code))
      throw new TransientError(error, { isLost: false, isUncertain: false });
    // A table has other columns than when this connection planned: nothing was done, and another connection plans anew.
    if (code === "0A000" && statementNames.has(sql))
      throw new TransientError(error, { isLost: true, isUncertain: false });
    // An error that does not come from the server is the connection's.
    const isLost = code === undefined || SESSION_ENDED.some((ended) => code.startsWith(ended));
    if (!isLost) throw error;
    // A session that ended may have ended after its work, unless the statement never left, or the server only reads.
    const wasSent = code !== "25006" && !(error instanceof Error && /not queryable/.test(error.message));
    throw new TransientError(error, { isLost, isUncertain: mayHaveEffect && wasSent });
  }
}

/** Id of a transaction, to look up its commit. Ids are valid for one life of the server. */
interface TransactionId {
  readonly id: string;
  readonly life: string | null;
}

/** SQL of a value that changes with each crash and failover of the server: its statistics are reset. */
const SERVER_LIFE = "extract(epoch FROM pg_stat_get_bgwriter_stat_reset_time())::text";
/** SQLSTATE for an id of a future transaction. */
const INVALID_VALUE = "22023";

/** Begins a transaction. */
async function begin(client: pg.PoolClient): Promise<TransactionId> {
  const sql = `BEGIN; SELECT pg_current_xact_id()::text AS id, ${SERVER_LIFE} AS life`;
  const [, { rows }] = (await runStatement(client, sql, [], false)) as unknown as [
    unknown,
    pg.QueryResult<TransactionId>,
  ];
  return rows[0] ?? { id: "", life: null };
}

/** Returns true if a statement only reads, so that it can be repeated when its answer was lost. */
function isRead(sql: string): boolean {
  return /^\s*SELECT\b/i.test(sql) && !/\bnextval\b/i.test(sql);
}

const retryTerms: BackoffTerms = { first: 10, max: 250, jitter: 1 / 2 };

function unavailable({ isLost, isUncertain, cause }: TransientError): ApiError {
  const reason = isLost ? "The database does not answer" : "Too many ask for the same thing at a time";
  const advice = isUncertain ? "Look whether it happened, and ask again if not." : "Ask again in a moment.";
  return new ApiError("DATABASE_UNAVAILABLE", `${reason}. ${advice}`, { headers: { "retry-after": "1" }, cause });
}

/** Statement that sends notifications. */
const NOTIFY = prepared(
  "SELECT pg_notify(channel, payload) FROM unnest($1::text[], $2::text[]) AS given (channel, payload)",
);

function noticeValues(notices: readonly Notice[]): string[][] {
  return [notices.map(({ channel }) => channel), notices.map(({ payload }) => payload)];
}

function queriesOver(
  query: (sql: string, values?: readonly unknown[]) => Promise<pg.QueryResult>,
  notify: (notice: Notice) => void,
): Queries {
  return {
    all: async <Row extends object>(sql: string, values?: readonly unknown[]) =>
      (await query(sql, values)).rows as Row[],
    one: async <Row extends object>(sql: string, values?: readonly unknown[]) =>
      (await query(sql, values)).rows[0] as Row | undefined,
    run: async (sql, values) => (await query(sql, values)).rowCount ?? 0,
    notify: (channel, payload) => notify({ channel, payload }),
  };
}

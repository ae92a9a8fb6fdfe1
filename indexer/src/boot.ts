// Work that has to be done before Ponder touches the database. Ponder runs this file with the handlers, in `start` and `dev`.
import pg from "pg";
import { writerLock } from "../ops/advisoryLocks.ts";
import { createChainReader } from "../ops/chainReader.ts";
import { readEnvironment } from "../ops/environment.ts";
import { keepCheckpoint } from "../ops/finalizedCheckpoint.ts";
import { hideIndexes } from "../ops/indexes.ts";
import { log } from "../ops/log.ts";
import { databaseSchema, lockConnection, setLockConnection, stopOnTerm } from "../ops/ponderGlobals.ts";
import { removeOrphanedBlocks } from "../ops/rpcCacheCleanup.ts";
import { haveTables, quoted } from "../ops/sql.ts";

/** Milliseconds for which to wait for a predecessor that is about to end. */
const LOCK_TIMEOUT = 10_000;
const LOCK_NOT_AVAILABLE = "55P03";

stopOnTerm();
await takeOver(databaseSchema());

/**
 * Ponder marks its tables as locked while it runs; a process that was killed leaves the mark, and the next one waits for it to go
 * stale. Postgres knows better: it ends an advisory lock with the connection that holds it. Whoever gets that lock has no living
 * predecessor, and takes a mark that it finds away.
 */
async function takeOver(schema: string): Promise<void> {
  if (lockConnection()) return;
  const client = new pg.Client({ connectionString: process.env.DATABASE_URL, application_name: "gridnft-indexer" });
  setLockConnection(client);
  // Lost with the database, which Ponder can't do without either.
  client.on("error", () => undefined);
  await client.connect();
  if (!(await lock(client, schema))) {
    // Another one runs. When it ends in good order Ponder goes on by itself, and then this lock is ours.
    client.query("select pg_advisory_lock($1::bigint)", [writerLock(schema)]).catch(() => undefined);
    return;
  }
  if (process.env.GRID_INDEXER_HANDS_OVER === "1") handOver(client, schema);
  const { chainId, rpcUrls } = await readEnvironment(process.env);
  const kept = await removeOrphanedBlocks(client, createChainReader(rpcUrls), chainId);
  if (kept !== undefined) {
    log(40, "Forgot fetched blocks that the chain took back", { kept });
  }
  if (!(await haveTables(client, `${quoted(schema)}._ponder_meta`))) return;
  await client.query(
    `update ${quoted(schema)}._ponder_meta set value = jsonb_set(value, '{is_locked}', '0') where key = 'app'`,
  );
  await hideIndexes(client, schema);
  await keepCheckpoint(client, schema);
}

/**
 * A rebuild ends when somebody else wants to go on with its tables: the indexer that was told to, by starting it again. Whoever
 * waits for our lock is the one.
 */
function handOver(client: pg.Client, schema: string): void {
  const timer = setInterval(async () => {
    const { rows } = await client
      .query<{ wanted: boolean }>(
        `select exists (
           select 1 from pg_locks where locktype = 'advisory' and not granted and objsubid = 1
             and (classid::bigint << 32) | objid::bigint = $1::bigint
         ) as wanted`,
        [writerLock(schema)],
      )
      .catch(() => ({ rows: [] }));
    if (rows[0]?.wanted !== true) return;
    clearInterval(timer);
    log(30, "Handed over", { schema });
    process.emit("SIGINT");
  }, 500);
  timer.unref();
}

/** Gets the lock, if need be from one that is about to end: it was told to, or it hands over. */
async function lock(client: pg.Client, schema: string): Promise<boolean> {
  await client.query(`set lock_timeout = ${LOCK_TIMEOUT}`);
  try {
    await client.query("select pg_advisory_lock($1::bigint)", [writerLock(schema)]);
    return true;
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === LOCK_NOT_AVAILABLE) return false;
    throw error;
  } finally {
    await client.query("set lock_timeout = 0");
  }
}

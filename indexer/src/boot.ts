// What has to be done before Ponder touches the database. Ponder runs this file with the handlers, in `start` and `dev`.
import { createHash } from "node:crypto";
import pg from "pg";
import { databaseSchema } from "./api/namespace.ts";
import { quoted } from "./api/sql/builder.ts";

/** What lives as long as the process, whatever Ponder loads anew. */
interface BootGlobals {
  GRIDNFT_INDEXER_PRESENCE?: pg.Client;
}

stopOnTerm();
await takeOver(databaseSchema());

/**
 * SIGTERM stops as SIGINT does. Ponder embeds Vite, whose own listener ends the process at SIGTERM before Ponder has let go of its
 * lock, so that the next start would have to wait.
 */
function stopOnTerm(): void {
  process.removeAllListeners("SIGTERM");
  process.once("SIGTERM", () => void process.emit("SIGINT"));
}

/**
 * Ponder marks its tables as locked while it runs; a process that was killed leaves the mark, and the next one waits for it to go
 * stale. Postgres knows better: it ends an advisory lock with the connection that holds it. Whoever gets that lock has no living
 * predecessor, and takes a mark that it finds away.
 */
async function takeOver(schema: string): Promise<void> {
  const globals = globalThis as BootGlobals;
  if (globals.GRIDNFT_INDEXER_PRESENCE) return;
  const client = new pg.Client({ connectionString: process.env.DATABASE_URL, application_name: "gridnft-indexer" });
  globals.GRIDNFT_INDEXER_PRESENCE = client;
  // Lost with the database, which Ponder can't do without either.
  client.on("error", () => undefined);
  await client.connect();
  const lock = [lockNumber(schema)];
  const { rows } = await client.query<{ got: boolean }>("select pg_try_advisory_lock($1::bigint) as got", lock);
  if (rows[0]?.got !== true) {
    // Another one runs. When it ends in good order Ponder goes on by itself, and then this lock is ours.
    client.query("select pg_advisory_lock($1::bigint)", lock).catch(() => undefined);
    return;
  }
  const { rows: meta } = await client.query("select to_regclass($1) is not null as exists", [
    `${quoted(schema)}._ponder_meta`,
  ]);
  if (meta[0]?.exists !== true) return;
  await client.query(
    `update ${quoted(schema)}._ponder_meta set value = jsonb_set(value, '{is_locked}', '0') where key = 'app'`,
  );
}

/** A number that stands for a schema among advisory locks. */
function lockNumber(schema: string): string {
  return createHash("sha256").update(`gridnft-indexer/${schema}`).digest().readBigInt64BE().toString();
}

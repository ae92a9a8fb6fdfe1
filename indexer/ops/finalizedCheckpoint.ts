import { haveTables, quoted, type SqlReader, type SqlWriter } from "./sql.ts";

/**
 * A block from which rows come that the indexer will not take back. One is kept at each start, before the indexer goes on from
 * its tables: it does not look whether the chain is still the one that they are of, and once newer rows are of the new branch,
 * the old ones could not be told any more.
 */
export interface FinalizedCheckpoint {
  readonly number: number;
  readonly hash: string;
}

const UNDEFINED_TABLE = "42P01";

/** The checkpoints of a schema: one after most starts, none before the second. */
export async function readCheckpoints(reader: SqlReader, schema: string): Promise<FinalizedCheckpoint[]> {
  try {
    const rows = await reader.query<{ block: string; hash: string }>(
      `select block, hash from ${tableIn(schema)} order by block desc limit 20`,
      [],
    );
    return rows.map(({ block, hash }) => ({ number: Number(block), hash }));
  } catch (error) {
    if ((error as { code?: unknown }).code === UNDEFINED_TABLE) return [];
    throw error;
  }
}

/** Keeps the newest block of which there is a row that a start does not take back. The tables must not be in use. */
export async function keepCheckpoint(writer: SqlWriter, schema: string): Promise<void> {
  const schemaName = quoted(schema);
  if (!(await haveTables(writer, `${schemaName}.protocol`, `${schemaName}._reorg__protocol`))) return;
  // Reads the row before its first change that is not final; operation 1 is an update.
  const { rows } = await writer.query(
    `select last_event_block as block, last_event_hash as hash, operation
     from ${schemaName}._reorg__protocol order by operation_id limit 1`,
  );
  const [unfinal] = rows;
  const [final] = unfinal
    ? [unfinal].filter(({ operation }) => operation === 1)
    : (
        await writer.query(
          `select last_event_block as block, last_event_hash as hash from ${schemaName}.protocol limit 1`,
        )
      ).rows;
  if (!final) return;
  await writer.query(
    `create table if not exists ${tableIn(schema)} (hash text primary key, block bigint not null, kept_at timestamptz not null default now())`,
  );
  await writer.query(`insert into ${tableIn(schema)} (hash, block) values ($1, $2) on conflict do nothing`, [
    final.hash,
    final.block,
  ]);
}

/** Lets go of all checkpoints but the newest: for when the chain was seen to have each of them. */
export async function releaseCheckpoints(
  writer: SqlWriter,
  schema: string,
  seen: readonly FinalizedCheckpoint[],
): Promise<void> {
  const [newest, ...older] = [...seen].sort((a, b) => b.number - a.number);
  if (!newest || older.length === 0) return;
  await writer.query(`delete from ${tableIn(schema)} where hash = any($1)`, [older.map(({ hash }) => hash)]);
}

function tableIn(schema: string): string {
  return `${quoted(schema)}._gridnft_witness`;
}

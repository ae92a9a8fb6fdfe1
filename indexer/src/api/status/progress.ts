import { quoted, type SqlReader } from "../../../ops/sql.ts";

/** Progress of the index. */
export interface Progress {
  /** Everything up to this block is in the rows. */
  readonly number: number;
  readonly timestamp: number;
  /** Block up to which the indexer takes no row back. */
  readonly final: number;
  /** True when the history up to the start of the indexing process is indexed. */
  readonly ready: boolean;
  /** The newest block from which a row comes; undefined when there is none. */
  readonly lastEvent: { readonly number: number; readonly hash: string } | undefined;
  /** True when the least bond that was announced last is in force by now: it comes into force without an event. */
  readonly isMinBondRaised: boolean;
  /** Another one whenever rows were added or taken back, even if the block has the same number and time. */
  readonly version: string;
}

// Ponder's checkpoints are 75 digits: time (10), chain id (16), block (16), and more.
const TIME_DIGITS = 10;
const CHAIN_DIGITS = 16;
const BLOCK_DIGITS = 16;

/**
 * Reads how far Ponder has come. Undefined before its first block, or when it has no tables yet.
 *
 * Ponder commits the rows of a block and `latest_checkpoint` in one transaction, but twice it takes rows back without saying so
 * there: when a block turns out to be of another branch (the checkpoint moves with the next block, a poll later), and when it
 * starts after an end (what was not final is indexed again). Each time it makes its notification trigger anew in the same
 * transaction: a trigger that is younger than the checkpoint, or missing, means that rows are certain only up to the block that
 * is final.
 * @param schema Where the tables themselves are, not a schema of views.
 */
export async function readProgress(reader: SqlReader, schema: string, chainId: number): Promise<Progress | undefined> {
  const schemaName = quoted(schema);
  const [row] = await reader.query<{
    latest: string;
    final: string;
    settled: boolean;
    version: string;
    ready: boolean;
    block: string | null;
    hash: string | null;
    raised: string | null;
  }>(
    `select c.latest_checkpoint as latest, c.finalized_checkpoint as final,
            coalesce(age(t.xmin) > age(c.xmin), false) as settled,
            concat_ws('/', c.xmin::text, t.xmin::text) as version,
            coalesce((m.value->>'is_ready')::int, 0) = 1 as ready,
            p.last_event_block as block, p.last_event_hash as hash, p.next_min_bond_from as raised
     from ${schemaName}._ponder_checkpoint c
     left join pg_trigger t on t.tgrelid = $2::text::regclass and t.tgname = 'live_query_notify'
     left join ${schemaName}._ponder_meta m on m.key = 'app'
     left join ${schemaName}.protocol p on p.chain_id = c.chain_id
     where c.chain_id = $1`,
    [chainId, `${schemaName}._ponder_checkpoint`],
  );
  if (!row) return undefined;
  const certain = decodeCheckpoint(row.settled ? row.latest : row.final);
  const raisedAt = Number(row.raised ?? 0);
  return {
    ...certain,
    final: decodeCheckpoint(row.final).number,
    ready: row.ready,
    lastEvent: row.hash === null ? undefined : { number: Number(row.block), hash: row.hash },
    isMinBondRaised: raisedAt !== 0 && raisedAt <= certain.timestamp,
    version: row.version,
  };
}

/** Block of one of Ponder's checkpoints. */
function decodeCheckpoint(checkpoint: string): { readonly number: number; readonly timestamp: number } {
  const block = TIME_DIGITS + CHAIN_DIGITS;
  return {
    number: Number(checkpoint.slice(block, block + BLOCK_DIGITS)),
    timestamp: Number(checkpoint.slice(0, TIME_DIGITS)),
  };
}

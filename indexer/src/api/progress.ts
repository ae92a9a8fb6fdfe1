import { quoted } from "./sql/builder.ts";
import type { Reader } from "./sql/pool.ts";

/** How far the rows go. */
export interface Progress {
  /** Last block that was indexed. */
  readonly number: number;
  readonly timestamp: number;
  /** Whether the history up to the start of this process is indexed. */
  readonly ready: boolean;
  /** The newest block from which a row comes; undefined when there is none. */
  readonly lastEvent: { readonly number: number; readonly hash: string } | undefined;
}

// Ponder's checkpoints are 75 digits: time (10), chain id (16), block (16), and more.
const TIME_DIGITS = 10;
const CHAIN_DIGITS = 16;
const BLOCK_DIGITS = 16;

/** Reads how far Ponder has come. Undefined before its first block. */
export async function readProgress(reader: Reader, schema: string, chainId: number): Promise<Progress | undefined> {
  const place = quoted(schema);
  const [row] = await reader.query<{
    checkpoint: string;
    ready: boolean;
    block: string | null;
    hash: string | null;
  }>(
    `select c.latest_checkpoint as checkpoint, coalesce((m.value->>'is_ready')::int, 0) = 1 as ready,
            p.last_event_block as block, p.last_event_hash as hash
     from ${place}._ponder_checkpoint c
     left join ${place}._ponder_meta m on m.key = 'app'
     left join ${place}.protocol p on p.chain_id = c.chain_id
     where c.chain_id = $1`,
    [chainId],
  );
  if (!row) return undefined;
  const block = TIME_DIGITS + CHAIN_DIGITS;
  return {
    number: Number(row.checkpoint.slice(block, block + BLOCK_DIGITS)),
    timestamp: Number(row.checkpoint.slice(0, TIME_DIGITS)),
    ready: row.ready,
    lastEvent: row.hash === null ? undefined : { number: Number(row.block), hash: row.hash },
  };
}

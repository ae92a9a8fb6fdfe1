import type { ChainReader } from "./chainReader.ts";
import { haveTables, type SqlWriter } from "./sql.ts";

/** Tables of Ponder's store of what it fetched, by the column that says of which block a row is. */
const tables: Readonly<Record<string, string>> = {
  blocks: "number",
  transactions: "block_number",
  transaction_receipts: "block_number",
  logs: "block_number",
  traces: "block_number",
  rpc_request_results: "block_number",
  factory_addresses: "block_number",
};

/**
 * Forgets fetched blocks that the chain has no more. Ponder keeps what it fetched for all schemas, by number, takes only blocks
 * that are final for it, and never compares them with the chain again: after a deeper reorganisation every history that is indexed
 * anew would be of the old branch as far as it was known.
 *
 * Returns the last block that is kept; undefined when there was nothing to forget, or a node could not tell.
 */
export async function removeOrphanedBlocks(
  writer: SqlWriter,
  chain: ChainReader,
  chainId: number,
): Promise<number | undefined> {
  if (!(await haveTables(writer, "ponder_sync.blocks"))) return undefined;
  const { rows: counted } = await writer.query("select count(*) as count from ponder_sync.blocks where chain_id = $1", [
    chainId,
  ]);
  const stored = async (position: number) => {
    const { rows } = await writer.query(
      "select number, hash from ponder_sync.blocks where chain_id = $1 order by number offset $2 limit 1",
      [chainId, position],
    );
    return { number: Number(rows[0]?.number), hash: String(rows[0]?.hash) };
  };
  // A block's hash commits to all before it, so orphans are at the end, and halving finds the first of them.
  let kept = 0;
  let count = Number(counted[0]?.count);
  if (count === 0 || (await chain.has(await stored(count - 1))) !== "no") return undefined;
  count -= 1;
  while (kept < count) {
    const middle = Math.floor((kept + count) / 2);
    const verdict = await chain.has(await stored(middle));
    if (verdict === "unknown") return undefined;
    if (verdict === "yes") kept = middle + 1;
    else count = middle;
  }
  const last = kept === 0 ? -1 : (await stored(kept - 1)).number;
  await forgetFrom(writer, chainId, last);
  return last;
}

async function forgetFrom(writer: SqlWriter, chainId: number, last: number): Promise<void> {
  await writer.query("begin");
  try {
    for (const [table, column] of Object.entries(tables)) {
      await writer.query(`delete from ponder_sync.${table} where chain_id = $1 and ${column} > $2`, [chainId, last]);
    }
    // Blocks between the last that is kept and the first that is not may have been empty on the old branch alone.
    await writer.query(
      `update ponder_sync.intervals set blocks = blocks * nummultirange(numrange(null, $2::numeric, '(]')) where chain_id = $1`,
      [chainId, last],
    );
    await writer.query("delete from ponder_sync.intervals where chain_id = $1 and isempty(blocks)", [chainId]);
    await writer.query("commit");
  } catch (error) {
    await writer.query("rollback");
    throw error;
  }
}

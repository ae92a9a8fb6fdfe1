import { type Digester, type GrowingTree, growingTree } from "@gridnft/sdk";
import type { Hex } from "viem";
import type { Queries } from "../database/database.ts";

/** Lanes whose trees are kept; those that were used longest ago go first. */
const MOST_LANES = 256;

/** Receipts of a lane that a voucher would pay for, with their tree. */
export interface LaneTree {
  /** Place of the first receipt on its lane. */
  readonly first: number;
  /** By place, from `first` on. */
  readonly receiptIds: readonly Hex[];
  readonly root: Hex;
}

/** Range and root of a voucher that is stored. */
export interface StoredRoot {
  readonly first: number;
  readonly last: number;
  readonly root: Hex;
}

interface Entry {
  readonly first: number;
  readonly receiptIds: Hex[];
  readonly tree: GrowingTree;
}

/**
 * Trees of the lanes' open receipts, so that a voucher reads and hashes only what is new. They are a cache of the database: each is
 * checked against the root of the newest voucher there, and made anew when it says something else.
 */
export class LaneTrees {
  readonly #entries = new Map<Hex, Entry>();

  constructor(private readonly digester: Pick<Digester, "leafOf" | "keccak">) {}

  /**
   * Returns the tree of a lane's receipts from `first` to `last`, all of which are stored. The lane is locked.
   * @param newest The lane's newest voucher. All receipts through its last one are committed; what follows is this transaction's.
   */
  async treeOf(
    queries: Queries,
    laneId: Hex,
    { first, last, newest }: { readonly first: number; readonly last: number; readonly newest: StoredRoot | undefined },
  ): Promise<LaneTree> {
    const before = this.#entries.get(laneId);
    // Leaves of a transaction that was rolled back, or of a database that went back, must not stay.
    const isCommitted =
      before?.first === first && newest?.first === first && before.receiptIds.length <= newest.last - first + 1;
    const entry = isCommitted ? before : { first, receiptIds: [], tree: growingTree(this.digester.keccak) };
    const size = entry.receiptIds.length;
    const rows = await queries.all<{ receipt_id: Hex }>(
      `SELECT receipt_id FROM cloud.receipt WHERE lane_id = $1 AND lane_position > $2 AND lane_position <= $3
       ORDER BY lane_position`,
      [laneId, first + size - 1, last],
    );
    const isTorn = entry.receiptIds.length !== size || size + rows.length !== last - first + 1;
    if (isTorn) throw new Error(`Lane ${laneId} has ${size + rows.length} receipts from ${first} to ${last}.`);
    for (const { receipt_id } of rows) {
      entry.tree.append(this.digester.leafOf(receipt_id));
      entry.receiptIds.push(receipt_id);
    }
    this.#entries.delete(laneId);
    if (newest?.first === first && entry.tree.root(newest.last - first + 1) !== newest.root) {
      if (!isCommitted) throw new Error(`The receipts of lane ${laneId} are not those of its newest voucher.`);
      return this.treeOf(queries, laneId, { first, last, newest });
    }
    this.#entries.set(laneId, entry);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= MOST_LANES) break;
      this.#entries.delete(oldest);
    }
    return { first, receiptIds: entry.receiptIds, root: entry.tree.root() };
  }
}

import { type Digester, type GrowingTree, growingTree } from "@gridnft/sdk";
import type { Hex } from "viem";
import type { Queries } from "../database/database.ts";

/** Lanes whose trees are cached. The least recently used go first. */
const MAX_TREES = 256;

/** Receipts of a lane that a voucher would pay for, with their tree. */
export interface LaneTree {
  /** Position of the first receipt on its lane. */
  readonly first: number;
  /** Receipt ids by position, from `first` on. */
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
 * Cache of the Merkle trees of the lanes' open receipts, so that a voucher reads and hashes only new ones. Each is checked against the root
 * of the newest voucher in the database, and rebuilt when it differs.
 */
export class LaneTrees {
  readonly #entries = new Map<Hex, Entry>();

  constructor(private readonly digester: Pick<Digester, "leafOf" | "keccak">) {}

  /**
   * Returns the tree of a lane's open receipts and of those that a completion adds. No other job of the lane is completed in this process
   * meanwhile.
   * @param newest The lane's newest voucher. All receipts through its last one are committed, and no others.
   * @param added Receipts that are not stored yet. Should they never be, the next call takes them out again.
   */
  async treeOf(
    queries: Queries,
    laneId: Hex,
    {
      first,
      newest,
      added,
    }: { readonly first: number; readonly newest: StoredRoot | undefined; readonly added: readonly Hex[] },
  ): Promise<LaneTree> {
    const before = this.#entries.get(laneId);
    const isKnown = before?.first === first;
    const entry = isKnown ? before : { first, receiptIds: [], tree: growingTree(this.digester.keccak) };
    this.#entries.delete(laneId);
    const committed = Math.max(0, (newest?.last ?? 0) - first + 1);
    // Leaves of a transaction that was rolled back, or of a database that went back, are removed.
    if (entry.receiptIds.length > committed) {
      entry.receiptIds.splice(committed);
      entry.tree.truncate(committed);
    }
    if (entry.receiptIds.length < committed) await this.#read(queries, laneId, entry, first + committed - 1);
    if (newest?.first === first && committed > 0 && entry.tree.root() !== newest.root) {
      if (!isKnown) throw new Error(`The receipts of lane ${laneId} are not those of its newest voucher.`);
      return this.treeOf(queries, laneId, { first, newest, added });
    }
    this.#append(entry, added);
    this.#entries.set(laneId, entry);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= MAX_TREES) break;
      this.#entries.delete(oldest);
    }
    return { first, receiptIds: [...entry.receiptIds], root: entry.tree.root() };
  }

  /** Returns true if this process has made a voucher of a lane since the lane was read. */
  isPast({ lane_id, receipts }: { readonly lane_id: Hex; readonly receipts: number }): boolean {
    const entry = this.#entries.get(lane_id);
    return entry !== undefined && entry.first + entry.receiptIds.length - 1 > receipts;
  }

  /** Reads a lane's receipts that an entry lacks, through the one at `last`. */
  async #read(queries: Queries, laneId: Hex, entry: Entry, last: number): Promise<void> {
    const after = entry.first + entry.receiptIds.length - 1;
    const rows = await queries.all<{ receipt_id: Hex }>(
      `SELECT receipt_id FROM cloud.receipt WHERE lane_id = $1 AND lane_position > $2 AND lane_position <= $3
       ORDER BY lane_position`,
      [laneId, after, last],
    );
    if (rows.length !== last - after) {
      throw new Error(`Lane ${laneId} has ${rows.length} receipts from ${after + 1} to ${last}.`);
    }
    this.#append(
      entry,
      rows.map(({ receipt_id }) => receipt_id),
    );
  }

  #append({ tree, receiptIds }: Entry, added: readonly Hex[]): void {
    for (const receiptId of added) {
      tree.append(this.digester.leafOf(receiptId));
      receiptIds.push(receiptId);
    }
  }
}

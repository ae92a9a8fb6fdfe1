import { type Hex, zeroHash } from "viem";
import { GridError } from "../lib/errors.js";
import type { ModelTotal, Voucher } from "./typedData.js";

/** Most rows of a voucher. */
export const MAX_TOTALS = 16;

/** The receipts that a voucher acknowledges; leave out to anchor nothing. */
export interface ReceiptsAnchor {
  readonly root: Hex;
  readonly size: number;
}

/**
 * The next voucher of a lane: the totals so far plus what is owed now.
 *
 * @param totals Totals of the lane as last promised (from the last voucher), in any order.
 * @param owed AIPG wei by model id to add. Only these rows enter the voucher (an absent model is unchanged).
 * @param receipts Tree of the receipts paid for by this voucher.
 * @throws {@link GridError} `VOUCHER_INVALID` for more than 16 rows, a negative amount or a total of 2^128 or more.
 */
export function nextVoucher(
  laneId: Hex,
  totals: readonly ModelTotal[],
  owed: ReadonlyMap<bigint, bigint>,
  receipts?: ReceiptsAnchor,
): Voucher {
  const before = new Map(totals.map((row) => [row.modelId, row.cumulative]));
  const rows = [...owed].map(([modelId, amount]) => {
    if (amount < 0n) throw new GridError("VOUCHER_INVALID", "A voucher never takes back.", `totals[${modelId}]`);
    return { modelId, cumulative: (before.get(modelId) ?? 0n) + amount };
  });
  rows.sort((a, b) => (a.modelId < b.modelId ? -1 : 1));
  const voucher = {
    laneId,
    receiptCount: receipts?.size ?? 0,
    receiptsRoot: receipts?.root ?? zeroHash,
    totals: rows,
  };
  requireVoucher(voucher);
  return voucher;
}

/**
 * The rules on a voucher's own form: at most 16 rows, strictly ascending by model id (the contract's), and a count exactly with
 * a root (ours: the contract only logs the count).
 * @throws {@link GridError} `VOUCHER_INVALID`, field named.
 */
export function requireVoucher(voucher: Voucher): void {
  const refuse = (field: string, message: string): never => {
    throw new GridError("VOUCHER_INVALID", message, field);
  };
  const { totals } = voucher;
  if (totals.length > MAX_TOTALS) refuse("totals", `A voucher has at most ${MAX_TOTALS} rows.`);
  totals.forEach((row, i) => {
    const previous = totals[i - 1];
    if (previous && previous.modelId >= row.modelId)
      refuse(`totals[${i}].modelId`, "Rows ascend strictly by model id.");
    if (row.cumulative < 0n || row.cumulative >> 128n !== 0n) {
      refuse(`totals[${i}].cumulative`, "A total is an amount below 2^128.");
    }
  });
  if ((voucher.receiptsRoot === zeroHash) !== (voucher.receiptCount === 0)) {
    refuse("receiptCount", "A root comes with its number of receipts, and only then.");
  }
}

/**
 * Returns the AIPG wei that a voucher adds to what is already promised or collected. Rows below the known total count nothing:
 * `GridSettlement.collect` skips them.
 */
export function voucherDelta(voucher: Voucher, totals: readonly ModelTotal[]): bigint {
  const before = new Map(totals.map((row) => [row.modelId, row.cumulative]));
  return voucher.totals.reduce((sum, row) => {
    const delta = row.cumulative - (before.get(row.modelId) ?? 0n);
    return delta > 0n ? sum + delta : sum;
  }, 0n);
}

/** Totals after a voucher: the higher of both for each model, ascending. */
export function mergeTotals(totals: readonly ModelTotal[], voucher: Voucher): readonly ModelTotal[] {
  const merged = new Map(totals.map((row) => [row.modelId, row.cumulative]));
  for (const { modelId, cumulative } of voucher.totals) {
    if (cumulative > (merged.get(modelId) ?? -1n)) merged.set(modelId, cumulative);
  }
  return [...merged]
    .map(([modelId, cumulative]) => ({ modelId, cumulative }))
    .sort((a, b) => (a.modelId < b.modelId ? -1 : 1));
}

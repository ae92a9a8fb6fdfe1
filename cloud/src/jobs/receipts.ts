import type { MessageJson } from "@gridnft/sdk";
import type { Hex } from "viem";
import type { Queries } from "../database/database.ts";
import { ApiError } from "../error.ts";

/** Row of `cloud.receipt`. */
export interface ReceiptRow {
  readonly receipt_id: Hex;
  readonly job_id: string;
  readonly index: number;
  readonly order_hash: Hex;
  readonly message: MessageJson<"JobReceipt">;
  readonly signature: Hex;
  readonly image_hash: Hex;
  readonly cid: string;
  readonly seed: string;
  readonly price: string;
  readonly lane_id: Hex | null;
  readonly lane_position: number | null;
}

/** Returns the receipts of a job, by index. */
export function receiptsOfJob(queries: Queries, jobId: string): Promise<ReceiptRow[]> {
  return queries.all<ReceiptRow>("SELECT * FROM cloud.receipt WHERE job_id = $1 ORDER BY index", [jobId]);
}

/** Returns the receipt of an id. @throws {@link ApiError} `RECEIPT_UNKNOWN`. */
export async function getReceipt(queries: Queries, receiptId: Hex): Promise<ReceiptRow> {
  const row = await queries.one<ReceiptRow>("SELECT * FROM cloud.receipt WHERE receipt_id = $1", [receiptId]);
  if (!row) throw new ApiError("RECEIPT_UNKNOWN", "There is no receipt with this id here.", { field: "id" });
  return row;
}

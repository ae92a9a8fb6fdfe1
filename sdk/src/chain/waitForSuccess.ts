import type { Hex, TransactionReceipt } from "viem";
import { waitForTransactionReceipt } from "viem/actions";
import { ChainError } from "./errors.js";
import type { ReadClient } from "./transact.js";

/** Transaction to wait for. */
export interface SuccessOptions {
  readonly hash: Hex;
  /** Milliseconds. Default: viem's. */
  readonly timeout?: number;
}

/**
 * Waits for a transaction, and insists on its success.
 * @throws {@link ChainError} `REVERTED`; viem's own errors for what the node does not say in time.
 */
export async function waitForSuccess(client: ReadClient, options: SuccessOptions): Promise<TransactionReceipt> {
  const receipt = await waitForTransactionReceipt(client, options);
  if (receipt.status === "success") return receipt;
  const hash = receipt.transactionHash;
  throw new ChainError("REVERTED", `Transaction ${hash} reverted.`, undefined, hash);
}

import {
  GridError,
  gridNftAbi,
  gridSettlementAbi,
  type JobReceipt,
  orderHash as orderHashOf,
  receiptId,
  receiptTree,
  type SettlementDomain,
} from "@gridnft/sdk";
import { decodeFunctionData, type Hex } from "viem";

/** A receipt and its id. */
export interface ShownReceipt {
  readonly receipt: JobReceipt;
  readonly receiptId: Hex;
}

interface Transaction {
  readonly hash: Hex;
  readonly input: Hex;
}

/** What each order is said to have brought in the last call that was read: a batch settles many orders with one call. */
let lastRead: { readonly tx: Hex; readonly orders: ReadonlyMap<Hex, readonly (readonly JobReceipt[])[]> } | undefined;

/**
 * The receipts behind an `OrderSettled`, if the transaction called the settlement or GridNFT itself: the log has only their
 * Merkle root. What is read is believed only if it has just that root: anybody may send a batch, and name in it one order twice with
 * receipts of their own making. Called through another contract, they stay unseen until they are minted.
 */
export function settledReceipts(
  transaction: Transaction,
  settled: { readonly orderHash: Hex; readonly root: Hex },
  domain: SettlementDomain,
): readonly ShownReceipt[] {
  if (lastRead?.tx !== transaction.hash)
    lastRead = { tx: transaction.hash, orders: receiptsByOrder(transaction.input) };
  const said = lastRead.orders.get(settled.orderHash.toLowerCase() as Hex) ?? [];
  const receipts = said.find((some) => rootOf(some, domain) === settled.root.toLowerCase()) ?? [];
  return receipts.map((receipt) => ({ receipt, receiptId: receiptId(receipt, domain) }));
}

/** Undefined for what no settlement takes: no receipts, or one of them twice. */
function rootOf(receipts: readonly JobReceipt[], domain: SettlementDomain): Hex | undefined {
  try {
    return receiptTree(receipts, domain).root;
  } catch (error) {
    if (error instanceof GridError) return undefined;
    throw error;
  }
}

function receiptsByOrder(input: Hex): Map<Hex, readonly (readonly JobReceipt[])[]> {
  const orders = new Map<Hex, readonly (readonly JobReceipt[])[]>();
  for (const { order, receipts } of itemsOf(input)) {
    const hash = orderHashOf(order);
    const { requester, worker, modelId, requestHash } = order;
    const stated = receipts.map(
      ({ signature: _, ...output }): JobReceipt => ({
        ...output,
        orderHash: hash,
        requester,
        worker,
        modelId,
        requestHash,
      }),
    );
    orders.set(hash, [...(orders.get(hash) ?? []), stated]);
  }
  return orders;
}

function itemsOf(input: Hex) {
  try {
    const call = decodeFunctionData({ abi: gridSettlementAbi, data: input });
    if (call.functionName === "settle") return call.args;
    if (call.functionName === "settleBatch") return call.args[0];
    return [];
  } catch {
    // Not a call of the settlement.
  }
  try {
    const call = decodeFunctionData({ abi: gridNftAbi, data: input });
    return call.functionName === "settleAndMint" || call.functionName === "settleAndMintFor" ? call.args[1] : [];
  } catch {
    return []; // Nor of GridNFT: some other contract called.
  }
}

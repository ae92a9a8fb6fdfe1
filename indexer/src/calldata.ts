import { gridNftAbi, gridSettlementAbi, type JobReceipt, merkleTree, type SettlementDomain } from "@gridnft/sdk";
import { type AbiFunction, decodeFunctionData, type Hex, toFunctionSelector } from "viem";
import { digester } from "./digester.ts";

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
  const root = settled.root.toLowerCase();
  for (const receipts of lastRead.orders.get(settled.orderHash.toLowerCase() as Hex) ?? []) {
    const shown = receipts.map((receipt) => ({ receipt, receiptId: digester.receiptId(receipt, domain) }));
    if (rootOf(shown) === root) return shown;
  }
  return [];
}

/** Undefined for what no settlement takes: no receipts, or one of them twice. */
function rootOf(shown: readonly ShownReceipt[]): Hex | undefined {
  const ids = new Set(shown.map(({ receiptId }) => receiptId));
  if (ids.size === 0 || ids.size !== shown.length) return undefined;
  return merkleTree([...ids].map(digester.leafOf), digester.keccak).root;
}

function receiptsByOrder(input: Hex): Map<Hex, readonly (readonly JobReceipt[])[]> {
  const orders = new Map<Hex, readonly (readonly JobReceipt[])[]>();
  for (const { order, receipts } of itemsOf(input)) {
    const hash = digester.orderHash(order);
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

const selectors = new Map(
  [...gridSettlementAbi, ...gridNftAbi].flatMap((item) =>
    item.type === "function" ? [[item.name as string, toFunctionSelector(item as AbiFunction)] as const] : [],
  ),
);

/** Orders with their receipts, if the call is one of those that settle: told by its selector, since most calls are none. */
function itemsOf(input: Hex) {
  try {
    switch (input.slice(0, 10)) {
      case selectors.get("settle"):
      case selectors.get("settleBatch"): {
        const call = decodeFunctionData({ abi: gridSettlementAbi, data: input });
        if (call.functionName === "settle") return call.args;
        return call.functionName === "settleBatch" ? call.args[0] : [];
      }
      case selectors.get("settleAndMint"):
      case selectors.get("settleAndMintFor"): {
        const call = decodeFunctionData({ abi: gridNftAbi, data: input });
        return call.functionName === "settleAndMint" || call.functionName === "settleAndMintFor" ? call.args[1] : [];
      }
      default:
        return []; // Some other contract called.
    }
  } catch {
    return []; // It only began like one of those.
  }
}

import { type JobReceipt, merkleTree, type SettlementDomain } from "@gridnft/sdk";
import type { Hex } from "viem";
import { digester } from "../../lib/digester.ts";
import { settlementsIn } from "./settlementCalldata.ts";

/** A receipt and its id. */
export interface ShownReceipt {
  readonly receipt: JobReceipt;
  readonly receiptId: Hex;
}

interface Transaction {
  readonly hash: Hex;
  readonly input: Hex;
}

/** Receipts of each order in the last call that was read: a batch settles many orders with one call. */
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
    if (resolverOf(shown) === root) return shown;
  }
  return [];
}

/** Undefined for what no settlement takes: no receipts, or one of them twice. */
function resolverOf(shown: readonly ShownReceipt[]): Hex | undefined {
  const ids = new Set(shown.map(({ receiptId }) => receiptId));
  if (ids.size === 0 || ids.size !== shown.length) return undefined;
  return merkleTree([...ids].map(digester.leafOf), digester.keccak).root;
}

function receiptsByOrder(input: Hex): Map<Hex, readonly (readonly JobReceipt[])[]> {
  const orders = new Map<Hex, readonly (readonly JobReceipt[])[]>();
  for (const { order, outputs } of settlementsIn(input)) {
    const orderHash = digester.orderHash(order);
    const { requester, worker, modelId, requestHash } = order;
    const stated = outputs.map(
      (output): JobReceipt => ({ ...output, orderHash, requester, worker, modelId, requestHash }),
    );
    orders.set(orderHash, [...(orders.get(orderHash) ?? []), stated]);
  }
  return orders;
}

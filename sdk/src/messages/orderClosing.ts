import { type Address, type Hex, zeroHash } from "viem";
import { GridError } from "../lib/errors.js";
import { digester } from "./digest.js";
import { isOneOf, type ReceiptChecker, type ReceiptExpectation, receiptTree } from "./receipt.js";
import { recoverSigner } from "./signature.js";
import type { JobOrder, JobReceipt, OrderClosing, SettlementDomain } from "./typedData.js";

/** An order of the direct rail that ended early, and the receipts that there are. */
export interface ClosedOrder {
  readonly order: JobOrder;
  /** By ascending index; at least one, fewer than `order.count`. */
  readonly receipts: readonly JobReceipt[];
  readonly domain: SettlementDomain;
}

/** Order, receipts and keys that a closing is checked against. */
export interface ClosingExpectation extends ClosedOrder {
  readonly signature: Hex;
  /** As a {@link ReceiptExpectation}'s. */
  readonly signers: ReceiptExpectation["signers"];
}

/** Hashing and recovering of this package. */
const plain: ReceiptChecker = { digester, recoverSigner };

/**
 * The closing of an order with just these receipts: what its worker signs to let others settle it with them. A worker signs at
 * most one per order, and no receipt of the order afterwards. Sign it with `settlementTypes.OrderClosing`.
 *
 * @throws {@link GridError} `CLOSING_INVALID`, naming the field: for an order of a lane, no receipts, all of them, receipts of
 * another order, or receipts that do not ascend.
 *
 * @example
 * const message = orderClosing({ order, receipts, domain });
 * const signature = await account.signTypedData({ domain, types: settlementTypes, primaryType: "OrderClosing", message });
 */
export function orderClosing({ order, receipts, domain }: ClosedOrder, using: ReceiptChecker = plain): OrderClosing {
  const refuse = (field: string, message: string): never => {
    throw new GridError("CLOSING_INVALID", message, field);
  };
  if (order.laneId !== zeroHash)
    refuse("laneId", "Only orders of the direct rail are closed; a lane pays what was made.");
  if (receipts.length === 0) refuse("receipts", "An order is closed with at least one receipt.");
  if (receipts.length >= order.count) {
    refuse("receipts", `All ${order.count} images have a receipt: there is nothing to close.`);
  }
  const orderHash = using.digester.orderHash(order);
  receipts.forEach((receipt, i) => {
    if (receipt.orderHash.toLowerCase() !== orderHash) refuse("orderHash", `Receipt ${i} answers another order.`);
    if (receipt.index >= order.count) refuse("index", `Receipt ${i} has an index that the order does not.`);
    if (i > 0 && receipt.index <= (receipts[i - 1]?.index ?? 0)) refuse("index", "The receipts do not ascend.");
  });
  const { root, size } = receiptTree(receipts, domain, using.digester);
  return { orderHash, receiptCount: size, receiptsRoot: root };
}

/**
 * Checks that a worker closed an order with exactly these receipts, by the contracts' rules of signatures.
 *
 * @returns The key that signed.
 * @throws {@link GridError} `CLOSING_INVALID` as {@link orderClosing}; `SIGNER_MISMATCH` when no key of the worker signed just
 * this; or as `recoverSigner` for a signature that the contracts refuse.
 */
export function checkOrderClosing(expected: ClosingExpectation, using: ReceiptChecker = plain): Address {
  const { order, domain, signature, signers } = expected;
  const digest = using.digester.orderClosingDigest(orderClosing(expected, using), domain);
  const signer = using.recoverSigner(digest, signature);
  if (isOneOf(signers, signer)) return signer;
  throw new GridError(
    "SIGNER_MISMATCH",
    `Worker ${order.worker} did not close the order with just these ${expected.receipts.length} receipts.`,
    "closing_signature",
  );
}

import { type Address, type Hex, isAddressEqual } from "viem";
import { bytesToHex, textToBytes } from "../lib/bytes.js";
import { GridError } from "../lib/errors.js";
import { type Digester, digester, orderHash } from "./digest.js";
import { type MerkleTree, merkleTree } from "./merkle.js";
import { seedAt } from "./request.js";
import { recoverSigner } from "./signature.js";
import type { GenerationRequest, JobOrder, JobReceipt, SettlementDomain } from "./typedData.js";

/** Receipt with its worker's signature. */
export interface SignedReceipt {
  readonly receipt: JobReceipt;
  readonly signature: Hex;
}

/** Outcome of one image, which the worker adds to the order. */
export type ReceiptOutput = Pick<
  JobReceipt,
  "index" | "seed" | "engineHash" | "imageHash" | "cidDigest" | "completedAt" | "price"
>;

/** `engineHash` of an engine string such as "onnxruntime 1.30.0 cpu t1". */
export function engineHash(engine: string, using: Digester = digester): Hex {
  return bytesToHex(using.keccak(textToBytes(engine, "engine")));
}

/** The receipt of one image: the order's fields, and what the worker states. Sign it with `settlementTypes.JobReceipt`. */
export function jobReceipt(order: JobOrder, output: ReceiptOutput): JobReceipt {
  return {
    orderHash: orderHash(order),
    index: output.index,
    requester: order.requester,
    worker: order.worker,
    modelId: order.modelId,
    requestHash: order.requestHash,
    seed: output.seed,
    engineHash: output.engineHash,
    imageHash: output.imageHash,
    cidDigest: output.cidDigest,
    completedAt: output.completedAt,
    price: output.price,
  };
}

/** Values that a receipt is checked against. */
export interface ReceiptExpectation {
  readonly domain: SettlementDomain;
  readonly request: GenerationRequest;
  readonly order: JobOrder;
  readonly signature: Hex;
  /**
   * Keys that may sign for the worker: its cold account and its live WORKER_SIGNERs. With "any" the caller checks the key that is returned.
   */
  readonly signers: readonly Address[] | "any";
}

/** The hashing and recovering to check with: a `FastChecker`, or the plain functions. */
export interface ReceiptChecker {
  readonly digester: Digester;
  recoverSigner(digest: Hex, signature: Hex): Address;
}

/**
 * Checks everything about a receipt that can be checked without the picture: it answers this order and request, keeps the
 * seed rule, the deadline and the price cap, and a key of the worker signed it in the form that the contracts take.
 *
 * @param using A `FastChecker` checks ten times as many a second.
 * @returns The key that signed.
 * @throws {@link GridError} `RECEIPT_MISMATCH` (field named), `SEED_INVALID`, `SIGNER_MISMATCH`, or as `recoverSigner`.
 */
export function checkReceipt(
  receipt: JobReceipt,
  expected: ReceiptExpectation,
  using: ReceiptChecker = { digester, recoverSigner },
): Address {
  const { domain, request, order, signature, signers } = expected;
  const same = (field: string, is: boolean): void => {
    if (!is) throw new GridError("RECEIPT_MISMATCH", `The receipt's ${field} is not the order's.`, field);
  };
  same("orderHash", equalHex(receipt.orderHash, using.digester.orderHash(order)));
  same("requestHash", equalHex(receipt.requestHash, using.digester.requestHash(request)));
  same("requestHash", equalHex(order.requestHash, receipt.requestHash));
  same("requester", isAddressEqual(receipt.requester, order.requester));
  same("worker", isAddressEqual(receipt.worker, order.worker));
  same("modelId", receipt.modelId === order.modelId && order.modelId === request.modelId);
  same("index", receipt.index < order.count);
  same("price", receipt.price <= order.maxPrice);
  same("completedAt", receipt.completedAt <= order.deadline);
  const seed = seedAt(request, receipt.index);
  if (seed !== undefined && receipt.seed !== seed) {
    throw new GridError("SEED_INVALID", `Receipt ${receipt.index} must carry seed ${seed}.`, "seed");
  }
  const signer = using.recoverSigner(using.digester.receiptId(receipt, domain), signature);
  if (!isOneOf(signers, signer)) {
    throw new GridError("SIGNER_MISMATCH", `${signer} does not sign for worker ${receipt.worker}.`, "signature");
  }
  return signer;
}

/**
 * Merkle tree of receipts in the given order; its root is what a voucher names, or what one direct settle anchors.
 *
 * @example
 * const tree = receiptTree(receipts, domain);
 * const voucher = { laneId, receiptCount: receipts.length, receiptsRoot: tree.root, totals };
 * tree.proof(3);
 */
export function receiptTree(
  receipts: readonly JobReceipt[],
  domain: SettlementDomain,
  using: Digester = digester,
): MerkleTree {
  return merkleTree(
    receipts.map((receipt) => using.leafOf(using.receiptId(receipt, domain))),
    using.keccak,
  );
}

/** Returns true if a key is among those that may sign. */
export function isOneOf(signers: ReceiptExpectation["signers"], key: Address): boolean {
  return signers === "any" || signers.some((one) => isAddressEqual(one, key));
}

function equalHex(a: Hex, b: Hex): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

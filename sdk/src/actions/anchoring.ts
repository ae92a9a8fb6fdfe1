import type { Address, Hex } from "viem";
import type { ReceiptAnchor } from "../body/composeBody.js";
import type { Deployment } from "../chain/deployment.js";
import { GridError } from "../lib/errors.js";
import { orderHash } from "../messages/digest.js";
import type { JobOrder, JobReceipt } from "../messages/typedData.js";
import type { ReceiptBundle } from "../schemas/index.js";

/** `Settlement` of IGridSettlement: an order of the direct rail and its receipts. */
export interface Settlement {
  readonly order: JobOrder;
  readonly orderSignature: Hex;
  readonly receipts: readonly (Pick<
    JobReceipt,
    "index" | "seed" | "engineHash" | "imageHash" | "cidDigest" | "completedAt" | "price"
  > & { readonly signature: Hex })[];
}

/** Papers of a voucher, ready for `collect`. */
export type LanePapers = NonNullable<ReceiptBundle["lane"]>;

/** An order that its worker ended early, as `settleClosed` takes it. */
export interface ClosedSettlement {
  readonly settlement: Settlement;
  /** The worker's, of `OrderClosing` over just these receipts. */
  readonly closingSignature: Hex;
}

/** An anchor of the direct rail that waits for `confirmAnchor`: its order was settled while the worker's bond was too small. */
export interface WaitingAnchor {
  readonly payer: Address;
  readonly root: Hex;
  readonly worker: Address;
}

/** What still has to be done on chain before receipts are anchored. */
export interface Anchoring {
  /** Where each bundle's receipt is, or will be, anchored; the same object for all under one root. */
  readonly anchors: readonly ReceiptAnchor[];
  /** Complete orders that are not settled yet. */
  readonly settlements: readonly Settlement[];
  /** Orders that ended early and are not settled yet; a mint can't settle them on its way. */
  readonly closed: readonly ClosedSettlement[];
  /** Anchors that wait, of workers that are bonded by now. */
  readonly waiting: readonly WaitingAnchor[];
  /** Vouchers that are not collected yet. */
  readonly collects: readonly LanePapers[];
}

/** Steps before a mint. All but `settlements`, which a mint settles itself, in a transaction of its own. */
export type Preparation = Omit<Anchoring, "anchors"> & { readonly deployment: Deployment };

/** Transactions by which receipts were anchored before a mint. */
export interface Prepared {
  /** Of vouchers. */
  readonly collected: readonly Hex[];
  /** Of orders that ended early. */
  readonly settled: readonly Hex[];
  /** Of anchors that waited. */
  readonly confirmed: readonly Hex[];
}

/** Bundles, and where their contracts are. */
export interface SettleOptions {
  readonly bundles: readonly ReceiptBundle[];
  readonly deployment: Deployment;
}

/**
 * The order and receipts of a bundle as `settle`, `settleClosed` and `settleAndMint` take them.
 * @throws {@link GridError} `BUNDLE_INVALID` for a lane's bundle.
 */
export function settlementOf({ order, direct }: ReceiptBundle): Settlement {
  if (!direct) throw new GridError("BUNDLE_INVALID", "The order is not on the direct rail.", "direct");
  return {
    order,
    orderSignature: direct.order_signature,
    receipts: direct.receipts.map(({ receipt, signature }) => ({
      index: receipt.index,
      seed: receipt.seed,
      engineHash: receipt.engineHash,
      imageHash: receipt.imageHash,
      cidDigest: receipt.cidDigest,
      completedAt: receipt.completedAt,
      price: receipt.price,
      signature,
    })),
  };
}

export function lanePapersOf({ lane }: ReceiptBundle): LanePapers {
  if (!lane) throw new GridError("BUNDLE_INVALID", "The order is not on a lane.", "lane");
  if (!lane.worker_signature) {
    throw new GridError(
      "NOT_ATTESTED",
      "The worker has not signed the voucher of this receipt yet. Ask the cloud for the receipt again in a moment.",
      "lane.worker_signature",
    );
  }
  return lane;
}

/** Orders of bundles, each once. */
export function distinctOrders(bundles: readonly ReceiptBundle[]): readonly JobOrder[] {
  return [...new Map(bundles.map(({ order }) => [orderHash(order), order])).values()];
}

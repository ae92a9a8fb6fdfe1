import type { Address, Hex } from "viem";
import type { SeriesHeader } from "../body/body.js";
import type { ReceiptProof } from "../body/composeBody.js";
import type { Deployment } from "../chain/deployment.js";
import type { MintAuthorization } from "../messages/typedData.js";
import type { ReceiptBundle } from "../schemas/index.js";
import type { ClosedSettlement, LanePapers, Prepared, Settlement, WaitingAnchor } from "./anchoring.js";

/** What a series is called and allows; everything may be left out but the title. */
export type SeriesTerms = Pick<SeriesHeader, "title"> & Partial<SeriesHeader>;

/** Receipts to mint as one series. */
export interface MintOptions {
  readonly deployment: Deployment;
  /** One for each artwork, all of one requester. */
  readonly bundles: readonly ReceiptBundle[];
  readonly series: SeriesTerms;
}

/** A mint, ready to be submitted by its requester or by whoever carries their authorization. */
export interface MintPlan {
  readonly deployment: Deployment;
  readonly requester: Address;
  /** Artworks. */
  readonly count: number;
  /** By artwork. */
  readonly receiptIds: readonly Hex[];
  /** Packed body. */
  readonly body: Hex;
  readonly proofs: readonly ReceiptProof[];
  /** Index of the anchor source that settles. */
  readonly source: number;
  /** Orders that the mint settles first, in the same transaction. */
  readonly settlements: readonly Settlement[];
  /** Orders that ended early and have to be settled before, each in a transaction of its own: a mint settles whole orders. */
  readonly closed: readonly ClosedSettlement[];
  /** Anchors that have to be confirmed before, each in a transaction of its own. */
  readonly waiting: readonly WaitingAnchor[];
  /** Vouchers that have to be collected before, each in a transaction of its own. */
  readonly collects: readonly LanePapers[];
  /** Mint fee of all artworks as it is now, AIPG wei. */
  readonly fee: bigint;
}

/** Result of a mint: what it created, and the transactions that anchored receipts before. */
export interface Minted extends Prepared {
  readonly seriesId: bigint;
  /** By artwork. */
  readonly tokenIds: readonly bigint[];
  /** Receipt that each token was minted from. */
  readonly receiptIds: readonly Hex[];
  readonly transaction: Hex;
  readonly blockNumber: bigint;
  readonly gasUsed: bigint;
}

/** Leave to mint a plan, signed by its requester. */
export interface SignedMint {
  readonly authorization: MintAuthorization;
  readonly signature: Hex;
}

import type { Address, Hex } from "viem";
import { readContract } from "viem/actions";
import { EvolutionPolicy, encodeBody, type SeriesHeader } from "../body/body.js";
import { composeBody, type ReceiptProof, type ReceiptToMint } from "../body/composeBody.js";
import { type ReadClient, wrapReadError } from "../chain/transact.js";
import { nftAt } from "../generated/used.js";
import { GridError } from "../lib/errors.js";
import { leafOf } from "../messages/digest.js";
import type { MintAuthorization } from "../messages/typedData.js";
import { type Preparation, type Prepared, planAnchoring, requireConfirmable, type SettleOptions } from "./anchoring.js";

/** Title of a series, and what it allows; everything may be left out but the title. */
export type SeriesTerms = Pick<SeriesHeader, "title"> & Partial<SeriesHeader>;

/** Receipts to mint as one series. */
export interface MintOptions extends SettleOptions {
  /** One for each artwork, all of one requester. */
  readonly bundles: SettleOptions["bundles"];
  readonly series: SeriesTerms;
}

/** A mint, ready to be submitted by its requester or by whoever carries their authorization. */
export interface MintPlan extends Preparation {
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

/**
 * Prepares a mint: finds out where the receipts are anchored, what has to be settled or collected first, and packs the body.
 * Reads the chain, changes nothing. Artworks get their numbers in the order of the bundles, but that receipts under one anchor
 * are put into the order of its tree.
 *
 * @throws {@link GridError} as `planAnchoring` and `composeBody`; `ANCHOR_WAITS` when an anchor waits and its worker is not bonded;
 * `BODY_INVALID` when the series is too large.
 */
export async function planMint(client: ReadClient, options: MintOptions): Promise<MintPlan> {
  const { deployment, series } = options;
  const [{ bundles, items, steps, source }, [feeEach]] = await Promise.all([
    anchoredItems(client, options),
    wrapReadError(readContract(client, { ...nftAt(deployment), functionName: "mintFee" })),
  ]);
  const { body, proofs } = composeBody(items, {
    policy: EvolutionPolicy.NONE,
    royaltyBps: 0,
    description: "",
    tags: "",
    ...series,
  });
  const [first] = items;
  if (!first) throw new GridError("BODY_INVALID", "There is nothing to mint.", "artworks");
  return {
    deployment,
    requester: first.receipt.requester,
    count: items.length,
    body: encodeBody(body),
    proofs,
    source,
    ...steps,
    fee: feeEach * BigInt(items.length),
    receiptIds: bundles.map(({ receipt_id }) => receipt_id),
  };
}

/** Bundles as items of a body, in an order that a body can have. */
export async function anchoredItems(client: ReadClient, { bundles, deployment }: SettleOptions) {
  const { anchors, ...steps } = await planAnchoring(client, { bundles, deployment });
  await requireConfirmable(client, deployment, steps.waiting);
  const given = bundles.map((bundle, i) => {
    const anchor = anchors[i];
    if (!anchor) throw new GridError("BUNDLE_INVALID", "The receipt has no anchor.", "receipt_id");
    return { bundle, anchor, leaf: anchor.tree.indexOf(leafOf(bundle.receipt_id)) };
  });
  // Each anchor keeps its places in the series, and fills them in the order of its tree.
  const queues = new Map(
    [...new Set(anchors)].map((anchor) => [
      anchor,
      given.filter((one) => one.anchor === anchor).sort((a, b) => a.leaf - b.leaf),
    ]),
  );
  const sorted = given.map(({ anchor }) => queues.get(anchor)?.shift()).filter((one) => one !== undefined);
  const items: ReceiptToMint[] = sorted.map(({ bundle: { receipt, request, engine }, anchor }) => {
    return { receipt, request, engine, anchor };
  });
  return { bundles: sorted.map(({ bundle }) => bundle), items, steps, source: anchors[0]?.source ?? 0 };
}

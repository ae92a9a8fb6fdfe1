import { readContract } from "viem/actions";
import { EvolutionPolicy, encodeBody } from "../body/body.js";
import { composeBody, type ReceiptToMint } from "../body/composeBody.js";
import { type ReadClient, wrapReadError } from "../chain/transact.js";
import { gridNftAbi } from "../generated/used.js";
import { GridError } from "../lib/errors.js";
import { leafOf } from "../messages/digest.js";
import { requireConfirmable } from "./anchorState.js";
import type { MintOptions, MintPlan } from "./mintPlan.js";
import { planAnchoring } from "./planAnchoring.js";

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
  const [{ bundles, items, settlements, closed, waiting, collects, source }, [feeEach]] = await Promise.all([
    anchoredItems(client, options),
    wrapReadError(
      readContract(client, {
        address: deployment.contracts.GridNFT.address,
        abi: gridNftAbi,
        functionName: "mintFee",
      }),
    ),
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
    settlements,
    closed,
    waiting,
    collects,
    fee: feeEach * BigInt(items.length),
    receiptIds: bundles.map(({ receipt_id }) => receipt_id),
  };
}

/** Bundles as items of a body, in an order that a body can have. */
export async function anchoredItems(
  client: ReadClient,
  { bundles, deployment }: Pick<MintOptions, "bundles" | "deployment">,
) {
  const { anchors, settlements, closed, waiting, collects } = await planAnchoring(client, { bundles, deployment });
  await requireConfirmable(client, deployment, waiting);
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
  return {
    bundles: sorted.map(({ bundle }) => bundle),
    items,
    settlements,
    closed,
    waiting,
    collects,
    source: anchors[0]?.source ?? 0,
  };
}

import { anchorSource, type artworkVersion } from "ponder:schema";
import { type Blob, bodyHash, cidOf, decodeBlob, receiptsOf, settlementDomain } from "@gridnft/sdk";
import type { Address, Hex } from "viem";
import { digester } from "../../lib/digester.ts";
import type { EventContext, Store } from "../../lib/eventContext.ts";

/** Provenance of an artwork as its blob states it, without the token's own place in the world. */
export type Provenance = Omit<
  typeof artworkVersion.$inferInsert,
  "chainId" | "tokenId" | "version" | "addedAt" | "addedBlock" | "addedTx" | "seq"
> & { readonly engineHash: Hex };

/** Content of one `SeriesMinted` or `VersionAdded`. */
export interface Minted {
  readonly blob: Blob;
  readonly bodyHash: Hex;
  /** In the order of the body. */
  readonly artworks: readonly Provenance[];
}

/** Reads the blob of an event, and computes the ids that it leaves out. */
export async function readBlob(db: Store, context: EventContext, packed: Hex): Promise<Minted> {
  const blob = decodeBlob(packed);
  const { body, requester } = blob;
  const hash = bodyHash(blob.packed, digester);
  const domains = await Promise.all(
    body.anchors.map(async ({ source }) => {
      const row = await db.find(anchorSource, { chainId: context.chainId, index: source });
      if (!row) throw new Error(`Anchor source ${source} is not known at block ${context.block}.`);
      return settlementDomain(context.chainId, row.source);
    }),
  );
  const artworks = receiptsOf(body, requester, digester).map((receipt, i): Provenance => {
    const artwork = at(body.artworks, i);
    const order = at(body.orders, artwork.order);
    const request = at(body.requests, order.request);
    const anchor = at(body.anchors, order.anchor);
    const anchored = at(blob.anchored, order.anchor);
    return {
      modelId: request.modelId,
      modelHash: request.modelHash,
      prompt: request.prompt,
      negativePrompt: request.negativePrompt,
      requestedSeed: request.seed,
      width: BigInt(request.width),
      height: BigInt(request.height),
      steps: BigInt(request.steps),
      guidanceMilli: BigInt(request.guidanceMilli),
      sampler: request.sampler,
      scheduler: request.scheduler,
      sourceHash: request.sourceHash,
      extras: request.extras,
      salt: request.salt,
      requestHash: receipt.requestHash,
      receiptId: digester.receiptId(receipt, at(domains, order.anchor)),
      orderHash: receipt.orderHash,
      index: receipt.index,
      seed: receipt.seed,
      engine: at(body.engines, order.engine),
      engineHash: receipt.engineHash,
      imageHash: receipt.imageHash,
      cidDigest: receipt.cidDigest,
      cid: cidOf(receipt),
      worker: receipt.worker,
      requester,
      payer: (anchor.payer ?? requester) as Address,
      price: receipt.price,
      completedAt: receipt.completedAt,
      source: anchor.source,
      anchorTime: BigInt(anchored.time),
      anchorBlock: BigInt(anchored.block),
      parentId: artwork.parent?.tokenId ?? 0n,
      parentVersion: BigInt(artwork.parent?.version ?? 0),
      bodyHash: hash,
    };
  });
  return { blob, bodyHash: hash, artworks };
}

/** The codec has checked that a body's indices stay within it. */
function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new Error(`Index ${index} is outside of the body.`);
  return item;
}

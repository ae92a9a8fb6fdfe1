import { type Address, type Hex, isAddressEqual, zeroHash } from "viem";
import { bytesToHex } from "../lib/bytes.js";
import { GridError } from "../lib/errors.js";
import { leafOf, receiptId, requestHash } from "../messages/digest.js";
import type { MerkleTree, MultiProof } from "../messages/merkle.js";
import { engineHash } from "../messages/receipt.js";
import { ANY_SEED } from "../messages/request.js";
import type { GenerationRequest, JobReceipt, SettlementDomain } from "../messages/typedData.js";
import type { Body, BodyAnchor, BodyArtwork, BodyOrder, SeriesHeader } from "./body.js";

/** Anchor of one receipt, and the tree that proves it. */
export interface ReceiptAnchor {
  /** Index of the anchor source (`GridNFT.anchorSource`). */
  readonly source: number;
  /** Domain of that source: receipts are hashed in it. */
  readonly domain: SettlementDomain;
  /** Zero hash (or left out) for the direct rail. */
  readonly laneId?: Hex;
  readonly payer: Address;
  /** Tree of all the receipts under the anchored root, see `receiptTree`. */
  readonly tree: MerkleTree;
}

/** One artwork to mint: its receipt, and what the receipt only has hashes of. */
export interface ReceiptToMint {
  readonly receipt: JobReceipt;
  readonly request: GenerationRequest;
  /** Engine string, whose keccak256 is the receipt's `engineHash`. */
  readonly engine: string;
  /** Pass the same object for all receipts under one root. */
  readonly anchor: ReceiptAnchor;
  /** Token and version whose image the request's `sourceHash` is. */
  readonly parent?: { readonly tokenId: bigint; readonly version: number };
}

/** `ReceiptProof` of IGridNFT. */
export interface ReceiptProof {
  /** Lane that anchored the root, zero hash for the direct rail. */
  readonly laneId: Hex;
  readonly proof: readonly Hex[];
  /** Flags of a multiproof as bits, highest first. */
  readonly flags: Hex;
}

/** Arguments of `GridNFT.mint` and `evolve`. */
export interface MintCall {
  readonly body: Body;
  /** One for each anchor of the body. */
  readonly proofs: readonly ReceiptProof[];
}

/**
 * A multiproof as GridNFT takes it: trailing zero flags are left out.
 * @param laneId Left out for the direct rail.
 */
export function receiptProof(
  { proof, proofFlags }: Pick<MultiProof, "proof" | "proofFlags">,
  laneId: Hex = zeroHash,
): ReceiptProof {
  const flags = new Uint8Array(Math.ceil((proofFlags.lastIndexOf(true) + 1) / 8));
  proofFlags.forEach((flag, i) => {
    if (flag) flags[i >> 3] = (flags[i >> 3] as number) | (0x80 >> (i % 8));
  });
  return { laneId, proof, flags: bytesToHex(flags) };
}

/**
 * Body and proofs that mint receipts as one series, or, without a header, one receipt as a version.
 *
 * Receipts under one anchor must be in the order of its tree; artworks get their numbers in the order given. What receipts
 * share (requests, engines, orders, anchors) is stated once.
 *
 * @throws {@link GridError} `RECEIPT_MISMATCH` when receipt, request, engine or tree do not belong together (field named);
 * `BODY_INVALID` for receipts of several requesters or out of their tree's order.
 *
 * @example
 * const { body, proofs } = composeBody(items, { policy: EvolutionPolicy.NONE, royaltyBps: 500, title, description, tags });
 * await gridNft.write.mint([encodeBody(body), proofs, to, maxFee]);
 */
export function composeBody(items: readonly ReceiptToMint[], header?: SeriesHeader): MintCall {
  const requester = items[0]?.receipt.requester;
  if (!requester) throw new GridError("BODY_INVALID", "There is nothing to mint.", "artworks");

  const anchors = new Listing<ReceiptAnchor & { readonly worker: Address }>();
  const engines = new Listing<string>();
  const requests = new Listing<GenerationRequest>();
  const orders = new Listing<BodyOrder>();
  const leaves: number[][] = [];

  const artworks = items.map((item): BodyArtwork => {
    const { receipt, request, engine, anchor, parent } = item;
    if (!isAddressEqual(receipt.requester, requester)) {
      throw new GridError("BODY_INVALID", "All receipts of a body have one requester.", "requester");
    }
    if (requestHash(request) !== receipt.requestHash.toLowerCase()) mismatch("requestHash");
    if (engineHash(engine) !== receipt.engineHash.toLowerCase()) mismatch("engineHash");
    const anchorKey = [anchor.source, anchor.laneId, anchor.payer, anchor.tree.root, receipt.worker]
      .join()
      .toLowerCase();
    const anchorIndex = anchors.place(anchorKey, () => ({ ...anchor, worker: receipt.worker }));
    const orderFields = {
      orderHash: receipt.orderHash,
      anchor: anchorIndex,
      request: requests.place(receipt.requestHash.toLowerCase(), () => request),
      engine: engines.place(engine, () => engine),
    };
    // A later order can't state a price of 0, but its artworks can.
    const price = receipt.price === 0n ? (orders.items[0]?.price ?? 0n) : receipt.price;
    const order = orders.place(Object.values(orderFields).join(), () => ({ ...orderFields, price }));

    leaves[anchorIndex] ??= [];
    leaves[anchorIndex].push(leafIndex(item));
    return {
      order,
      index: receipt.index,
      completedAt: Number(receipt.completedAt),
      imageHash: receipt.imageHash,
      ...(request.seed === ANY_SEED && { seed: receipt.seed }),
      ...(receipt.cidDigest.toLowerCase() !== receipt.imageHash.toLowerCase() && { cidDigest: receipt.cidDigest }),
      ...(receipt.price !== orders.items[order]?.price && { price: receipt.price }),
      ...(parent && { parent }),
    };
  });

  const bodyAnchors = anchors.items.map(
    (anchor): BodyAnchor => ({
      source: anchor.source,
      ...(!isAddressEqual(anchor.payer, requester) && { payer: anchor.payer }),
      worker: anchor.worker,
    }),
  );
  const proofs = anchors.items.map((anchor, i) => {
    const indices = leaves[i] as number[];
    if (indices.some((index, at) => at > 0 && index <= (indices[at - 1] as number))) {
      throw new GridError("BODY_INVALID", "Receipts under one anchor must be in the order of its tree.", "artworks");
    }
    return receiptProof(anchor.tree.multiProof(indices), anchor.laneId);
  });
  return {
    body: {
      ...(header && { header }),
      anchors: bodyAnchors,
      engines: engines.items,
      requests: requests.items,
      orders: orders.items,
      artworks,
    },
    proofs,
  };
}

/** Position of a receipt's leaf in its anchor's tree. */
function leafIndex({ receipt, anchor }: ReceiptToMint): number {
  const index = anchor.tree.indexOf(leafOf(receiptId(receipt, anchor.domain)));
  if (index < 0) mismatch("receiptId");
  return index;
}

function mismatch(field: string): never {
  throw new GridError("RECEIPT_MISMATCH", `The receipt's ${field} does not fit what it is to be minted with.`, field);
}

/** Distinct items in order of first appearance. */
class Listing<Item> {
  readonly items: Item[] = [];
  readonly #places = new Map<string, number>();

  place(key: string, make: () => Item): number {
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    this.#places.set(key, this.items.length);
    return this.items.push(make()) - 1;
  }
}

import type { Address, ContractFunctionReturnType } from "viem";
import { readContract } from "viem/actions";
import { TOKENS_PER_SERIES } from "../body/body.js";
import type { Deployment } from "../chain/deployment.js";
import { ChainError } from "../chain/errors.js";
import { type ReadClient, wrapReadError } from "../chain/transact.js";
import type { gridNftAbi } from "../generated/used.js";
import { nftAt } from "../generated/used.js";
import { cidOf } from "../messages/cid.js";
import { type ArtworkMetadata, parseTokenUri } from "../messages/tokenUri.js";

/** `Provenance` of IGridNFT: what is known of how one version was made. */
export type Provenance = ContractFunctionReturnType<
  typeof gridNftAbi,
  "view",
  "provenanceOf",
  readonly [bigint, bigint]
>;
/** `Series` of IGridNFT. */
export type Series = ContractFunctionReturnType<typeof gridNftAbi, "view", "series">;

/** One version of an artwork. */
export interface ArtworkVersion {
  /** From 1. */
  readonly version: number;
  readonly provenance: Provenance;
  /** CID of its image. */
  readonly cid: string;
}

/** An artwork as the chain has it. */
export interface ArtworkState {
  readonly tokenId: bigint;
  /** Undefined once it is burnt. */
  readonly owner: Address | undefined;
  readonly seriesId: bigint;
  /** Number within its series, from 1. */
  readonly index: number;
  readonly series: Series;
  /** Texts that it shows now. `locked` says that they can't be edited any more. */
  readonly display: { readonly title: string; readonly description: string; readonly animationUrl: string };
  readonly locked: boolean;
  /** Oldest first; the last one is shown. */
  readonly versions: readonly ArtworkVersion[];
  /** Undefined once it is burnt. */
  readonly metadata: ArtworkMetadata | undefined;
  /** The chain's own recomputation of the shown version, `GridNFT.verify`. For proof of the anchor see `verifyToken`. */
  readonly verified: boolean;
}

interface TokenQuery {
  readonly deployment: Deployment;
  readonly tokenId: bigint;
  /** Read as of this block, so that all parts fit together. Default: the head. */
  readonly blockNumber?: bigint;
}

/**
 * Provenance of one version of an artwork, by default the one that is shown.
 * @throws {@link ChainError} `GridNFT_UnknownVersion`.
 *
 * @example
 * const { request, worker, imageHash } = await provenanceOf(client, { deployment, tokenId: 1001n });
 */
export async function provenanceOf(
  client: ReadClient,
  { deployment, tokenId, version, blockNumber }: TokenQuery & { readonly version?: number },
): Promise<Provenance> {
  const nft = nftAtBlock(deployment, blockNumber);
  return wrapReadError(
    version === undefined
      ? readContract(client, { ...nft, functionName: "provenanceOf", args: [tokenId] })
      : readContract(client, { ...nft, functionName: "provenanceOf", args: [tokenId, BigInt(version)] }),
  );
}

/**
 * Everything that the chain knows of an artwork.
 * @throws {@link ChainError} `GridNFT_UnknownVersion` for a token that was never minted.
 *
 * @example
 * const { metadata, versions, owner } = await artworkState(client, { deployment, tokenId: 1001n });
 */
export async function artworkState(client: ReadClient, query: TokenQuery): Promise<ArtworkState> {
  const { deployment, tokenId } = query;
  const nft = nftAtBlock(deployment, query.blockNumber);
  const [[seriesId, index], versionCount] = await wrapReadError(
    Promise.all([
      readContract(client, { ...nft, functionName: "seriesOf", args: [tokenId] }),
      readContract(client, { ...nft, functionName: "versionsOf", args: [tokenId] }),
    ]),
  );
  const numbers = Array.from({ length: Number(versionCount) }, (_, i) => i + 1);
  const [owner, series, [display, locked], verified, uri, provenances] = await Promise.all([
    unlessBurnt(readContract(client, { ...nft, functionName: "ownerOf", args: [tokenId] })),
    wrapReadError(readContract(client, { ...nft, functionName: "series", args: [seriesId] })),
    wrapReadError(readContract(client, { ...nft, functionName: "displayOf", args: [tokenId] })),
    wrapReadError(readContract(client, { ...nft, functionName: "verify", args: [tokenId] })),
    unlessBurnt(readContract(client, { ...nft, functionName: "tokenURI", args: [tokenId] })),
    Promise.all(numbers.map((version) => provenanceOf(client, { ...query, version }))),
  ]);
  return {
    tokenId,
    owner,
    seriesId,
    index: Number(index),
    series,
    display,
    locked,
    versions: provenances.map((provenance, i) => ({ version: i + 1, provenance, cid: cidOf(provenance) })),
    metadata: uri === undefined ? undefined : parseTokenUri(uri),
    verified,
  };
}

/** Tokens of a series, whether they exist still or are burnt. */
export function tokensOf(seriesId: bigint, { count }: Pick<Series, "count">): readonly bigint[] {
  return Array.from({ length: Number(count) }, (_, i) => seriesId * TOKENS_PER_SERIES + BigInt(i + 1));
}

/** A burnt token has no owner, but keeps its provenance. */
async function unlessBurnt<Value>(read: Promise<Value>): Promise<Value | undefined> {
  try {
    return await wrapReadError(read);
  } catch (error) {
    if (error instanceof ChainError && error.contractError?.name === "ERC721NonexistentToken") return undefined;
    throw error;
  }
}

function nftAtBlock(deployment: Deployment, blockNumber: bigint | undefined) {
  return { ...nftAt(deployment), ...(blockNumber !== undefined && { blockNumber }) };
}

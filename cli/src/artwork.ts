import { artworkName, artworkState, ChainError, cidOf, type Provenance } from "@gridnft/sdk";
import { createGalleryClient, documents, type fields, GalleryError } from "@gridnft/sdk/gallery";
import { getAddress, zeroAddress } from "viem";
import { CliError } from "./failure.ts";
import type { Grid } from "./grid.ts";

/** An artwork as `show` prints it. */
export interface ArtworkView {
  /** Place that it was read from. */
  readonly source: "gallery" | "chain";
  readonly tokenId: bigint;
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly artist: string;
  /** Undefined once it is burnt. */
  readonly owner: string | undefined;
  readonly model: string | undefined;
  readonly royaltyBps: number;
  readonly evolution: string;
  /** Undefined when only the chain was asked. */
  readonly transfers: number | undefined;
  readonly versions: readonly VersionView[];
}

/** One version of it. */
export interface VersionView {
  readonly version: number;
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly seed: bigint;
  readonly width: number;
  readonly height: number;
  readonly steps: number;
  readonly guidance: number;
  readonly sampler: string;
  readonly scheduler: string;
  readonly modelId: bigint;
  readonly engine: string;
  readonly worker: string;
  /** AIPG wei. */
  readonly price: bigint;
  /** Unix seconds. */
  readonly anchorTime: number;
  readonly cid: string;
  readonly receiptId: string;
}

/**
 * An artwork from the gallery's GraphQL; from the chain where there is none, where it does not answer, or where it does not have
 * the token yet.
 */
export async function readArtwork(grid: Grid, tokenId: bigint): Promise<ArtworkView> {
  return (await fromGallery(grid, tokenId)) ?? fromChain(grid, tokenId);
}

async function fromGallery({ graphqlUrl }: Grid, tokenId: bigint): Promise<ArtworkView | undefined> {
  if (graphqlUrl === undefined) return undefined;
  const signal = AbortSignal.timeout(5_000);
  try {
    const { artwork } = await createGalleryClient({ url: graphqlUrl }).query(
      documents.artwork,
      { tokenId },
      { signal },
    );
    return artwork === null ? undefined : viewOfGallery(artwork);
  } catch (error) {
    if (error instanceof GalleryError || signal.aborted) return undefined;
    throw error;
  }
}

function viewOfGallery(artwork: fields.Artwork): ArtworkView {
  return {
    source: "gallery",
    ...{ tokenId: artwork.tokenId, name: artwork.name, description: artwork.description, tags: artwork.tags },
    artist: getAddress(artwork.artist.address),
    owner: artwork.owner === null ? undefined : getAddress(artwork.owner.address),
    model: artwork.model?.name,
    royaltyBps: artwork.royaltyBps,
    evolution: (artwork.policy ?? "NONE").toLowerCase(),
    transfers: artwork.transferCount,
    versions: artwork.versions.map((one) => ({
      ...{ version: one.version, prompt: one.prompt, negativePrompt: one.negativePrompt, seed: one.seed },
      ...{ width: one.width, height: one.height, steps: one.steps, guidance: one.guidanceMilli / 1_000 },
      ...{ sampler: one.sampler, scheduler: one.scheduler, modelId: one.modelId, engine: one.engine },
      ...{ price: one.price, anchorTime: one.anchorTime, cid: one.cid, receiptId: one.receiptId },
      worker: getAddress(one.worker?.address ?? zeroAddress),
    })),
  };
}

async function fromChain(grid: Grid, tokenId: bigint): Promise<ArtworkView> {
  const state = await artworkState(grid.client, { deployment: grid.contracts, tokenId }).catch((cause: unknown) => {
    if (cause instanceof ChainError && cause.contractError?.name === "GridNFT_UnknownVersion") {
      throw new CliError("TOKEN_UNKNOWN", `There is no token ${tokenId} on chain ${grid.chainId}.`, undefined, {
        cause,
      });
    }
    throw cause;
  });
  const { metadata, series, display } = state;
  const model = metadata?.attributes.find(({ trait_type }) => trait_type === "Model")?.value;
  return {
    source: "chain",
    tokenId,
    name: metadata?.name ?? artworkName({ title: display.title, number: state.index, count: series.count }),
    description: display.description,
    tags: series.tags.split(",").filter((tag) => tag !== ""),
    ...{ artist: series.artist, owner: state.owner, model: model === undefined ? undefined : String(model) },
    royaltyBps: Number(series.royaltyBps),
    evolution: ["none", "artist", "owner"][series.policy] ?? "none",
    transfers: undefined,
    versions: state.versions.map(({ version, provenance }) => viewOfProvenance(version, provenance)),
  };
}

function viewOfProvenance(version: number, provenance: Provenance): VersionView {
  const { request, seed, engine, worker, price, anchorTime, receiptId } = provenance;
  return {
    ...{ version, prompt: request.prompt, negativePrompt: request.negativePrompt, seed },
    ...{ width: request.width, height: request.height, steps: request.steps, guidance: request.guidanceMilli / 1_000 },
    ...{ sampler: request.sampler, scheduler: request.scheduler, modelId: request.modelId, engine, worker, price },
    ...{ anchorTime, cid: cidOf(provenance), receiptId },
  };
}

/** Link to an artwork's page in the web gallery; without one, a link that asks the GraphQL for it. */
export function galleryLink({ galleryUrl, graphqlUrl }: Grid, tokenId: bigint): string | undefined {
  if (galleryUrl !== undefined) return `${galleryUrl}/artworks/${tokenId}`;
  if (graphqlUrl === undefined) return undefined;
  const query = `{artwork(tokenId:"${tokenId}"){name prompt seed imageHash receiptId artist{address} worker{address}}}`;
  return `${graphqlUrl}?query=${encodeURIComponent(query)}`;
}

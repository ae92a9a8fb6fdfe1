// The least that a gallery keeps: what the peers write, each in its own way, from the same logs.
import { decodeBlob } from "@gridnft/sdk";
import type { Address, Hex } from "viem";

/** A row of `artwork`, without owner: the Transfer that follows says whose it is. */
export interface ArtworkRow {
  readonly tokenId: bigint;
  readonly seriesId: bigint;
  readonly artist: string;
  readonly title: string;
  readonly prompt: string;
  readonly modelId: bigint;
  readonly worker: string;
  readonly width: number;
  readonly height: number;
  readonly sampler: string;
  readonly imageHash: string;
}

/** Artworks of a `SeriesMinted`. */
export function artworksOf({ seriesId, artist, blob }: { seriesId: bigint; artist: Address; blob: Hex }): ArtworkRow[] {
  const { body } = decodeBlob(blob);
  return body.artworks.map((artwork, i) => {
    const order = body.orders[artwork.order];
    const request = order && body.requests[order.request];
    const anchor = order && body.anchors[order.anchor];
    if (!request || !anchor) throw new Error(`Series ${seriesId} has no request for artwork ${i + 1}.`);
    return {
      tokenId: seriesId * 1_000n + BigInt(i + 1),
      seriesId,
      artist: artist.toLowerCase(),
      title: body.header?.title ?? "",
      prompt: request.prompt,
      modelId: request.modelId,
      worker: anchor.worker,
      width: request.width,
      height: request.height,
      sampler: request.sampler,
      imageHash: artwork.imageHash,
    };
  });
}

/** What a `VersionAdded` changes of an artwork. */
export function versionOf(blob: Hex): { readonly prompt: string; readonly imageHash: string } {
  const { body } = decodeBlob(blob);
  const [request] = body.requests;
  const [artwork] = body.artworks;
  if (!request || !artwork) throw new Error("A version has no artwork.");
  return { prompt: request.prompt, imageHash: artwork.imageHash };
}

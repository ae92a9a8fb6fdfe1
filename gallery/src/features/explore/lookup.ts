// Search by something exact: an id, an address, a hash or a CID.
import { documents } from "@gridnft/sdk/gallery";
import { type Hex, isAddress } from "viem";
import type { Site } from "../../site.ts";

/** Returns the path of the one thing that a search names exactly; undefined when it is words, or when nothing is named so. */
export async function findExactly({ gallery }: Site, search: string): Promise<string | undefined> {
  if (/^#?\d{1,78}$/.test(search)) {
    const tokenId = BigInt(search.replace("#", ""));
    const { artwork } = await gallery.query(documents.artwork, { tokenId });
    return artwork ? `/artworks/${tokenId}` : undefined;
  }
  if (isAddress(search, { strict: false })) return `/accounts/${search.toLowerCase()}`;
  if (/^0x[0-9a-f]{64}$/i.test(search)) return findHash({ gallery }, search.toLowerCase() as Hex);
  if (/^(ipfs:\/\/)?(Qm[1-9A-HJ-NP-Za-km-z]{44}|b[a-z2-7]{50,})$/.test(search)) {
    return onlyArtwork({ gallery }, { cid: search });
  }
  return undefined;
}

/** Finds a receipt, the sha256 of a picture, or a transaction. */
async function findHash({ gallery }: Pick<Site, "gallery">, hash: Hex): Promise<string | undefined> {
  const { receipt } = await gallery.query(documents.receipt, { receiptId: hash });
  if (receipt?.tokenId) return `/artworks/${receipt.tokenId}`;
  const picture = await onlyArtwork({ gallery }, { imageHash: hash });
  if (picture) return picture;
  const { page } = await gallery.query(documents.activity, { filter: { tx: hash }, first: 1 });
  return page.nodes.length > 0 ? `/activity?tx=${hash}` : undefined;
}

async function onlyArtwork(
  { gallery }: Pick<Site, "gallery">,
  filter: { readonly cid: string } | { readonly imageHash: Hex },
): Promise<string | undefined> {
  const { page } = await gallery.query(documents.artworks, { filter, first: 1, withTotal: false });
  const [artwork] = page.nodes;
  return artwork && `/artworks/${artwork.tokenId}`;
}

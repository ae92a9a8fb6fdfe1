import { isAddressEqual } from "viem";
import { decodeBlob, receiptsOf } from "../body.js";
import { gridNftAbi } from "../generated/abis.js";
import { type Evidence, eventsOf } from "./chain.js";
import { dateOf, type Finding, fail, pass } from "./check.js";
import { TOKENS_PER_SERIES, type VersionRecord } from "./record.js";

/** Another artwork with the same image. */
interface Twin {
  readonly name: string;
  readonly requester: `0x${string}`;
  readonly anchorTime: number;
  readonly anchorBlock: number;
}

/**
 * Looks through every mint for the same image. Reads all `SeriesMinted` and `VersionAdded` events: complete for what was minted;
 * what was settled and never minted isn't listed there.
 */
export async function checkEarlier(
  evidence: Evidence,
  tokenId: bigint,
  { receipt, version, anchorBlock }: VersionRecord,
): Promise<Finding> {
  const nft = { abi: gridNftAbi, address: evidence.deployment.contracts.GridNFT.address } as const;
  const [series, versions] = await Promise.all([
    eventsOf(evidence, { ...nft, eventName: "SeriesMinted" }),
    eventsOf(evidence, { ...nft, eventName: "VersionAdded" }),
  ]);
  const blobs = [
    ...series.map(({ args }) => ({ first: args.seriesId * TOKENS_PER_SERIES + 1n, version: 1, blob: args.blob })),
    ...versions.map(({ args }) => ({ first: args.tokenId, version: Number(args.version), blob: args.blob })),
  ];
  const twins = blobs.flatMap(({ first, version: number, blob }): Twin[] => {
    // Decoding is the costly part, and the hash stands in the blob as it is.
    if (!blob.toLowerCase().includes(receipt.imageHash.slice(2).toLowerCase())) return [];
    const { body, requester, anchored } = decodeBlob(blob);
    return receiptsOf(body, requester).flatMap((other, i) => {
      const id = first + BigInt(i);
      const stamp = anchored[body.orders[body.artworks[i]?.order ?? -1]?.anchor ?? -1];
      if (!stamp || other.imageHash !== receipt.imageHash || (id === tokenId && number === version)) return [];
      const name = `token ${id}${number > 1 ? `, version ${number}` : ""}`;
      return [{ name, requester, anchorTime: stamp.time, anchorBlock: stamp.block }];
    });
  });
  const shown = twins.length === 0 ? {} : { "same image in": twins.map(({ name }) => name).join("; ") };
  const before = twins
    .filter((twin) => twin.anchorBlock < anchorBlock && !isAddressEqual(twin.requester, receipt.requester))
    .sort((a, b) => a.anchorBlock - b.anchorBlock)[0];
  if (before) {
    return fail(
      `${before.requester} had the same image anchored before, on ${dateOf(before.anchorTime)}: ${before.name}.`,
      shown,
    );
  }
  return pass(
    twins.length === 0
      ? "No other artwork of this contract has the same image."
      : `${twins.length} other artworks have the same image; none of another artist's was anchored before.`,
    shown,
  );
}

import { type Address, type Hex, isAddressEqual } from "viem";
import { type Blob, decodeBlob, receiptsOf, TOKENS_PER_SERIES } from "../body/body.js";
import { nftAt } from "../generated/used.js";
import { GridError } from "../lib/errors.js";
import { type Evidence, eventsOf, isBefore, type LogPlace } from "./chain.js";
import { dateOf, type Finding, fail, pass } from "./check.js";
import type { VersionRecord } from "./record.js";

/** Another artwork with the same image. */
export interface Twin {
  readonly name: string;
  readonly requester: Address;
  readonly anchorTime: number;
  readonly anchorBlock: number;
  /** Its mint, and its place in that. */
  readonly mint: LogPlace;
  readonly place: number;
  readonly orderHash: Hex;
  readonly index: number;
}

/**
 * Looks through every mint for the same image. Reads all `SeriesMinted` and `VersionAdded` events: complete for what was minted;
 * what was settled and never minted isn't listed there.
 */
export async function twinsOf(
  evidence: Evidence,
  tokenId: bigint,
  { receipt, version, mint }: VersionRecord,
): Promise<readonly Twin[]> {
  const nft = nftAt(evidence.deployment);
  const [series, versions] = await Promise.all([
    eventsOf(evidence, { ...nft, eventName: "SeriesMinted" }),
    eventsOf(evidence, { ...nft, eventName: "VersionAdded" }),
  ]);
  const mints = [
    ...series.map((log) => ({ log, first: log.args.seriesId * TOKENS_PER_SERIES + 1n, number: 1 })),
    ...versions.map((log) => ({ log, first: log.args.tokenId, number: Number(log.args.version) })),
  ];
  const image = receipt.imageHash.slice(2).toLowerCase();
  return mints.flatMap(({ log, first, number }): Twin[] => {
    // Decoding is the costly part, and the hash stands in the blob as it is.
    if (!log.args.blob.toLowerCase().includes(image)) return [];
    const decoded = readBlob(log.args.blob);
    if (!decoded) return [];
    const { body, requester, anchored } = decoded;
    return receiptsOf(body, requester).flatMap((other, i) => {
      const id = first + BigInt(i);
      const stamp = anchored[body.orders[body.artworks[i]?.order ?? -1]?.anchor ?? -1];
      const isSelf = id === tokenId && number === version && !isBefore(mint, log) && !isBefore(log, mint);
      if (!stamp || other.imageHash !== receipt.imageHash || isSelf) return [];
      return [
        {
          name: `token ${id}${number > 1 ? `, version ${number}` : ""}`,
          ...{ requester, anchorTime: stamp.time, anchorBlock: stamp.block, mint: log, place: i },
          ...{ orderHash: other.orderHash, index: other.index },
        },
      ];
    });
  });
}

/** A record that breaks the format mints nothing that could be compared; its own token says so. */
function readBlob(blob: Hex): Blob | undefined {
  try {
    return decodeBlob(blob);
  } catch (error) {
    if (error instanceof GridError) return undefined;
    throw error;
  }
}

/** Checks that nobody else had the image anchored before. */
export function checkEarlier(twins: readonly Twin[], { receipt, anchorBlock }: VersionRecord): Finding {
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
      : `The same image is in ${twins.length} more; none of another artist's was anchored before.`,
    shown,
  );
}

/** A mint of the very same receipt before this one. The contract refuses a second, so only a contract that lies has it. */
export function mintedBefore(twins: readonly Twin[], { receipt, mint, place }: VersionRecord): Twin | undefined {
  return twins.find(
    (twin) =>
      twin.orderHash === receipt.orderHash &&
      twin.index === receipt.index &&
      isAddressEqual(twin.requester, receipt.requester) &&
      (isBefore(twin.mint, mint) || (!isBefore(mint, twin.mint) && twin.place < place)),
  );
}

import { type Address, getAddress, getContractAddress, type Hex, isAddressEqual } from "viem";
import { getCode } from "viem/actions";
import {
  type Blob,
  type BodyAnchor,
  decodeBlob,
  EvolutionPolicy,
  receiptsOf,
  TOKENS_PER_SERIES,
} from "../body/body.js";
import { nftAt } from "../generated/used.js";
import { receiptId } from "../messages/digest.js";
import type { GenerationRequest, JobReceipt, SettlementDomain } from "../messages/typedData.js";
import { settlementDomain } from "../messages/typedData.js";
import { type Evidence, eventsOf, isBefore, type LogPlace } from "./chain.js";
import { dateOf, type Finding, fail, pass } from "./check.js";

/** A mint event or a version's event. */
export interface Mint extends LogPlace {
  readonly version: number;
  /** Artist of a series, requester of a version; as the event names it. */
  readonly requester: Address;
  /** Requester, packed body, anchor times: what the event carries. */
  readonly blob: Hex;
  /** Artworks that the event says it made. */
  readonly count: bigint;
}

/** Content of a version's blob, decoded and hashed again. */
export interface VersionRecord {
  readonly version: number;
  readonly mint: Mint;
  readonly blob: Blob;
  /** Place of the artwork in the body. */
  readonly place: number;
  readonly receipt: JobReceipt;
  /** Recomputed. */
  readonly receiptId: Hex;
  readonly request: GenerationRequest;
  readonly engine: string;
  readonly anchor: BodyAnchor;
  /** Index of that anchor in the body. */
  readonly anchorIndex: number;
  readonly payer: Address;
  readonly anchorTime: number;
  readonly anchorBlock: number;
  readonly domain: SettlementDomain;
}

/** Every event that minted a token or gave it a version, oldest first. */
export async function mintsOf(evidence: Evidence, tokenId: bigint): Promise<readonly Mint[]> {
  const nft = nftAt(evidence.deployment);
  const [minted, added] = await Promise.all([
    eventsOf(evidence, { ...nft, eventName: "SeriesMinted", args: { seriesId: tokenId / TOKENS_PER_SERIES } }),
    eventsOf(evidence, { ...nft, eventName: "VersionAdded", args: { tokenId } }),
  ]);
  return [
    ...minted.map(({ args, blockNumber, logIndex, transactionHash }) => ({
      ...{ version: 1, requester: args.artist, blob: args.blob, count: args.count },
      ...{ blockNumber, logIndex, transactionHash },
    })),
    ...added.map(({ args, blockNumber, logIndex, transactionHash }) => ({
      ...{ version: Number(args.version), requester: args.requester, blob: args.blob, count: 1n },
      ...{ blockNumber, logIndex, transactionHash },
    })),
  ];
}

/** Exactly one event may make a version: a second one would be a contract that lies. */
export function checkEvent(mints: readonly Mint[], version: number, tokenId: bigint, time: bigint): Finding {
  const own = mints.filter((mint) => mint.version === version);
  const [mint] = own;
  if (!mint) return fail(`No event of GridNFT made version ${version} of this token.`);
  const index = tokenId % TOKENS_PER_SERIES;
  const shown = {
    transaction: mint.transactionHash,
    block: `${mint.blockNumber}`,
    time: dateOf(time),
    requester: mint.requester,
  };
  if (own.length > 1) {
    return fail(`${own.length} events claim to have made version ${version}; there can only be one.`, {
      ...shown,
      others: own
        .slice(1)
        .map((other) => other.transactionHash)
        .join(", "),
    });
  }
  if (version === 1 && index > mint.count) {
    return fail(`The series has ${mint.count} artworks; this token would be number ${index}.`, shown);
  }
  return pass(
    `${version === 1 ? "Minted" : "Added"} on ${dateOf(time)}, in block ${mint.blockNumber}, by one event that carries the record.`,
    shown,
  );
}

/** A version is the artist's or the owner's to add, by the policy that the series was minted with. */
export async function checkAllowed(
  evidence: Evidence,
  tokenId: bigint,
  mints: readonly Mint[],
  mint: Mint,
): Promise<Finding> {
  const series = mints.find(({ version }) => version === 1);
  const policy = series && decodeBlob(series.blob).body.header?.policy;
  const shown = { "added by": mint.requester };
  if (!series || policy === undefined || policy === EvolutionPolicy.NONE) {
    return fail("The series was minted as one whose artworks never change.", shown);
  }
  if (policy === EvolutionPolicy.ARTIST) {
    return isAddressEqual(mint.requester, series.requester)
      ? pass("The artist added it; the series was minted so that its artist may.", shown)
      : fail("Only the artist may add versions, and somebody else did.", shown);
  }
  const transfers = await eventsOf(evidence, {
    ...nftAt(evidence.deployment),
    eventName: "Transfer",
    args: { tokenId },
    toBlock: mint.blockNumber,
  });
  const owner = transfers.filter((transfer) => isBefore(transfer, mint)).at(-1)?.args.to;
  return owner && isAddressEqual(mint.requester, owner)
    ? pass("Its owner at the time added it; the series was minted so that owners may.", shown)
    : fail("Only the token's owner may add versions, and somebody else did.", shown);
}

/**
 * Decodes a version's blob and hashes its receipt again.
 * @throws GridError `BODY_INVALID` for a blob that breaks the rules of the format.
 */
export function readRecord(
  evidence: Evidence,
  tokenId: bigint,
  mint: Mint,
  sources: readonly Address[],
): VersionRecord {
  const blob = decodeBlob(mint.blob);
  if ((mint.version === 1) !== (blob.body.header !== undefined)) throw new Error("the body is of the wrong form");
  const place = mint.version === 1 ? Number(tokenId % TOKENS_PER_SERIES) - 1 : 0;
  const receipt = receiptsOf(blob.body, blob.requester)[place];
  const order = blob.body.orders[blob.body.artworks[place]?.order ?? -1];
  const request = order && blob.body.requests[order.request];
  const anchor = order && blob.body.anchors[order.anchor];
  const engine = order && blob.body.engines[order.engine];
  const stamp = order && blob.anchored[order.anchor];
  if (!receipt || !order || !request || !anchor || engine === undefined || !stamp) {
    throw new Error(`the body has ${blob.body.artworks.length} artworks, none with number ${place + 1}`);
  }
  const source = sources[anchor.source];
  if (!source) throw new Error(`anchor source ${anchor.source} was never listed`);
  const domain = settlementDomain(evidence.deployment.chainId, source);
  return {
    ...{ version: mint.version, mint, blob, place, request, engine, anchor, domain },
    receipt: { ...receipt, requester: getAddress(receipt.requester), worker: getAddress(receipt.worker) },
    receiptId: receiptId(receipt, domain),
    anchorIndex: order.anchor,
    payer: getAddress(anchor.payer ?? blob.requester),
    anchorTime: stamp.time,
    anchorBlock: stamp.block,
  };
}

/** Anchor sources by index, as their events list them. The first event of an index counts. */
export async function anchorSources(evidence: Evidence): Promise<readonly Address[]> {
  const added = await eventsOf(evidence, {
    ...nftAt(evidence.deployment),
    eventName: "AnchorSourceAdded",
  });
  const sources: Address[] = [];
  for (const { args } of added) sources[Number(args.index)] ??= args.source;
  return sources;
}

/** Seconds that a worker's clock may be ahead of the anchor, and most that may lie between picture and anchor. */
const MAX_CLOCK_SKEW = 15n * 60n;
const MAX_ANCHOR_DELAY = 30n * 24n * 60n * 60n;

/** Checks the decoded record: its times and its requester. The rule of seeds is part of decoding. */
export function checkRecord(record: VersionRecord): Finding {
  const { receipt, request, mint, blob, anchorTime, engine } = record;
  const shown = {
    prompt: request.prompt,
    ...(request.negativePrompt && { "negative prompt": request.negativePrompt }),
    seed: `${receipt.seed}`,
    parameters: `${request.width}x${request.height}, ${request.steps} steps, guidance ${request.guidanceMilli / 1000}${
      request.sampler ? `, ${request.sampler}` : ""
    }${request.scheduler ? ` ${request.scheduler}` : ""}`,
    engine,
    "request hash": receipt.requestHash,
    "receipt id": record.receiptId,
    "made at (worker's clock)": dateOf(receipt.completedAt),
  };
  if (!isAddressEqual(blob.requester, mint.requester)) {
    return fail("The event names another requester than the record in it.", shown);
  }
  const anchored = BigInt(anchorTime);
  if (receipt.completedAt > anchored + MAX_CLOCK_SKEW || receipt.completedAt + MAX_ANCHOR_DELAY < anchored) {
    return fail("The worker's time for the picture does not fit the time of its anchor.", shown);
  }
  return pass("The record reads back in full; request hash and receipt id were computed anew from it.", shown);
}

/** The stored blob is the code of a contract whose address follows from its number. */
export async function checkBlob(evidence: Evidence, tokenId: bigint, mint: Mint, stored: Address): Promise<Finding> {
  const { client, deployment, head } = evidence;
  const from = deployment.contracts.GridNFT.address;
  // A series has its blob's number; a version's is only in the contract's own storage, so its content has to do.
  const address = mint.version === 1 ? getContractAddress({ from, nonce: tokenId / TOKENS_PER_SERIES }) : stored;
  const code = await getCode(client, { address, blockNumber: head });
  const shown = { blob: address, bytes: `${(mint.blob.length - 2) / 2}` };
  if (!isAddressEqual(address, stored)) {
    return fail("The contract says that the record is stored elsewhere than where a mint puts it.", {
      ...shown,
      stored,
    });
  }
  if (!code) return fail("Nothing is stored where the record should be.", shown);
  if (code.toLowerCase() !== `0x00${mint.blob.slice(2).toLowerCase()}`) {
    return fail("What is stored is not what the mint event carried: the record was replaced.", shown);
  }
  return pass("The stored record is byte for byte what the event carried; it is code, which nothing rewrites.", shown);
}

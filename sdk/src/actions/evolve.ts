import { type Hex, parseEventLogs } from "viem";
import { readContract } from "viem/actions";
import { bodyHash, EvolutionPolicy, encodeBody, TOKENS_PER_SERIES } from "../body/body.js";
import { composeBody, type ReceiptProof } from "../body/composeBody.js";
import { type Call, type ContractCall, contractCall, toCalls } from "../chain/call.js";
import type { Deployment } from "../chain/deployment.js";
import { type ReadClient, transact, type WalletClient, wrapReadError } from "../chain/transact.js";
import { gridNftAbi, nftAt } from "../generated/used.js";
import { GridError } from "../lib/errors.js";
import type { ReceiptBundle } from "../schemas/index.js";
import { anchorFirst, anchoringCalls } from "./anchorFirst.js";
import type { AnchoringSteps } from "./anchoring.js";
import { anchoredItems } from "./planMint.js";

/** A new version of an artwork. */
export interface EvolveOptions {
  readonly deployment: Deployment;
  readonly tokenId: bigint;
  /** Receipt of the new image; its requester is the artist, or (policy OWNER) the owner. */
  readonly bundle: ReceiptBundle;
  /** Token and version whose image is the input image of the request. */
  readonly parent?: { readonly tokenId: bigint; readonly version: number };
}

/** Parameters of a new version. */
export interface EvolutionPlan extends AnchoringSteps {
  readonly body: Hex;
  /** Body that is announced and authorized. */
  readonly bodyHash: Hex;
  readonly proofs: readonly ReceiptProof[];
  readonly policy: EvolutionPolicy;
  /** Number that the version will have. */
  readonly version: number;
}

/** Result of evolving. */
export interface Evolved {
  readonly tokenId: bigint;
  readonly version: number;
  readonly transaction: Hex;
}

/** Prepares a version. Reads the chain, changes nothing. */
export async function planEvolution(client: ReadClient, options: EvolveOptions): Promise<EvolutionPlan> {
  const { deployment, tokenId, bundle, parent } = options;
  const nft = nftAt(deployment);
  const [{ items, steps }, versions, { policy }] = await Promise.all([
    anchoredItems(client, { deployment, bundles: [bundle] }),
    wrapReadError(readContract(client, { ...nft, functionName: "versionsOf", args: [tokenId] })),
    wrapReadError(readContract(client, { ...nft, functionName: "series", args: [tokenId / TOKENS_PER_SERIES] })),
  ]);
  const { body, proofs } = composeBody(items.map((item) => ({ ...item, ...(parent && { parent }) })));
  const packed = encodeBody(body);
  return {
    body: packed,
    bodyHash: bodyHash(packed),
    proofs,
    policy: policy as EvolutionPolicy,
    version: Number(versions) + 1,
    ...steps,
  };
}

/**
 * Adds a version to an artwork, after settling or collecting its receipt where that is still to be done. The wallet is the
 * receipt's requester: the artist, or, with policy OWNER, the owner, who announced the version an hour before by
 * {@link announceEvolution}.
 *
 * @throws {@link GridError} `WORKER_NOT_BONDED` before a worker is paid that can't anchor now, `ANCHOR_WAITS`; ChainError for what the
 * contract refuses, e.g. `GridNFT_DoesNotEvolve`, `GridNFT_TooEarly`.
 *
 * @example
 * const { version } = await evolveArtwork(wallet, { deployment, tokenId: 1001n, bundle });
 */
export async function evolveArtwork(client: WalletClient, options: EvolveOptions): Promise<Evolved> {
  const { deployment, tokenId } = options;
  const plan = await requireEvolving(client, options);
  await anchorFirst(client, { ...plan, deployment }, { whole: true });
  const { logs, transactionHash } = await transact(client, evolveCall(options, plan));
  const [event] = parseEventLogs({ abi: gridNftAbi, logs, eventName: "VersionAdded" });
  return { tokenId, version: Number(event?.args.version ?? plan.version), transaction: transactionHash };
}

/** The calls of {@link evolveArtwork}, for a smart account that is the receipt's requester. */
export async function evolveArtworkCalls(client: ReadClient, options: EvolveOptions): Promise<readonly Call[]> {
  const { deployment } = options;
  const plan = await requireEvolving(client, options);
  return toCalls([
    ...(await anchoringCalls(client, { ...plan, deployment }, { whole: true })),
    evolveCall(options, plan),
  ]);
}

function evolveCall({ deployment, tokenId }: EvolveOptions, { body, proofs }: EvolutionPlan): ContractCall {
  return contractCall({ ...nftAt(deployment), functionName: "evolve", args: [tokenId, body, proofs] });
}

async function requireEvolving(client: ReadClient, options: EvolveOptions): Promise<EvolutionPlan> {
  const plan = await planEvolution(client, options);
  if (plan.policy !== EvolutionPolicy.NONE) return plan;
  throw new GridError("BODY_INVALID", `Artwork ${options.tokenId} was minted as one that does not evolve.`, "policy");
}

/**
 * Announces a version of an artwork with policy OWNER; the wallet is its owner. It can be added an hour later, for a week.
 * @returns Unix seconds from which it can be added.
 */
export async function announceEvolution(client: WalletClient, options: EvolveOptions): Promise<number> {
  const { logs } = await transact(client, await announcement(client, options));
  const [event] = parseEventLogs({ abi: gridNftAbi, logs, eventName: "EvolutionAnnounced" });
  return Number(event?.args.readyAt ?? 0n);
}

/** The call of {@link announceEvolution}, for a smart account that owns the artwork. */
export async function announceEvolutionCalls(client: ReadClient, options: EvolveOptions): Promise<readonly Call[]> {
  return toCalls([await announcement(client, options)]);
}

async function announcement(client: ReadClient, options: EvolveOptions): Promise<ContractCall> {
  const { bodyHash: hash } = await planEvolution(client, options);
  const args = [options.tokenId, hash] as const;
  return contractCall({ ...nftAt(options.deployment), functionName: "announceEvolution", args });
}

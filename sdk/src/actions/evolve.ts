import { type Hex, parseEventLogs } from "viem";
import { readContract } from "viem/actions";
import { bodyHash, EvolutionPolicy, encodeBody, TOKENS_PER_SERIES } from "../body/body.js";
import { composeBody, type ReceiptProof } from "../body/composeBody.js";
import { type Call, toCalls } from "../chain/call.js";
import type { Deployment } from "../chain/deployment.js";
import { type ReadClient, transact, type WalletClient, wrapReadError } from "../chain/transact.js";
import { gridNftAbi } from "../generated/used.js";
import { GridError } from "../lib/errors.js";
import type { ReceiptBundle } from "../schemas/index.js";
import { anchorFirst, anchoringCalls } from "./anchorFirst.js";
import type { ClosedSettlement, LanePapers, Settlement, WaitingAnchor } from "./anchoring.js";
import { announceEvolutionCall, evolveCall } from "./contractCalls.js";
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

/** What adding a version takes. */
export interface EvolutionPlan {
  readonly body: Hex;
  /** What is announced, and authorized. */
  readonly bodyHash: Hex;
  readonly proofs: readonly ReceiptProof[];
  readonly policy: EvolutionPolicy;
  /** Number that the version will have. */
  readonly version: number;
  readonly settlements: readonly Settlement[];
  /** Orders that ended early and are not settled yet. */
  readonly closed: readonly ClosedSettlement[];
  /** Anchors that wait to be confirmed. */
  readonly waiting: readonly WaitingAnchor[];
  readonly collects: readonly LanePapers[];
}

/** What evolving did. */
export interface Evolved {
  readonly tokenId: bigint;
  readonly version: number;
  readonly transaction: Hex;
}

/** Prepares a version. Reads the chain, changes nothing. */
export async function planEvolution(client: ReadClient, options: EvolveOptions): Promise<EvolutionPlan> {
  const { deployment, tokenId, bundle, parent } = options;
  const nft = { address: deployment.contracts.GridNFT.address, abi: gridNftAbi } as const;
  const [{ items, settlements, closed, waiting, collects }, versions, { policy }] = await Promise.all([
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
    settlements,
    closed,
    waiting,
    collects,
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
  const { logs, transactionHash } = await transact(client, evolveCall(deployment, { tokenId, ...plan }));
  const [event] = parseEventLogs({ abi: gridNftAbi, logs, eventName: "VersionAdded" });
  return { tokenId, version: Number(event?.args.version ?? plan.version), transaction: transactionHash };
}

/** The calls of {@link evolveArtwork}, for a smart account that is the receipt's requester. */
export async function evolveArtworkCalls(client: ReadClient, options: EvolveOptions): Promise<readonly Call[]> {
  const { deployment, tokenId } = options;
  const plan = await requireEvolving(client, options);
  return toCalls([
    ...(await anchoringCalls(client, { ...plan, deployment }, { whole: true })),
    evolveCall(deployment, { tokenId, ...plan }),
  ]);
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
  const { deployment, tokenId } = options;
  const plan = await planEvolution(client, options);
  const { logs } = await transact(client, announceEvolutionCall(deployment, { tokenId, ...plan }));
  const [event] = parseEventLogs({ abi: gridNftAbi, logs, eventName: "EvolutionAnnounced" });
  return Number(event?.args.readyAt ?? 0n);
}

/** The call of {@link announceEvolution}, for a smart account that owns the artwork. */
export async function announceEvolutionCalls(client: ReadClient, options: EvolveOptions): Promise<readonly Call[]> {
  const plan = await planEvolution(client, options);
  return toCalls([announceEvolutionCall(options.deployment, { tokenId: options.tokenId, ...plan })]);
}

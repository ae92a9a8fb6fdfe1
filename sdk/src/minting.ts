import { type Address, type Hex, parseEventLogs, type TransactionReceipt } from "viem";
import { getBlock, readContract, signTypedData, simulateContract } from "viem/actions";
import { allowanceCalls, type Sender } from "./account.js";
import { bodyHash, EvolutionPolicy, encodeBody, type SeriesHeader } from "./body.js";
import { type Call, type ContractCall, toCalls } from "./chain/call.js";
import { ChainError } from "./chain/errors.js";
import { type ReadClient, reading, transact, transactAll, type WalletClient } from "./chain/transact.js";
import { mintCall, mintForCall, settleCall } from "./contractCalls.js";
import { type Deployment, nftDomainOf } from "./deployment.js";
import { leafOf } from "./digest.js";
import { GridError } from "./errors.js";
import { gridNftAbi } from "./generated/used.js";
import { composeBody, type ReceiptProof, type ReceiptToMint } from "./mint.js";
import {
  anchorFirst,
  anchoringCalls,
  type ClosedSettlement,
  type LanePapers,
  type Prepared,
  planAnchoring,
  requireConfirmable,
  type Settlement,
  type WaitingAnchor,
} from "./settle.js";
import { type MintAuthorization, nftTypes } from "./typedData.js";
import type { ReceiptBundle } from "./wire/index.js";

/** What a series is called and allows; everything may be left out but the title. */
export type SeriesTerms = Pick<SeriesHeader, "title"> & Partial<SeriesHeader>;

/** Receipts to mint as one series. */
export interface MintOptions {
  readonly deployment: Deployment;
  /** One for each artwork, all of one requester. */
  readonly bundles: readonly ReceiptBundle[];
  readonly series: SeriesTerms;
}

/** A mint, ready to be submitted by its requester or by whoever carries their authorization. */
export interface MintPlan {
  readonly deployment: Deployment;
  readonly requester: Address;
  /** Artworks. */
  readonly count: number;
  /** By artwork. */
  readonly receiptIds: readonly Hex[];
  /** Packed body. */
  readonly body: Hex;
  readonly proofs: readonly ReceiptProof[];
  /** Index of the anchor source that settles. */
  readonly source: number;
  /** Orders that the mint settles first, in the same transaction. */
  readonly settlements: readonly Settlement[];
  /** Orders that ended early and have to be settled before, each in a transaction of its own: a mint settles whole orders. */
  readonly closed: readonly ClosedSettlement[];
  /** Anchors that have to be confirmed before, each in a transaction of its own. */
  readonly waiting: readonly WaitingAnchor[];
  /** Vouchers that have to be collected before, each in a transaction of its own. */
  readonly collects: readonly LanePapers[];
  /** Mint fee of all artworks as it is now, AIPG wei. */
  readonly fee: bigint;
}

/** Result of a mint: what it created, and the transactions that anchored receipts before. */
export interface Minted extends Prepared {
  readonly seriesId: bigint;
  /** By artwork. */
  readonly tokenIds: readonly bigint[];
  /** Receipt that each token was minted from. */
  readonly receiptIds: readonly Hex[];
  readonly transaction: Hex;
  readonly blockNumber: bigint;
  readonly gasUsed: bigint;
}

/**
 * Prepares a mint: finds out where the receipts are anchored, what has to be settled or collected first, and packs the body.
 * Reads the chain, changes nothing. Artworks get their numbers in the order of the bundles, but that receipts under one anchor
 * are put into the order of its tree.
 *
 * @throws {@link GridError} as `planAnchoring` and `composeBody`; `ANCHOR_WAITS` when an anchor waits and its worker is not bonded;
 * `BODY_INVALID` when the series is too large.
 */
export async function planMint(client: ReadClient, options: MintOptions): Promise<MintPlan> {
  const { deployment, series } = options;
  const [{ bundles, items, settlements, closed, waiting, collects, source }, [feeEach]] = await Promise.all([
    anchoredItems(client, options),
    reading(
      readContract(client, {
        address: deployment.contracts.GridNFT.address,
        abi: gridNftAbi,
        functionName: "mintFee",
      }),
    ),
  ]);
  const { body, proofs } = composeBody(items, {
    policy: EvolutionPolicy.NONE,
    royaltyBps: 0,
    description: "",
    tags: "",
    ...series,
  });
  const [first] = items;
  if (!first) throw new GridError("BODY_INVALID", "There is nothing to mint.", "artworks");
  return {
    deployment,
    requester: first.receipt.requester,
    count: items.length,
    body: encodeBody(body),
    proofs,
    source,
    settlements,
    closed,
    waiting,
    collects,
    fee: feeEach * BigInt(items.length),
    receiptIds: bundles.map(({ receipt_id }) => receipt_id),
  };
}

/** Bundles as items of a body, in an order that a body can have. */
export async function anchoredItems(
  client: ReadClient,
  { bundles, deployment }: Pick<MintOptions, "bundles" | "deployment">,
) {
  const { anchors, settlements, closed, waiting, collects } = await planAnchoring(client, { bundles, deployment });
  await requireConfirmable(client, deployment, waiting);
  const given = bundles.map((bundle, i) => {
    const anchor = anchors[i];
    if (!anchor) throw new GridError("BUNDLE_INVALID", "The receipt has no anchor.", "receipt_id");
    return { bundle, anchor, leaf: anchor.tree.indexOf(leafOf(bundle.receipt_id)) };
  });
  // Each anchor keeps its places in the series, and fills them in the order of its tree.
  const queues = new Map(
    [...new Set(anchors)].map((anchor) => [
      anchor,
      given.filter((one) => one.anchor === anchor).sort((a, b) => a.leaf - b.leaf),
    ]),
  );
  const sorted = given.map(({ anchor }) => queues.get(anchor)?.shift()).filter((one) => one !== undefined);
  const items: ReceiptToMint[] = sorted.map(({ bundle: { receipt, request, engine }, anchor }) => {
    return { receipt, request, engine, anchor };
  });
  return {
    bundles: sorted.map(({ bundle }) => bundle),
    items,
    settlements,
    closed,
    waiting,
    collects,
    source: anchors[0]?.source ?? 0,
  };
}

/**
 * Mints receipts as one series. Pays the workers of direct orders in the same transaction; settles orders that their worker ended
 * early, confirms anchors that wait, and collects lanes' vouchers before, where nobody has done so yet. The wallet is the requester of the receipts, and pays the mint fee.
 *
 * @param options `to`: who receives the tokens, default the requester. `maxFee`: most that the whole mint fee may be, AIPG wei,
 * default what it is now.
 * @throws {@link GridError} as {@link planMint}, `WORKER_NOT_BONDED` before a worker is paid that can't anchor now, `NOT_ANCHORED`
 * or `ANCHOR_WAITS` when one was paid and has no bond, `PRICE_TOO_HIGH`; ChainError for what a contract refuses.
 *
 * @example
 * const { tokenIds } = await mintSeries(wallet, { deployment, bundles: [bundle], series: { title: "Lighthouse" } });
 */
export async function mintSeries(
  client: WalletClient,
  options: MintOptions & { readonly to?: Address; readonly maxFee?: bigint },
): Promise<Minted> {
  const { to = client.account.address, maxFee } = options;
  const plan = await planMint(client, options);
  const limit = feeLimit(plan, maxFee);
  const prepared = await anchorFirst(client, plan);
  await payableFee(client, plan);
  const receipt = await explainSettling(client, plan, transact(client, mintCall(plan, { to, maxFee: limit })));
  return mintedOf(receipt, plan, prepared);
}

/**
 * The calls of {@link mintSeries}, for a smart account (`sender`) that is the requester of the receipts: what anchors them, the
 * approval of the mint fee, and the mint.
 * @throws {@link GridError} as {@link planMint}; `PRICE_TOO_HIGH`.
 */
export async function mintSeriesCalls(
  client: ReadClient,
  options: MintOptions & Sender & { readonly to?: Address; readonly maxFee?: bigint },
): Promise<readonly Call[]> {
  const { sender, to = sender, maxFee } = options;
  const plan = await planMint(client, options);
  const mint = mintCall(plan, { to, maxFee: feeLimit(plan, maxFee) });
  return toCalls([...(await anchoringCalls(client, plan)), ...(await feeCalls(client, plan, sender)), mint]);
}

/** Leave to mint a plan, signed by its requester. */
export interface SignedMint {
  readonly authorization: MintAuthorization;
  readonly signature: Hex;
}

/**
 * Signs the leave to mint a plan, for somebody else to submit: the requester needs no ETH.
 *
 * @param options `maxFee` 0 (the default): whoever submits pays the mint fee; otherwise it is drawn from the requester.
 * `life`: seconds that it is good for, default one day.
 */
export async function authorizeMint(
  client: WalletClient,
  options: { readonly plan: MintPlan; readonly to?: Address; readonly maxFee?: bigint; readonly life?: number },
): Promise<SignedMint> {
  const { plan, to = plan.requester, maxFee = 0n, life = 86_400 } = options;
  const { timestamp } = await reading(getBlock(client));
  const authorization = {
    requester: plan.requester,
    to,
    bodyHash: bodyHash(plan.body),
    maxFee,
    deadline: timestamp + BigInt(life),
  };
  const signature = await signTypedData(client, {
    account: client.account,
    domain: nftDomainOf(plan.deployment),
    types: nftTypes,
    primaryType: "MintAuthorization",
    message: authorization,
  });
  return { authorization, signature };
}

/**
 * Submits a mint for its requester, who signed it. What somebody else has settled or confirmed since it was planned is passed
 * over. The wallet pays gas, and the mint fee unless the authorization says that the
 * requester does.
 *
 * @param options `maxFee`: most that the whole mint fee may be when the wallet pays it, AIPG wei, default what it is now.
 * @throws {@link GridError} `PRICE_TOO_HIGH`; otherwise as {@link mintSeries}.
 */
export async function relayMint(
  client: WalletClient,
  options: { readonly plan: MintPlan; readonly signed: SignedMint; readonly maxFee?: bigint },
): Promise<Minted> {
  const { plan, signed } = options;
  const { authorization } = signed;
  const pays = authorization.maxFee === 0n;
  const limit = pays ? feeLimit(plan, options.maxFee) : 0n;
  const prepared = await anchorFirst(client, plan);
  if (pays) await payableFee(client, plan);
  const receipt = await explainSettling(client, plan, transact(client, mintForCall(plan, { signed, maxFee: limit })));
  return mintedOf(receipt, plan, prepared);
}

/** The calls of {@link relayMint}, for a smart account (`sender`). */
export async function relayMintCalls(
  client: ReadClient,
  options: { readonly plan: MintPlan; readonly signed: SignedMint; readonly maxFee?: bigint } & Sender,
): Promise<readonly Call[]> {
  const { plan, signed, sender } = options;
  const pays = signed.authorization.maxFee === 0n;
  const mint = mintForCall(plan, { signed, maxFee: pays ? feeLimit(plan, options.maxFee) : 0n });
  return toCalls([
    ...(await anchoringCalls(client, plan)),
    ...(pays ? await feeCalls(client, plan, sender) : []),
    mint,
  ]);
}

/** A mint that settles passes on only the name of what stopped the settling: asks the settlement itself for the rest. */
async function explainSettling<Value>(client: WalletClient, plan: MintPlan, mint: Promise<Value>): Promise<Value> {
  try {
    return await mint;
  } catch (error) {
    const failed = error instanceof ChainError && error.contractError?.name === "GridNFT_SettlementFailed";
    const item = failed && plan.settlements[Number(error.contractError?.args.position)];
    if (!item) throw error;
    await reading(simulateContract(client, { ...settleCall(plan.deployment, item), account: client.account }));
    throw error;
  }
}

function feeLimit({ fee }: MintPlan, maxFee = fee): bigint {
  if (fee > maxFee) throw new GridError("PRICE_TOO_HIGH", "The mint fee is higher than allowed.", "maxFee");
  return maxFee;
}

async function payableFee(client: WalletClient, plan: MintPlan): Promise<void> {
  await transactAll(client, await feeCalls(client, plan, client.account.address));
}

/** The approval of a mint fee, where there is one and it is not approved yet. */
async function feeCalls(
  client: ReadClient,
  { deployment, fee }: MintPlan,
  owner: Address,
): Promise<readonly ContractCall[]> {
  if (fee === 0n) return [];
  const spender = deployment.contracts.GridNFT.address;
  return allowanceCalls(client, { deployment, spender, amount: fee, owner });
}

function mintedOf(
  { logs, transactionHash, blockNumber, gasUsed }: TransactionReceipt,
  { deployment, count, receiptIds }: MintPlan,
  prepared: Prepared,
): Minted {
  const address = deployment.contracts.GridNFT.address.toLowerCase();
  const own = logs.filter((log) => log.address.toLowerCase() === address);
  const [event] = parseEventLogs({ abi: gridNftAbi, logs: own, eventName: "SeriesMinted" });
  if (!event) throw new GridError("METADATA_INVALID", "The transaction minted no series.", "logs");
  const { seriesId } = event.args;
  return {
    seriesId,
    tokenIds: Array.from({ length: count }, (_, index) => seriesId * 1_000n + BigInt(index + 1)),
    receiptIds,
    transaction: transactionHash,
    blockNumber,
    gasUsed,
    ...prepared,
  };
}

import { type Address, parseEventLogs, type TransactionReceipt } from "viem";
import { getBlock, signTypedData, simulateContract } from "viem/actions";
import { bodyHash } from "../body/body.js";
import { type Call, type ContractCall, contractCall, type Sender, toCalls } from "../chain/call.js";
import { nftDomainOf } from "../chain/deployment.js";
import { ChainError } from "../chain/errors.js";
import { type ReadClient, transact, transactAll, type WalletClient, wrapReadError } from "../chain/transact.js";
import { gridNftAbi, nftAt } from "../generated/used.js";
import { GridError } from "../lib/errors.js";
import { nftTypes } from "../messages/typedData.js";
import { allowanceCalls } from "./allowance.js";
import { anchorFirst, anchoringCalls } from "./anchorFirst.js";
import type { Prepared } from "./anchoring.js";
import { type Minted, type MintOptions, type MintPlan, planMint, type SignedMint } from "./planMint.js";
import { tokensOf } from "./provenance.js";
import { settleCall } from "./settlementCalls.js";

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
  const receipt = await explainSettling(client, plan, transact(client, mintCall(plan, to, limit)));
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
  const mint = mintCall(plan, to, feeLimit(plan, maxFee));
  return toCalls([...(await anchoringCalls(client, plan)), ...(await feeCalls(client, plan, sender)), mint]);
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
  const { timestamp } = await wrapReadError(getBlock(client));
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
  const receipt = await explainSettling(client, plan, transact(client, mintForCall(plan, signed, limit)));
  return mintedOf(receipt, plan, prepared);
}

/** The calls of {@link relayMint}, for a smart account (`sender`). */
export async function relayMintCalls(
  client: ReadClient,
  options: { readonly plan: MintPlan; readonly signed: SignedMint; readonly maxFee?: bigint } & Sender,
): Promise<readonly Call[]> {
  const { plan, signed, sender } = options;
  const pays = signed.authorization.maxFee === 0n;
  const mint = mintForCall(plan, signed, pays ? feeLimit(plan, options.maxFee) : 0n);
  return toCalls([
    ...(await anchoringCalls(client, plan)),
    ...(pays ? await feeCalls(client, plan, sender) : []),
    mint,
  ]);
}

/** Mints a plan as its requester; settles its orders in the same call where that is left to do. */
function mintCall(plan: MintPlan, to: Address, maxFee: bigint): ContractCall {
  const { deployment, source, settlements, body, proofs } = plan;
  const minting = [body, proofs, to, maxFee] as const;
  if (settlements.length === 0) return contractCall({ ...nftAt(deployment), functionName: "mint", args: minting });
  const args = [BigInt(source), settlements, ...minting] as const;
  return contractCall({ ...nftAt(deployment), functionName: "settleAndMint", args });
}

/** Mints a plan for its requester, who signed it. */
function mintForCall(plan: MintPlan, { authorization, signature }: SignedMint, maxFee: bigint): ContractCall {
  const { deployment, source, settlements, body, proofs } = plan;
  const minting = [body, proofs, authorization, signature, maxFee] as const;
  if (settlements.length === 0) return contractCall({ ...nftAt(deployment), functionName: "mintFor", args: minting });
  const args = [BigInt(source), settlements, ...minting] as const;
  return contractCall({ ...nftAt(deployment), functionName: "settleAndMintFor", args });
}

/** A mint that settles passes on only the name of what stopped the settling: asks the settlement itself for the rest. */
async function explainSettling<Value>(client: WalletClient, plan: MintPlan, mint: Promise<Value>): Promise<Value> {
  try {
    return await mint;
  } catch (error) {
    const failed = error instanceof ChainError && error.contractError?.name === "GridNFT_SettlementFailed";
    const item = failed && plan.settlements[Number(error.contractError?.args.position)];
    if (!item) throw error;
    await wrapReadError(simulateContract(client, { ...settleCall(plan.deployment, item), account: client.account }));
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
    tokenIds: tokensOf(seriesId, { count: BigInt(count) }),
    receiptIds,
    transaction: transactionHash,
    blockNumber,
    gasUsed,
    ...prepared,
  };
}

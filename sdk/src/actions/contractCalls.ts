// The contract calls of all actions, each built in one place: what a wallet sends and what is prepared for a smart account.
import type { Address, Hex } from "viem";
import type { ReceiptProof } from "../body/composeBody.js";
import { type ContractCall, contractCall } from "../chain/call.js";
import type { Deployment } from "../chain/deployment.js";
import { aigcAbi, aipgAbi, gridNftAbi, gridSettlementAbi } from "../generated/used.js";
import type { ClosedSettlement, LanePapers, Settlement, WaitingAnchor } from "./anchoring.js";
import type { MintPlan, SignedMint } from "./mintPlan.js";

const aigc = ({ contracts }: Deployment) => ({ address: contracts.AIGC.address, abi: aigcAbi }) as const;
const aipg = ({ contracts }: Deployment) => ({ address: contracts.AIPG.address, abi: aipgAbi }) as const;
const nft = ({ contracts }: Deployment) => ({ address: contracts.GridNFT.address, abi: gridNftAbi }) as const;
const settlement = ({ contracts }: Deployment) =>
  ({ address: contracts.GridSettlement.address, abi: gridSettlementAbi }) as const;

export function approveCall(
  deployment: Deployment,
  { spender, amount }: { readonly spender: Address; readonly amount: bigint },
): ContractCall {
  return contractCall({ ...aipg(deployment), functionName: "approve", args: [spender, amount] });
}

export function depositForCall(
  deployment: Deployment,
  { account, amount }: { readonly account: Address; readonly amount: bigint },
): ContractCall {
  return contractCall({ ...settlement(deployment), functionName: "depositFor", args: [account, amount] });
}

export function depositWithPermitCall(
  deployment: Deployment,
  permit: {
    readonly account: Address;
    readonly amount: bigint;
    readonly deadline: bigint;
    readonly v: number;
    readonly r: Hex;
    readonly s: Hex;
  },
): ContractCall {
  const { account, amount, deadline, v, r, s } = permit;
  return contractCall({
    ...settlement(deployment),
    functionName: "depositWithPermit",
    args: [account, amount, deadline, v, r, s],
  });
}

export function thawCall(deployment: Deployment, { amount }: { readonly amount: bigint }): ContractCall {
  return contractCall({ ...settlement(deployment), functionName: "thaw", args: [amount] });
}

export function cancelThawCall(deployment: Deployment): ContractCall {
  return contractCall({ ...settlement(deployment), functionName: "cancelThaw", args: [] });
}

export function withdrawCall(deployment: Deployment, { to }: { readonly to: Address }): ContractCall {
  return contractCall({ ...settlement(deployment), functionName: "withdraw", args: [to] });
}

export function settleCall(deployment: Deployment, item: Settlement): ContractCall {
  return contractCall({ ...settlement(deployment), functionName: "settle", args: [item] });
}

export function settleClosedCall(
  deployment: Deployment,
  { settlement: item, closingSignature }: ClosedSettlement,
): ContractCall {
  return contractCall({ ...settlement(deployment), functionName: "settleClosed", args: [item, closingSignature] });
}

export function settleInGraceCall(deployment: Deployment, item: Settlement): ContractCall {
  return contractCall({ ...settlement(deployment), functionName: "settleInGrace", args: [item] });
}

export function confirmAnchorCall(deployment: Deployment, { payer, root }: WaitingAnchor): ContractCall {
  return contractCall({ ...settlement(deployment), functionName: "confirmAnchor", args: [payer, root] });
}

export function collectCall(
  deployment: Deployment,
  { config, voucher, payer_signature, worker_signature }: LanePapers,
): ContractCall {
  return contractCall({
    ...settlement(deployment),
    functionName: "collect",
    args: [config, voucher, payer_signature, worker_signature ?? "0x"],
  });
}

/** Mints a plan as its requester; settles its orders in the same call where that is left to do. */
export function mintCall(
  plan: MintPlan,
  { to, maxFee }: { readonly to: Address; readonly maxFee: bigint },
): ContractCall {
  const { deployment, body, proofs, settlements } = plan;
  if (settlements.length === 0) {
    return contractCall({ ...nft(deployment), functionName: "mint", args: [body, proofs, to, maxFee] });
  }
  return contractCall({
    ...nft(deployment),
    functionName: "settleAndMint",
    args: [BigInt(plan.source), settlements, body, proofs, to, maxFee],
  });
}

/** Mints a plan for its requester, who signed it. */
export function mintForCall(
  plan: MintPlan,
  { signed, maxFee }: { readonly signed: SignedMint; readonly maxFee: bigint },
): ContractCall {
  const { deployment, body, proofs, settlements } = plan;
  const { authorization, signature } = signed;
  if (settlements.length === 0) {
    return contractCall({
      ...nft(deployment),
      functionName: "mintFor",
      args: [body, proofs, authorization, signature, maxFee],
    });
  }
  return contractCall({
    ...nft(deployment),
    functionName: "settleAndMintFor",
    args: [BigInt(plan.source), settlements, body, proofs, authorization, signature, maxFee],
  });
}

export function evolveCall(
  deployment: Deployment,
  { tokenId, body, proofs }: { readonly tokenId: bigint; readonly body: Hex; readonly proofs: readonly ReceiptProof[] },
): ContractCall {
  return contractCall({ ...nft(deployment), functionName: "evolve", args: [tokenId, body, proofs] });
}

export function announceEvolutionCall(
  deployment: Deployment,
  { tokenId, bodyHash }: { readonly tokenId: bigint; readonly bodyHash: Hex },
): ContractCall {
  return contractCall({ ...nft(deployment), functionName: "announceEvolution", args: [tokenId, bodyHash] });
}

export function buyLicenseCall(
  deployment: Deployment,
  license: {
    readonly modelId: bigint;
    readonly account: Address;
    readonly periods: number;
    readonly period: number;
    readonly maxPrice: bigint;
  },
): ContractCall {
  const { modelId, account, periods, period, maxPrice } = license;
  return contractCall({
    ...aigc(deployment),
    functionName: "buyLicense",
    args: [modelId, account, periods, period, maxPrice],
  });
}

export function setLicenseTermsCall(
  deployment: Deployment,
  { modelId, price, period }: { readonly modelId: bigint; readonly price: bigint; readonly period: number },
): ContractCall {
  return contractCall({ ...aigc(deployment), functionName: "setLicenseTerms", args: [modelId, price, period] });
}

export function setAccessCall(
  deployment: Deployment,
  { modelId, access }: { readonly modelId: bigint; readonly access: number },
): ContractCall {
  return contractCall({ ...aigc(deployment), functionName: "setAccess", args: [modelId, access] });
}

export function setUserCall(
  deployment: Deployment,
  { modelId, user, expires }: { readonly modelId: bigint; readonly user: Address; readonly expires: bigint },
): ContractCall {
  return contractCall({ ...aigc(deployment), functionName: "setUser", args: [modelId, user, expires] });
}

import type { TypedDataToPrimitiveTypes } from "abitype";
import type { Address } from "viem";

/**
 * Types of every message in the settlement's domain, for viem's `signTypedData({ domain, types, primaryType, message })`.
 * Mirrors `contracts/messages/GridMessages.sol`.
 */
export const settlementTypes = {
  GenerationRequest: [
    { name: "modelId", type: "uint256" },
    { name: "modelHash", type: "bytes32" },
    { name: "prompt", type: "string" },
    { name: "negativePrompt", type: "string" },
    { name: "seed", type: "uint64" },
    { name: "width", type: "uint32" },
    { name: "height", type: "uint32" },
    { name: "steps", type: "uint32" },
    { name: "guidanceMilli", type: "uint32" },
    { name: "sampler", type: "string" },
    { name: "scheduler", type: "string" },
    { name: "sourceHash", type: "bytes32" },
    { name: "extras", type: "string" },
    { name: "salt", type: "bytes32" },
  ],
  JobOrder: [
    { name: "requester", type: "address" },
    { name: "payer", type: "address" },
    { name: "worker", type: "address" },
    { name: "laneId", type: "bytes32" },
    { name: "feeConfigId", type: "uint16" },
    { name: "modelId", type: "uint256" },
    { name: "requestHash", type: "bytes32" },
    { name: "count", type: "uint32" },
    { name: "maxPrice", type: "uint128" },
    { name: "deadline", type: "uint64" },
    { name: "nonce", type: "uint256" },
  ],
  JobReceipt: [
    { name: "orderHash", type: "bytes32" },
    { name: "index", type: "uint32" },
    { name: "requester", type: "address" },
    { name: "worker", type: "address" },
    { name: "modelId", type: "uint256" },
    { name: "requestHash", type: "bytes32" },
    { name: "seed", type: "uint64" },
    { name: "engineHash", type: "bytes32" },
    { name: "imageHash", type: "bytes32" },
    { name: "cidDigest", type: "bytes32" },
    { name: "completedAt", type: "uint64" },
    { name: "price", type: "uint128" },
  ],
  LaneConfig: [
    { name: "kind", type: "uint8" },
    { name: "payer", type: "address" },
    { name: "payerSigner", type: "address" },
    { name: "worker", type: "address" },
    { name: "feeConfigId", type: "uint16" },
    { name: "thawDelay", type: "uint40" },
    { name: "salt", type: "bytes32" },
  ],
  ModelTotal: [
    { name: "modelId", type: "uint256" },
    { name: "cumulative", type: "uint128" },
  ],
  Voucher: [
    { name: "laneId", type: "bytes32" },
    { name: "receiptCount", type: "uint32" },
    { name: "receiptsRoot", type: "bytes32" },
    { name: "totals", type: "ModelTotal[]" },
  ],
  SignerProof: [
    { name: "account", type: "address" },
    { name: "role", type: "uint8" },
    { name: "deadline", type: "uint64" },
  ],
  OrderClosing: [
    { name: "orderHash", type: "bytes32" },
    { name: "receiptCount", type: "uint32" },
    { name: "receiptsRoot", type: "bytes32" },
  ],
} as const;

/** Types of the messages in GridNFT's own domain. */
export const nftTypes = {
  MintAuthorization: [
    { name: "requester", type: "address" },
    { name: "to", type: "address" },
    { name: "bodyHash", type: "bytes32" },
    { name: "maxFee", type: "uint128" },
    { name: "deadline", type: "uint64" },
  ],
  EvolveAuthorization: [
    { name: "tokenId", type: "uint256" },
    { name: "version", type: "uint32" },
    { name: "bodyHash", type: "bytes32" },
    { name: "deadline", type: "uint64" },
  ],
} as const;

/** Messages of the settlement's domain by name. */
export type SettlementMessage = TypedDataToPrimitiveTypes<typeof settlementTypes>;
type NftMessages = TypedDataToPrimitiveTypes<typeof nftTypes>;

/** Generation request: what a requester asks a model for; see `IGridSettlement` and `docs/receipts.md` for each field. */
export type GenerationRequest = SettlementMessage["GenerationRequest"];
/** A payer's signed job with a price cap (AIPG wei). */
export type JobOrder = SettlementMessage["JobOrder"];
/** A worker's signed statement of what it made. */
export type JobReceipt = SettlementMessage["JobReceipt"];
/** Terms of a lane, fixed for its life. */
export type LaneConfig = SettlementMessage["LaneConfig"];
/** One row of a voucher: all ever promised on the lane for one model, AIPG wei. */
export type ModelTotal = SettlementMessage["ModelTotal"];
/** A payer's cumulative promise on a lane. */
export type Voucher = SettlementMessage["Voucher"];
/** A hot key's agreement to sign for an account in a role. */
export type SignerProof = SettlementMessage["SignerProof"];
/** A worker's statement that it ended a direct order with fewer images than ordered; at most one per order. */
export type OrderClosing = SettlementMessage["OrderClosing"];
/** A requester's permission that somebody else submits their mint. */
export type MintAuthorization = NftMessages["MintAuthorization"];
/** A permission that somebody else submits an evolution. */
export type EvolveAuthorization = NftMessages["EvolveAuthorization"];

/** EIP-712 domain of one GridSettlement; viem takes it as `domain`. */
export interface SettlementDomain {
  readonly name: "AIPG Grid";
  readonly version: "1";
  readonly chainId: number;
  readonly verifyingContract: Address;
}

/** EIP-712 domain of one GridNFT; viem takes it as `domain`. */
export interface NftDomain {
  readonly name: "GridNFT";
  readonly version: "1";
  readonly chainId: number;
  readonly verifyingContract: Address;
}

/** Domain of the messages in {@link settlementTypes}. Must equal `GridSettlement.eip712Domain()`. */
export function settlementDomain(chainId: number, settlement: Address): SettlementDomain {
  return Object.freeze({ name: "AIPG Grid", version: "1", chainId, verifyingContract: settlement });
}

/** Domain of the messages in {@link nftTypes}. Must equal `GridNFT.eip712Domain()`. */
export function nftDomain(chainId: number, gridNft: Address): NftDomain {
  return Object.freeze({ name: "GridNFT", version: "1", chainId, verifyingContract: gridNft });
}

import {
  type JobOrder,
  type LaneConfig,
  type ModelTotal,
  orderDigest,
  recoverSigner,
  type SettlementDomain,
  SignerRole,
} from "@gridnft/sdk";
import { type Address, type Hex, isAddressEqual, maxUint128 } from "viem";
import type { GridChain } from "./connect.ts";

/** State of the chain about a direct order, at one moment. Amounts are AIPG wei, times Unix seconds. */
export interface OrderFacts {
  /** Signer of the order; undefined for a signature that the contracts refuse. */
  readonly signer: Address | undefined;
  /** True if that key orders for the payer, and is not being revoked. */
  readonly signerGood: boolean;
  readonly balance: bigint;
  readonly thawing: bigint;
  readonly nonceUsed: boolean;
  /** 0 when no cancel was announced. */
  readonly cancelReadyAt: number;
  /** Through when the order's fee config is accepted; 0 for never, Infinity while it is the current one. */
  readonly feeAcceptedUntil: number;
}

/** Reads {@link OrderFacts}. */
export async function readOrderFacts(
  { grid, domain }: Pick<GridChain, "grid" | "domain">,
  order: JobOrder,
  signature: Hex | undefined,
): Promise<OrderFacts> {
  const { settlement } = grid;
  const signer = signature === undefined ? undefined : recoverOrNone(order, signature, domain);
  const [account, nonceUsed, cancelReadyAt, feeAcceptedUntil, signerGood] = await Promise.all([
    settlement.read.accountOf([order.payer]),
    settlement.read.isNonceUsed([order.payer, order.nonce]),
    settlement.read.cancelReadyAt([order.payer, order.nonce]),
    readFeeAcceptedUntil(grid, order.feeConfigId),
    signer === undefined ? false : isGoodSigner(grid, order.payer, SignerRole.ORDER_SIGNER, signer),
  ]);
  const { balance, thawing } = account;
  return { signer, signerGood, balance, thawing, nonceUsed, cancelReadyAt, feeAcceptedUntil };
}

/** State of the chain about a lane, at one moment. Amounts are AIPG wei, times Unix seconds. */
export interface LaneFacts {
  readonly opened: boolean;
  readonly free: bigint;
  /** 0 when no thaw is pending. */
  readonly thawReadyAt: number;
  readonly thawing: bigint;
  /** True if its payerSigner's vouchers count without an end. */
  readonly payerSignerGood: boolean;
  readonly payerSignerValidUntil: number;
  /** Amounts that it has paid, for the models asked about, and the royalty rate that it goes by. */
  readonly totals: readonly PaidTotal[];
}

/** Total that a lane has paid for a model. */
export interface PaidTotal extends ModelTotal {
  /** Usage royalty as the lane read it, basis points. */
  readonly royaltyBps: number;
  /** Unix seconds of that reading; 0 when there was none. */
  readonly royaltyReadAt: number;
}

/** Reads {@link LaneFacts}. */
export async function readLaneFacts(
  { grid }: Pick<GridChain, "grid">,
  laneId: Hex,
  config: LaneConfig,
  modelIds: readonly bigint[],
): Promise<LaneFacts> {
  const { settlement } = grid;
  const [lane, payerSignerValidUntil, ...totals] = await Promise.all([
    settlement.read.laneOf([laneId]),
    settlement.read.payerSignerValidUntil([config]),
    ...modelIds.map((modelId) => settlement.read.laneTotalOf([laneId, modelId])),
  ]);
  return {
    opened: lane.opened,
    free: lane.free,
    thawReadyAt: lane.thawReadyAt,
    thawing: lane.thawing === maxUint128 ? lane.free : lane.thawing,
    payerSignerGood: payerSignerValidUntil === 2 ** 40 - 1,
    payerSignerValidUntil,
    totals: totals.map((total, i) => ({ modelId: modelIds[i] as bigint, ...total })),
  };
}

/** Returns true if a key signs for an account in a role, with no end in sight: a revoked key's last day does not count. */
export async function isGoodSigner(
  grid: GridChain["grid"],
  account: Address,
  role: SignerRole,
  signer: Address,
): Promise<boolean> {
  if (isAddressEqual(account, signer)) return true;
  const found = await grid.settlement.read.signerOf([signer]);
  return isAddressEqual(found.account, account) && found.role === role && found.revokedAt === 0;
}

async function readFeeAcceptedUntil(grid: GridChain["grid"], feeConfigId: number): Promise<number> {
  const { settlement } = grid;
  const [accepted, current, overlap] = await Promise.all([
    settlement.read.isFeeConfigAccepted([feeConfigId]),
    settlement.read.currentFeeConfigId(),
    settlement.read.FEE_CONFIG_OVERLAP(),
  ]);
  if (!accepted) return 0;
  if (feeConfigId === current) return Number.POSITIVE_INFINITY;
  return (await settlement.read.feeConfigOf([current])).since + overlap;
}

function recoverOrNone(order: JobOrder, signature: Hex, domain: SettlementDomain): Address | undefined {
  try {
    return recoverSigner(orderDigest(order, domain), signature);
  } catch {
    return undefined;
  }
}

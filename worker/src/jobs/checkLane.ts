import { type JobOrder, LANE_WORK, type LaneConfig, laneId as laneIdOf, type SettlementDomain } from "@gridnft/sdk";
import { formatEther, isAddressEqual } from "viem";
import type { LaneFacts } from "../chain/facts.ts";
import { checkTime, type OrderContext } from "./checkOrder.ts";
import { type Refusal, refusal } from "./refusal.ts";

/** Facts that a lane order is checked by, beside those of the chain. Amounts are AIPG wei. */
export interface LaneContext extends OrderContext {
  readonly domain: SettlementDomain;
  /** Work of this lane without a voucher: delivered and unpaid, in progress, or not acknowledged. */
  readonly uncovered: bigint;
  /** Amount that accepted vouchers would still take from the lane. */
  readonly promised: bigint;
  /** Limit of `uncovered`. */
  readonly exposure: bigint;
}

/**
 * Checks an order that a lane pays: that the lane is this worker's and open, keeps its money, covers this job after all that is
 * promised, and does not owe too much work already. Such orders need no signature: what pays is the voucher.
 */
export function checkLane(
  order: JobOrder,
  price: bigint,
  lane: LaneConfig,
  facts: LaneFacts,
  context: LaneContext,
): Refusal | undefined {
  const terms = checkLaneTerms(order, lane, context);
  if (terms) return terms;
  const late = checkTime(order, context);
  if (late) return late;
  if (!facts.opened) return refusal("LANE_UNKNOWN", "The lane was never opened.");
  if (facts.thawReadyAt !== 0) return refusal("LANE_THAWING", "The lane's payer is taking its money back.");
  if (!facts.payerSignerGood) return refusal("LANE_SIGNER", "The key that signs the lane's vouchers is revoked.");
  const { uncovered, promised, exposure } = context;
  if (price > exposure) {
    return refusal(
      "LIMITS",
      `The job costs ${formatEther(price)} AIPG, and this worker gives credit for ${formatEther(exposure)} AIPG on a lane.`,
    );
  }
  if (uncovered + price > exposure) {
    return refusal(
      "EXPOSURE",
      `${formatEther(uncovered)} AIPG of work on this lane have no voucher yet; the limit is ${formatEther(exposure)}.`,
    );
  }
  const needed = promised + uncovered + price;
  if (facts.free < needed) {
    return refusal("LANE_SHORT", `The lane has ${formatEther(facts.free)} AIPG, and would owe ${formatEther(needed)}.`);
  }
  return undefined;
}

function checkLaneTerms(order: JobOrder, lane: LaneConfig, { domain, account }: LaneContext): Refusal | undefined {
  if (laneIdOf(lane, domain) !== order.laneId)
    return refusal("LANE_MISMATCH", "The lane is not the one that the order names.");
  if (lane.kind !== LANE_WORK) return refusal("LANE_KIND", "The lane is not one from a payer to a worker.");
  if (!isAddressEqual(lane.worker, account)) return refusal("NOT_MY_ORDER", `The lane pays worker ${lane.worker}.`);
  if (!isAddressEqual(lane.payer, order.payer))
    return refusal("LANE_MISMATCH", "The order names another payer than its lane.");
  if (lane.feeConfigId !== order.feeConfigId)
    return refusal("FEE_CONFIG", "The order names another fee config than its lane.");
  return undefined;
}

import { type JobOrder, SETTLE_GRACE } from "@gridnft/sdk";
import { type Address, formatEther, isAddressEqual, zeroHash } from "viem";
import type { OrderFacts } from "../chain/facts.ts";
import { type Refusal, refusal } from "./refusal.ts";

/** Facts that an order is checked by, beside those of the chain. Times are Unix seconds. */
export interface OrderContext {
  /** Cold account of the worker. */
  readonly account: Address;
  readonly now: number;
  /** Seconds that the job will take, as far as this worker can tell. */
  readonly needed: number;
  /** Sum of this payer's orders that are accepted and not settled yet, AIPG wei. */
  readonly owed: bigint;
}

/** Checks what both rails share: that the order is this worker's, and that there is time. */
export function checkTime(order: JobOrder, { account, now, needed }: OrderContext): Refusal | undefined {
  if (!isAddressEqual(order.worker, account))
    return refusal("NOT_MY_ORDER", `The order is for worker ${order.worker}.`);
  const left = Number(order.deadline) - now;
  if (left < needed) {
    return refusal(
      "DEADLINE_TOO_NEAR",
      `The order ends in ${Math.max(0, left)} s, the job takes about ${Math.ceil(needed)} s.`,
    );
  }
  return undefined;
}

/**
 * Checks an order of the direct rail: that the payer signed it, and that it can be settled for its whole price now and, as far
 * as one can know, until its end. An account secures nobody (its payer can spend it on somebody else at once), so this is credit
 * for one order: the worker settles soon.
 */
export function checkOrder(order: JobOrder, facts: OrderFacts, context: OrderContext): Refusal | undefined {
  if (order.laneId !== zeroHash)
    return refusal("LANE_MISMATCH", "The order belongs to a lane, and no lane came with it.");
  const late = checkTime(order, context);
  if (late) return late;
  if (!facts.signerGood) {
    const by = facts.signer === undefined ? "in no form that the contracts take" : `by ${facts.signer}`;
    return refusal(
      "ORDER_SIGNATURE",
      `The order is signed ${by}, not by its payer ${order.payer} or its ORDER_SIGNER.`,
    );
  }
  if (facts.nonceUsed) return refusal("NONCE_USED", `Nonce ${order.nonce} of ${order.payer} is used or cancelled.`);
  if (facts.cancelReadyAt !== 0) return refusal("CANCEL_PENDING", "The payer has announced that it cancels the order.");
  if (facts.feeAcceptedUntil < Number(order.deadline) + SETTLE_GRACE) {
    return refusal("FEE_CONFIG", `Fee config ${order.feeConfigId} is not accepted until the order can be settled.`);
  }
  // Money that thaws can be gone before the order is settled.
  const free = facts.balance > facts.thawing ? facts.balance - facts.thawing : 0n;
  if (free < context.owed + order.maxPrice) {
    const thawing = facts.thawing > 0n ? ` (${formatEther(facts.thawing)} AIPG are being withdrawn)` : "";
    return refusal(
      "BALANCE_TOO_LOW",
      `The payer has ${formatEther(free)} AIPG free${thawing}, and owes ${formatEther(context.owed + order.maxPrice)} AIPG with this order.`,
    );
  }
  return undefined;
}

import { jobPrice } from "@gridnft/sdk";
import { type Address, getAddress, isAddressEqual } from "viem";
import type { Cloud } from "../cloud.ts";
import { ApiError } from "../error.ts";
import { minBigInt } from "../payment/amounts.ts";
import type { Candidate, SignedOrder } from "../payment/orders.ts";
import { covers, type LiveOffer, liveOffers, samplingError, sideStepError } from "./offers.ts";
import { type ResolvedRequest, workloadOf } from "./resolve.ts";

/** Returns the live offers that cover a request, best first: cheap, and not busy. */
export function rankOffers(resolved: ResolvedRequest, offers: readonly LiveOffer[]): LiveOffer[] {
  const job = workloadOf(resolved);
  // A worker that is full counts as twice as dear.
  const score = (offer: LiveOffer) => offer.rate * BigInt(offer.parallel + Math.min(offer.busy, offer.parallel));
  return offers
    .filter((offer) => offer.modelId === resolved.model.modelId && covers(offer, job))
    .sort((a, b) => {
      const difference = score(a) * BigInt(b.parallel) - score(b) * BigInt(a.parallel);
      return difference < 0n ? -1 : difference > 0n ? 1 : a.worker < b.worker ? -1 : 1;
    });
}

/**
 * Splits workers into those that direct orders can be for, and those whose bond is too small or leaving. Orders of the latter could be paid
 * and never be minted.
 */
export async function splitByBond<Of extends { readonly worker: Address }>(
  { chain }: Pick<Cloud, "chain">,
  all: readonly Of[],
): Promise<{ readonly eligible: readonly Of[]; readonly ineligible: readonly Address[] }> {
  const stays = await Promise.all(all.map(({ worker }) => chain.staysBonded(worker)));
  return {
    eligible: all.filter((_, i) => stays[i]),
    ineligible: all.filter((_, i) => !stays[i]).map(({ worker }) => getAddress(worker)),
  };
}

/**
 * Creates the error for a request that no live worker serves.
 * @param ineligible Those that would, but for their bond.
 */
export function noWorkerError(
  resolved: ResolvedRequest,
  offers: readonly LiveOffer[],
  ineligible: readonly Address[] = [],
): ApiError {
  if (ineligible.length > 0) {
    return new ApiError(
      "NO_WORKER",
      `No direct order can be for ${ineligible.join(", ")} now: its bond is too small, or it has announced to take it back, so what it makes might never be minted.`,
      { headers: { "retry-after": "30" } },
    );
  }
  const ofModel = offers.filter((offer) => offer.modelId === resolved.model.modelId);
  const workload = workloadOf(resolved);
  const error = samplingError(ofModel, workload) ?? sideStepError(ofModel, workload);
  if (error) return error;
  return new ApiError(
    "NO_WORKER",
    ofModel.length > 0
      ? "No live worker takes a job of this size, sampler and number of images."
      : `No live worker serves the model "${resolved.model.name}" now.`,
    { headers: { "retry-after": "30" } },
  );
}

/** Returns orders with their workers' prices. Each worker must offer the job. At least one must be live and keep its bond. */
export async function priceOrders(
  cloud: Pick<Cloud, "chain" | "checker" | "database">,
  resolved: ResolvedRequest,
  orders: readonly SignedOrder[],
): Promise<Candidate[]> {
  const all = await liveOffers(cloud.database, resolved.model.modelId);
  const job = workloadOf(resolved);
  const named = all.filter(
    (offer) => covers(offer, job) && orders.some((one) => isAddressEqual(one.order.worker, offer.worker)),
  );
  const { eligible: offers, ineligible } = await splitByBond(cloud, named);
  const candidates = orders.flatMap(({ order, signature }, i): Candidate[] => {
    const offer = offers.find(({ worker }) => isAddressEqual(worker, order.worker));
    if (!offer) return [];
    const asked = jobPrice(job, offer.rate);
    const least = jobPrice(job, offer.leastRate);
    if (order.maxPrice < least) {
      throw new ApiError("ORDER_INVALID", `maxPrice is below the worker's price of ${least} AIPG wei.`, {
        field: `payment.orders.${i}.order.maxPrice`,
      });
    }
    return [
      {
        order,
        signature,
        orderHash: cloud.checker.digester.orderHash(order),
        price: minBigInt(asked, order.maxPrice),
      },
    ];
  });
  if (candidates.length === 0) throw noWorkerError(resolved, all, ineligible);
  return candidates;
}

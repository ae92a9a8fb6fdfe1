import { type JobOrder, jobOrder, jobPrice, messageToJson, SETTLE_GRACE } from "@gridnft/sdk";
import type { quote } from "@gridnft/sdk/wire";
import { type Address, formatEther, getAddress, zeroAddress } from "viem";
import type { z } from "zod";
import type { Cloud } from "../cloud.ts";
import { CloudError } from "../error.ts";
import { covers, type LiveOffer, liveOffers, QUOTE_SECONDS, sideStepFault } from "../queue/offers.ts";
import { quoteNonce } from "./nonces.ts";
import type { Wish } from "./parameters.ts";

export type QuoteJson = z.input<typeof quote>;

/** Orders that one quote offers at most. */
export const MOST_CANDIDATES = 3;

/** Live workers that would do the job, best first: cheap, and not busy. */
export function rankedOffers(wish: Wish, offers: readonly LiveOffer[]): LiveOffer[] {
  const job = jobOf(wish);
  // A worker that is full counts as twice as dear.
  const score = (offer: LiveOffer) => offer.rate * BigInt(offer.parallel + Math.min(offer.busy, offer.parallel));
  return offers
    .filter((offer) => offer.modelId === wish.model.modelId && covers(offer, job))
    .sort((a, b) => {
      const difference = score(a) * BigInt(b.parallel) - score(b) * BigInt(a.parallel);
      return difference < 0n ? -1 : difference > 0n ? 1 : a.worker < b.worker ? -1 : 1;
    });
}

/** What a wish is measured by. */
export function jobOf(wish: Wish) {
  const { width, height, steps, sampler, scheduler, modelHash } = wish.request;
  return { width, height, steps, sampler, scheduler, modelHash, count: wish.count };
}

/**
 * Workers that direct orders can be for, and those that take their bond back: an order of theirs could be paid and never be minted.
 */
export async function byStanding<Of extends { readonly worker: Address }>(
  { chain }: Pick<Cloud, "chain">,
  all: readonly Of[],
): Promise<{ readonly staying: readonly Of[]; readonly leaving: readonly Address[] }> {
  const stays = await Promise.all(all.map(({ worker }) => chain.staysBonded(worker)));
  return {
    staying: all.filter((_, i) => stays[i]),
    leaving: all.filter((_, i) => !stays[i]).map(({ worker }) => getAddress(worker)),
  };
}

/**
 * The error for a wish that no live worker serves.
 * @param leaving Those that would, but for their bond.
 */
export function noWorker(wish: Wish, offers: readonly LiveOffer[], leaving: readonly Address[] = []): CloudError {
  if (leaving.length > 0) {
    return new CloudError(
      "NO_WORKER",
      `No direct order can be for ${leaving.join(", ")} now: its bond is too small, or it has announced to take it back, so what it makes might never be minted.`,
      { headers: { "retry-after": "30" } },
    );
  }
  const ofModel = offers.filter((offer) => offer.modelId === wish.model.modelId);
  const stepFault = sideStepFault(ofModel, jobOf(wish));
  if (stepFault) return stepFault;
  const served = offers.some((offer) => offer.modelId === wish.model.modelId);
  return new CloudError(
    "NO_WORKER",
    served
      ? "No live worker takes a job of this size, sampler and number of images."
      : `No live worker serves the model "${wish.model.name}" now.`,
    { headers: { "retry-after": "30" } },
  );
}

/**
 * A price and the orders to sign for it. Without a requester it is a price only: the orders name nobody.
 * @throws {@link CloudError} `NO_WORKER`.
 */
export async function quoteFor(
  cloud: Cloud,
  wish: Wish,
  parties: {
    readonly requester?: Address | undefined;
    readonly payer?: Address | undefined;
    /** Who asks: an account or an IP address. */
    readonly caller: string;
  },
): Promise<QuoteJson> {
  const { database, chain, settings } = cloud;
  const offers = await liveOffers(database, wish.model.modelId);
  const { staying, leaving } = await byStanding(cloud, rankedOffers(wish, offers));
  const best = staying.slice(0, MOST_CANDIDATES);
  if (best.length === 0) throw noWorker(wish, offers, leaving);

  const requester = parties.requester ?? zeroAddress;
  const payer = parties.payer ?? requester;
  const named = payer !== zeroAddress;
  const [nonce, feeConfigId] = await Promise.all([
    named ? quoteNonce({ database, chain }, payer, parties.caller) : 0n,
    chain.feeConfigId(),
  ]);
  const now = chain.now();
  const candidates = best.map((offer, position) => {
    const price = jobPrice(jobOf(wish), offer.rate);
    const order: JobOrder = jobOrder(wish.request, {
      requester,
      payer,
      worker: offer.worker,
      feeConfigId,
      count: wish.count,
      maxPrice: price,
      deadline: now + BigInt(settings.orderSeconds + position * (settings.orderSeconds + SETTLE_GRACE + 60)),
      nonce,
    });
    return { worker: offer.worker, price: price.toString(), order: messageToJson("JobOrder", order) };
  });
  const price = candidates[0]?.price ?? "0";
  return {
    model_id: wish.model.modelId.toString(),
    price,
    cost_aipg: formatEther(BigInt(price)),
    expires_at: Number(now) + QUOTE_SECONDS,
    parameters: wish.parameters,
    request: messageToJson("GenerationRequest", wish.request),
    request_hash: wish.requestHash,
    domain: { ...chain.domain },
    candidates,
  };
}

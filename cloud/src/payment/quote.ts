import { type JobOrder, jobOrder, jobPrice, messageToJson, SETTLE_GRACE } from "@gridnft/sdk";
import type { quote } from "@gridnft/sdk/wire";
import { type Address, formatEther, zeroAddress } from "viem";
import type { z } from "zod";
import type { Cloud } from "../cloud.ts";
import { CloudError } from "../error.ts";
import { covers, type LiveOffer, liveOffers, QUOTE_SECONDS } from "../queue/offers.ts";
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

/** The error for a wish that no live worker serves. */
export function noWorker(wish: Wish, offers: readonly LiveOffer[]): CloudError {
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
  { database, chain, settings }: Cloud,
  wish: Wish,
  parties: {
    readonly requester?: Address | undefined;
    readonly payer?: Address | undefined;
    /** Who asks: an account or an IP address. */
    readonly caller: string;
  },
): Promise<QuoteJson> {
  const offers = await liveOffers(database, wish.model.modelId);
  const best = rankedOffers(wish, offers).slice(0, MOST_CANDIDATES);
  if (best.length === 0) throw noWorker(wish, offers);

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

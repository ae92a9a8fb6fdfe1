import { type JobOrder, jobOrder, jobPrice, messageToJson, SETTLE_GRACE } from "@gridnft/sdk";
import type { quote } from "@gridnft/sdk/schemas";
import { type Address, formatEther, zeroAddress } from "viem";
import type { z } from "zod";
import type { Cloud } from "../cloud.ts";
import { quoteNonce } from "../payment/nonces.ts";
import { requireModelAccess } from "./access.ts";
import { noWorkerError, rankOffers, splitByBond } from "./candidates.ts";
import { liveOffers, QUOTE_SECONDS } from "./offers.ts";
import { type RequestParameters, resolveRequest, workloadOf } from "./resolve.ts";

type QuoteJson = z.input<typeof quote>;

/** Orders that one quote offers at most. */
const MAX_CANDIDATES = 3;

/** Accounts that a quote is for. */
interface QuoteParties {
  readonly requester?: Address | undefined;
  readonly payer?: Address | undefined;
  /** Account or IP address that asks. */
  readonly caller: string;
}

/**
 * Returns the price of a request, and the orders to sign for it. Without a requester it is a price only: the orders name nobody.
 * @throws {@link ApiError} `MODEL_UNKNOWN`, `MODEL_NOT_LICENSED`, `NO_WORKER`.
 */
export async function quoteRequest(
  cloud: Cloud,
  parameters: RequestParameters,
  parties: QuoteParties,
): Promise<QuoteJson> {
  const resolved = await resolveRequest(cloud, parameters);
  if (parties.requester) await requireModelAccess(cloud, resolved, parties.requester);
  const { database, chain, settings } = cloud;
  const offers = await liveOffers(database, resolved.model.modelId);
  const { eligible, ineligible } = await splitByBond(cloud, rankOffers(resolved, offers));
  const best = eligible.slice(0, MAX_CANDIDATES);
  if (best.length === 0) throw noWorkerError(resolved, offers, ineligible);

  const requester = parties.requester ?? zeroAddress;
  const payer = parties.payer ?? requester;
  const named = payer !== zeroAddress;
  const [nonce, feeConfigId] = await Promise.all([
    named ? quoteNonce({ database, chain }, payer, parties.caller, QUOTE_SECONDS) : 0n,
    chain.feeConfigId(),
  ]);
  const now = chain.now();
  const candidates = best.map((offer, position) => {
    const price = jobPrice(workloadOf(resolved), offer.rate);
    const order: JobOrder = jobOrder(resolved.request, {
      requester,
      payer,
      worker: offer.worker,
      feeConfigId,
      count: resolved.count,
      maxPrice: price,
      deadline: now + BigInt(settings.orderSeconds + position * (settings.orderSeconds + SETTLE_GRACE + 60)),
      nonce,
    });
    return { worker: offer.worker, price: price.toString(), order: messageToJson("JobOrder", order) };
  });
  const price = candidates[0]?.price ?? "0";
  return {
    model_id: resolved.model.modelId.toString(),
    price,
    cost_aipg: formatEther(BigInt(price)),
    expires_at: Number(now) + QUOTE_SECONDS,
    parameters: resolved.parameters,
    request: messageToJson("GenerationRequest", resolved.request),
    request_hash: resolved.requestHash,
    domain: { ...chain.domain },
    candidates,
  };
}

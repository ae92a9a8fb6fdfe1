import { type Address, formatEther, type Hex, isAddressEqual, zeroHash } from "viem";
import { readContract, signTypedData } from "viem/actions";
import { type Deployment, settlementDomainOf } from "../chain/deployment.js";
import { type ReadClient, type WalletClient, wrapReadError } from "../chain/transact.js";
import { aigcAt } from "../generated/used.js";
import { GridError } from "../lib/errors.js";
import { requestHash } from "../messages/digest.js";
import { messageToJson } from "../messages/messageJson.js";
import { ANY_SEED } from "../messages/request.js";
import { normaliseSignature } from "../messages/signature.js";
import { type GenerationRequest, type JobOrder, settlementTypes } from "../messages/typedData.js";
import type { GenerationParameters, Quote } from "../schemas/index.js";

/** Terms that a quote is checked against. */
export interface QuoteExpectation {
  /** Parameters that were asked for. The quote may fill in those that are absent. */
  readonly parameters: GenerationParameters;
  readonly deployment: Deployment;
  readonly requester: Address;
  readonly payer: Address;
  /** Most that all images together may cost, AIPG wei. */
  readonly maxPrice: bigint;
  /** Unix seconds: the time now, for the orders' deadlines. */
  readonly now: number;
  /** Latest deadline of an order, seconds from now. Default one day. */
  readonly maxLife?: number;
}

/** An order with its payer's signature. */
export interface SignedOrder {
  readonly order: JobOrder;
  readonly signature: Hex;
}

/**
 * Checks that a request asks for what the parameters say: it has everything that they state, and no input image and no extras, which
 * they can't state.
 * @throws {@link GridError} `QUOTE_INVALID`, field named.
 */
export function requireRequest(request: GenerationRequest, parameters: GenerationParameters): void {
  const same = (field: string, is: boolean): void => {
    if (!is)
      throw new GridError("QUOTE_INVALID", `The cloud's request has another ${field} than was asked for.`, field);
  };
  const { prompt, negative_prompt, model, steps, guidance_scale, width, height, sampler, scheduler, salt } = parameters;
  same("prompt", request.prompt === prompt);
  same("negative_prompt", request.negativePrompt === (negative_prompt ?? ""));
  same("model", !/^\d+$/.test(model) || request.modelId === BigInt(model));
  same("steps", steps === undefined || request.steps === steps);
  same("guidance_scale", guidance_scale === undefined || request.guidanceMilli === Math.round(guidance_scale * 1_000));
  same("width", width === undefined || request.width === width);
  same("height", height === undefined || request.height === height);
  same("sampler", sampler === undefined || request.sampler === sampler);
  same("scheduler", scheduler === undefined || request.scheduler === scheduler);
  same("seed", request.seed === requestedSeed(parameters));
  same("salt", request.salt.toLowerCase() === (salt ?? zeroHash).toLowerCase());
  same("source image", request.sourceHash === zeroHash);
  same("extras", request.extras === "");
}

/** A request's seed for the parameters': -1, or none, leaves it open. */
function requestedSeed({ seed = -1 }: GenerationParameters): bigint {
  return BigInt(seed) === -1n ? ANY_SEED : BigInt(seed);
}

/**
 * Checks a quote before anything is signed: it is for exactly what was asked, all its orders exclude each other (one nonce),
 * none costs more than allowed, and they are for this deployment and run out soon.
 *
 * @throws {@link GridError} `QUOTE_INVALID` (field named), or `PRICE_TOO_HIGH`.
 */
export function checkQuote(quote: Quote, expected: QuoteExpectation): void {
  const { deployment, requester, payer, maxPrice, now, parameters, maxLife = 86_400 } = expected;
  const refuse = (field: string, message: string): never => {
    throw new GridError("QUOTE_INVALID", message, field);
  };
  const domain = settlementDomainOf(deployment);
  if (
    quote.domain.name !== domain.name ||
    quote.domain.version !== domain.version ||
    quote.domain.chainId !== domain.chainId ||
    !isAddressEqual(quote.domain.verifyingContract, domain.verifyingContract)
  ) {
    refuse("domain", "The quote's orders are for another chain or contract.");
  }
  requireRequest(quote.request, parameters);
  requireRequest(quote.request, quote.parameters);
  const hash = requestHash(quote.request);
  if (quote.request_hash !== hash) refuse("request_hash", "The quote's request hash is not that of its request.");
  if (quote.model_id !== quote.request.modelId) refuse("model_id", "The quote is for another model than its request.");
  const count = parameters.n ?? 1;
  if ((quote.parameters.n ?? 1) !== count) refuse("n", "The quote is for another number of images.");
  const [first] = quote.candidates;
  if (!first) throw new GridError("QUOTE_INVALID", "The quote names no worker.", "candidates");
  if (quote.candidates.length > 3) refuse("candidates", "The quote names more than three workers.");
  const workers = new Set<string>();
  let deadline = BigInt(now);
  for (const { worker, price, order } of quote.candidates) {
    if (!isAddressEqual(order.requester, requester)) refuse("requester", "An order names another requester.");
    if (!isAddressEqual(order.payer, payer)) refuse("payer", "An order names another payer.");
    if (!isAddressEqual(order.worker, worker)) refuse("worker", "An order names another worker than its candidate.");
    if (order.laneId !== zeroHash) refuse("laneId", "An order is for a lane.");
    if (order.modelId !== quote.request.modelId) refuse("modelId", "An order is for another model.");
    if (order.requestHash !== hash) refuse("requestHash", "An order is for another request.");
    if (order.count !== count) refuse("count", "An order is for another number of images.");
    if (order.nonce !== first.order.nonce) refuse("nonce", "The orders do not exclude each other.");
    if (order.deadline <= deadline) refuse("deadline", "The orders' deadlines do not rise.");
    if (order.deadline > BigInt(now + maxLife)) refuse("deadline", "An order runs out too late.");
    if (order.maxPrice < price) refuse("maxPrice", "An order allows less than its price.");
    if (order.maxPrice > maxPrice) {
      const [asked, allowed] = [formatEther(order.maxPrice), formatEther(maxPrice)];
      throw new GridError(
        "PRICE_TOO_HIGH",
        `It costs up to ${asked} AIPG, and ${allowed} AIPG is allowed.`,
        "maxPrice",
      );
    }
    deadline = order.deadline;
    workers.add(worker.toLowerCase());
  }
  if (workers.size !== quote.candidates.length) refuse("candidates", "The quote names a worker twice.");
}

/**
 * Signs a quote's orders, all of them, after {@link checkQuote}: at most one can ever be settled. Nothing is signed unless
 * everything is as expected.
 *
 * @returns In the order of the candidates; `toPayment` makes the request's `payment` of them.
 *
 * @example
 * const quote = await cloud.quote({ ...parameters, requester, payer: requester });
 * const orders = await signQuote(wallet, { quote, parameters, deployment, requester, payer: requester, maxPrice, now });
 * await cloud.generateImage({ ...quote.parameters, requester, payment: toPayment(orders) });
 */
export async function signQuote(
  client: WalletClient,
  { quote, ...expected }: QuoteExpectation & { readonly quote: Quote },
): Promise<readonly SignedOrder[]> {
  checkQuote(quote, expected);
  const domain = settlementDomainOf(expected.deployment);
  const signed: SignedOrder[] = [];
  // One after the other: a browser's wallet asks its user each time.
  for (const { order } of quote.candidates) {
    const signature = await signTypedData(client, {
      account: client.account,
      domain,
      types: settlementTypes,
      primaryType: "JobOrder",
      message: order,
    });
    signed.push({ order, signature: normaliseSignature(signature) });
  }
  return signed;
}

/** Signed orders as the `payment` of `POST /v1/generate-image`. */
export function toPayment(orders: readonly SignedOrder[]) {
  return {
    rail: "direct" as const,
    orders: orders.map(({ order, signature }) => ({ order: messageToJson("JobOrder", order), signature })),
  };
}

/**
 * Insists that a request names the weights that its model has on chain, and that a model asked for by name has that name. What
 * names other weights can't be minted.
 * @throws {@link GridError} `QUOTE_INVALID`; ChainError when there is no such model.
 */
export async function requireModel(
  client: ReadClient,
  { deployment, request, model }: { deployment: Deployment; request: GenerationRequest; model: string },
): Promise<void> {
  const { spec } = await wrapReadError(
    readContract(client, { ...aigcAt(deployment), functionName: "modelOf", args: [request.modelId] }),
  );
  if (spec.weightsHash.toLowerCase() !== request.modelHash.toLowerCase()) {
    throw new GridError(
      "QUOTE_INVALID",
      `The cloud names other weights than model ${request.modelId} has.`,
      "modelHash",
    );
  }
  if (!/^\d+$/.test(model) && spec.name.toLowerCase() !== model.toLowerCase()) {
    throw new GridError("QUOTE_INVALID", `The cloud took "${spec.name}" for "${model}".`, "model");
  }
}

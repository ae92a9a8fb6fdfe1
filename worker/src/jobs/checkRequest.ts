import { type GenerationRequest, GridError, jobPrice, requestHash, seedAt } from "@gridnft/sdk";
import { type WorkerJob, limits as wireLimits } from "@gridnft/sdk/schemas";
import { formatEther, zeroHash } from "viem";
import type { Engine } from "../engines/types.ts";
import { type Refusal, refusal } from "./refusal.ts";

/** Model that this worker serves: the part that requests are checked by. */
export interface ServedModel extends Pick<Engine, "modelHash" | "samplers" | "schedulers" | "sideStep"> {
  readonly modelId: bigint;
  readonly inputs?: Engine["inputs"];
}

/** Largest job that is accepted. */
export interface WorkLimits {
  readonly maxPixels: number;
  readonly maxSteps: number;
  readonly maxCount: number;
}

/** Terms of the operator. `rate` is AIPG wei per megapixel and step. */
export interface RequestTerms {
  readonly models: readonly ServedModel[];
  readonly limits: WorkLimits;
  readonly rate: bigint;
}

/** Checks a job's request and price. Nothing that the router says is trusted. */
export function checkRequest(
  job: Pick<WorkerJob, "request" | "order" | "price">,
  terms: RequestTerms,
): Refusal | undefined {
  const { request, order, price } = job;
  if (requestHash(request) !== order.requestHash || request.modelId !== order.modelId) {
    return refusal("REQUEST_HASH", "The request is not the one that the order names.");
  }
  const model = terms.models.find(({ modelId }) => modelId === request.modelId);
  if (model === undefined) return refusal("MODEL_NOT_SERVED", `Model ${request.modelId} is not served here.`);
  if (model.modelHash.toLowerCase() !== request.modelHash.toLowerCase()) {
    return refusal("MODEL_HASH", `Model ${request.modelId} has the hash ${model.modelHash}, not ${request.modelHash}.`);
  }
  return checkParameters(request, order.count, model, terms.limits) ?? checkPrice(job, terms.rate, price);
}

function checkParameters(
  request: GenerationRequest,
  count: number,
  model: ServedModel,
  limits: WorkLimits,
): Refusal | undefined {
  const { width, height, steps, guidanceMilli } = request;
  // No message brings a worker the image.
  if (request.sourceHash !== zeroHash) return refusal("UNSUPPORTED", "Input images are not supported here.");
  if (request.extras !== "" && !model.inputs?.includes("extras"))
    return refusal("UNSUPPORTED", "Extras (LoRAs, ControlNet ...) are not supported here.");
  if (!model.samplers.includes(request.sampler))
    return refusal("UNSUPPORTED", `There is no sampler "${request.sampler}".`);
  if (!model.schedulers.includes(request.scheduler)) {
    return refusal("UNSUPPORTED", `There is no scheduler "${request.scheduler}".`);
  }
  const { minSide, maxGuidance, promptBytes } = wireLimits;
  const sideStep = Math.max(wireLimits.sideStep, model.sideStep);
  const tooMuch = (what: string): Refusal =>
    refusal("LIMITS", `The request is outside of this worker's limits: ${what}.`);
  for (const side of [width, height]) {
    if (side < minSide || side % sideStep !== 0)
      return tooMuch(`sides are multiples of ${sideStep} from ${minSide} on`);
  }
  if (width * height > limits.maxPixels) return tooMuch(`at most ${limits.maxPixels} pixels`);
  if (steps < 1 || steps > limits.maxSteps) return tooMuch(`1 to ${limits.maxSteps} steps`);
  if (guidanceMilli > maxGuidance * 1_000) return tooMuch(`guidance up to ${maxGuidance}`);
  if (count < 1 || count > limits.maxCount) return tooMuch(`1 to ${limits.maxCount} images`);
  for (const text of [request.prompt, request.negativePrompt]) {
    if (Buffer.byteLength(text) > promptBytes) return tooMuch(`prompts up to ${promptBytes} bytes`);
  }
  try {
    seedAt(request, count - 1);
  } catch (error) {
    if (error instanceof GridError) return refusal("LIMITS", error.message);
    throw error;
  }
  return undefined;
}

function checkPrice(
  { request, order }: Pick<WorkerJob, "request" | "order">,
  rate: bigint,
  price: bigint,
): Refusal | undefined {
  const { width, height, steps } = request;
  const least = jobPrice({ width, height, steps, count: order.count }, rate);
  if (price < least) {
    return refusal(
      "PRICE_TOO_LOW",
      `${formatEther(price)} AIPG is offered, ${formatEther(least)} AIPG is this worker's price.`,
    );
  }
  if (price > order.maxPrice) return refusal("PRICE_ABOVE_CAP", "The price is above what the order allows.");
  return undefined;
}

import { ANY_SEED, FIXED_SEED_LIMIT, type GenerationRequest, generationRequest, requestHash } from "@gridnft/sdk";
import type { generationParameters } from "@gridnft/sdk/schemas";
import type { Hex } from "viem";
import type { z } from "zod";
import type { ChainModel } from "../chain/models.ts";
import type { Cloud } from "../cloud.ts";
import { ApiError } from "../error.ts";
import { type LiveOffer, liveOffers, type ModelDefaults, type Workload } from "./offers.ts";

/** Parameters of a job as requested. Missing ones get the model's defaults. */
export type RequestParameters = z.output<typeof generationParameters>;

/** Request with every default filled in, and the `GenerationRequest` that follows from it. */
export interface ResolvedRequest {
  readonly model: ChainModel;
  /** Parameters as the API returns them. Sent again they give the same request, whatever the defaults become. */
  readonly parameters: z.input<typeof generationParameters>;
  readonly request: GenerationRequest;
  readonly requestHash: Hex;
  /** Images. */
  readonly count: number;
  readonly isPrivate: boolean;
}

const squareDefaults = (side: number, steps: number, guidance: number): ModelDefaults => ({
  ...{ width: side, height: side, steps, guidance_scale: guidance },
  ...{ sampler: "euler_a", scheduler: "karras" },
});
/** Default values by AIGC's `ModelFamily`, for models whose workers name none. */
const familyDefaults: readonly ModelDefaults[] = [
  squareDefaults(512, 30, 7.5), // SD 1.5
  squareDefaults(768, 30, 7.5), // SD 2.1
  squareDefaults(1_024, 30, 7), // SDXL
  { ...squareDefaults(1_024, 4, 0), sampler: "euler", scheduler: "normal" }, // FLUX.1 schnell
  { ...squareDefaults(1_024, 28, 3.5), sampler: "euler", scheduler: "normal" }, // FLUX.1 dev
  { ...squareDefaults(1_024, 28, 4.5), sampler: "euler", scheduler: "normal" }, // FLUX Krea
  { ...squareDefaults(1_024, 28, 4), sampler: "euler", scheduler: "normal" }, // Chroma
];

/** Returns the defaults of a model: as its workers recommend, else by family. */
export function defaultsOf(model: ChainModel, offers: readonly LiveOffer[]): ModelDefaults {
  const served = offers.filter((offer) => offer.modelId === model.modelId);
  const named = served.find(({ defaults }) => defaults)?.defaults;
  const base = named ?? familyDefaults[model.family] ?? squareDefaults(512, 30, 7.5);
  // A default that no worker serves would refuse every short request.
  const servedName = (kind: "sampler" | "scheduler"): string => {
    const isServed = served.some((offer) => offer[`${kind}s`].includes(base[kind]));
    return isServed ? base[kind] : (served[0]?.[`${kind}s`][0] ?? base[kind]);
  };
  return { ...base, sampler: servedName("sampler"), scheduler: servedName("scheduler") };
}

/**
 * Fills in the defaults and builds the request.
 * @throws {@link ApiError} `FIELD_INVALID` for a seed out of range.
 */
function resolveParameters(given: RequestParameters, model: ChainModel, defaults: ModelDefaults): ResolvedRequest {
  const seed = seedOf(given.seed);
  const filled = {
    prompt: given.prompt,
    negative_prompt: given.negative_prompt ?? "",
    model: model.modelId.toString(),
    steps: given.steps ?? defaults.steps,
    guidance_scale: given.guidance_scale ?? defaults.guidance_scale,
    width: given.width ?? defaults.width,
    height: given.height ?? defaults.height,
    seed: seed === ANY_SEED ? -1 : seed <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(seed) : seed.toString(),
    sampler: given.sampler ?? defaults.sampler,
    scheduler: given.scheduler ?? defaults.scheduler,
    n: given.n ?? 1,
  };
  if (seed !== ANY_SEED && seed + BigInt(filled.n) > FIXED_SEED_LIMIT) {
    throw new ApiError("FIELD_INVALID", "seed is too high: the last image's seed must be below 2^63.", {
      field: "seed",
    });
  }
  const request = generationRequest({
    modelId: model.modelId,
    modelHash: model.weightsHash,
    prompt: filled.prompt,
    negativePrompt: filled.negative_prompt,
    seed,
    width: filled.width,
    height: filled.height,
    steps: filled.steps,
    guidanceMilli: Math.round(filled.guidance_scale * 1_000),
    sampler: filled.sampler,
    scheduler: filled.scheduler,
    ...(given.salt && { salt: given.salt }),
  });
  return {
    model,
    parameters: { ...filled, ...(given.salt && { salt: given.salt }) },
    request,
    requestHash: requestHash(request),
    count: filled.n,
    isPrivate: given.salt !== undefined && BigInt(given.salt) !== 0n,
  };
}

function seedOf(seed: RequestParameters["seed"]): bigint {
  if (seed === undefined || BigInt(seed) === -1n) return ANY_SEED;
  const value = BigInt(seed);
  if (value >= FIXED_SEED_LIMIT) {
    throw new ApiError("FIELD_INVALID", "seed must be below 2^63, or -1 for any.", { field: "seed" });
  }
  return value;
}

/** Returns the size and kind of the job that a request makes. */
export function workloadOf(resolved: ResolvedRequest): Workload {
  const { width, height, steps, sampler, scheduler, modelHash } = resolved.request;
  return { width, height, steps, sampler, scheduler, modelHash, count: resolved.count };
}

/**
 * Resolves a request by its model on chain and the live offers of it.
 * @throws {@link ApiError} `MODEL_UNKNOWN`, `FIELD_INVALID`.
 */
export async function resolveRequest(
  { chain, database }: Pick<Cloud, "chain" | "database">,
  given: RequestParameters,
): Promise<ResolvedRequest> {
  const model = await chain.modelNamed(given.model);
  return resolveParameters(given, model, defaultsOf(model, await liveOffers(database, model.modelId)));
}

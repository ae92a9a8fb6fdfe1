import { zeroHash } from "viem";
import { bytesToHex } from "../lib/bytes.js";
import { GridError } from "../lib/errors.js";
import type { GenerationRequest } from "./typedData.js";

/** A request with this seed leaves the seed to the worker. Mirrors `GridMessages.ANY_SEED`. */
export const ANY_SEED = 2n ** 64n - 1n;

/** A fixed seed is below this. */
export const FIXED_SEED_LIMIT = 2n ** 63n;

/** The fields that have a usual value: everything but what names the picture. */
type Usual = "negativePrompt" | "seed" | "sampler" | "scheduler" | "sourceHash" | "extras" | "salt";

/**
 * A request with the usual values filled in: any seed, no negative prompt, no input image, no extras, no salt.
 *
 * @example
 * generationRequest({ modelId: 7n, modelHash, prompt: "a lighthouse", width: 512, height: 512, steps: 30, guidanceMilli: 7500 })
 */
export function generationRequest(
  fields: Omit<GenerationRequest, Usual> & Partial<Pick<GenerationRequest, Usual>>,
): GenerationRequest {
  const request: GenerationRequest = {
    negativePrompt: "",
    seed: ANY_SEED,
    sampler: "",
    scheduler: "",
    sourceHash: zeroHash,
    extras: "",
    salt: zeroHash,
    ...fields,
  };
  requireSeed(request.seed);
  return request;
}

/** 32 random bytes that keep a private prompt from being guessed from its hash until it is minted. */
export function newSalt(): GenerationRequest["salt"] {
  return bytesToHex(crypto.getRandomValues(new Uint8Array(32)));
}

/**
 * Seed that receipt `index` must carry, or undefined when the request leaves it open.
 * @throws {@link GridError} `SEED_INVALID` when the request's seed is neither {@link ANY_SEED} nor below 2^63.
 */
export function seedAt(request: Pick<GenerationRequest, "seed">, index: number): bigint | undefined {
  requireSeed(request.seed);
  return request.seed === ANY_SEED ? undefined : request.seed + BigInt(index);
}

function requireSeed(seed: bigint): void {
  if (seed !== ANY_SEED && (seed < 0n || seed >= FIXED_SEED_LIMIT)) {
    throw new GridError("SEED_INVALID", "A fixed seed is below 2^63; 2^64-1 leaves it open.", "seed");
  }
}

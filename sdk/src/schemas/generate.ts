import * as z from "zod/mini";
import { addressJson, bytes32Json, integerJson, messageSchema, signatureJson, unixSeconds } from "./common.js";

/** Name of a sampler, or of a noise schedule. A request may carry those that the live offers of its model name. */
export const samplingName = z
  .string()
  .check(z.regex(/^[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}$/, "is not a name such as euler_a"));

/** Bounds of what the API takes. Prompts are UTF-8 bytes: a mint stores them, and its body has 24,575. */
export const limits = {
  promptBytes: 8_000,
  minSide: 64,
  maxSide: 1_024,
  sideStep: 8,
  maxSteps: 150,
  maxGuidance: 30,
  maxCount: 16,
} as const;

const text = z.string().check(
  z.refine(
    (value) => new TextEncoder().encode(value).length <= limits.promptBytes,
    `is longer than ${limits.promptBytes} bytes`,
  ),
  // A mint refuses them, newlines too.
  z.refine((value) => !/\p{Cc}/u.test(value), "has control characters (a newline is one)"),
  z.refine((value) => !/\p{Surrogate}/u.test(value), "is not valid Unicode"),
);

const side = z.int().check(z.minimum(limits.minSide), z.maximum(limits.maxSide), z.multipleOf(limits.sideStep));

const steps = z.int().check(z.minimum(1), z.maximum(limits.maxSteps));
/** Guidance, in thousandths: a request has it as a whole number of them. */
const guidance = z.number().check(z.minimum(0), z.maximum(limits.maxGuidance), z.multipleOf(0.001));

/** A model's usual values, for parameters that a request leaves out. */
export const modelDefaults = z.strictObject({
  width: side,
  height: side,
  steps,
  guidance_scale: guidance,
  sampler: samplingName,
  scheduler: samplingName,
});

/** A seed: a number, a decimal string from 2^53 on; -1, or nothing, leaves it to the worker. */
const seed = z.union([
  z.int().check(z.minimum(-1)),
  z.string().check(z.regex(/^(-1|0|[1-9]\d{0,18})$/, "is not a seed: -1, or 0 to 2^63-1")),
]);

/** Description of the picture. Absent fields get the model's usual values. A quote states them all. */
export const generationParameters = z.strictObject({
  prompt: text.check(z.minLength(1)),
  negative_prompt: z.optional(text),
  /** AIGC token id (decimal), or the model's name. */
  model: z.string().check(z.minLength(1), z.maxLength(200)),
  steps: z.optional(steps),
  guidance_scale: z.optional(guidance),
  width: z.optional(side),
  height: z.optional(side),
  seed: z.optional(seed),
  sampler: z.optional(samplingName),
  scheduler: z.optional(samplingName),
  /** Number of images, default 1. Image i of a fixed seed has seed + i. */
  n: z.optional(z.int().check(z.minimum(1), z.maximum(limits.maxCount))),
  /** 32 random bytes that hide the prompt until its mint. Its presence makes the job private. */
  salt: z.optional(bytes32Json),
});
export type GenerationParameters = z.input<typeof generationParameters>;

const signedOrder = z.strictObject({ order: messageSchema("JobOrder"), signature: signatureJson });

/**
 * Payment of a job. `direct`: orders signed by the payer, best worker first, with one nonce and rising deadlines. At most one of
 * them can settle. `gateway`: the cloud pays over its lane to the worker, for signed-in users within their quota.
 */
export const payment = z.discriminatedUnion("rail", [
  z.strictObject({ rail: z.literal("direct"), orders: z.array(signedOrder).check(z.minLength(1), z.maxLength(3)) }),
  z.strictObject({ rail: z.literal("gateway") }),
]);

/** Body of `POST /v1/generate-image`. */
export const generateImageRequest = z.strictObject({
  ...generationParameters.shape,
  /** Account that may mint. Default: the signed-in account, or the orders' requester. */
  requester: z.optional(addressJson),
  /** Default: `gateway` when signed in; otherwise the answer is 402 with what to sign. */
  payment: z.optional(payment),
});
export type GenerateImageRequest = z.input<typeof generateImageRequest>;

/** Query of `GET /v1/quote`: numbers as text. `requester` and `payer` go into the orders to sign; `payer` defaults to `requester`. */
export const quoteQuery = z.object({
  ...generationParameters.shape,
  prompt: z.optional(text),
  requester: z.optional(addressJson),
  payer: z.optional(addressJson),
});

/** One worker that would do the job, and the order to sign for it (EIP-712, primary type JobOrder). */
export const candidate = z.object({
  worker: addressJson,
  /** AIPG wei for all images. */
  price: integerJson,
  /** Its `worker`, `maxPrice`, `deadline`, `nonce` and the rest are ready; only the signature is missing. */
  order: messageSchema("JobOrder"),
});

/** A price and what to sign for it. */
export const quote = z.object({
  model_id: integerJson,
  /** AIPG wei at the first candidate. */
  price: integerJson,
  /** The same in AIPG, decimal. */
  cost_aipg: z.string(),
  /** Workers stand by these prices until then, Unix seconds. */
  expires_at: unixSeconds,
  /** Parameters with every default filled in: send these with the signed orders, so that the request hash is the same. */
  parameters: generationParameters,
  request: messageSchema("GenerationRequest"),
  request_hash: bytes32Json,
  /** EIP-712 domain of the orders. */
  domain: z.object({ name: z.string(), version: z.string(), chainId: z.int(), verifyingContract: addressJson }),
  /** At most three, best first. */
  candidates: z.array(candidate),
});
export type Quote = z.output<typeof quote>;

/** Answer 402 to a request without payment. */
export const paymentRequired = z.object({
  error: z.object({ code: z.literal("PAYMENT_REQUIRED"), message: z.string() }),
  quote,
});

import * as z from "zod/mini";
import { bytes32Json, integerJson, messageSchema, promptReading, signatureJson, unixSeconds } from "./common.js";
import { limits, modelDefaults, samplingName } from "./generate.js";

/** A number that a 32-bit column holds. */
const count = z.int().check(z.nonnegative(), z.maximum(2_147_483_647));

/** `PUT /v1/worker/offer`: what a worker serves. It counts as live for 60 s after each request of its session. */
export const workerOffer = z.strictObject({
  software: z.string().check(z.maxLength(100)),
  /** Jobs at a time. */
  parallel: z.int().check(z.minimum(1), z.maximum(64)),
  models: z
    .array(
      z.strictObject({
        model_id: integerJson,
        /** sha256 of the weights that are loaded; must be the chain's. */
        model_hash: bytes32Json,
        /** Least price, AIPG wei per megapixel and step. */
        rate: integerJson,
        samplers: z.array(samplingName).check(z.minLength(1), z.maxLength(100)),
        schedulers: z.array(samplingName).check(z.minLength(1), z.maxLength(100)),
        /** Width and height are multiples of this. Default: what the API takes. */
        side_step: z._default(z.int().check(z.minimum(1), z.maximum(limits.maxSide)), limits.sideStep),
        max_pixels: z.int().check(z.positive()),
        max_steps: count.check(z.positive()),
        max_count: count.check(z.positive()),
        /** Values that the model's card recommends for parameters that a request leaves out. */
        defaults: z.optional(modelDefaults),
      }),
    )
    .check(z.minLength(1), z.maxLength(100)),
});
export type WorkerOffer = z.input<typeof workerOffer>;

/** Holding a job: each call about it carries the token; a heartbeat moves the end. */
export const lease = z.object({ token: z.string(), expires_at: unixSeconds });

/** A job as its worker gets it. */
export const workerJob = z.object({
  id: z.string(),
  lease,
  request: messageSchema("GenerationRequest"),
  order: messageSchema("JobOrder"),
  /** Direct rail: the payer's signature of the order. */
  order_signature: z.optional(signatureJson),
  /** Lane rail: the lane that pays. */
  lane: z.optional(messageSchema("LaneConfig")),
  /** AIPG wei for all images. Each receipt's price is `floor(price / count)`, the first one takes the rest. */
  price: integerJson,
});
export type WorkerJob = z.output<typeof workerJob>;

/** Body of `POST /v1/worker/claim`; the answer is a job, or 204 after that many seconds without one. */
export const claimRequest = z.strictObject({ wait_seconds: z.int().check(z.minimum(0), z.maximum(25)) });

/** Body of `POST /v1/worker/jobs/:id/heartbeat`. */
export const heartbeatRequest = z.strictObject({
  lease: z.string(),
  progress: z.optional(z.strictObject({ image: count, step: count, steps: count })),
});
export const heartbeatAnswer = z.object({ expires_at: unixSeconds, cancelled: z.boolean() });

/** Answer of `PUT /v1/worker/jobs/:id/images/:index?lease=...` (body: the file): what the cloud computed from the bytes. */
export const uploadAnswer = z.object({
  image_hash: bytes32Json,
  cid_digest: bytes32Json,
  ipfs_hash: z.string(),
  bytes: z.int(),
});

/**
 * Body of `POST /v1/worker/jobs/:id/complete`: one receipt an image, by index. With fewer receipts than images ordered, on the direct
 * rail alone, the worker's closing of the order with just these.
 */
export const completeRequest = z.strictObject({
  lease: z.string(),
  engine: z.string().check(z.minLength(1), z.maxLength(500)),
  receipts: z
    .array(z.strictObject({ receipt: messageSchema("JobReceipt"), signature: signatureJson }))
    .check(z.minLength(1)),
  /** The worker's signature of `OrderClosing` over these receipts. */
  closing_signature: z.optional(signatureJson),
  /** On the lane rail: digest of the voucher of this lane that the worker has, with its receipts. */
  known_voucher: z.optional(bytes32Json),
  ...promptReading,
});

/** A voucher that waits for the worker's counter-signature of the same digest. */
export const voucherOffer = z.object({
  lane: messageSchema("LaneConfig"),
  voucher: messageSchema("Voucher"),
  payer_signature: signatureJson,
  /** Digest of a voucher that the worker said it has: the receipts of that one's tree are the first ones of this one's. */
  after: z.optional(bytes32Json),
  /** Receipts of its tree, in leaf order; with `after`, those that follow. */
  receipt_ids: z.array(bytes32Json),
});
export type VoucherOffer = z.output<typeof voucherOffer>;

/** Answer of `complete`: on the lane rail, the voucher that pays for the job. */
export const completeAnswer = z.object({ accepted: z.literal(true), voucher: z.optional(voucherOffer) });

/** Query of `GET /v1/worker/vouchers`: digests of vouchers that the worker has, with their receipts; divided by commas. */
export const voucherQuery = z.object({
  known: z.optional(
    z.string().check(z.maxLength(7_000), z.regex(/^0x[0-9a-f]{64}(,0x[0-9a-f]{64})*$/, "is not a list of digests")),
  ),
});

/** Answer of `GET /v1/worker/vouchers`: the newest of each lane, whether counter-signed or not. */
export const voucherList = z.object({ vouchers: z.array(voucherOffer) });

/** Body of `POST /v1/worker/vouchers`. */
export const counterSignature = z.strictObject({ lane_id: bytes32Json, digest: bytes32Json, signature: signatureJson });

/** Answer of `GET /v1/worker/wanted-images`: pictures that the worker made and that the cloud has lost or found damaged. */
export const wantedImages = z.object({ images: z.array(z.object({ image_hash: bytes32Json, bytes: count })) });

/**
 * Why a worker does not take a job, and for which of its jobs that holds. `final`: for ever, for this job. The others pass: the job
 * waits in the queue as before, and this worker gets no such job for a while. `job`: this one, and for want of time the
 * gateway's of the same model with as much work or more. `lane`: all of the lane that cost as much or more. `worker`: all.
 */
export const refusalScopes = {
  REQUEST_HASH: "final",
  MODEL_NOT_SERVED: "final",
  MODEL_HASH: "final",
  UNSUPPORTED: "final",
  LIMITS: "final",
  PRICE_TOO_LOW: "final",
  PRICE_ABOVE_CAP: "final",
  NOT_MY_ORDER: "final",
  FEE_CONFIG: "final",
  ORDER_SIGNATURE: "final",
  NONCE_USED: "final",
  CANCEL_PENDING: "final",
  LANE_MISMATCH: "final",
  LANE_KIND: "final",
  ENGINE_CHANGED: "final",
  DEADLINE_TOO_NEAR: "job",
  BALANCE_TOO_LOW: "job",
  LANE_UNKNOWN: "lane",
  LANE_THAWING: "lane",
  LANE_SIGNER: "lane",
  LANE_SHORT: "lane",
  EXPOSURE: "lane",
  CHAIN_UNREADABLE: "worker",
} as const;
export type RefusalCode = keyof typeof refusalScopes;

/**
 * Body of `POST /v1/worker/jobs/:id/release`: gives the job back. `failed` counts as an attempt, `stopping` does not, and `refused`
 * does unless its code is one that passes and it comes before the work. The job's owner is told code and message.
 */
export const releaseRequest = z.strictObject({
  lease: z.string(),
  reason: z.enum(["stopping", "failed", "refused"]),
  /** One of `refusalScopes`; any other counts as final. */
  code: z.optional(z.string().check(z.regex(/^[A-Z][A-Z_]{0,39}$/, "is not a code such as LANE_SHORT"))),
  message: z.optional(z.string().check(z.maxLength(1_000))),
});
export type ReleaseRequest = z.input<typeof releaseRequest>;

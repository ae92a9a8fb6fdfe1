import * as z from "zod/mini";
import {
  addressJson,
  bytes32Json,
  integerJson,
  messageSchema,
  promptReading,
  signatureJson,
  unixSeconds,
} from "./common.js";

/** `queued` waits for a worker, `claimed` has one, `running` shows progress; the other three are final. */
export const jobStatus = z.enum(["queued", "claimed", "running", "done", "failed", "cancelled"]);

/** One finished image. */
export const jobImage = z.object({
  index: z.int(),
  image_url: z.string(),
  thumbnail_url: z.string(),
  /** CID of the file. */
  ipfs_hash: z.string(),
  /** sha256 of the file. */
  image_hash: bytes32Json,
  seed: z.string(),
  receipt_id: bytes32Json,
  receipt: messageSchema("JobReceipt"),
  /** The worker's signature. */
  signature: signatureJson,
});

/** `GET /v1/jobs/:id`, and the `state` event of its stream. */
export const job = z.object({
  id: z.string(),
  status: jobStatus,
  rail: z.enum(["direct", "gateway"]),
  model_id: integerJson,
  requester: addressJson,
  worker: z.optional(addressJson),
  /** Place in the queue, from 1. */
  position: z.optional(z.int()),
  /** Of the images: `image` from 0 of `images`, `step` of `steps`. */
  progress: z.optional(z.object({ image: z.int(), images: z.int(), step: z.int(), steps: z.int() })),
  attempts: z.int(),
  created_at: unixSeconds,
  started_at: z.optional(unixSeconds),
  finished_at: z.optional(unixSeconds),
  error: z.optional(z.object({ code: z.string(), message: z.string() })),
  /** Of a job that is not done: why the last worker that had it gave it back, in that worker's words. */
  given_back: z.optional(z.object({ code: z.string(), message: z.string() })),
  /** Of a queued job of the gateway: why the worker whose turn it is can't get it yet. */
  waiting: z.optional(z.object({ code: z.string(), message: z.string() })),
  /** Of a finished job: its worker delivered fewer images than were ordered, and asks to be paid for these alone. */
  ended_early: z.optional(z.boolean()),
  ...promptReading,
  images: z.optional(z.array(jobImage)),
});
export type Job = z.output<typeof job>;

/** Answer of `POST /v1/generate-image`: the first image in front, everything in `images`. */
export const generateImageResponse = z.object({
  job: z.string(),
  image_url: z.string(),
  ipfs_hash: z.string(),
  /** Cold account of the worker. */
  worker_node: addressJson,
  /** Seconds from claim to finish. */
  generation_time: z.number(),
  /** AIPG, decimal. */
  cost_aipg: z.string(),
  receipt_id: bytes32Json,
  image_hash: bytes32Json,
  seed: z.string(),
  engine: z.string(),
  /** There are fewer images than were ordered; only these are paid. */
  ended_early: z.optional(z.boolean()),
  ...promptReading,
  images: z.array(jobImage),
  request: messageSchema("GenerationRequest"),
  order: messageSchema("JobOrder"),
});
export type GenerateImageResponse = z.output<typeof generateImageResponse>;

/**
 * Everything that a mint or a check of one receipt needs, `GET /v1/receipts/:id`. A direct receipt is anchored by settling the
 * order with all its receipts (`settle`), or with those that its worker closed it with (`settleClosed`); a lane's by collecting the voucher, which anyone may do with both signatures.
 */
export const receiptBundle = z.object({
  chain_id: z.int(),
  settlement: addressJson,
  request: messageSchema("GenerationRequest"),
  order: messageSchema("JobOrder"),
  receipt: messageSchema("JobReceipt"),
  receipt_id: bytes32Json,
  /** The worker's signature. */
  signature: signatureJson,
  engine: z.string(),
  ipfs_hash: z.string(),
  direct: z.optional(
    z.object({
      order_signature: signatureJson,
      /** All receipts of the order, by index; fewer than ordered when the worker ended it early. */
      receipts: z.array(z.object({ receipt: messageSchema("JobReceipt"), signature: signatureJson })),
      /** Of an order that ended early: the worker's signature of `OrderClosing` over just these receipts. */
      closing_signature: z.optional(signatureJson),
    }),
  ),
  lane: z.optional(
    z.object({
      config: messageSchema("LaneConfig"),
      voucher: messageSchema("Voucher"),
      payer_signature: signatureJson,
      /** Absent until the worker has counter-signed. */
      worker_signature: z.optional(signatureJson),
      /** Receipts of the voucher's tree, in leaf order. */
      receipt_ids: z.array(bytes32Json),
    }),
  ),
});
export type ReceiptBundle = z.output<typeof receiptBundle>;

/** `GET /v1/models`. */
export const modelListing = z.object({
  model_id: integerJson,
  name: z.string(),
  version: z.string(),
  access: z.enum(["open", "licensed", "private"]),
  owner: addressJson,
  weights_hash: bytes32Json,
  usage_bps: z.int(),
  /** Live workers that serve it. */
  workers: z.int(),
  /** Lowest price of a live worker, AIPG wei per megapixel and step. */
  rate: z.optional(integerJson),
  samplers: z.array(z.string()),
  schedulers: z.array(z.string()),
  /** Width and height are multiples of this at one live worker at least. */
  side_step: z.optional(z.int()),
  /** Values for absent parameters. */
  defaults: z.object({
    width: z.int(),
    height: z.int(),
    steps: z.int(),
    guidance_scale: z.number(),
    sampler: z.string(),
    scheduler: z.string(),
  }),
});
export const modelList = z.object({ models: z.array(modelListing) });

/** `GET /v1/workers`: those in touch now. */
export const workerListing = z.object({
  worker: addressJson,
  software: z.string(),
  models: z.array(z.object({ model_id: integerJson, rate: integerJson })),
  busy: z.int(),
  parallel: z.int(),
  jobs_done: z.int(),
  last_seen: unixSeconds,
});
export const workerList = z.object({ workers: z.array(workerListing) });

import type { generateImageResponse, jobImage, job as jobSchema, receiptBundle } from "@gridnft/sdk/schemas";
import { type Address, formatEther, getAddress, type Hex } from "viem";
import type { z } from "zod";
import type { SessionRecord } from "../../auth/sessions.ts";
import type { Cloud } from "../../cloud.ts";
import type { Queries } from "../../database/database.ts";
import { requireReader } from "../../jobs/access.ts";
import { getJob, type JobRow, queuePositionOf } from "../../jobs/job.ts";
import { getReceipt, type ReceiptRow, receiptsOfJob } from "../../jobs/receipts.ts";
import { getLane } from "../../payment/lanes.ts";
import { bestVoucherFor, receiptsUnder } from "../../payment/vouchers.ts";

export type JobJson = z.input<typeof jobSchema>;
type JobImageJson = z.input<typeof jobImage>;
type GenerateImageResponseJson = z.input<typeof generateImageResponse>;
type ReceiptBundleJson = z.input<typeof receiptBundle>;

const seconds = (date: Date): number => Math.floor(date.getTime() / 1_000);

/** Returns a job by its own row alone, for when nothing else can be read. */
export function queuedJson(job: JobRow): JobJson {
  return {
    id: job.id,
    status: job.status,
    rail: job.rail,
    model_id: job.model_id,
    requester: getAddress(job.requester),
    attempts: job.attempts,
    created_at: seconds(job.created_at),
  };
}

/** Returns a job as the API shows it. */
export async function jobJson(cloud: Pick<Cloud, "publicUrl">, queries: Queries, job: JobRow): Promise<JobJson> {
  return {
    ...queuedJson(job),
    ...(job.worker && { worker: getAddress(job.worker) }),
    ...(job.status === "queued" && { position: await queuePositionOf(queries, job) }),
    ...(job.progress_step !== null &&
      job.status === "running" && {
        progress: {
          image: job.progress_image ?? 0,
          images: job.count,
          step: job.progress_step,
          steps: job.progress_steps ?? job.steps,
        },
      }),
    ...(job.claimed_at && { started_at: seconds(job.claimed_at) }),
    ...(job.finished_at && { finished_at: seconds(job.finished_at) }),
    ...(job.error_code !== null && { error: { code: job.error_code, message: job.error_message ?? "" } }),
    ...(job.given_back_code !== null &&
      job.status !== "done" && { given_back: { code: job.given_back_code, message: job.given_back_message ?? "" } }),
    ...(job.waiting_code !== null &&
      job.status === "queued" && { waiting: { code: job.waiting_code, message: job.waiting_message ?? "" } }),
    ...(isEndedEarly(job) && { ended_early: true }),
    ...readingOf(job),
    ...(job.status === "done" && { images: (await receiptsOfJob(queries, job.id)).map(imageJson(cloud)) }),
  };
}

/** Returns whether a job is done with fewer images than were ordered. */
function isEndedEarly({ status, closing_signature }: JobRow): boolean {
  return status === "done" && closing_signature !== null;
}

/** Returns how the engine read the prompts of a finished job, if its worker reported it. */
function readingOf({ prompt_cut, unknown_words }: JobRow): Pick<JobJson, "prompt_cut" | "unknown_words"> {
  return {
    ...(prompt_cut !== null && { prompt_cut }),
    ...(unknown_words !== null && { unknown_words: [...unknown_words] }),
  };
}

const imageJson =
  ({ publicUrl }: Pick<Cloud, "publicUrl">) =>
  (row: ReceiptRow): JobImageJson => ({
    index: row.index,
    image_url: `${publicUrl}/ipfs/${row.cid}`,
    thumbnail_url: `${publicUrl}/thumbnails/${row.cid}?width=256`,
    ipfs_hash: row.cid,
    image_hash: row.image_hash,
    seed: row.seed,
    receipt_id: row.receipt_id,
    receipt: row.message,
    signature: row.signature,
  });

/** Returns the response to a request whose job is done. */
export async function resultJson(cloud: Cloud, queries: Queries, job: JobRow): Promise<GenerateImageResponseJson> {
  const receipts = await receiptsOfJob(queries, job.id);
  const images = receipts.map(imageJson(cloud));
  const first = images[0];
  if (!first || !job.order_message || !job.worker) throw new Error(`Job ${job.id} is done without a result.`);
  const taken = job.finished_at && job.claimed_at ? job.finished_at.getTime() - job.claimed_at.getTime() : 0;
  return {
    job: job.id,
    image_url: first.image_url,
    ipfs_hash: first.ipfs_hash,
    worker_node: getAddress(job.worker),
    generation_time: taken / 1_000,
    cost_aipg: formatEther(receipts.reduce((sum, { price }) => sum + BigInt(price), 0n)),
    receipt_id: first.receipt_id,
    image_hash: first.image_hash,
    seed: first.seed,
    engine: job.engine ?? "",
    ...(isEndedEarly(job) && { ended_early: true }),
    ...readingOf(job),
    images,
    request: job.request,
    order: job.order_message,
  };
}

/**
 * Returns everything that a mint or a check of one receipt needs.
 * @throws {@link ApiError} `RECEIPT_UNKNOWN`, `NOT_YOURS`.
 */
export async function bundleJson(
  { chain, database }: Cloud,
  receiptId: Hex,
  session: SessionRecord | undefined,
): Promise<ReceiptBundleJson> {
  const row = await getReceipt(database, receiptId);
  const job = await getJob(database, row.job_id);
  requireReader(job, session);
  if (!job.order_message) throw new Error(`Job ${job.id} has receipts but no order.`);
  const settlement: Address = chain.domain.verifyingContract;
  const bundle: ReceiptBundleJson = {
    chain_id: chain.domain.chainId,
    settlement,
    request: job.request,
    order: job.order_message,
    receipt: row.message,
    receipt_id: row.receipt_id,
    signature: row.signature,
    engine: job.engine ?? "",
    ipfs_hash: row.cid,
  };
  if (job.rail === "direct") {
    if (!job.order_signature) throw new Error(`Job ${job.id} has no order signature.`);
    const all = await receiptsOfJob(database, job.id);
    const receipts = all.map(({ message, signature }) => ({ receipt: message, signature }));
    const { order_signature, closing_signature } = job;
    return { ...bundle, direct: { order_signature, receipts, ...(closing_signature && { closing_signature }) } };
  }
  const voucher = await bestVoucherFor(database, row);
  if (!voucher) return bundle;
  const lane = await getLane(database, voucher.lane_id);
  return {
    ...bundle,
    lane: {
      config: lane.config,
      voucher: voucher.message,
      payer_signature: voucher.payer_signature,
      ...(voucher.worker_signature && { worker_signature: voucher.worker_signature }),
      receipt_ids: await receiptsUnder(database, voucher),
    },
  };
}

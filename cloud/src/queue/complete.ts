import {
  checkOrderClosing,
  checkReceipt,
  engineHash,
  GridError,
  type JobReceipt,
  messageToJson,
  orderClosing,
  receiptPrice,
  SignerRole,
} from "@gridnft/sdk";
import type { completeAnswer } from "@gridnft/sdk/wire";
import type { Address, Hex } from "viem";
import type { z } from "zod";
import type { Cloud } from "../cloud.ts";
import type { Queries } from "../database/database.ts";
import { CloudError } from "../error.ts";
import { appendToLane, newestVoucher, offerOf, signNextVoucher, type VoucherOfferJson } from "../payment/vouchers.ts";
import { workerTurn } from "./claim.ts";
import { findJob, type JobRow, orderOf, requestOf } from "./jobs.ts";
import { isHeld, type LeaseKey, leaseLost, lockLeased } from "./lease.ts";
import { requireStored, type StagedImage, stagedImages } from "./staging.ts";

export type CompleteAnswerJson = z.input<typeof completeAnswer>;

/** Seconds by which a worker's clock may be ahead: a mint refuses receipts that are more than 15 min ahead of their anchor. */
const CLOCK_AHEAD = 10n * 60n;
/** Seconds before the claim that a receipt may be of: a worker that kept its result over a restart. */
const CLOCK_BEHIND = 60n * 60n;

/** Delivery of a worker. */
export interface Delivery {
  readonly engine: string;
  /** By index. */
  readonly receipts: readonly SignedReceipt[];
  /** With fewer receipts than images, on the direct rail: the worker's closing of the order with just these. */
  readonly closingSignature: Hex | undefined;
  /** Digest of the lane's voucher that the worker has, with its receipts. */
  readonly knownVoucher: Hex | undefined;
  readonly promptCut: boolean | undefined;
  readonly unknownWords: readonly string[] | undefined;
}

/** A receipt with its worker's signature. */
export interface SignedReceipt {
  readonly receipt: JobReceipt;
  readonly signature: Hex;
}

/**
 * Takes a finished job. Everything about its receipts is checked against the bytes that were uploaded; then, in one
 * transaction, receipts are stored, the job is done, and on the lane rail the voucher that pays for it is signed and stored.
 * Nothing can be uploaded afterwards. A direct order that its worker ended early is done with the images that there are, if the worker
 * closed it with just their receipts. The same call again gets the same answer.
 *
 * @throws {@link CloudError} `LEASE_LOST`; `IMAGE_MISMATCH` or `RECEIPT_INVALID`, after which the job is somebody else's.
 */
export async function completeJob(cloud: Cloud, key: LeaseKey, delivery: Delivery): Promise<CompleteAnswerJson> {
  const { database } = cloud;
  const seen = await findJob(database, key.jobId);
  const repeated = await alreadyDone(cloud, key, seen, delivery);
  if (repeated) return repeated;
  if (!seen || !isHeld(seen, key)) throw leaseLost();
  // Signatures are checked before the transaction: looking up a key may ask the chain.
  const staged = await stagedImages(database, key.jobId, key.token);
  await requireStored(cloud, staged);
  await checkReceipts(cloud, seen, delivery, staged);
  await checkClosing(cloud, seen, delivery);

  return database.transaction(async (queries) => {
    const job = await lockLeased(queries, key);
    const voucher = await storeResult(cloud, queries, job, delivery, staged);
    return { accepted: true, ...(voucher && { voucher }) };
  }, workerTurn(key.worker));
}

/** The answer to a call that was made before: the worker may not have got it. */
async function alreadyDone(
  { database, checker, chain }: Cloud,
  { jobId, token, worker }: LeaseKey,
  job: JobRow | undefined,
  { receipts, knownVoucher }: Delivery,
): Promise<CompleteAnswerJson | undefined> {
  if (job?.status !== "done" || job.lease_token !== token || job.worker !== worker) return undefined;
  const rows = await database.all<{ receipt_id: Hex }>("SELECT receipt_id FROM cloud.receipt WHERE job_id = $1", [
    jobId,
  ]);
  const known = new Set(rows.map(({ receipt_id }) => receipt_id));
  if (!receipts.every(({ receipt }) => known.has(checker.digester.receiptId(receipt, chain.domain)))) {
    throw new CloudError("JOB_FINISHED", "The job is complete, with other receipts. It cannot be changed.");
  }
  const voucher = job.lane_id && (await newestVoucher(database, job.lane_id));
  const digests = knownVoucher ? [knownVoucher] : [];
  return { accepted: true, ...(voucher && { voucher: await offerOf(database, voucher, digests) }) };
}

/** All that can be wrong with what a worker delivers. */
async function checkReceipts(
  { chain, checker }: Cloud,
  job: JobRow,
  { engine, receipts, closingSignature }: Delivery,
  staged: readonly StagedImage[],
): Promise<void> {
  const refuse = (index: number, reason: string, cause?: unknown): never => {
    throw new CloudError("RECEIPT_INVALID", `Receipt ${index}: ${reason}`, {
      field: `receipts.${index}.receipt`,
      cause,
    });
  };
  const order = orderOf(job);
  const request = requestOf(job);
  const worker = order.worker;
  // A mint refuses control characters, the engine's too.
  if (/\p{Cc}|\p{Surrogate}/u.test(engine)) refuse(0, "the engine's name has control characters.");
  const isWhole = receipts.length === job.count;
  const mayBeFewer = job.rail === "direct" && receipts.length < job.count && closingSignature !== undefined;
  if (!isWhole && !mayBeFewer) refuse(0, `the job has ${job.count} images, not ${receipts.length} receipts.`);
  const claimedAt = BigInt(Math.floor((job.claimed_at ?? job.created_at).getTime() / 1_000));
  const chainNow = chain.now();

  for (const [index, { receipt, signature }] of receipts.entries()) {
    const image = staged.find((one) => one.index === receipt.index);
    const before = receipts[index - 1]?.receipt.index ?? -1;
    const isInOrder = isWhole ? receipt.index === index : receipt.index > before && receipt.index < job.count;
    if (!isInOrder) refuse(index, `its index is ${receipt.index}; receipts come in order.`);
    if (!image) {
      throw new CloudError("IMAGE_MISMATCH", `Image ${receipt.index} was not uploaded.`, {
        field: `receipts.${index}`,
      });
    }
    if (receipt.imageHash !== image.image_hash || receipt.cidDigest !== image.cid_digest) {
      throw new CloudError(
        "IMAGE_MISMATCH",
        `Receipt ${index} is of another file: the upload's sha256 is ${image.image_hash}, its CID ${image.cid}.`,
        { field: `receipts.${index}.receipt.imageHash` },
      );
    }
    if (receipt.engineHash !== engineHash(engine)) refuse(index, "its engineHash is not that of the engine named.");
    const price = receiptPrice(BigInt(job.price ?? "0"), job.count, receipt.index);
    if (receipt.price !== price) refuse(index, `its price is ${receipt.price}, not ${price}.`);
    if (receipt.completedAt > chainNow + CLOCK_AHEAD) refuse(index, "its completedAt is in the future.");
    if (receipt.completedAt + CLOCK_BEHIND < claimedAt) refuse(index, "its completedAt is long before the job.");
    if (receipt.seed >= 2n ** 64n - 1n) refuse(index, "its seed is none.");

    let signer: Address;
    try {
      signer = checker.recoverSigner(checker.digester.receiptId(receipt, chain.domain), signature);
      if (!(await chain.isSigner(worker, SignerRole.WORKER_SIGNER, signer))) {
        refuse(index, `${signer} does not sign for worker ${worker}.`);
      }
      // A direct order may be settled when a revoked key's receipt counts for nothing any more. A lane anchors whatever its payer vouches for.
      if (job.rail === "direct" && !(await chain.isLastingSigner(worker, signer))) {
        refuse(index, `${signer} is revoked. Sign it by the worker's own key or a live WORKER_SIGNER.`);
      }
      checkReceipt(receipt, { domain: chain.domain, request, order, signature, signers: [signer] }, checker);
    } catch (error) {
      if (!(error instanceof GridError)) throw error;
      refuse(index, error.message, error);
    }
  }
}

/** Returns whether the worker closed an order that it delivers a part of. */
async function checkClosing(
  { chain, checker }: Cloud,
  job: JobRow,
  { receipts: signed, closingSignature: signature }: Delivery,
): Promise<void> {
  if (signature === undefined) return;
  const refuse = (reason: string, cause?: unknown): never => {
    throw new CloudError("RECEIPT_INVALID", `The closing: ${reason}`, { field: "closing_signature", cause });
  };
  const order = orderOf(job);
  const receipts = signed.map(({ receipt }) => receipt);
  const { domain } = chain;
  try {
    const closing = orderClosing({ order, receipts, domain }, checker);
    const signer = checker.recoverSigner(checker.digester.orderClosingDigest(closing, domain), signature);
    if (!(await chain.isSigner(order.worker, SignerRole.WORKER_SIGNER, signer))) {
      refuse(`${signer} does not sign for worker ${order.worker}.`);
    }
    checkOrderClosing({ order, receipts, domain, signature, signers: [signer] }, checker);
  } catch (error) {
    if (!(error instanceof GridError)) throw error;
    refuse(error.message, error);
  }
}

/**
 * Stores receipts and pictures, ends the job, and signs the voucher that pays for it.
 * @throws {@link CloudError} `IMAGE_MISMATCH` when an image was uploaded anew since the receipts were checked.
 */
async function storeResult(
  cloud: Cloud,
  queries: Queries,
  job: JobRow,
  { engine, receipts, closingSignature, knownVoucher, promptCut, unknownWords }: Delivery,
  staged: readonly StagedImage[],
): Promise<VoucherOfferJson | undefined> {
  const { chain, checker, gateway } = cloud;
  const { width, height } = requestOf(job);
  const lane = job.lane_id ? await appendToLane(queries, job.lane_id, receipts.length) : undefined;
  const first = lane && lane.receipts - receipts.length + 1;
  const images = receipts.map(({ receipt: { index } }) => {
    const image = staged.find((one) => one.index === index);
    if (!image) throw new Error(`Image ${index} of job ${job.id} is gone.`);
    return image;
  });
  const row = await queries.one<{ staged: StagedImage[] | null }>(
    `WITH given AS (
       SELECT * FROM unnest($6::text[], $7::int[], $8::jsonb[], $9::text[], $10::text[], $11::text[], $12::numeric[],
         $13::numeric[], $14::int[], $15::int[])
         AS given (receipt_id, index, message, signature, image_hash, cid, seed, price, lane_position, bytes)
     ), unstaged AS (
       DELETE FROM cloud.staged_image WHERE job_id = $1 AND lease_token = $2
       RETURNING index, image_hash, cid_digest, cid, bytes
     ), pictured AS (
       INSERT INTO cloud.picture (cid, image_hash, bytes, width, height)
       SELECT DISTINCT ON (cid) cid, image_hash, bytes, $16::int, $17::int FROM given ON CONFLICT DO NOTHING
     ), received AS (
       INSERT INTO cloud.receipt (receipt_id, job_id, index, order_hash, message, signature, image_hash, cid, seed, price,
         lane_id, lane_position)
       SELECT receipt_id, $1, index, $5, message, signature, image_hash, cid, seed, price, $18, lane_position FROM given
     ), ended AS (
       UPDATE cloud.job SET status = 'done', engine = $3, closing_signature = $4, finished_at = now(),
         lease_expires_at = NULL, version = version + 1, prompt_cut = $20, unknown_words = $21
       WHERE id = $1
     ), praised AS (
       UPDATE cloud.worker SET jobs_done = jobs_done + 1, last_seen = now(), pauses = 0 WHERE worker = $19
     )
     SELECT (SELECT json_agg(unstaged ORDER BY index) FROM unstaged) AS staged, pg_notify('cloud_job', $1::text)`,
    [
      job.id,
      job.lease_token,
      engine,
      closingSignature ?? null,
      job.order_hash,
      receipts.map(({ receipt }) => checker.digester.receiptId(receipt, chain.domain)),
      receipts.map(({ receipt }) => receipt.index),
      receipts.map(({ receipt }) => JSON.stringify(messageToJson("JobReceipt", receipt))),
      receipts.map(({ signature }) => signature),
      images.map(({ image_hash }) => image_hash),
      images.map(({ cid }) => cid),
      receipts.map(({ receipt }) => receipt.seed.toString()),
      receipts.map(({ receipt }) => receipt.price.toString()),
      receipts.map((_, position) => (first === undefined ? null : first + position)),
      images.map(({ bytes }) => bytes),
      width,
      height,
      job.lane_id,
      job.worker,
      promptCut ?? null,
      unknownWords ?? null,
    ],
  );
  if (JSON.stringify(row?.staged ?? []) !== JSON.stringify(staged)) {
    throw new CloudError("IMAGE_MISMATCH", "An image was uploaded anew while its receipt was checked.");
  }
  if (!lane) return undefined;
  if (!gateway) throw new CloudError("INTERNAL", "The gateway is not configured any more, so it cannot pay.");
  return signNextVoucher(cloud, gateway, queries, lane, {
    modelId: BigInt(job.model_id),
    amount: receipts.reduce((sum, { receipt }) => sum + receipt.price, 0n),
    known: knownVoucher,
  });
}

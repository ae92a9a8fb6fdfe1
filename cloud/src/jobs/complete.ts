import {
  checkOrderClosing,
  checkReceipt,
  engineHash,
  GridError,
  type JobOrder,
  messageToJson,
  receiptPrice,
  SignerRole,
} from "@gridnft/sdk";
import type { completeAnswer, completeRequest } from "@gridnft/sdk/schemas";
import pg from "pg";
import type { Hex } from "viem";
import type { z } from "zod";
import type { Cloud } from "../cloud.ts";
import { prepared, type Queries } from "../database/database.ts";
import { ApiError } from "../error.ts";
import {
  draftVoucher,
  type LaneState,
  laneStateOf,
  newestVoucher,
  offerOf,
  type VoucherDraft,
} from "../payment/vouchers.ts";
import { isActive, isJobId, type JobRow, orderOf, requestOf } from "./job.ts";
import { isHeld, type LeaseKey, leaseLostError } from "./lease.ts";
import { workerMutex } from "./mutexes.ts";
import { requireStored, type StagedImage } from "./staging.ts";

type CompleteAnswerJson = z.input<typeof completeAnswer>;

/** Seconds by which a worker's clock may be ahead. A mint refuses receipts that are more than 15 min ahead of their anchor. */
const MAX_CLOCK_AHEAD = 10n * 60n;
/** Seconds by which a receipt may be older than the claim: a worker keeps its result over a restart. */
const MAX_RESULT_AGE = 60n * 60n;

/** Delivery of a worker: receipts by index, and how its engine read the prompts. */
export type Delivery = Omit<z.output<typeof completeRequest>, "lease">;

/** Columns of a job that a completion needs. */
const deliveredColumns = [
  ...(["id", "status", "rail", "model_id", "request", "count", "price", "order_message", "lane_id"] as const),
  ...(["worker", "lease_token", "created_at", "claimed_at"] as const),
] satisfies (keyof JobRow)[];

/** Job with the images that were uploaded under its lease, by index, and with the lane that pays for it. */
interface DeliveredJob extends Pick<JobRow, (typeof deliveredColumns)[number]> {
  readonly staged: readonly StagedImage[];
  readonly lane: LaneState | null;
}

/** Delivery that is sound, with its hashes. */
interface CheckedDelivery extends Delivery {
  readonly orderHash: Hex;
  /** By place in `receipts`. */
  readonly receiptIds: readonly Hex[];
}

/** Result of a completion. */
interface Completion {
  readonly answer: CompleteAnswerJson;
  /** AIPG wei of the job's lane that are not promised; undefined where no voucher was made. */
  readonly laneLeft: bigint | undefined;
}

/** Times that a lane's voucher is made again because another process was faster. Then the lane is locked first. */
const MAX_RETRIES = 3;

/**
 * Takes a finished job. Everything about its receipts is checked against the bytes that were uploaded; then one statement stores the
 * receipts, the end of the job, and on the lane rail the voucher that pays for it, which is signed before. It stores nothing if the job
 * or the lane has changed since they were read. Nothing can be uploaded afterwards. A direct order that its worker ended early is done
 * with the images that there are, if the worker closed it with just their receipts. The same call again gets the same answer.
 *
 * @throws {@link ApiError} `LEASE_LOST`; `IMAGE_MISMATCH` or `RECEIPT_INVALID`, after which the job is somebody else's.
 */
export async function completeJob(cloud: Cloud, key: LeaseKey, delivery: Delivery): Promise<Completion> {
  const { database, laneTrees } = cloud;
  const find = (queries: Queries) => findDelivered(queries, key, delivery.known_voucher);
  let job = await find(database);
  const staged = job?.staged ?? [];
  let checked: CheckedDelivery | undefined;
  for (let races = 0; ; races++) {
    const repeated = await findCompletion(cloud, key, job, delivery);
    if (repeated) return { answer: repeated, laneLeft: undefined };
    if (!job || !isHeld(job, key)) throw leaseLostError();
    // Signatures are checked before, and only once: looking up a key may ask the chain.
    checked ??= await checkDelivery(cloud, job, delivery);
    const delivered = checked;
    const store = async (
      queries: Queries,
      current: DeliveredJob | undefined,
      run: Run,
    ): Promise<Completion | undefined> => {
      // The same call may have been made twice. What the other one stored is in the lane that was read with the job.
      if (!current || !isHeld(current, key)) return undefined;
      // With the images that were checked: others that came meanwhile are refused.
      const held = { ...current, staged };
      const draft = await draftFor(cloud, queries, held, delivered);
      // The other one may have stored another voucher: then this one leaves nothing.
      const findStored = () => queries.one<Stored>(IS_STORED, [held.id, held.lease_token, draft?.digest ?? null]);
      if (!(await storeResult((sql, values) => run(sql, values, findStored), held, delivered, draft))) return undefined;
      queries.notify("cloud_job", held.id);
      return { answer: { accepted: true, ...(draft && { voucher: draft.offer }) }, laneLeft: draft?.left };
    };
    const found = job;
    const done = await database.serialized(workerMutex(key.worker), async () => {
      if (races >= MAX_RETRIES) {
        return database.transaction(async (queries) => {
          await lockInOrder(queries, found);
          return store(queries, await find(queries), (sql, values) => queries.one(sql, values));
        });
      }
      // Another job of the lane may have been completed here while this one's receipts were checked.
      const isBehind = found.lane !== null && laneTrees.isPast(found.lane);
      return store(database, isBehind ? await find(database) : found, database.runOnce);
    });
    if (done) return done;
    if (races > 2 * MAX_RETRIES) throw new Error(`The result of job ${key.jobId} can't be stored.`);
    job = await find(database);
  }
}

interface Stored {
  readonly stored: boolean;
}

/** Runs the statement that stores a result. `findStored` finds the result when its answer was lost. */
type Run = (
  sql: string,
  values: readonly unknown[],
  findStored: () => Promise<Stored | undefined>,
) => Promise<Stored | undefined>;

const DELIVERED = prepared(
  `SELECT ${deliveredColumns.map((column) => `j.${column}`).join(", ")}, (
     SELECT coalesce(json_agg(json_build_object('index', s.index, 'image_hash', s.image_hash, 'cid_digest', s.cid_digest,
         'cid', s.cid, 'bytes', s.bytes) ORDER BY s.index), '[]')
     FROM cloud.staged_image s WHERE s.job_id = j.id AND s.lease_token = $2) AS staged,
     ${laneStateOf("j.lane_id", "$3")} AS lane
   FROM cloud.job j WHERE j.id = $1`,
);

async function findDelivered(
  queries: Queries,
  { jobId, token }: LeaseKey,
  knownVoucher: Hex | undefined,
): Promise<DeliveredJob | undefined> {
  return isJobId(jobId) ? queries.one<DeliveredJob>(DELIVERED, [jobId, token, knownVoucher ?? null]) : undefined;
}

/** Locks the rows that a completion changes: a job, its worker, its lane. All code locks them in this order. */
async function lockInOrder(queries: Queries, { id, worker, lane_id }: DeliveredJob): Promise<void> {
  await queries.run("SELECT 1 FROM cloud.job WHERE id = $1 FOR UPDATE", [id]);
  await queries.run("SELECT 1 FROM cloud.worker WHERE worker = $1 FOR UPDATE", [worker]);
  await queries.run("SELECT 1 FROM cloud.lane WHERE lane_id = $1 FOR UPDATE", [lane_id]);
}

/** Signs the voucher for a delivery on the lane rail. */
async function draftFor(
  cloud: Cloud,
  queries: Queries,
  { id, model_id, lane_id, lane }: DeliveredJob,
  { receipts, receiptIds }: CheckedDelivery,
): Promise<VoucherDraft | undefined> {
  const { gateway } = cloud;
  if (!lane_id) return undefined;
  if (!lane) throw new Error(`The lane of job ${id} is unknown.`);
  if (!gateway) throw new ApiError("INTERNAL", "The gateway is not configured any more, so it cannot pay.");
  return draftVoucher(cloud, gateway, queries, lane, {
    modelId: model_id,
    amount: receipts.reduce((sum, { receipt }) => sum + receipt.price, 0n),
    receiptIds,
  });
}

/** Returns the answer to a repeated call, whose first answer may have been lost. */
async function findCompletion(
  { database, checker, chain }: Cloud,
  { jobId, token, worker }: LeaseKey,
  job: DeliveredJob | undefined,
  { receipts, known_voucher: knownVoucher }: Delivery,
): Promise<CompleteAnswerJson | undefined> {
  if (job?.status !== "done" || job.lease_token !== token || job.worker !== worker) return undefined;
  const rows = await database.all<{ receipt_id: Hex }>("SELECT receipt_id FROM cloud.receipt WHERE job_id = $1", [
    jobId,
  ]);
  const known = new Set(rows.map(({ receipt_id }) => receipt_id));
  if (!receipts.every(({ receipt }) => known.has(checker.digester.receiptId(receipt, chain.domain)))) {
    throw new ApiError("JOB_FINISHED", "The job is complete, with other receipts. It cannot be changed.");
  }
  const voucher = job.lane_id && (await newestVoucher(database, job.lane_id));
  const digests = knownVoucher ? [knownVoucher] : [];
  return { accepted: true, ...(voucher && { voucher: await offerOf(database, voucher, digests) }) };
}

/**
 * Checks the images, the receipts and the closing of a delivery.
 * @throws {@link ApiError} `IMAGE_UNAVAILABLE`, `IMAGE_MISMATCH`, `RECEIPT_INVALID`.
 */
async function checkDelivery(cloud: Cloud, job: DeliveredJob, delivery: Delivery): Promise<CheckedDelivery> {
  const { checker, chain } = cloud;
  const order = orderOf(job);
  await requireStored(cloud, job.staged);
  await checkReceipts(cloud, job, order, delivery);
  await checkClosing(cloud, order, delivery);
  const receiptIds = delivery.receipts.map(({ receipt }) => checker.digester.receiptId(receipt, chain.domain));
  return { ...delivery, orderHash: checker.digester.orderHash(order), receiptIds };
}

async function checkReceipts(
  { chain, checker }: Cloud,
  job: DeliveredJob,
  order: JobOrder,
  { engine, receipts, closing_signature: closingSignature }: Delivery,
): Promise<void> {
  const refuse = (index: number, reason: string, cause?: unknown): never => {
    throw new ApiError("RECEIPT_INVALID", `Receipt ${index}: ${reason}`, {
      field: `receipts.${index}.receipt`,
      cause,
    });
  };
  const request = requestOf(job);
  const { worker } = order;
  // A mint refuses control characters, the engine's too.
  if (/\p{Cc}|\p{Surrogate}/u.test(engine)) refuse(0, "the engine's name has control characters.");
  const isWhole = receipts.length === job.count;
  const mayBeFewer = job.rail === "direct" && receipts.length < job.count && closingSignature !== undefined;
  if (!isWhole && !mayBeFewer) refuse(0, `the job has ${job.count} images, not ${receipts.length} receipts.`);
  const claimedAt = BigInt(Math.floor((job.claimed_at ?? job.created_at).getTime() / 1_000));
  const chainNow = chain.now();

  for (const [index, { receipt, signature }] of receipts.entries()) {
    const image = job.staged.find((one) => one.index === receipt.index);
    const before = receipts[index - 1]?.receipt.index ?? -1;
    const isInOrder = isWhole ? receipt.index === index : receipt.index > before && receipt.index < job.count;
    if (!isInOrder) refuse(index, `its index is ${receipt.index}; receipts come in order.`);
    if (!image) {
      throw new ApiError("IMAGE_MISMATCH", `Image ${receipt.index} was not uploaded.`, {
        field: `receipts.${index}`,
      });
    }
    if (receipt.imageHash !== image.image_hash || receipt.cidDigest !== image.cid_digest) {
      throw new ApiError(
        "IMAGE_MISMATCH",
        `Receipt ${index} is of another file: the upload's sha256 is ${image.image_hash}, its CID ${image.cid}.`,
        { field: `receipts.${index}.receipt.imageHash` },
      );
    }
    if (receipt.engineHash !== engineHash(engine)) refuse(index, "its engineHash is not that of the engine named.");
    const price = receiptPrice(BigInt(job.price ?? "0"), job.count, receipt.index);
    if (receipt.price !== price) refuse(index, `its price is ${receipt.price}, not ${price}.`);
    if (receipt.completedAt > chainNow + MAX_CLOCK_AHEAD) refuse(index, "its completedAt is in the future.");
    if (receipt.completedAt + MAX_RESULT_AGE < claimedAt) refuse(index, "its completedAt is long before the job.");
    if (receipt.seed >= 2n ** 64n - 1n) refuse(index, "its seed is none.");

    try {
      const expected = { domain: chain.domain, request, order, signature, signers: "any" } as const;
      const signer = checkReceipt(receipt, expected, checker);
      if (!(await chain.isSigner(worker, SignerRole.WORKER_SIGNER, signer))) {
        refuse(index, `${signer} does not sign for worker ${worker}.`);
      }
      // A direct order may be settled when a revoked key's receipt counts for nothing any more. A lane anchors whatever its payer vouches for.
      if (job.rail === "direct" && !(await chain.isLastingSigner(worker, signer))) {
        refuse(index, `${signer} is revoked. Sign it by the worker's own key or a live WORKER_SIGNER.`);
      }
    } catch (error) {
      if (!(error instanceof GridError)) throw error;
      refuse(index, error.message, error);
    }
  }
}

/** Requires that a closing in a delivery is the worker's, and of just these receipts. */
async function checkClosing(
  { chain, checker }: Cloud,
  order: JobOrder,
  { receipts: signed, closing_signature: signature }: Delivery,
): Promise<void> {
  if (signature === undefined) return;
  const refuse = (reason: string, cause?: unknown): never => {
    throw new ApiError("RECEIPT_INVALID", `The closing: ${reason}`, { field: "closing_signature", cause });
  };
  const receipts = signed.map(({ receipt }) => receipt);
  const { domain } = chain;
  try {
    const signer = checkOrderClosing({ order, receipts, domain, signature, signers: "any" }, checker);
    if (!(await chain.isSigner(order.worker, SignerRole.WORKER_SIGNER, signer))) {
      refuse(`${signer} does not sign for worker ${order.worker}.`);
    }
  } catch (error) {
    if (!(error instanceof GridError)) throw error;
    refuse(error.message, error);
  }
}

/**
 * Stores all of a delivery, or nothing. Its guards are the lease, the staged images, the lane as it was read, and what is promised on it:
 * what is written before a guard fails is rolled back. Rows are locked in the order of `lockInOrder`.
 */
const STORE = prepared(
  `WITH ended AS (
     UPDATE cloud.job SET status = 'done', engine = $4, closing_signature = $5, order_hash = $6, finished_at = now(),
       lease_expires_at = NULL, version = version + 1, prompt_cut = $33, unknown_words = $34
     WHERE id = $1 AND worker = $3 AND lease_token = $2 AND ${isActive}
     RETURNING id
   ), praised AS (
     UPDATE cloud.worker SET jobs_done = jobs_done + 1, last_seen = now(), ended_at = now(), pauses = 0
     WHERE worker = $3 AND EXISTS (SELECT FROM ended)
     RETURNING worker
   ), lengthened AS (
     UPDATE cloud.lane SET receipts = receipts + cardinality($7::text[])
     WHERE lane_id = $19 AND receipts = $20 AND anchored_through = $21 AND synced_block = $22 AND free = $23
       AND EXISTS (SELECT FROM praised)
     RETURNING lane_id
   ), sound AS MATERIALIZED (
     SELECT FROM praised WHERE $19::text IS NULL OR EXISTS (SELECT FROM lengthened)
   ), given AS (
     SELECT * FROM unnest($7::text[], $8::int[], $9::jsonb[], $10::text[], $11::text[], $12::text[], $13::numeric[],
       $14::numeric[], $15::int[]) WITH ORDINALITY
       AS given (receipt_id, index, message, signature, image_hash, cid, seed, price, bytes, number)
     WHERE EXISTS (SELECT FROM sound)
   ), unstaged AS (
     DELETE FROM cloud.staged_image WHERE job_id = $1 AND lease_token = $2 AND EXISTS (SELECT FROM sound)
     RETURNING index, image_hash, cid_digest, cid, bytes
   ), pictured AS (
     INSERT INTO cloud.picture (cid, image_hash, bytes, width, height)
     SELECT DISTINCT ON (cid) cid, image_hash, bytes, $16::int, $17::int FROM given ON CONFLICT DO NOTHING
   ), received AS (
     INSERT INTO cloud.receipt (receipt_id, job_id, index, order_hash, message, signature, image_hash, cid, seed, price,
       lane_id, lane_position)
     SELECT receipt_id, $1, index, $6, message, signature, image_hash, cid, seed, price, $19, $20::int + number FROM given
   ), promise AS (
     INSERT INTO cloud.lane_total (lane_id, model_id, promised) SELECT lane_id, $24::numeric, $25::numeric FROM lengthened
     ON CONFLICT (lane_id, model_id) DO UPDATE SET promised = lane_total.promised + excluded.promised
     RETURNING promised
   ), vouched AS (
     INSERT INTO cloud.voucher (lane_id, number, digest, message, root, payer_signature, first, last)
     SELECT lane_id, $27::int, $28, $29::jsonb, $30, $31, $32::int, $20::int + cardinality($7::text[]) FROM lengthened
   )
   SELECT true AS stored,
     cloud.insist(EXISTS (SELECT FROM sound), 'lane'),
     cloud.insist((SELECT coalesce(jsonb_agg(to_jsonb(unstaged) ORDER BY index), '[]') FROM unstaged) = $18::jsonb, 'staged'),
     cloud.insist($19::text IS NULL OR (SELECT promised FROM promise) = $26::numeric, 'promised')
   FROM ended`,
);

/**
 * Stores receipts and pictures, the end of the job, and the voucher that pays for it.
 * @returns False when the job or the lane is not as it was read; then nothing is stored.
 * @throws {@link ApiError} `IMAGE_MISMATCH` when an image was uploaded anew since the receipts were checked.
 */
async function storeResult(
  run: (sql: string, values: readonly unknown[]) => Promise<Stored | undefined>,
  job: DeliveredJob,
  { engine, receipts, orderHash, receiptIds, closing_signature, prompt_cut, unknown_words }: CheckedDelivery,
  draft: VoucherDraft | undefined,
): Promise<boolean> {
  const { width, height } = job.request;
  const images = receipts.map(({ receipt: { index } }) => {
    const image = job.staged.find((one) => one.index === index);
    if (!image) throw new Error(`Image ${index} of job ${job.id} is gone.`);
    return image;
  });
  const { lane, offer } = draft ?? {};
  try {
    const row = await run(STORE, [
      job.id,
      job.lease_token,
      job.worker,
      engine,
      closing_signature ?? null,
      orderHash,
      receiptIds,
      receipts.map(({ receipt }) => receipt.index),
      receipts.map(({ receipt }) => JSON.stringify(messageToJson("JobReceipt", receipt))),
      receipts.map(({ signature }) => signature),
      images.map(({ image_hash }) => image_hash),
      images.map(({ cid }) => cid),
      receipts.map(({ receipt }) => receipt.seed.toString()),
      receipts.map(({ receipt }) => receipt.price.toString()),
      images.map(({ bytes }) => bytes),
      width,
      height,
      JSON.stringify(job.staged),
      ...[lane?.lane_id, lane?.receipts, lane?.anchored_through, lane?.synced_block, lane?.free].map(orNull),
      ...[draft?.modelId, draft?.amount, draft?.promised, draft?.number, draft?.digest].map(orNull),
      ...[offer && JSON.stringify(offer.voucher), draft?.root, offer?.payer_signature, draft?.first].map(orNull),
      ...[prompt_cut, unknown_words].map(orNull),
    ]);
    return row?.stored ?? false;
  } catch (error) {
    if (!(error instanceof pg.DatabaseError && error.code === ASSERTION_FAILED)) throw error;
    if (error.message === "lane" || error.message === "promised") return false;
    throw new ApiError("IMAGE_MISMATCH", "An image was uploaded anew while its receipt was checked.", {
      cause: error,
    });
  }
}

/** Finds a job that is done under a lease, and paid by just that voucher where there is one. */
const IS_STORED = `SELECT true AS stored FROM cloud.job j
  WHERE j.id = $1 AND j.lease_token = $2 AND j.status = 'done'
    AND ($3::text IS NULL OR EXISTS (SELECT FROM cloud.voucher v WHERE v.lane_id = j.lane_id AND v.digest = $3))`;

/** SQLSTATE of `cloud.insist`. */
const ASSERTION_FAILED = "GR001";

function orNull(value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : (value ?? null);
}

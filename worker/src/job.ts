import { createHash, randomBytes } from "node:crypto";
import {
  engineHash,
  type FileHashes,
  fileHashes,
  type JobReceipt,
  jobReceipt,
  orderHash,
  receiptId,
  receiptPrice,
  SETTLE_GRACE,
  seedAt,
} from "@gridnft/sdk";
import type { VoucherOffer, WorkerJob } from "@gridnft/sdk/wire";
import { formatEther, type Hex, zeroHash } from "viem";
import { type CloudClient, CloudError, isPassing, type SignedReceipt } from "./cloud.ts";
import { type Engine, EngineError, type Picture, type PictureInput, type PromptReading } from "./engines/types.ts";
import { describe, WorkerError } from "./errors.ts";
import { createHolding, type Holding, isGone } from "./holding.ts";
import type { Logger } from "./log.ts";
import type { Mutex, Turns } from "./mutex.ts";
import type { Pace } from "./pace.ts";
import { backoff, pause } from "./pause.ts";
import type { Refusal } from "./refusal.ts";
import type { Signing } from "./signing.ts";
import { isMade, type LedgerJob, payOf, receiptsOf } from "./state/ledger.ts";
import type { Pictures } from "./state/pictures.ts";
import { endEarly, type TakeServices, takeJob } from "./take.ts";
import type { VoucherDesk } from "./voucherDesk.ts";

/** What doing a job needs. */
export interface JobServices extends TakeServices {
  readonly cloud: CloudClient;
  readonly pictures: Pictures;
  readonly desk: VoucherDesk;
  readonly sign: Signing;
  readonly pace: Pace;
  readonly taking: Mutex;
  /** Turns of the jobs of one order. */
  readonly orders: Turns;
  readonly log: Logger;
}

/** Seconds that a timer can wait. */
const MOST_WAIT = 2_000_000;

/** How a job ended for this worker. */
export type JobOutcome = "delivered" | "refused" | "lost" | "failed" | "stopped";

/**
 * Does one claimed job: judges it, makes the pictures, hands them over with their receipts, accepts the voucher. Whatever goes
 * wrong, the job is given back or left to its lease; it never throws but for a journal that cannot be written, when the worker
 * has to stop.
 *
 * @param stop Aborted when the job has to be given back.
 */
export async function doJob(job: WorkerJob, services: JobServices, stop: AbortSignal): Promise<JobOutcome> {
  const holding = createHolding(job, services, stop);
  try {
    // A job whose lease was lost may come back to another place before the first has noticed. Two pictures of one order are one too many.
    return await services.orders.run(orderHash(job.order), () => work(job, holding, services));
  } catch (error) {
    return await endBadly(error, job, holding, services);
  } finally {
    holding.end();
  }
}

async function work(job: WorkerJob, holding: Holding, services: JobServices): Promise<JobOutcome> {
  const taken = await judge(job, services);
  if (taken === undefined) return "failed";
  if ("message" in taken) {
    services.log.warn({ job: job.id, refused: taken.code, reason: taken.message }, "a job is refused");
    await giveBack(job, "refused", taken.message, services, taken.code);
    return "refused";
  }
  const images = await makeImages(job, taken, holding, services);
  return handOver(job, taken, images, holding, services);
}

/** The decision about a job; undefined when it could not be made (no chain), and the job was given back as it came. */
async function judge(job: WorkerJob, services: JobServices): Promise<LedgerJob | Refusal | undefined> {
  const { log } = services;
  try {
    return await services.taking.run(() => takeJob(job, services));
  } catch (error) {
    if (error instanceof WorkerError && error.code.startsWith("STATE_")) throw error;
    log.warn({ job: job.id, reason: describe(error) }, "a job could not be judged");
    // The job is not at fault, and nothing of it was begun.
    await giveBack(job, "refused", "The worker cannot read the chain.", services, "CHAIN_UNREADABLE");
    return undefined;
  }
}

async function endBadly(error: unknown, job: WorkerJob, holding: Holding, services: JobServices): Promise<JobOutcome> {
  const { ledger, clock, log } = services;
  const reason = describe(error);
  if (
    error instanceof WorkerError &&
    ["STATE_UNWRITABLE", "STATE_DAMAGED", "EQUIVOCATION", "ORDER_CLOSED"].includes(error.code)
  ) {
    await giveBack(job, "failed", "The worker cannot keep its records.", services, error.code);
    throw error;
  }
  const lostTo = holding.lostTo ?? (isGone(error) ? reason : undefined);
  if (lostTo !== undefined) {
    log.warn({ job: job.id, reason: lostTo }, "a job is lost");
  } else if (holding.signal.aborted) {
    log.info({ job: job.id }, "a job is given back, since the worker stops");
    await giveBack(job, "stopping", "The worker stops.", services);
  } else {
    log.error({ job: job.id, reason }, "a job failed");
    // Anything else may speak of this machine's folders and addresses.
    const isTold = error instanceof WorkerError || error instanceof EngineError;
    const told = isTold ? reason : "Something went wrong at the worker.";
    await giveBack(job, "failed", told, services, error instanceof WorkerError ? error.code : undefined);
  }
  // A lane's next try is a new order. A direct order stays the same, and so must its receipts: it is kept open. So is what may
  // have been delivered all the same, until the cloud can be asked.
  const hash = orderHash(job.order);
  const known = ledger.job(hash);
  const isRefused = error instanceof CloudError && !isPassing(error) && holding.lostTo === undefined;
  const isOver = isRefused || known?.receipts.size !== job.order.count;
  if (known?.state === "open" && job.order.laneId !== zeroHash && isOver) {
    await ledger.recordClosed(hash, "rejected", clock.now());
  }
  return lostTo !== undefined ? "lost" : holding.signal.aborted ? "stopped" : "failed";
}

/** One image on the disk, and its receipt in the journal. */
interface Image {
  readonly receipt: JobReceipt;
  readonly file: Uint8Array;
  /** Absent when the file is one from before. */
  readonly reading?: PromptReading;
}

async function makeImages(job: WorkerJob, taken: LedgerJob, holding: Holding, services: JobServices): Promise<Image[]> {
  const model = services.terms.models.find(({ modelId }) => modelId === job.order.modelId);
  if (model === undefined) throw new WorkerError("ENGINE_FAILED", `Model ${job.order.modelId} is not loaded.`);
  const images: Image[] = [];
  for (let index = 0; index < job.order.count; index++) {
    const before = taken.receipts.get(index);
    if (before === undefined && taken.closing !== undefined) continue;
    let image: Image;
    try {
      image =
        before === undefined
          ? await makeImage(job, taken, index, model.engine, holding, services)
          : { receipt: before, file: await fileOf(before, job, index, model.engine, holding, services) };
    } catch (error) {
      // The next try of this order would find the same engine: what is made already is handed over instead.
      const isForGood = before === undefined && images.length === taken.receipts.size && endsJob(error, holding);
      if (!isForGood || (await endEarly(taken, services, undefined)) === undefined) throw error;
      services.log.error(
        { job: job.id, made: images.length, ordered: job.order.count, reason: describe(error) },
        "an order is ended early, with what is made of it",
      );
      return images;
    }
    await upload(job, index, image, holding, services);
    images.push(image);
  }
  return images;
}

/** Returns whether the engine, or the time of the order, will give no more images of a job that is still this worker's. */
function endsJob(error: unknown, holding: Holding): boolean {
  if (holding.signal.aborted || holding.lostTo !== undefined) return false;
  return error instanceof EngineError || (error instanceof WorkerError && error.code === "ENGINE_FAILED");
}

async function makeImage(
  job: WorkerJob,
  taken: LedgerJob,
  index: number,
  engine: Engine,
  holding: Holding,
  services: JobServices,
): Promise<Image> {
  const { ledger, pictures, clock, pace } = services;
  const seed = seedAt(job.request, index) ?? BigInt(randomBytes(4).readUInt32BE());
  const started = performance.now();
  const secondsTaken = (): number => (performance.now() - started) / 1_000;
  const { png: file, ...reading } = await inTime(
    job,
    clock.now(),
    (signal) => generate(job, index, seed, engine, holding, signal),
    () => pace.learnAtLeast(job, secondsTaken()),
  );
  pace.learn(job, secondsTaken());
  const hashes = hashesOf(file);
  const completedAt = clock.now();
  if (completedAt > Number(job.order.deadline)) {
    throw new WorkerError("ENGINE_FAILED", "The image was finished after the order's deadline.");
  }
  await pictures.put(hashes.imageHash, file);
  const receipt = jobReceipt(job.order, {
    index,
    seed,
    engineHash: engineHash(taken.engine),
    ...hashes,
    completedAt: BigInt(completedAt),
    // As it was journalled: the same order may come again with another price.
    price: receiptPrice(taken.price, job.order.count, index),
  });
  // From here on this is the only receipt that this worker will ever sign for this image.
  await ledger.recordReceipt(receipt);
  return { receipt, file, reading };
}

/** Runs the engine until the order's deadline: an image that is finished later is worth nothing. `onLate`: it was given up. */
async function inTime<result>(
  { order }: WorkerJob,
  now: number,
  run: (signal: AbortSignal) => Promise<result>,
  onLate: () => void,
): Promise<result> {
  const late = AbortSignal.timeout(Math.min(Math.max(Number(order.deadline) - now + 1, 0), MOST_WAIT) * 1_000);
  try {
    return await run(late);
  } catch (cause) {
    if (!late.aborted) throw cause;
    onLate();
    throw new WorkerError("ENGINE_FAILED", "The order's deadline passed before the image was finished.", { cause });
  }
}

function hashesOf(file: Uint8Array): FileHashes {
  return fileHashes(file, { sha256: (bytes) => createHash("sha256").update(bytes).digest() });
}

/** The file of a receipt from before a restart; made again if it is gone, which must give the very same bytes. */
async function fileOf(
  receipt: JobReceipt,
  job: WorkerJob,
  index: number,
  engine: Engine,
  holding: Holding,
  { pictures }: JobServices,
): Promise<Uint8Array> {
  const stored = await pictures.get(receipt.imageHash);
  if (stored) return stored;
  const { png: file } = await generate(job, index, receipt.seed, engine, holding);
  if (hashesOf(file).imageHash !== receipt.imageHash) {
    throw new WorkerError(
      "ENGINE_FAILED",
      "The file of a receipt is lost, and the engine does not make the same again.",
    );
  }
  return file;
}

async function generate(
  { request }: WorkerJob,
  index: number,
  seed: bigint,
  engine: Engine,
  holding: Holding,
  late?: AbortSignal,
): Promise<Picture> {
  const { prompt, negativePrompt, width, height, steps, guidanceMilli, sampler, scheduler } = request;
  const input = {
    ...{ prompt, negativePrompt, seed, width, height, steps, sampler, scheduler },
    guidanceScale: guidanceMilli / 1_000,
  } as PictureInput;
  holding.progress({ image: index, step: 0, steps });
  const making = engine.generate(input, {
    signal: late === undefined ? holding.signal : AbortSignal.any([holding.signal, late]),
    onStep: (step) => holding.progress({ image: index, step, steps }),
  });
  return unlessStopped(making, holding.stop);
}

/** Waits for a picture, but not when the worker has to stop: an engine looks up only between steps, or hangs. */
async function unlessStopped<result>(making: Promise<result>, stop: AbortSignal): Promise<result> {
  let leave = (): void => {};
  const stopped = new Promise<never>((_, reject) => {
    leave = () => reject(new EngineError("ABORTED", "The worker stops."));
    if (stop.aborted) leave();
    else stop.addEventListener("abort", leave, { once: true });
  });
  return Promise.race([making, stopped]).finally(() => stop.removeEventListener("abort", leave));
}

async function upload(
  job: WorkerJob,
  index: number,
  { receipt, file }: Image,
  holding: Holding,
  services: JobServices,
): Promise<void> {
  const answer = await patiently(() => services.cloud.upload(job, index, file), holding);
  if (answer.image_hash !== receipt.imageHash || answer.cid_digest !== receipt.cidDigest) {
    throw new WorkerError("UPLOAD_MISMATCH", "The cloud read another file than was sent.");
  }
}

async function handOver(
  job: WorkerJob,
  taken: LedgerJob,
  images: readonly Image[],
  holding: Holding,
  services: JobServices,
): Promise<JobOutcome> {
  const { ledger, clock, sign, desk, log } = services;
  const signed: SignedReceipt[] = [];
  for (const { receipt } of images) signed.push({ receipt, signature: await sign.receipt(receipt) });
  const closing = taken.closing && (await sign.closing(taken.closing));
  const reading = images.find((image) => image.reading !== undefined)?.reading;
  const uploadAgain = async (): Promise<void> => {
    for (const image of images) await upload(job, image.receipt.index, image, holding, services);
  };
  const voucher = await complete(job, taken, { signed, closing, reading }, holding, services, uploadAgain);
  await ledger.recordDelivered(taken.orderHash, clock.now());
  log.info({ job: job.id, images: images.length, aipg: formatEther(payOf(taken)) }, "a job is delivered");
  if (voucher) await acceptVoucher(voucher, desk, log);
  else if (job.order.laneId !== zeroHash)
    await desk.catchUp().catch((error: unknown) => log.warn({ reason: describe(error) }, "no voucher yet"));
  return "delivered";
}

/** Completes the job; finds out what became of it when the answer got lost. */
async function complete(
  job: WorkerJob,
  taken: LedgerJob,
  {
    signed,
    closing,
    reading,
  }: {
    readonly signed: readonly SignedReceipt[];
    readonly closing: Hex | undefined;
    readonly reading: PromptReading | undefined;
  },
  holding: Holding,
  { cloud, chain, desk }: JobServices,
  uploadAgain: () => Promise<void>,
): Promise<VoucherOffer | undefined> {
  const papers = { closingSignature: closing, knownVoucher: desk.knownOn(job.order.laneId), reading };
  try {
    return await patiently(async () => {
      try {
        return await cloud.complete(job, taken.engine, signed, papers);
      } catch (error) {
        // The uploaded file is damaged there.
        if (error instanceof CloudError && error.reason === "IMAGE_UNAVAILABLE") await uploadAgain();
        throw error;
      }
    }, holding);
  } catch (error) {
    const [first] = signed;
    if (!(isGone(error) || holding.lostTo !== undefined) || first === undefined) throw error;
    // An earlier answer may not have arrived: then the cloud has the receipts.
    if (!(await hasReceipt(cloud, receiptId(first.receipt, chain.domain)))) throw error;
    return undefined;
  }
}

async function acceptVoucher(voucher: VoucherOffer, desk: VoucherDesk, log: Logger): Promise<void> {
  try {
    await desk.accept(voucher);
  } catch (error) {
    if (error instanceof WorkerError && error.code === "STATE_UNWRITABLE") throw error;
    // The work is delivered either way. What has no voucher counts as exposure, and is asked for again later.
    log.warn({ lane: voucher.voucher.laneId, reason: describe(error) }, "a voucher is not accepted");
  }
}

/** Repeats a call while the cloud is away, as long as the job is this worker's. */
async function patiently<result>(call: () => Promise<result>, holding: Holding): Promise<result> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      if (!isPassing(error) || !(await pause(backoff(attempt), holding.signal))) throw error;
    }
  }
}

async function giveBack(
  job: WorkerJob,
  reason: "stopping" | "failed" | "refused",
  message: string,
  { cloud, log }: Pick<JobServices, "cloud" | "log">,
  code?: string,
): Promise<void> {
  await cloud.release(job, reason, message, code).catch((error: unknown) => {
    // Its lease ends by itself.
    log.debug({ job: job.id, reason: describe(error) }, "a job could not be given back");
  });
}

/** Whether the cloud has a receipt. One that it will not show is there. */
async function hasReceipt(cloud: CloudClient, id: Hex): Promise<boolean> {
  try {
    return (await cloud.receipt(id)) !== undefined;
  } catch (error) {
    if (error instanceof CloudError && error.reason === "NOT_YOURS") return true;
    throw error;
  }
}

/** Finds out about jobs that were handed over when a process ended: whether the cloud has their receipts. */
export async function reconcile(
  services: Pick<JobServices, "ledger" | "cloud" | "chain" | "clock" | "log">,
): Promise<void> {
  const { ledger, cloud, chain, clock, log } = services;
  for (const job of ledger.jobsIn("open")) {
    const [first] = receiptsOf(job);
    if (isMade(job) && first !== undefined) {
      if (await hasReceipt(cloud, receiptId(first, chain.domain))) {
        await ledger.recordDelivered(job.orderHash, clock.now());
        log.info({ order: job.orderHash }, "a job from before was delivered");
        continue;
      }
    }
    if (clock.now() > Number(job.order.deadline) + SETTLE_GRACE) {
      await ledger.recordClosed(job.orderHash, "expired", clock.now());
    }
  }
}

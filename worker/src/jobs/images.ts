import { createHash, randomBytes } from "node:crypto";
import {
  engineHash,
  type FileHashes,
  fileHashes,
  type JobReceipt,
  jobReceipt,
  receiptPrice,
  seedAt,
} from "@gridnft/sdk";
import type { WorkerJob } from "@gridnft/sdk/schemas";
import { pictureInput } from "../engines/pictureInput.ts";
import { type Engine, EngineError, type Picture, PNG, type PromptReading } from "../engines/types.ts";
import { describe, WorkerError } from "../errors.ts";
import type { LedgerJob } from "../state/ledger.ts";
import { endEarly } from "./accept.ts";
import { type Lease, retryWhileLeased } from "./lease.ts";
import type { JobServices } from "./services.ts";

/** Seconds that a timer can wait. */
const MAX_WAIT_SECONDS = 2_000_000;

/** Image on the disk, and its receipt in the journal. */
export interface Image {
  readonly receipt: JobReceipt;
  readonly file: Uint8Array;
  /** Absent when the file is one from before. */
  readonly reading?: PromptReading;
}

/** Job that is being made, and everything that makes it. */
interface Making {
  readonly job: WorkerJob;
  readonly accepted: LedgerJob;
  readonly engine: Engine;
  readonly lease: Lease;
  readonly services: JobServices;
}

/** Makes the images of a job, and uploads them. An order whose engine fails for good ends early, with the images that there are. */
export async function makeImages(
  job: WorkerJob,
  accepted: LedgerJob,
  lease: Lease,
  services: JobServices,
): Promise<Image[]> {
  const model = services.terms.models.find(({ modelId }) => modelId === job.order.modelId);
  if (model === undefined) throw new WorkerError("ENGINE_FAILED", `Model ${job.order.modelId} is not loaded.`);
  const making: Making = { job, accepted, engine: model.engine, lease, services };
  const images: Image[] = [];
  for (let index = 0; index < job.order.count; index++) {
    const before = accepted.receipts.get(index);
    if (before === undefined && accepted.closing !== undefined) continue;
    let image: Image;
    try {
      image =
        before === undefined ? await makeImage(making, index) : { receipt: before, file: await fileOf(making, before) };
    } catch (error) {
      // The next try of this order would find the same engine: the images that are made are delivered instead.
      const isForGood = before === undefined && images.length === accepted.receipts.size && endsJob(error, lease);
      if (!isForGood || (await endEarly(accepted, services, undefined)) === undefined) throw error;
      services.log.error(
        { job: job.id, made: images.length, ordered: job.order.count, reason: describe(error) },
        "an order is ended early, with what is made of it",
      );
      return images;
    }
    await upload(job, index, image, lease, services);
    images.push(image);
  }
  return images;
}

/** Returns true if the engine, or the order's deadline, allows no more images of a job whose lease is still held. */
function endsJob(error: unknown, lease: Lease): boolean {
  if (lease.signal.aborted || lease.lostReason !== undefined) return false;
  return error instanceof EngineError || (error instanceof WorkerError && error.code === "ENGINE_FAILED");
}

async function makeImage(making: Making, index: number): Promise<Image> {
  const { job, accepted, services } = making;
  const { ledger, pictures, clock, throughput } = services;
  const seed = seedAt(job.request, index) ?? BigInt(randomBytes(4).readUInt32BE());
  const started = performance.now();
  const secondsTaken = (): number => (performance.now() - started) / 1_000;
  const { file, mediaType, ...reading } = await inTime(
    job,
    clock.now(),
    (signal) => generate(making, index, seed, signal),
    () => throughput.learnAtLeast(job, secondsTaken()),
  );
  throughput.learn(job, secondsTaken());
  if (mediaType !== PNG) throw new WorkerError("ENGINE_FAILED", `The engine made ${mediaType}; artworks are ${PNG}.`);
  const hashes = hashesOf(file);
  const completedAt = clock.now();
  if (completedAt > Number(job.order.deadline)) {
    throw new WorkerError("ENGINE_FAILED", "The image was finished after the order's deadline.");
  }
  await pictures.put(hashes.imageHash, file);
  const receipt = jobReceipt(job.order, {
    index,
    seed,
    engineHash: engineHash(accepted.engine),
    ...hashes,
    completedAt: BigInt(completedAt),
    // As it was journalled: the same order may come again with another price.
    price: receiptPrice(accepted.price, job.order.count, index),
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
  const late = AbortSignal.timeout(Math.min(Math.max(Number(order.deadline) - now + 1, 0), MAX_WAIT_SECONDS) * 1_000);
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

/** Returns the file of a receipt from before a restart. One that is lost or damaged is made and kept again, with the same bytes. */
async function fileOf(making: Making, receipt: JobReceipt): Promise<Uint8Array> {
  const stored = await making.services.pictures.get(receipt.imageHash);
  if (stored) return stored;
  const { file } = await generate(making, receipt.index, receipt.seed);
  if (hashesOf(file).imageHash !== receipt.imageHash) {
    throw new WorkerError(
      "ENGINE_FAILED",
      "The file of a receipt is lost, and the engine does not make the same again.",
    );
  }
  await making.services.pictures.put(receipt.imageHash, file);
  return file;
}

async function generate(
  { job: { request }, engine, lease }: Making,
  index: number,
  seed: bigint,
  late?: AbortSignal,
): Promise<Picture> {
  const { steps } = request;
  const input = pictureInput(request, seed, { takes: engine.inputs });
  lease.progress({ image: index, step: 0, steps });
  const making = engine.generate(input, {
    signal: late === undefined ? lease.signal : AbortSignal.any([lease.signal, late]),
    onStep: (step) => lease.progress({ image: index, step, steps }),
  });
  return rejectIfStopped(making, lease.stop);
}

/** Waits for a picture, but not when the worker has to stop: an engine looks at its signal only between steps, or hangs. */
async function rejectIfStopped<result>(making: Promise<result>, stop: AbortSignal): Promise<result> {
  let leave = (): void => {};
  const stopped = new Promise<never>((_, reject) => {
    leave = () => reject(new EngineError("ABORTED", "The worker stops."));
    if (stop.aborted) leave();
    else stop.addEventListener("abort", leave, { once: true });
  });
  return Promise.race([making, stopped]).finally(() => stop.removeEventListener("abort", leave));
}

/** Uploads an image, and compares the hashes that the cloud computed. */
export async function upload(
  job: WorkerJob,
  index: number,
  { receipt, file }: Image,
  lease: Lease,
  services: JobServices,
): Promise<void> {
  const answer = await retryWhileLeased(() => services.cloud.upload(job, index, file), lease);
  if (answer.image_hash !== receipt.imageHash || answer.cid_digest !== receipt.cidDigest) {
    throw new WorkerError("UPLOAD_MISMATCH", "The cloud read another file than was sent.");
  }
}

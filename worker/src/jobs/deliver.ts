import { CloudError, receiptId, SETTLE_GRACE, type SignedReceipt, type WorkerClient } from "@gridnft/sdk";
import type { VoucherOffer, WorkerJob } from "@gridnft/sdk/schemas";
import { formatEther, type Hex, zeroHash } from "viem";
import type { PromptReading } from "../engines/types.ts";
import { describe, WorkerError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { VoucherAcceptor } from "../payouts/acceptVoucher.ts";
import { isMade, type LedgerJob, payOf, receiptsOf } from "../state/ledger.ts";
import { type Image, upload } from "./images.ts";
import { isGone, type Lease, retryWhileLeased } from "./lease.ts";
import type { JobServices } from "./services.ts";

/** Delivers the images of a job with their receipts, and accepts the voucher that the cloud gives for them. */
export async function deliver(
  job: WorkerJob,
  accepted: LedgerJob,
  images: readonly Image[],
  lease: Lease,
  services: JobServices,
): Promise<void> {
  const { ledger, clock, sign, vouchers, log } = services;
  const signed: SignedReceipt[] = [];
  for (const { receipt } of images) signed.push({ receipt, signature: await sign.receipt(receipt) });
  const closing = accepted.closing && (await sign.closing(accepted.closing));
  const reading = images.find((image) => image.reading !== undefined)?.reading;
  const uploadAgain = async (): Promise<void> => {
    for (const image of images) await upload(job, image.receipt.index, image, lease, services);
  };
  const voucher = await complete(job, accepted, { signed, closing, reading }, lease, services, uploadAgain);
  await ledger.recordDelivered(accepted.orderHash, clock.now());
  log.info({ job: job.id, images: images.length, aipg: formatEther(payOf(accepted)) }, "a job is delivered");
  if (voucher) await acceptVoucher(voucher, vouchers, log);
  else if (job.order.laneId !== zeroHash)
    await vouchers.catchUp().catch((error: unknown) => log.warn({ reason: describe(error) }, "no voucher yet"));
}

/** Completes the job. When the answer got lost, asks the cloud for the receipts. */
async function complete(
  job: WorkerJob,
  accepted: LedgerJob,
  {
    signed,
    closing,
    reading,
  }: {
    readonly signed: readonly SignedReceipt[];
    readonly closing: Hex | undefined;
    readonly reading: PromptReading | undefined;
  },
  lease: Lease,
  { cloud, chain, vouchers }: JobServices,
  uploadAgain: () => Promise<void>,
): Promise<VoucherOffer | undefined> {
  const papers = { closingSignature: closing, knownVoucher: vouchers.knownOn(job.order.laneId), reading };
  try {
    return await retryWhileLeased(async () => {
      try {
        return await cloud.complete(job, accepted.engine, signed, papers);
      } catch (error) {
        // The uploaded file is damaged there.
        if (error instanceof CloudError && error.code === "IMAGE_UNAVAILABLE") await uploadAgain();
        throw error;
      }
    }, lease);
  } catch (error) {
    const [first] = signed;
    if (!(isGone(error) || lease.lostReason !== undefined) || first === undefined) throw error;
    // An earlier answer may not have arrived: then the cloud has the receipts.
    if (!(await hasReceipt(cloud, receiptId(first.receipt, chain.domain)))) throw error;
    return undefined;
  }
}

async function acceptVoucher(voucher: VoucherOffer, vouchers: VoucherAcceptor, log: Logger): Promise<void> {
  try {
    await vouchers.accept(voucher);
  } catch (error) {
    if (error instanceof WorkerError && error.code === "STATE_UNWRITABLE") throw error;
    // The work is delivered either way. What has no voucher counts as exposure, and is asked for again later.
    log.warn({ lane: voucher.voucher.laneId, reason: describe(error) }, "a voucher is not accepted");
  }
}

/** Releases a job: the cloud gives it to another worker. */
export async function release(
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

/** Returns true if the cloud has a receipt, even one that it does not show. */
async function hasReceipt(cloud: WorkerClient, id: Hex): Promise<boolean> {
  try {
    return (await cloud.receipt(id)) !== undefined;
  } catch (error) {
    if (error instanceof CloudError && error.code === "NOT_YOURS") return true;
    throw error;
  }
}

/** Asks the cloud for the receipts of jobs that were being delivered when a process ended. */
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

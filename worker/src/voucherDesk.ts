import { laneId as laneIdOf, orderHash, receiptId, recoverSigner, SignerRole, voucherDigest } from "@gridnft/sdk";
import type { VoucherOffer } from "@gridnft/sdk/wire";
import { formatEther, type Hex, isAddressEqual } from "viem";
import { isGoodSigner, readLaneFacts } from "./chain/facts.ts";
import { checkVoucher } from "./checks/voucher.ts";
import type { CloudClient } from "./cloud.ts";
import { WorkerError } from "./errors.ts";
import { createMutex } from "./mutex.ts";
import type { PurseServices } from "./purse/services.ts";

/** Accepts vouchers: checks, journals, counter-signs. */
export interface VoucherDesk {
  /**
   * Takes a voucher that the cloud offers and gives the counter-signature back to it. One taken before is answered the same.
   * @throws {@link WorkerError} `VOUCHER_REFUSED`, or as the chain and the cloud.
   */
  accept(offer: VoucherOffer): Promise<void>;
  /** Fetches what the cloud has and accepts it; refusals are logged. */
  catchUp(): Promise<void>;
}

type DeskServices = Pick<PurseServices, "chain" | "clock" | "ledger" | "sign" | "account" | "log"> & {
  readonly cloud: CloudClient;
};

/** Most receipts of a voucher that a worker without its journal fetches one by one. */
const MOST_ADOPTED = 2_000;

/** The voucher desk of one worker. One voucher at a time. */
export function createVoucherDesk(services: DeskServices): VoucherDesk {
  const { chain, clock, ledger, sign, cloud, log } = services;
  const mutex = createMutex();

  const accept = async (offer: VoucherOffer): Promise<void> => {
    const laneId = await meetLane(offer, services);
    const digest = voucherDigest(offer.voucher, chain.domain);
    const before = ledger.lane(laneId)?.voucher;
    if (before !== undefined && voucherDigest(before.voucher, chain.domain) === digest) {
      return cloud.counterSign(laneId, digest, before.workerSignature);
    }
    await adoptReceipts(offer, laneId, services);
    const lane = ledger.lane(laneId);
    if (lane === undefined) throw new WorkerError("VOUCHER_REFUSED", `The lane ${laneId} is not known here.`);
    const models = [...new Set([...lane.earned.keys(), ...offer.voucher.totals.map(({ modelId }) => modelId)])];
    const { free, totals: paid } = await readLaneFacts(chain, laneId, lane.config, models);
    const isMine = (id: Hex): boolean => ledger.laneReceipt(id)?.laneId === laneId;
    const { domain } = chain;
    checkVoucher(offer.voucher, offer.payer_signature, offer.receipt_ids, { domain, lane, isMine, paid, free });
    const workerSignature = await sign.voucher(offer.voucher);
    const { voucher, payer_signature: payerSignature } = offer;
    await ledger.recordVoucher({ voucher, payerSignature, workerSignature }, clock.now());
    const total = voucher.totals.reduce((sum, { cumulative }) => sum + cumulative, 0n);
    log.info({ lane: laneId, receipts: voucher.receiptCount, total: formatEther(total) }, "a voucher is accepted");
    await cloud.counterSign(laneId, digest, workerSignature);
  };

  return {
    accept: (offer) => mutex.run(() => accept(offer)),
    catchUp: async () => {
      for (const offer of await cloud.vouchers()) {
        await mutex
          .run(() => accept(offer))
          .catch((error: unknown) => {
            if (!(error instanceof WorkerError && error.code === "VOUCHER_REFUSED")) throw error;
            log.warn({ lane: offer.voucher.laneId, reason: error.message }, "a voucher is refused");
          });
      }
    },
  };
}

/** Makes sure that the journal knows the lane, and what it had paid for each model when it did not. */
async function meetLane(offer: VoucherOffer, { chain, ledger, account }: DeskServices): Promise<Hex> {
  const laneId = laneIdOf(offer.lane, chain.domain);
  if (offer.voucher.laneId !== laneId || !isAddressEqual(offer.lane.worker, account)) {
    throw new WorkerError("VOUCHER_REFUSED", "The voucher is not accepted: it is for another lane than comes with it.");
  }
  const earned = ledger.lane(laneId)?.earned;
  const models = offer.voucher.totals.map(({ modelId }) => modelId).filter((modelId) => !earned?.has(modelId));
  if (earned === undefined || models.length > 0) {
    const { totals } = await readLaneFacts(chain, laneId, offer.lane, models);
    await ledger.recordLane(offer.lane, totals);
  }
  return laneId;
}

/**
 * Receipts of a voucher that the journal does not know: this worker's own, if its key signed them, from before its state was
 * lost. Anything else stays unknown, and the check refuses it.
 */
async function adoptReceipts(offer: VoucherOffer, laneId: Hex, services: DeskServices): Promise<void> {
  const { chain, ledger, cloud, account, log } = services;
  const unknown = offer.receipt_ids.filter((id) => ledger.laneReceipt(id) === undefined).slice(0, MOST_ADOPTED);
  for (const id of unknown) {
    const bundle = await cloud.receipt(id);
    if (bundle === undefined || bundle.order.laneId !== laneId) return;
    const { order, receipt, signature } = bundle;
    // The order says which lane pays, so it has to be the receipt's: one made for another lane must not be attested here.
    if (orderHash(order) !== receipt.orderHash) return;
    if (receiptId(receipt, chain.domain) !== id || !isAddressEqual(receipt.worker, account)) return;
    const signer = recoverSigner(id, signature);
    if (!(await isGoodSigner(chain.grid, account, SignerRole.WORKER_SIGNER, signer))) return;
    await ledger.recordAdopted(laneId, receipt);
    log.warn({ receipt: id }, "a receipt of an earlier journal is taken over from the cloud");
  }
}

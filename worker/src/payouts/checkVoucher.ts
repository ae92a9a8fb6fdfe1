import {
  GridError,
  type ModelTotal,
  recoverSigner,
  requireVoucher,
  type SettlementDomain,
  type Voucher,
  voucherDelta,
  voucherDigest,
} from "@gridnft/sdk";
import { formatEther, type Hex, isAddressEqual } from "viem";
import { WorkerError } from "../errors.ts";
import type { LaneBook } from "../state/ledger.ts";

/** Facts that a voucher is checked by. Amounts are AIPG wei. */
export interface VoucherContext {
  readonly domain: SettlementDomain;
  readonly lane: LaneBook;
  /** Returns true if this worker signed that receipt, for that lane. */
  readonly isMine: (receiptId: Hex) => boolean;
  /** Totals that the lane has paid, for every model in the voucher and in the lane's book. */
  readonly paid: readonly ModelTotal[];
  /** Amount that the lane can still pay. */
  readonly free: bigint;
}

/** Receipts of a voucher's tree. */
export interface VoucherReceipts {
  readonly count: number;
  /** Root of their tree; undefined when they make none. */
  readonly root: Hex | undefined;
  /** Those that were not in a voucher that this worker has checked before. */
  readonly unchecked: readonly Hex[];
}

/**
 * Checks a voucher before it is counter-signed. The counter-signature attests every receipt under its root, and lets anybody
 * collect and mint; so the root must be made of this worker's own receipts alone, and the totals must pay for all that this
 * worker has delivered.
 *
 * @throws {@link WorkerError} `VOUCHER_REFUSED` with the reason.
 */
export function checkVoucher(
  voucher: Voucher,
  payerSignature: Hex,
  receipts: VoucherReceipts,
  { domain, lane, isMine, paid, free }: VoucherContext,
): void {
  const refuse = (reason: string, cause?: unknown): never => {
    throw new WorkerError("VOUCHER_REFUSED", `The voucher is not accepted: ${reason}.`, { cause });
  };
  if (voucher.laneId !== lane.laneId) refuse("it is for another lane");
  try {
    requireVoucher(voucher);
    const signer = recoverSigner(voucherDigest(voucher, domain), payerSignature);
    if (!isAddressEqual(signer, lane.config.payerSigner)) refuse(`${signer} does not sign for its lane`);
  } catch (error) {
    if (error instanceof GridError) refuse(error.message.replace(/\.$/, ""), error);
    throw error;
  }
  if (voucher.receiptCount !== receipts.count) refuse("it counts other receipts than come with it");
  const foreign = receipts.unchecked.find((id) => !isMine(id));
  if (foreign !== undefined) refuse(`receipt ${foreign} is not this worker's`);
  if (receipts.root !== voucher.receiptsRoot) refuse("its root is not that of its receipts");
  const promised = new Map(voucher.totals.map((row) => [row.modelId, row.cumulative]));
  const before = new Map(paid.map((row) => [row.modelId, row.cumulative]));
  for (const [modelId, earned] of lane.earned) {
    // A model that is left out stays as it is on the chain.
    const total = promised.get(modelId) ?? before.get(modelId) ?? 0n;
    if (total < earned) {
      refuse(`it promises ${formatEther(total)} AIPG for model ${modelId}, and ${formatEther(earned)} AIPG are earned`);
    }
  }
  const asked = voucherDelta(voucher, paid);
  if (asked > free) refuse(`the lane has ${formatEther(free)} AIPG, and it asks for ${formatEther(asked)}`);
}

import { type Address, type Hex, isAddressEqual } from "viem";
import { getBlock } from "viem/actions";
import { gridSettlementAbi } from "../generated/used.js";
import { GridError } from "../lib/errors.js";
import { orderDigest, orderHash, voucherDigest } from "../messages/digest.js";
import { recoverSigner } from "../messages/signature.js";
import { SignerRole } from "../messages/signerRole.js";
import type { Paper } from "./anchor.js";
import { type Evidence, eventsOf, isBefore, type LogPlace } from "./chain.js";
import { differences, type Finding, fail, pass, unknown } from "./check.js";
import type { VersionRecord } from "./record.js";

/** Key that signed a digest; undefined when none fits. */
function signerOf(digest: Hex, signature: Hex): Address | undefined {
  try {
    return recoverSigner(digest, signature);
  } catch (error) {
    if (error instanceof GridError) return undefined;
    throw error;
  }
}

/** The order or lane by which the payer acknowledged the receipt. */
export async function checkOrder(
  evidence: Evidence,
  record: VersionRecord,
  paper: Paper | undefined,
  place: LogPlace,
): Promise<Finding> {
  if (!paper) return unknown("The anchoring transaction does not show what the payer signed.");
  const { domain, payer, receipt } = record;
  if (paper.rail === "lane") {
    // That the lane's id is the hash of these terms was checked when they were found.
    const shown = { payer: paper.config.payer, "payer's key": paper.config.payerSigner, lane: paper.voucher.laneId };
    const wrong = differences({ payer, worker: receipt.worker }, paper.config);
    if (Object.keys(wrong).length > 0) return fail("The lane is between others than the record says.", wrong);
    const signer = signerOf(voucherDigest(paper.voucher, domain), paper.payerSignature);
    if (!signer || !isAddressEqual(signer, paper.config.payerSigner)) {
      return fail("The voucher that acknowledges the receipt is not signed by the lane's key.", shown);
    }
    return pass(
      "Paid on a lane: the payer signed a voucher over all its receipts. The order itself stays off chain; its hash is in the receipt.",
      { ...shown, "order hash": receipt.orderHash },
    );
  }
  const { order } = paper;
  const wrong = differences(
    {
      ...{ orderHash: receipt.orderHash, requester: receipt.requester, payer, worker: receipt.worker },
      ...{ modelId: receipt.modelId, requestHash: receipt.requestHash },
    },
    { ...order, orderHash: orderHash(order) },
  );
  if (Object.keys(wrong).length > 0) return fail("The order that was paid is not the one the receipt names.", wrong);
  const signer = signerOf(orderDigest(order, domain), paper.orderSignature);
  const shown = {
    "order hash": receipt.orderHash,
    payer,
    "signed by": signer ?? "nobody",
    "price cap": `${order.maxPrice} wei`,
  };
  const key = await keyOf(evidence, record, signer, payer, SignerRole.ORDER_SIGNER, place);
  return key === undefined
    ? fail("The order is not signed by its payer, nor by a key of theirs.", shown)
    : pass(`The payer's ${key} signed the order that the receipt answers.`, shown);
}

/** The worker's own signature: of the receipt on the direct rail, of the voucher over the receipts on a lane. */
export async function checkSignature(
  evidence: Evidence,
  record: VersionRecord,
  paper: Paper | undefined,
  place: LogPlace,
): Promise<Finding> {
  if (!paper) {
    return unknown(
      "The anchoring transaction does not show the signature; the settlement contract checked it when it anchored.",
    );
  }
  const { worker } = record.receipt;
  const own = paper.rail === "lane" && paper.workerSignature === "0x";
  const digest: Hex = paper.rail === "lane" ? voucherDigest(paper.voucher, record.domain) : record.receiptId;
  const signer = own ? paper.sender : signerOf(digest, paper.workerSignature);
  const what = paper.rail === "direct" ? "the receipt itself" : "the voucher over the receipts";
  const shown = { worker, key: signer ?? "none", signed: own ? "the transaction that anchored" : what };
  const key = await keyOf(evidence, record, signer, worker, SignerRole.WORKER_SIGNER, place);
  if (key !== undefined) {
    return pass(
      own
        ? `The worker's ${key} sent the transaction that anchored it.`
        : `The worker's ${key} signed ${what}; the key was recovered from the signature.`,
      shown,
    );
  }
  // A smart account in between: the sender isn't who called the settlement contract.
  return own
    ? unknown("A contract of the worker's anchored it; the settlement contract checked who called.", shown)
    : fail("The signature is not of the worker, nor of a key of theirs.", shown);
}

/**
 * Returns the role of `signer` for an account at the time of a log: the account's own key, or a hot key. A hot key was registered
 * before, and not revoked for longer than the revocation's delay. Undefined: no role.
 */
async function keyOf(
  evidence: Evidence,
  { domain }: VersionRecord,
  signer: Address | undefined,
  account: Address,
  role: number,
  place: LogPlace,
): Promise<"own key" | "hot key" | undefined> {
  if (!signer) return undefined;
  if (isAddressEqual(signer, account)) return "own key";
  const settlement = { abi: gridSettlementAbi, address: domain.verifyingContract } as const;
  const added = await eventsOf(evidence, {
    ...settlement,
    eventName: "SignerAdded",
    args: { account, role, signer },
    toBlock: place.blockNumber,
  });
  if (!added.some((log) => isBefore(log, place))) return undefined;
  const revoked = await eventsOf(evidence, { ...settlement, eventName: "SignerRevoked", args: { account, signer } });
  const end = revoked[0]?.args.validUntil;
  if (end === undefined) return "hot key";
  const { timestamp } = await getBlock(evidence.client, { blockNumber: place.blockNumber });
  return timestamp <= BigInt(end) ? "hot key" : undefined;
}

import { type Address, type Hex, isAddressEqual, zeroHash } from "viem";
import { readContract } from "viem/actions";
import type * as z from "zod/mini";
import { type Deployment, settlementDomainOf } from "../chain/deployment.js";
import { type ReadClient, wrapReadError } from "../chain/transact.js";
import { settlementAt } from "../generated/used.js";
import { GridError } from "../lib/errors.js";
import { readAs } from "../lib/readAs.js";
import { cidOf } from "../messages/cid.js";
import { laneId, leafOf, orderClosingDigest, orderDigest, receiptId, voucherDigest } from "../messages/digest.js";
import { type MerkleTree, merkleTree } from "../messages/merkle.js";
import { messageToJson } from "../messages/messageJson.js";
import { orderClosing } from "../messages/orderClosing.js";
import { checkReceipt, engineHash } from "../messages/receipt.js";
import { recoverSigner } from "../messages/signature.js";
import { SignerRole } from "../messages/signerRole.js";
import { type JobReceipt, type SettlementDomain, settlementDomain } from "../messages/typedData.js";
import { requireVoucher } from "../messages/voucher.js";
import { type ReceiptBundle, receiptBundle } from "../schemas/index.js";

/** JSON form of a receipt bundle: what a file keeps and `GET /v1/receipts/:id` answers. */
export type ReceiptBundleJson = z.input<typeof receiptBundle>;

/** Strictness with which a bundle is checked. */
export interface BundleCheck {
  readonly deployment: Deployment;
  /**
   * True when the papers that pay for the receipt have to be there. A gateway's voucher can come later than its picture
   * (`optional`); without it nothing can be minted. A direct order that its payer settles in the grace, or that is settled
   * already, may lack receipts and their closing (`partial`). Default `required`.
   */
  readonly papers?: "required" | "optional" | "partial";
  /**
   * Which of the worker's keys may have signed: all that count now, or only those that are not revoked (`unrevoked`), for a
   * picture of a direct order that is not settled yet. What a revoked key signed counts for nothing after a day. Default `counting`.
   */
  readonly keys?: "counting" | "unrevoked";
}

/** Keys that signed a bundle's papers, for {@link requireSigners}. */
export interface BundleSigners {
  readonly worker: Address;
  /** Of each receipt of the order (direct rail) or of this one. */
  readonly receipts: readonly Address[];
  /** Direct rail. */
  readonly order?: Address;
  /** Direct rail, when the order ended early. */
  readonly closing?: Address;
  /** Lane rail, when the worker has signed the voucher. */
  readonly voucher?: Address;
}

/**
 * Writes a bundle as JSON. With it, the picture and the chain nothing depends on the cloud any more.
 *
 * @example
 * await writeFile("lighthouse.json", JSON.stringify(bundleToJson(bundle), null, 2));
 */
export function bundleToJson(bundle: ReceiptBundle): ReceiptBundleJson {
  const { direct, lane, ...rest } = bundle;
  return {
    ...rest,
    request: messageToJson("GenerationRequest", bundle.request),
    order: messageToJson("JobOrder", bundle.order),
    receipt: messageToJson("JobReceipt", bundle.receipt),
    ...(direct && {
      direct: {
        order_signature: direct.order_signature,
        receipts: direct.receipts.map(({ receipt, signature }) => ({
          receipt: messageToJson("JobReceipt", receipt),
          signature,
        })),
        ...(direct.closing_signature && { closing_signature: direct.closing_signature }),
      },
    }),
    ...(lane && {
      lane: {
        ...lane,
        config: messageToJson("LaneConfig", lane.config),
        voucher: messageToJson("Voucher", lane.voucher),
      },
    }),
  };
}

/**
 * Reads a bundle from JSON.
 * @throws {@link GridError} `BUNDLE_INVALID`, naming the field.
 */
export function bundleFromJson(json: unknown): ReceiptBundle {
  const parsed = readAs(receiptBundle, json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join(".") ?? "";
  throw new GridError("BUNDLE_INVALID", `This is not a receipt bundle: ${field || "it"} ${issue?.message}.`, field);
}

/** Domain of a bundle's messages. */
export function bundleDomain({ chain_id, settlement }: ReceiptBundle): SettlementDomain {
  return settlementDomain(chain_id, settlement);
}

/**
 * Tree of the root that anchors, or will anchor, a bundle's receipt.
 * @throws {@link GridError} `BUNDLE_INVALID` when the receipt is not in it.
 */
export function bundleTree(bundle: ReceiptBundle): MerkleTree {
  const domain = bundleDomain(bundle);
  const ids = bundle.direct
    ? bundle.direct.receipts.map(({ receipt }) => receiptId(receipt, domain))
    : (bundle.lane?.receipt_ids ?? []);
  if (!ids.includes(receiptId(bundle.receipt, domain))) {
    refuse("receipt_id", "The receipt is not among those that are anchored with it.");
  }
  if (new Set(ids).size !== ids.length) refuse("receipt_id", "A receipt is anchored twice.");
  return merkleTree(ids.map(leafOf));
}

/**
 * Checks a bundle by itself: every hash, id and signature in it, that its parts belong together, and that it can be settled or
 * collected. What it cannot know is whether the chain knows the keys, see {@link requireSigners}.
 *
 * @returns The keys that signed.
 * @throws {@link GridError} `BUNDLE_INVALID` and the errors of `checkReceipt`.
 */
export function requireBundle(bundle: ReceiptBundle, { deployment, papers = "required" }: BundleCheck): BundleSigners {
  const domain = settlementDomainOf(deployment);
  const { order, receipt, request } = bundle;
  if (bundle.chain_id !== domain.chainId || !isAddressEqual(bundle.settlement, domain.verifyingContract)) {
    refuse("settlement", "The receipt is for another chain or contract.");
  }
  if (bundle.receipt_id !== receiptId(receipt, domain))
    refuse("receipt_id", "The receipt's id is not that of the receipt.");
  if (engineHash(bundle.engine) !== receipt.engineHash) refuse("engine", "The engine is not the receipt's.");
  if (bundle.ipfs_hash !== cidOf(receipt)) refuse("ipfs_hash", "The CID is not the receipt's.");
  const check = (of: JobReceipt, signature: Hex): Address =>
    checkReceipt(of, { domain, request, order, signature, signers: "any" });
  const own = check(receipt, bundle.signature);
  const { worker } = order;
  if (order.laneId === zeroHash) {
    const direct = bundle.direct ?? refuse("direct", "The order is a direct one, and the bundle lacks its papers.");
    const receipts = direct.receipts.map(({ receipt: of, signature }) => check(of, signature));
    const all = direct.receipts.map(({ receipt: of }) => of);
    if (all.some(({ index }, i) => i > 0 && index <= (all[i - 1]?.index ?? 0))) {
      refuse("direct.receipts", "The receipts do not ascend.");
    }
    if (all.reduce((sum, { price }) => sum + price, 0n) > order.maxPrice) {
      refuse("direct.receipts", "The receipts ask for more than the order allows.");
    }
    bundleTree(bundle);
    const closing = closingSigner(bundle, all, papers);
    return {
      ...{ worker, receipts, order: recoverSigner(orderDigest(order, domain), direct.order_signature) },
      ...(closing && { closing }),
    };
  }
  if (!bundle.lane && papers === "optional") return { worker, receipts: [own] };
  const lane = bundle.lane ?? refuse("lane", "The order is paid on a lane, and the bundle lacks its papers.");
  const { config, voucher } = lane;
  if (laneId(config, domain) !== order.laneId) refuse("lane.config", "The lane is not the order's.");
  if (!isAddressEqual(config.payer, order.payer))
    refuse("lane.config.payer", "The lane has another payer than the order.");
  if (!isAddressEqual(config.worker, worker))
    refuse("lane.config.worker", "The lane has another worker than the order.");
  if (voucher.laneId !== order.laneId) refuse("lane.voucher", "The voucher is for another lane.");
  requireVoucher(voucher);
  const tree = bundleTree(bundle);
  if (tree.root !== voucher.receiptsRoot || tree.size !== voucher.receiptCount) {
    refuse("lane.receipt_ids", "The receipts are not those of the voucher.");
  }
  const digest = voucherDigest(voucher, domain);
  if (!isAddressEqual(recoverSigner(digest, lane.payer_signature), config.payerSigner)) {
    refuse("lane.payer_signature", "The voucher is not signed by the lane's key.");
  }
  return {
    worker,
    receipts: [own],
    ...(lane.worker_signature && { voucher: recoverSigner(digest, lane.worker_signature) }),
  };
}

/** Key that closed a direct order which has fewer receipts than images; undefined for one that is complete. */
function closingSigner(
  bundle: ReceiptBundle,
  receipts: readonly JobReceipt[],
  papers: BundleCheck["papers"],
): Address | undefined {
  const { order } = bundle;
  const signature = bundle.direct?.closing_signature;
  const field = "direct.closing_signature";
  if (receipts.length === order.count) {
    return signature && refuse(field, "The order has all its receipts, and comes with a closing.");
  }
  const missing = `${receipts.length} of ${order.count} receipts are there`;
  if (!signature) {
    if (papers === "partial") return undefined;
    return refuse(field, `${missing}, and the worker's closing of the order is not.`);
  }
  const domain = bundleDomain(bundle);
  try {
    return recoverSigner(orderClosingDigest(orderClosing({ order, receipts, domain }), domain), signature);
  } catch (cause) {
    if (!(cause instanceof GridError)) throw cause;
    throw new GridError("BUNDLE_INVALID", `${missing}, and the closing is not valid: ${cause.message}`, field, {
      cause,
    });
  }
}

/**
 * Asks the chain whether the keys that signed a bundle may: the worker's, and on the direct rail the payer's.
 * @throws {@link GridError} `SIGNER_MISMATCH`; ChainError when the chain does not answer.
 */
export async function requireSigners(
  client: ReadClient,
  options: { bundle: ReceiptBundle; signers: BundleSigners; deployment: Deployment; keys?: BundleCheck["keys"] },
): Promise<void> {
  const { bundle, signers, deployment, keys } = options;
  const { worker, receipts, order, voucher, closing } = signers;
  const { WORKER_SIGNER, ORDER_SIGNER } = SignerRole;
  const pairs = new Map<string, readonly [Address, number, Address]>();
  const add = (account: Address, role: number, signer: Address) => {
    if (!isAddressEqual(account, signer)) pairs.set(`${account}${role}${signer}`, [account, role, signer]);
  };
  for (const signer of receipts) add(worker, WORKER_SIGNER, signer);
  if (voucher) add(worker, WORKER_SIGNER, voucher);
  if (closing) add(worker, WORKER_SIGNER, closing);
  if (order) add(bundle.order.payer, ORDER_SIGNER, order);
  await Promise.all(
    [...pairs.values()].map(async (args) => {
      const [account, role, signer] = args;
      const contract = settlementAt(deployment);
      if (!(await wrapReadError(readContract(client, { ...contract, functionName: "isSigner", args })))) {
        throw new GridError("SIGNER_MISMATCH", `${signer} does not sign for ${account}.`, "signature");
      }
      if (keys !== "unrevoked" || role !== WORKER_SIGNER) return;
      const call = { ...contract, functionName: "signerOf", args: [signer] } as const;
      if ((await wrapReadError(readContract(client, call))).revokedAt === 0) return;
      const message = `Worker ${account} has revoked ${signer}, so its receipt counts for a day at most.`;
      throw new GridError("SIGNER_MISMATCH", message, "signature");
    }),
  );
}

/**
 * Everything that can be checked of a bundle without its picture: {@link requireBundle} and {@link requireSigners}. For the
 * picture see `requireImage`.
 *
 * @example
 * const bundle = bundleFromJson(JSON.parse(await readFile("lighthouse.json", "utf8")));
 * await checkBundle(client, { bundle, deployment });
 */
export async function checkBundle(
  client: ReadClient,
  { bundle, deployment, papers = "required", keys = "counting" }: BundleCheck & { readonly bundle: ReceiptBundle },
): Promise<void> {
  await requireSigners(client, { bundle, deployment, keys, signers: requireBundle(bundle, { deployment, papers }) });
}

function refuse(field: string, message: string): never {
  throw new GridError("BUNDLE_INVALID", message, field);
}

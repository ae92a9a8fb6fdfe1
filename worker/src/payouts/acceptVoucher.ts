import {
  GridError,
  type GrowingTree,
  growingTree,
  laneId as laneIdOf,
  leafOf,
  orderHash,
  receiptId,
  recoverSigner,
  SignerRole,
  voucherDigest,
  type WorkerClient,
} from "@gridnft/sdk";
import { createMutex } from "@gridnft/sdk/node";
import type { VoucherOffer } from "@gridnft/sdk/schemas";
import { formatEther, type Hex, isAddressEqual, zeroHash } from "viem";
import { isGoodSigner, readLaneFacts } from "../chain/facts.ts";
import { WorkerError } from "../errors.ts";
import { checkVoucher } from "./checkVoucher.ts";
import type { PayoutServices } from "./services.ts";

/** Accepts vouchers: checks, journals, counter-signs. */
export interface VoucherAcceptor {
  /**
   * Takes a voucher that the cloud offers and gives the counter-signature back to it. One taken before is answered the same.
   * @throws {@link WorkerError} `VOUCHER_REFUSED`, or as the chain and the cloud.
   */
  accept(offer: VoucherOffer): Promise<void>;
  /** Fetches what the cloud has and accepts it; refusals are logged. */
  catchUp(): Promise<void>;
  /** Digest of a lane's newest voucher whose receipts are at hand, so that the next one can come with those that follow. */
  knownOn(laneId: Hex): Hex | undefined;
}

type VoucherServices = Pick<PayoutServices, "chain" | "clock" | "ledger" | "sign" | "account" | "log"> & {
  readonly cloud: WorkerClient;
};

/** Limit of receipts of a voucher that a worker without its journal fetches one by one. */
const MAX_ADOPTED = 2_000;

/** Vouchers of a lane that the next one may follow. */
const MAX_BASES = 64;

/** Creates the {@link VoucherAcceptor} of one worker. It accepts one voucher at a time. */
export function createVoucherAcceptor(services: VoucherServices): VoucherAcceptor {
  const { chain, clock, ledger, sign, cloud, log } = services;
  const mutex = createMutex();
  const trees = new Map<Hex, CheckedTree>();

  /** Puts the receipts of an offer into its lane's tree; undefined when they follow a voucher that is not at hand. */
  const treeOf = ({ after, receipt_ids: ids }: VoucherOffer, laneId: Hex): OfferedTree | undefined => {
    const before = trees.get(laneId);
    const size = after === undefined ? 0 : before?.sizes.get(after);
    if (size === undefined) return undefined;
    const checked = after === undefined ? undefined : before;
    const { tree, receiptIds, sizes }: CheckedTree = checked ?? newTree();
    const known = receiptIds.slice(size, size + ids.length);
    if (known.some((id, i) => id !== ids[i])) return undefined;
    const unchecked = ids.slice(known.length);
    // Receipts that are added are unchecked yet: the tree is put back when all is well.
    if (unchecked.length > 0) trees.delete(laneId);
    try {
      for (const id of unchecked) tree.append(leafOf(id));
    } catch (cause) {
      if (!(cause instanceof GridError)) throw cause;
      throw new WorkerError("VOUCHER_REFUSED", `The voucher is not accepted: ${cause.message}`, { cause });
    }
    receiptIds.push(...unchecked);
    return { tree, receiptIds, sizes, unchecked, count: size + ids.length };
  };

  const accept = async (offer: VoucherOffer): Promise<void> => {
    const laneId = await ensureLane(offer, services);
    const digest = voucherDigest(offer.voucher, chain.domain);
    const before = ledger.lane(laneId)?.voucher;
    if (before !== undefined && voucherDigest(before.voucher, chain.domain) === digest) {
      rememberAccepted(offer, laneId, digest);
      return cloud.counterSign(laneId, digest, before.workerSignature);
    }
    const tree = treeOf(offer, laneId);
    if (tree === undefined) return acceptWhole(laneId);
    await adoptReceipts(offer, laneId, services);
    const lane = ledger.lane(laneId);
    if (lane === undefined) throw new WorkerError("VOUCHER_REFUSED", `The lane ${laneId} is not known here.`);
    const models = [...new Set([...lane.earned.keys(), ...offer.voucher.totals.map(({ modelId }) => modelId)])];
    const { free, totals: paid } = await readLaneFacts(chain, laneId, lane.config, models);
    const isMine = (id: Hex): boolean => ledger.laneReceipt(id)?.laneId === laneId;
    const { domain } = chain;
    const { count, unchecked } = tree;
    const root = rootOf(tree);
    const context = { domain, lane, isMine, paid, free };
    checkVoucher(offer.voucher, offer.payer_signature, { count, root, unchecked }, context);
    const workerSignature = await sign.voucher(offer.voucher);
    const { voucher, payer_signature: payerSignature } = offer;
    await ledger.recordVoucher({ voucher, payerSignature, workerSignature }, clock.now());
    remember(laneId, digest, tree);
    const total = voucher.totals.reduce((sum, { cumulative }) => sum + cumulative, 0n);
    log.info({ lane: laneId, receipts: voucher.receiptCount, total: formatEther(total) }, "a voucher is accepted");
    await cloud.counterSign(laneId, digest, workerSignature);
  };

  const remember = (laneId: Hex, digest: Hex, { tree, receiptIds, sizes, count }: OfferedTree): void => {
    sizes.set(digest, count);
    for (const oldest of sizes.keys()) {
      if (sizes.size <= MAX_BASES) break;
      sizes.delete(oldest);
    }
    trees.set(laneId, { tree, receiptIds, sizes });
  };

  /** Keeps the receipts of a voucher that was accepted before a restart, so that they do not come again. Its root says which they are. */
  const rememberAccepted = (offer: VoucherOffer, laneId: Hex, digest: Hex): void => {
    if (trees.get(laneId)?.sizes.has(digest)) return;
    try {
      const tree = treeOf(offer, laneId);
      if (tree !== undefined && rootOf(tree) === offer.voucher.receiptsRoot) remember(laneId, digest, tree);
    } catch (error) {
      // The voucher is good whatever came with it.
      if (!(error instanceof WorkerError)) throw error;
      log.warn({ lane: laneId, reason: error.message }, "the receipts of a voucher are not taken");
    }
  };

  /** Takes a lane's newest voucher with all of its receipts. */
  const acceptWhole = async (laneId: Hex): Promise<void> => {
    const offers = await cloud.vouchers([]);
    const whole = offers.find(({ voucher }) => voucher.laneId === laneId);
    if (whole === undefined || whole.after !== undefined) {
      throw new WorkerError("VOUCHER_REFUSED", `The cloud did not send the receipts of lane ${laneId}'s voucher.`);
    }
    await accept(whole);
  };

  return {
    accept: (offer) => mutex.run(() => accept(offer)),
    catchUp: async () => {
      const known = [...trees.keys()].flatMap((laneId) => newestOf(trees.get(laneId)) ?? []);
      for (const offer of await cloud.vouchers(known)) {
        await mutex
          .run(() => accept(offer))
          .catch((error: unknown) => {
            if (!(error instanceof WorkerError && error.code === "VOUCHER_REFUSED")) throw error;
            log.warn({ lane: offer.voucher.laneId, reason: error.message }, "a voucher is refused");
          });
      }
    },
    knownOn: (laneId) => newestOf(trees.get(laneId)),
  };
}

/** Tree of the vouchers of a lane that were accepted: all of its receipts are this worker's. */
interface CheckedTree {
  readonly tree: GrowingTree;
  /** Ids in leaf order. */
  readonly receiptIds: Hex[];
  /** Numbers of receipts by the vouchers' digests, oldest first. Jobs that end together get vouchers that follow the same one. */
  readonly sizes: Map<Hex, number>;
}

/** Tree with the receipts of an offer in it. */
interface OfferedTree extends CheckedTree {
  readonly count: number;
  readonly unchecked: readonly Hex[];
}

function rootOf({ tree, count }: OfferedTree): Hex {
  return count === 0 ? zeroHash : tree.root(count);
}

function newTree(): CheckedTree {
  return { tree: growingTree(), receiptIds: [], sizes: new Map() };
}

function newestOf(checked: CheckedTree | undefined): Hex | undefined {
  return [...(checked?.sizes.keys() ?? [])].at(-1);
}

/** Records the lane, and what it has paid for each model, where the journal does not know them. */
async function ensureLane(offer: VoucherOffer, { chain, ledger, account }: VoucherServices): Promise<Hex> {
  const laneId = laneIdOf(offer.lane, chain.domain);
  if (offer.voucher.laneId !== laneId || !isAddressEqual(offer.lane.worker, account)) {
    throw new WorkerError("VOUCHER_REFUSED", "The voucher is not accepted: it is for another lane than comes with it.");
  }
  const earned = ledger.lane(laneId)?.earned;
  const models = offer.voucher.totals.map(({ modelId }) => modelId).filter((modelId) => !earned?.has(modelId));
  if (earned === undefined || models.length > 0) {
    const { opened, totals } = await readLaneFacts(chain, laneId, offer.lane, models);
    // Lines of the journal stay, and a cloud can name lanes without end.
    if (!opened)
      throw new WorkerError("VOUCHER_REFUSED", `The voucher is not accepted: lane ${laneId} was never opened.`);
    await ledger.recordLane(offer.lane, totals);
  }
  return laneId;
}

/**
 * Receipts of a voucher that the journal does not know: this worker's own, if its key signed them, from before its state was
 * lost. Anything else stays unknown, and the check refuses it.
 */
async function adoptReceipts(offer: VoucherOffer, laneId: Hex, services: VoucherServices): Promise<void> {
  const { chain, ledger, cloud, account, log } = services;
  const unknown = offer.receipt_ids.filter((id) => ledger.laneReceipt(id) === undefined).slice(0, MAX_ADOPTED);
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

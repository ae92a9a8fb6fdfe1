import { type Address, type Hex, isAddressEqual, zeroHash } from "viem";
import { readContract } from "viem/actions";
import type { ReceiptAnchor } from "../body/composeBody.js";
import { type Deployment, settlementDomainOf } from "../chain/deployment.js";
import { type ReadClient, wrapReadError } from "../chain/transact.js";
import { gridSettlementAbi, nftAt } from "../generated/used.js";
import { GridError } from "../lib/errors.js";
import { leafOf } from "../messages/digest.js";
import type { MerkleTree } from "../messages/merkle.js";
import { jobReceipt, receiptTree } from "../messages/receipt.js";
import type { JobOrder, JobReceipt } from "../messages/typedData.js";
import type { ReceiptBundle } from "../schemas/index.js";
import { isBonded } from "./bond.js";
import { bundleDomain, bundleTree, requireBundle } from "./bundle.js";

/** `Settlement` of IGridSettlement: an order of the direct rail and its receipts. */
export interface Settlement {
  readonly order: JobOrder;
  readonly orderSignature: Hex;
  readonly receipts: readonly (Pick<
    JobReceipt,
    "index" | "seed" | "engineHash" | "imageHash" | "cidDigest" | "completedAt" | "price"
  > & { readonly signature: Hex })[];
}

/** Papers of a voucher, ready for `collect`. */
export type LanePapers = NonNullable<ReceiptBundle["lane"]>;

/** An order that its worker ended early, as `settleClosed` takes it. */
export interface ClosedSettlement {
  readonly settlement: Settlement;
  /** The worker's, of `OrderClosing` over just these receipts. */
  readonly closingSignature: Hex;
}

/** An anchor of the direct rail that waits for `confirmAnchor`: its order was settled while the worker's bond was too small. */
export interface WaitingAnchor {
  readonly payer: Address;
  readonly root: Hex;
  readonly worker: Address;
}

/** Steps still to be done on chain before receipts are anchored. */
export interface AnchoringSteps {
  /** Complete orders that are not settled yet. */
  readonly settlements: readonly Settlement[];
  /** Orders that ended early and are not settled yet; a mint can't settle them on its way. */
  readonly closed: readonly ClosedSettlement[];
  /** Anchors that wait, of workers that are bonded by now. */
  readonly waiting: readonly WaitingAnchor[];
  /** Vouchers that are not collected yet. */
  readonly collects: readonly LanePapers[];
}

/** Receipts, and the steps that anchor them. */
export interface Anchoring extends AnchoringSteps {
  /** Anchor of each bundle's receipt, as it is or will be; the same object for all under one root. */
  readonly anchors: readonly ReceiptAnchor[];
}

/** Steps before a mint. All but `settlements`, which a mint settles itself, in a transaction of its own. */
export interface Preparation extends AnchoringSteps {
  readonly deployment: Deployment;
}

/** Transactions by which receipts were anchored before a mint. */
export interface Prepared {
  /** Of vouchers. */
  readonly collected: readonly Hex[];
  /** Of orders that ended early. */
  readonly settled: readonly Hex[];
  /** Of anchors that waited. */
  readonly confirmed: readonly Hex[];
}

/** Bundles, and where their contracts are. */
export interface SettleOptions {
  readonly bundles: readonly ReceiptBundle[];
  readonly deployment: Deployment;
}

/**
 * The order and receipts of a bundle as `settle`, `settleClosed` and `settleAndMint` take them.
 * @throws {@link GridError} `BUNDLE_INVALID` for a lane's bundle.
 */
export function settlementOf({ order, direct }: ReceiptBundle): Settlement {
  if (!direct) throw new GridError("BUNDLE_INVALID", "The order is not on the direct rail.", "direct");
  return {
    order,
    orderSignature: direct.order_signature,
    receipts: direct.receipts.map(({ receipt, signature }) => ({
      index: receipt.index,
      seed: receipt.seed,
      engineHash: receipt.engineHash,
      imageHash: receipt.imageHash,
      cidDigest: receipt.cidDigest,
      completedAt: receipt.completedAt,
      price: receipt.price,
      signature,
    })),
  };
}

export function lanePapersOf({ lane }: ReceiptBundle): LanePapers {
  if (!lane) throw new GridError("BUNDLE_INVALID", "The order is not on a lane.", "lane");
  if (!lane.worker_signature) {
    throw new GridError(
      "NOT_ATTESTED",
      "The worker has not signed the voucher of this receipt yet. Ask the cloud for the receipt again in a moment.",
      "lane.worker_signature",
    );
  }
  return lane;
}

/** State of a root: not settled, settled while its worker's bond was too small, or anchored. */
type AnchorState = "open" | "waiting" | "anchored";

interface RootQuery {
  readonly settlement: Address;
  /** Zero hash for the direct rail. */
  readonly laneId: Hex;
  readonly payer: Address;
  readonly root: Hex;
}

/** Returns true when a root is anchored. */
export async function isAnchored(client: ReadClient, { settlement, laneId, payer, root }: RootQuery): Promise<boolean> {
  const call = { address: settlement, abi: gridSettlementAbi, functionName: "anchorOf" } as const;
  const [worker] = await wrapReadError(readContract(client, { ...call, args: [laneId, payer, root] }));
  return BigInt(worker) !== 0n;
}

/** Returns whether a root is anchored, or was settled and waits for its worker's bond. */
export async function anchorState(client: ReadClient, query: RootQuery): Promise<AnchorState> {
  const { settlement, laneId, payer, root } = query;
  if (await isAnchored(client, query)) return "anchored";
  if (laneId !== zeroHash) return "open";
  const call = { address: settlement, abi: gridSettlementAbi, functionName: "waitingAnchorOf" } as const;
  const [worker] = await wrapReadError(readContract(client, { ...call, args: [payer, root] }));
  return BigInt(worker) === 0n ? "open" : "waiting";
}

/** Settlements that GridNFT takes anchors from, by index. */
async function anchorSources(client: ReadClient, deployment: Deployment): Promise<readonly Address[]> {
  const nft = nftAt(deployment);
  const count = await wrapReadError(readContract(client, { ...nft, functionName: "anchorSourceCount" }));
  return wrapReadError(
    Promise.all(
      Array.from({ length: Number(count) }, (_, index) =>
        readContract(client, { ...nft, functionName: "anchorSource", args: [BigInt(index)] }),
      ),
    ),
  );
}

/** Workers whose bond is not enough now: nothing of theirs can be anchored. */
export async function unbondedOf(
  client: ReadClient,
  deployment: Deployment,
  workers: readonly Address[],
): Promise<readonly Address[]> {
  const distinct = [...new Map(workers.map((worker) => [worker.toLowerCase(), worker])).values()];
  const bonded = await Promise.all(distinct.map((worker) => isBonded(client, { deployment, worker })));
  return distinct.filter((_, i) => !bonded[i]);
}

/**
 * Insists that anchors which wait can be confirmed now.
 * @throws {@link GridError} `ANCHOR_WAITS`.
 */
export async function requireConfirmable(
  client: ReadClient,
  deployment: Deployment,
  waiting: readonly WaitingAnchor[],
): Promise<void> {
  const [unbonded] = await unbondedOf(
    client,
    deployment,
    waiting.map(({ worker }) => worker),
  );
  if (unbonded) throw anchorWaits(unbonded);
}

export function anchorWaits(worker: Address): GridError {
  return new GridError(
    "ANCHOR_WAITS",
    `Worker ${worker} was paid while its bond was too small, so the receipt is not anchored. Try again once ${worker} has added to its bond.`,
    "worker",
  );
}

/** A settlement, where it is or will be anchored, and whether it is. */
interface SettlementState {
  readonly item: Settlement;
  readonly anchor: WaitingAnchor;
  readonly state: AnchorState;
}

export function statesOf(
  client: ReadClient,
  deployment: Deployment,
  items: readonly Settlement[],
): Promise<readonly SettlementState[]> {
  const settlement = deployment.contracts.GridSettlement.address;
  const domain = settlementDomainOf(deployment);
  return Promise.all(
    items.map(async (item) => {
      const { payer, worker } = item.order;
      const receipts = item.receipts.map((receipt) => jobReceipt(item.order, receipt));
      const { root } = receiptTree(receipts, domain);
      const state = await anchorState(client, { settlement, laneId: zeroHash, payer, root });
      return { item, anchor: { payer, worker, root }, state };
    }),
  );
}

/** A root that can anchor receipts of one payer and lane. */
interface Root {
  readonly tree: MerkleTree;
  readonly laneId: Hex;
  readonly payer: Address;
  readonly settlement: Address;
  readonly bundle: ReceiptBundle;
  state: AnchorState;
}

/**
 * Plans the anchoring of receipts: where they are anchored, and what is left to do for it. Reads the chain, changes nothing. A lane's
 * receipt may be in several vouchers, as the tree grew; the one that is anchored already counts, else the newest. An order that was
 * settled while its worker's bond was too small has a waiting anchor, which is confirmed once the worker is bonded.
 *
 * @throws {@link GridError} `BUNDLE_INVALID`; `NOT_ATTESTED` when a voucher lacks the worker's signature (ask the cloud for the
 * bundle again); ChainError.
 */
export async function planAnchoring(client: ReadClient, { bundles, deployment }: SettleOptions): Promise<Anchoring> {
  const roots = new Map<string, Root>();
  for (const bundle of bundles) {
    requireBundle(bundle, { deployment, papers: "partial" });
    const { laneId, payer } = bundle.order;
    const tree = bundleTree(bundle);
    const key = `${laneId}${payer.toLowerCase()}${tree.root}`;
    if (!roots.has(key)) {
      roots.set(key, { tree, laneId, payer, settlement: bundle.settlement, bundle, state: "open" });
    }
  }
  await Promise.all(
    [...roots.values()].map(async (root) => {
      root.state = await anchorState(client, { ...root, root: root.tree.root });
    }),
  );
  const sources = await anchorSources(client, deployment);
  const used = new Map<Root, ReceiptAnchor>();
  const anchors = bundles.map((bundle) => {
    const root = bestRoot(bundle, [...roots.values()]);
    const known = used.get(root);
    if (known) return known;
    const source = sources.findIndex((address) => isAddressEqual(address, root.settlement));
    if (source < 0) {
      throw new GridError("BUNDLE_INVALID", "GridNFT does not take receipts of this settlement.", "settlement");
    }
    const { laneId, payer, tree } = root;
    const anchor: ReceiptAnchor = { source, domain: bundleDomain(bundle), laneId, payer, tree };
    used.set(root, anchor);
    return anchor;
  });
  const waiting = [...used.keys()]
    .filter(({ state }) => state === "waiting")
    .map(({ payer, tree, bundle }): WaitingAnchor => ({ payer, root: tree.root, worker: bundle.order.worker }));
  const open = [...used.keys()].filter(({ state }) => state === "open").map(({ bundle }) => bundle);
  // A part of an order that is anchored needs no closing any more.
  for (const bundle of open) if (isPart(bundle)) requireBundle(bundle, { deployment });
  const direct = open.filter(({ order }) => order.laneId === zeroHash);
  return {
    anchors,
    settlements: direct.filter((bundle) => !bundle.direct?.closing_signature).map(settlementOf),
    closed: direct.flatMap((bundle): ClosedSettlement[] => {
      const closingSignature = bundle.direct?.closing_signature;
      return closingSignature ? [{ settlement: settlementOf(bundle), closingSignature }] : [];
    }),
    waiting,
    collects: open.filter(({ order }) => order.laneId !== zeroHash).map(lanePapersOf),
  };
}

/** Returns whether a direct order has fewer receipts than images, and no closing. */
function isPart({ order, direct }: ReceiptBundle): boolean {
  return direct !== undefined && direct.receipts.length < order.count && !direct.closing_signature;
}

/** The root to mint a receipt from: an anchored one, else that of the newest voucher. */
function bestRoot({ receipt_id, order }: ReceiptBundle, roots: readonly Root[]): Root {
  const worth = ({ state, bundle }: Root) =>
    state === "anchored"
      ? 1n << 200n
      : (bundle.lane?.voucher.totals ?? []).reduce((sum, { cumulative }) => sum + cumulative, 0n);
  const [best] = roots
    .filter(({ laneId, payer, tree }) => {
      return laneId === order.laneId && isAddressEqual(payer, order.payer) && tree.indexOf(leafOf(receipt_id)) >= 0;
    })
    .sort((a, b) => (worth(a) === worth(b) ? 0 : worth(a) > worth(b) ? -1 : 1));
  if (!best) throw new GridError("BUNDLE_INVALID", "The receipt is in no tree.", "receipt_id");
  return best;
}

import { type Address, type Hex, isAddressEqual, zeroHash } from "viem";
import { readContract } from "viem/actions";
import { bundleDomain, bundleTree, requireBundle } from "./bundle.js";
import { type Call, type ContractCall, toCalls } from "./chain/call.js";
import { type ReadClient, reading, transactAll, type WalletClient } from "./chain/transact.js";
import { collectCall, confirmAnchorCall, settleCall, settleClosedCall, settleInGraceCall } from "./contractCalls.js";
import { type Deployment, settlementDomainOf } from "./deployment.js";
import { leafOf, orderHash } from "./digest.js";
import { GridError } from "./errors.js";
import { gridNftAbi, gridSettlementAbi, workerRegistryAbi } from "./generated/used.js";
import type { MerkleTree } from "./merkle.js";
import type { ReceiptAnchor } from "./mint.js";
import { jobReceipt, receiptTree } from "./receipt.js";
import type { JobOrder, JobReceipt } from "./typedData.js";
import type { ReceiptBundle } from "./wire/index.js";

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

/** What still has to be done on chain before receipts are anchored. */
export interface Anchoring {
  /** Where each bundle's receipt is, or will be, anchored; the same object for all under one root. */
  readonly anchors: readonly ReceiptAnchor[];
  /** Complete orders that are not settled yet. */
  readonly settlements: readonly Settlement[];
  /** Orders that ended early and are not settled yet; a mint can't settle them on its way. */
  readonly closed: readonly ClosedSettlement[];
  /** Anchors that wait, of workers that are bonded by now. */
  readonly waiting: readonly WaitingAnchor[];
  /** Vouchers that are not collected yet. */
  readonly collects: readonly LanePapers[];
}

/** A root that can anchor receipts of one payer and lane. */
interface Root {
  readonly tree: MerkleTree;
  readonly laneId: Hex;
  readonly payer: Address;
  readonly settlement: Address;
  readonly bundle: ReceiptBundle;
  state: "open" | "waiting" | "anchored";
}

/** Steps before a mint. All but `settlements`, which a mint settles itself, in a transaction of its own. */
export type Preparation = Omit<Anchoring, "anchors"> & { readonly deployment: Deployment };

/** Transactions by which receipts were anchored before a mint. */
export interface Prepared {
  /** Of vouchers. */
  readonly collected: readonly Hex[];
  /** Of orders that ended early. */
  readonly settled: readonly Hex[];
  /** Of anchors that waited. */
  readonly confirmed: readonly Hex[];
}

/**
 * Where receipts are anchored, and what is left to do for it: reads the chain, changes nothing. A lane's receipt may be in
 * several vouchers, as the tree grew; the one that is anchored already counts, else the newest. An order that was settled while its
 * worker's bond was too small has a waiting anchor, which is confirmed once the worker is bonded.
 *
 * @throws {@link GridError} `BUNDLE_INVALID`; `NOT_ATTESTED` when a voucher lacks the worker's signature (ask the cloud for the
 * bundle again); ChainError.
 */
export async function planAnchoring(
  client: ReadClient,
  { bundles, deployment }: { readonly bundles: readonly ReceiptBundle[]; readonly deployment: Deployment },
): Promise<Anchoring> {
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

/** Workers whose bond is not enough now: nothing of theirs can be anchored. */
async function unbondedOf(
  client: ReadClient,
  deployment: Deployment,
  workers: readonly Address[],
): Promise<readonly Address[]> {
  const registry = { address: deployment.contracts.WorkerRegistry.address, abi: workerRegistryAbi } as const;
  const distinct = [...new Map(workers.map((worker) => [worker.toLowerCase(), worker])).values()];
  const bonded = await reading(
    Promise.all(
      distinct.map((worker) => readContract(client, { ...registry, functionName: "isBonded", args: [worker] })),
    ),
  );
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

function anchorWaits(worker: Address): GridError {
  return new GridError(
    "ANCHOR_WAITS",
    `Worker ${worker} was paid while its bond was too small, so the receipt is not anchored. Try again once ${worker} has added to its bond.`,
    "worker",
  );
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

/**
 * Whether a root is anchored.
 * @param laneId Zero hash for the direct rail.
 */
export async function isAnchored(
  client: ReadClient,
  { settlement, laneId, payer, root }: { settlement: Address; laneId: Hex; payer: Address; root: Hex },
): Promise<boolean> {
  const [worker] = await reading(
    readContract(client, {
      address: settlement,
      abi: gridSettlementAbi,
      functionName: "anchorOf",
      args: [laneId, payer, root],
    }),
  );
  return BigInt(worker) !== 0n;
}

/** Returns whether a root is anchored, or was settled and waits for its worker's bond. */
async function anchorState(
  client: ReadClient,
  { settlement, laneId, payer, root }: { settlement: Address; laneId: Hex; payer: Address; root: Hex },
): Promise<Root["state"]> {
  if (await isAnchored(client, { settlement, laneId, payer, root })) return "anchored";
  if (laneId !== zeroHash) return "open";
  const call = { address: settlement, abi: gridSettlementAbi, functionName: "waitingAnchorOf" } as const;
  const [worker] = await reading(readContract(client, { ...call, args: [payer, root] }));
  return BigInt(worker) === 0n ? "open" : "waiting";
}

/** Settlements that GridNFT takes anchors from, by index. */
async function anchorSources(client: ReadClient, deployment: Deployment): Promise<readonly Address[]> {
  const nft = { address: deployment.contracts.GridNFT.address, abi: gridNftAbi } as const;
  const count = await reading(readContract(client, { ...nft, functionName: "anchorSourceCount" }));
  return reading(
    Promise.all(
      Array.from({ length: Number(count) }, (_, index) =>
        readContract(client, { ...nft, functionName: "anchorSource", args: [BigInt(index)] }),
      ),
    ),
  );
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

function lanePapersOf({ lane }: ReceiptBundle): LanePapers {
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

/** Bundles, and where their contracts are. */
interface SettleOptions {
  readonly bundles: readonly ReceiptBundle[];
  readonly deployment: Deployment;
}

/**
 * Settles direct orders: pays the worker and anchors the receipts; orders that their worker ended early by its closing. Orders that
 * are settled already are passed over. An anchor that waits is confirmed if its worker is bonded now, and else passed over, too.
 *
 * @returns Hash of the transaction of each anchor that was confirmed, and of each order that was settled now.
 *
 * @example
 * await settleOrders(wallet, { bundles: [bundle], deployment });
 */
export async function settleOrders(client: WalletClient, options: SettleOptions): Promise<readonly Hex[]> {
  return transactAll(client, await settlingCalls(client, options));
}

/** The calls of {@link settleOrders}, for a smart account: anybody may settle. */
export async function settleOrdersCalls(client: ReadClient, options: SettleOptions): Promise<readonly Call[]> {
  return toCalls(await settlingCalls(client, options));
}

async function settlingCalls(client: ReadClient, options: SettleOptions): Promise<readonly ContractCall[]> {
  const { deployment } = options;
  const { settlements, closed, waiting } = await planAnchoring(client, options);
  const unbonded = await unbondedOf(
    client,
    deployment,
    waiting.map(({ worker }) => worker),
  );
  const ripe = waiting.filter(({ worker }) => !unbonded.includes(worker));
  return [
    ...ripe.map((anchor) => confirmAnchorCall(deployment, anchor)),
    ...settlements.map((item) => settleCall(deployment, item)),
    ...closed.map((item) => settleClosedCall(deployment, item)),
  ];
}

/**
 * Settles direct orders with the receipts that there are, some or all, each for its whole `maxPrice`. For receipts of a worker
 * that neither finished an order nor closed it. The wallet is the payer or its ORDER_SIGNER; from the second after the order's
 * deadline on, for `SETTLE_GRACE`. Orders that are settled already are passed over.
 *
 * @returns Hash of the transaction of each order that was settled now.
 * @throws {@link GridError} `BUNDLE_INVALID`; ChainError, e.g. `GridSettlement_GraceNotBegun`.
 *
 * @example
 * await settleInGrace(wallet, { bundles: [bundle], deployment });
 */
export async function settleInGrace(client: WalletClient, options: SettleOptions): Promise<readonly Hex[]> {
  return transactAll(client, await graceCalls(client, options));
}

/** The calls of {@link settleInGrace}, for a smart account that is the payer or its ORDER_SIGNER. */
export async function settleInGraceCalls(client: ReadClient, options: SettleOptions): Promise<readonly Call[]> {
  return toCalls(await graceCalls(client, options));
}

async function graceCalls(
  client: ReadClient,
  { bundles, deployment }: SettleOptions,
): Promise<readonly ContractCall[]> {
  const orders = new Map<Hex, Settlement>();
  for (const bundle of bundles) {
    requireBundle(bundle, { deployment, papers: "partial" });
    orders.set(orderHash(bundle.order), settlementOf(bundle));
  }
  const states = await statesOf(client, deployment, [...orders.values()]);
  return states.filter(({ state }) => state === "open").map(({ item }) => settleInGraceCall(deployment, item));
}

/**
 * Collects lanes' vouchers with both signatures: pays the worker and anchors the receipts. Anyone may. What is anchored
 * already is passed over.
 *
 * @returns Hash of the transaction of each voucher that was collected now.
 */
export async function collectVouchers(client: WalletClient, options: SettleOptions): Promise<readonly Hex[]> {
  return transactAll(client, await collectingCalls(client, options));
}

/** The calls of {@link collectVouchers}, for a smart account: anybody may collect. */
export async function collectVouchersCalls(client: ReadClient, options: SettleOptions): Promise<readonly Call[]> {
  return toCalls(await collectingCalls(client, options));
}

async function collectingCalls(client: ReadClient, options: SettleOptions): Promise<readonly ContractCall[]> {
  const { collects } = await planAnchoring(client, options);
  return collects.map((papers) => collectCall(options.deployment, papers));
}

/** A settlement, where it is or will be anchored, and whether it is. */
interface SettlementState {
  readonly item: Settlement;
  readonly anchor: WaitingAnchor;
  readonly state: Root["state"];
}

function statesOf(
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

/** Returns what is left of a preparation: since it was planned somebody else may have done a part of it. */
async function remaining(
  client: ReadClient,
  { deployment, settlements, closed, waiting, collects }: Preparation,
): Promise<Omit<Preparation, "deployment">> {
  const settlement = deployment.contracts.GridSettlement.address;
  const [whole, early, waits, anchored] = await Promise.all([
    statesOf(client, deployment, settlements),
    statesOf(
      client,
      deployment,
      closed.map((one) => one.settlement),
    ),
    Promise.all(waiting.map((anchor) => anchorState(client, { settlement, laneId: zeroHash, ...anchor }))),
    Promise.all(
      collects.map(({ config, voucher: { laneId, receiptsRoot: root } }) =>
        isAnchored(client, { settlement, laneId, payer: config.payer, root }),
      ),
    ),
  ]);
  const nowWaiting = [...whole, ...early].filter(({ state }) => state === "waiting").map(({ anchor }) => anchor);
  return {
    settlements: whole.filter(({ state }) => state === "open").map(({ item }) => item),
    closed: closed.filter((_, i) => early[i]?.state === "open"),
    waiting: [...waiting.filter((_, i) => waits[i] === "waiting"), ...nowWaiting],
    collects: collects.filter((_, i) => !anchored[i]),
  };
}

/**
 * Returns what is left of a preparation, of workers whose bond is large enough to anchor.
 * @throws {@link GridError} `WORKER_NOT_BONDED`, `ANCHOR_WAITS`.
 */
async function requireAnchorable(
  client: ReadClient,
  preparation: Preparation,
): Promise<Omit<Preparation, "deployment">> {
  const { deployment } = preparation;
  const left = await remaining(client, preparation);
  await requireConfirmable(client, deployment, left.waiting);
  const [unbonded] = await unbondedOf(client, deployment, [
    ...[...left.settlements, ...left.closed.map((one) => one.settlement)].map(({ order }) => order.worker),
    ...left.collects.map(({ config }) => config.worker),
  ]);
  if (unbonded) throw notBonded(unbonded);
  return left;
}

/**
 * Calls that anchor what is left to anchor before a mint, in the order of {@link anchorFirst}.
 * @throws {@link GridError} as {@link anchorFirst} does before anything is paid.
 */
export async function anchoringCalls(
  client: ReadClient,
  preparation: Preparation,
  { whole = false } = {},
): Promise<readonly ContractCall[]> {
  const { deployment } = preparation;
  const { settlements, closed, waiting, collects } = await requireAnchorable(client, preparation);
  return [
    ...waiting.map((anchor) => confirmAnchorCall(deployment, anchor)),
    ...(whole ? settlements : []).map((item) => settleCall(deployment, item)),
    ...closed.map((item) => settleClosedCall(deployment, item)),
    ...collects.map((papers) => collectCall(deployment, papers)),
  ];
}

/**
 * Does what is left to do before a mint, and insists that it anchored: confirms what waits, settles what ended early, collects.
 * Nothing is paid to a worker whose bond is too small to anchor.
 *
 * @param options `whole`: settle whole orders, too, for a call that can't do it on its way.
 * @throws {@link GridError} `WORKER_NOT_BONDED` before anything is paid; `NOT_ANCHORED` or `ANCHOR_WAITS` when a worker was paid
 * and has no sufficient bond; ChainError.
 */
export async function anchorFirst(
  client: WalletClient,
  preparation: Preparation,
  { whole = false } = {},
): Promise<Prepared> {
  const { deployment } = preparation;
  const { settlements, closed, waiting, collects } = await requireAnchorable(client, preparation);
  const confirmed = await transactAll(
    client,
    waiting.map((anchor) => confirmAnchorCall(deployment, anchor)),
  );
  const direct = whole ? settlements : [];
  const settled = await transactAll(client, [
    ...direct.map((item) => settleCall(deployment, item)),
    ...closed.map((item) => settleClosedCall(deployment, item)),
  ]);
  // A bond can fall between the question and the payment.
  const paid = await statesOf(client, deployment, [...direct, ...closed.map((one) => one.settlement)]);
  const unanchored = paid.find(({ state }) => state !== "anchored");
  if (unanchored) throw anchorWaits(unanchored.anchor.worker);
  const collected = await transactAll(
    client,
    collects.map((papers) => collectCall(deployment, papers)),
  );
  const settlement = deployment.contracts.GridSettlement.address;
  for (const { config, voucher } of collects) {
    const anchor = { settlement, laneId: voucher.laneId, payer: config.payer, root: voucher.receiptsRoot };
    if (await isAnchored(client, anchor)) continue;
    const message = `Worker ${config.worker} was paid, but has no bond now: its receipts can't be anchored, nor minted. Try again once it is bonded.`;
    throw new GridError("NOT_ANCHORED", message, "worker");
  }
  return { collected, settled, confirmed };
}

function notBonded(worker: Address): GridError {
  return new GridError(
    "WORKER_NOT_BONDED",
    `The bond of worker ${worker} is too small now, so what it made can't be anchored. Nothing was paid. Try again once ${worker} has added to its bond.`,
    "worker",
  );
}

/** Orders of bundles, each once. */
export function distinctOrders(bundles: readonly ReceiptBundle[]): readonly JobOrder[] {
  return [...new Map(bundles.map(({ order }) => [orderHash(order), order])).values()];
}

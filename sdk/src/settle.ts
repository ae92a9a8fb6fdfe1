import { type Address, type Hex, isAddressEqual, zeroHash } from "viem";
import { readContract } from "viem/actions";
import { bundleDomain, bundleTree, requireBundle } from "./bundle.js";
import { type ReadClient, reading, transact, type WalletClient } from "./chain/transact.js";
import { type Deployment, settlementDomainOf } from "./deployment.js";
import { leafOf, orderHash } from "./digest.js";
import { GridError } from "./errors.js";
import { gridNftAbi, gridSettlementAbi, workerRegistryAbi } from "./generated/abis.js";
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

/** Steps before a mint, each in a transaction of its own. */
export type Preparation = Pick<Anchoring, "closed" | "waiting" | "collects"> & { readonly deployment: Deployment };

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
 * bundle again); `ANCHOR_WAITS` when an anchor waits and its worker is not bonded; ChainError.
 */
export async function planAnchoring(
  client: ReadClient,
  { bundles, deployment }: { readonly bundles: readonly ReceiptBundle[]; readonly deployment: Deployment },
): Promise<Anchoring> {
  const roots = new Map<string, Root>();
  for (const bundle of bundles) {
    requireBundle(bundle, { deployment });
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
  await requireBonded(client, deployment, waiting);
  const open = [...used.keys()].filter(({ state }) => state === "open").map(({ bundle }) => bundle);
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

/** Insists that anchors which wait can be confirmed now. */
async function requireBonded(
  client: ReadClient,
  deployment: Deployment,
  waiting: readonly WaitingAnchor[],
): Promise<void> {
  const registry = { address: deployment.contracts.WorkerRegistry.address, abi: workerRegistryAbi } as const;
  for (const worker of new Set(waiting.map((one) => one.worker))) {
    if (await reading(readContract(client, { ...registry, functionName: "isBonded", args: [worker] }))) continue;
    throw anchorWaits(worker);
  }
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

/**
 * Settles direct orders: pays the worker and anchors the receipts; orders that their worker ended early by its closing. Orders that
 * are settled already are passed over, but for an anchor that waits for `confirmAnchor`.
 *
 * @returns Hash of the transaction of each order that was settled, and of each anchor that was confirmed now.
 *
 * @example
 * await settleOrders(wallet, { bundles: [bundle], deployment });
 */
export async function settleOrders(
  client: WalletClient,
  options: { readonly bundles: readonly ReceiptBundle[]; readonly deployment: Deployment },
): Promise<readonly Hex[]> {
  const { deployment } = options;
  const { settlements, closed, waiting } = await planAnchoring(client, options);
  return [
    ...(await confirmAll(client, deployment, waiting)),
    ...(await settleAll(client, deployment, settlements)),
    ...(await settleAllClosed(client, deployment, closed)),
  ];
}

/**
 * Collects lanes' vouchers with both signatures: pays the worker and anchors the receipts. Anyone may. What is anchored
 * already is passed over.
 *
 * @returns Hash of the transaction of each voucher that was collected now.
 */
export async function collectVouchers(
  client: WalletClient,
  options: { readonly bundles: readonly ReceiptBundle[]; readonly deployment: Deployment },
): Promise<readonly Hex[]> {
  const { collects } = await planAnchoring(client, options);
  return collectAll(client, options.deployment, collects);
}

/** Settles one after the other. */
export async function settleAll(
  client: WalletClient,
  deployment: Deployment,
  settlements: readonly Settlement[],
): Promise<readonly Hex[]> {
  const hashes: Hex[] = [];
  for (const settlement of settlements) {
    const { transactionHash } = await transact(client, {
      address: deployment.contracts.GridSettlement.address,
      abi: gridSettlementAbi,
      functionName: "settle",
      args: [settlement],
    });
    hashes.push(transactionHash);
  }
  return hashes;
}

/** Settles orders that ended early, one after the other. */
export async function settleAllClosed(
  client: WalletClient,
  deployment: Deployment,
  closed: readonly ClosedSettlement[],
): Promise<readonly Hex[]> {
  const hashes: Hex[] = [];
  for (const { settlement, closingSignature } of closed) {
    const { transactionHash } = await transact(client, {
      address: deployment.contracts.GridSettlement.address,
      abi: gridSettlementAbi,
      functionName: "settleClosed",
      args: [settlement, closingSignature],
    });
    hashes.push(transactionHash);
  }
  return hashes;
}

/** Confirms anchors that wait, one after the other. */
export async function confirmAll(
  client: WalletClient,
  deployment: Deployment,
  waiting: readonly WaitingAnchor[],
): Promise<readonly Hex[]> {
  const hashes: Hex[] = [];
  for (const { payer, root } of waiting) {
    const { transactionHash } = await transact(client, {
      address: deployment.contracts.GridSettlement.address,
      abi: gridSettlementAbi,
      functionName: "confirmAnchor",
      args: [payer, root],
    });
    hashes.push(transactionHash);
  }
  return hashes;
}

/**
 * Does what has to be done before a mint, and insists that it anchored: confirms what waits, settles what ended early, collects.
 * @throws {@link GridError} `NOT_ANCHORED` or `ANCHOR_WAITS` when a worker was paid and has no sufficient bond; ChainError.
 */
export async function anchorFirst(
  client: WalletClient,
  { deployment, closed, waiting, collects }: Preparation,
): Promise<Prepared> {
  const settlement = deployment.contracts.GridSettlement.address;
  const confirmed = await confirmAll(client, deployment, waiting);
  const settled = await settleAllClosed(client, deployment, closed);
  for (const { order, receipts } of closed.map((one) => one.settlement)) {
    const root = receiptTree(
      receipts.map((receipt) => jobReceipt(order, receipt)),
      settlementDomainOf(deployment),
    ).root;
    if (await isAnchored(client, { settlement, laneId: zeroHash, payer: order.payer, root })) continue;
    throw anchorWaits(order.worker);
  }
  const collected = await collectAll(client, deployment, collects);
  for (const { config, voucher } of collects) {
    const anchor = { settlement, laneId: voucher.laneId, payer: config.payer, root: voucher.receiptsRoot };
    if (await isAnchored(client, anchor)) continue;
    const message = `Worker ${config.worker} was paid, but has no bond now: its receipts can't be anchored, nor minted.`;
    throw new GridError("NOT_ANCHORED", message, "worker");
  }
  return { collected, settled, confirmed };
}

/** Collects one after the other. */
export async function collectAll(
  client: WalletClient,
  deployment: Deployment,
  collects: readonly LanePapers[],
): Promise<readonly Hex[]> {
  const hashes: Hex[] = [];
  for (const { config, voucher, payer_signature, worker_signature } of collects) {
    const { transactionHash } = await transact(client, {
      address: deployment.contracts.GridSettlement.address,
      abi: gridSettlementAbi,
      functionName: "collect",
      args: [config, voucher, payer_signature, worker_signature ?? "0x"],
    });
    hashes.push(transactionHash);
  }
  return hashes;
}

/** Orders of bundles, each once. */
export function distinctOrders(bundles: readonly ReceiptBundle[]): readonly JobOrder[] {
  return [...new Map(bundles.map(({ order }) => [orderHash(order), order])).values()];
}

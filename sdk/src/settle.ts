import { type Address, type Hex, isAddressEqual, zeroHash } from "viem";
import { readContract } from "viem/actions";
import { bundleDomain, bundleTree, requireBundle } from "./bundle.js";
import { type ReadClient, reading, transact, type WalletClient } from "./chain/transact.js";
import type { Deployment } from "./deployment.js";
import { leafOf, orderHash } from "./digest.js";
import { GridError } from "./errors.js";
import { gridNftAbi, gridSettlementAbi } from "./generated/abis.js";
import type { MerkleTree } from "./merkle.js";
import type { ReceiptAnchor } from "./mint.js";
import type { JobOrder, JobReceipt } from "./typedData.js";
import type { ReceiptBundle } from "./wire/index.js";

/** `Settlement` of IGridSettlement: an order of the direct rail and all its receipts. */
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

/** What still has to be done on chain before receipts are anchored. */
export interface Anchoring {
  /** Where each bundle's receipt is, or will be, anchored; the same object for all under one root. */
  readonly anchors: readonly ReceiptAnchor[];
  /** Orders that are not settled yet. */
  readonly settlements: readonly Settlement[];
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
  anchored: boolean;
}

/**
 * Where receipts are anchored, and what is left to do for it: reads the chain, changes nothing. A lane's receipt may be in
 * several vouchers, as the tree grew; the one that is anchored already counts, else the newest.
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
    requireBundle(bundle, { deployment });
    const { laneId, payer } = bundle.order;
    const tree = bundleTree(bundle);
    const key = `${laneId}${payer.toLowerCase()}${tree.root}`;
    if (!roots.has(key)) {
      roots.set(key, { tree, laneId, payer, settlement: bundle.settlement, bundle, anchored: false });
    }
  }
  await Promise.all(
    [...roots.values()].map(async (root) => {
      root.anchored = await isAnchored(client, { ...root, root: root.tree.root });
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
  const open = [...used.keys()].filter(({ anchored }) => !anchored);
  return {
    anchors,
    settlements: open.filter(({ laneId }) => laneId === zeroHash).map(({ bundle }) => settlementOf(bundle)),
    collects: open.filter(({ laneId }) => laneId !== zeroHash).map(({ bundle }) => lanePapersOf(bundle)),
  };
}

/** The root to mint a receipt from: an anchored one, else that of the newest voucher. */
function bestRoot({ receipt_id, order }: ReceiptBundle, roots: readonly Root[]): Root {
  const worth = ({ anchored, bundle }: Root) =>
    anchored ? 1n << 200n : (bundle.lane?.voucher.totals ?? []).reduce((sum, { cumulative }) => sum + cumulative, 0n);
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
 * The order and receipts of a bundle as `settle` and `settleAndMint` take them.
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
 * Settles direct orders: pays the worker and anchors the receipts. Orders that are settled already are passed over.
 *
 * @returns Hash of the transaction of each order that was settled now.
 *
 * @example
 * await settleOrders(wallet, { bundles: [bundle], deployment });
 */
export async function settleOrders(
  client: WalletClient,
  options: { readonly bundles: readonly ReceiptBundle[]; readonly deployment: Deployment },
): Promise<readonly Hex[]> {
  const { settlements } = await planAnchoring(client, options);
  return settleAll(client, options.deployment, settlements);
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

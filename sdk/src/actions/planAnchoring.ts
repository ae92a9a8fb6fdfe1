import { type Address, type Hex, isAddressEqual, zeroHash } from "viem";
import type { ReceiptAnchor } from "../body/composeBody.js";
import type { Deployment } from "../chain/deployment.js";
import type { ReadClient } from "../chain/transact.js";
import { GridError } from "../lib/errors.js";
import { leafOf } from "../messages/digest.js";
import type { MerkleTree } from "../messages/merkle.js";
import type { ReceiptBundle } from "../schemas/index.js";
import { type Anchoring, type ClosedSettlement, lanePapersOf, settlementOf, type WaitingAnchor } from "./anchoring.js";
import { type AnchorState, anchorSources, anchorState } from "./anchorState.js";
import { bundleDomain, bundleTree, requireBundle } from "./bundle.js";

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

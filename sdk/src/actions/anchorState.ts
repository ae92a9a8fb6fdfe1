import { type Address, type Hex, zeroHash } from "viem";
import { readContract } from "viem/actions";
import { type Deployment, settlementDomainOf } from "../chain/deployment.js";
import { type ReadClient, wrapReadError } from "../chain/transact.js";
import { gridNftAbi, gridSettlementAbi } from "../generated/used.js";
import { GridError } from "../lib/errors.js";
import { jobReceipt, receiptTree } from "../messages/receipt.js";
import type { Settlement, WaitingAnchor } from "./anchoring.js";
import { isBonded } from "./bond.js";

/** State of a root: not settled, settled while its worker's bond was too small, or anchored. */
export type AnchorState = "open" | "waiting" | "anchored";

/**
 * Whether a root is anchored.
 * @param laneId Zero hash for the direct rail.
 */
export async function isAnchored(
  client: ReadClient,
  { settlement, laneId, payer, root }: { settlement: Address; laneId: Hex; payer: Address; root: Hex },
): Promise<boolean> {
  const [worker] = await wrapReadError(
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
export async function anchorState(
  client: ReadClient,
  { settlement, laneId, payer, root }: { settlement: Address; laneId: Hex; payer: Address; root: Hex },
): Promise<AnchorState> {
  if (await isAnchored(client, { settlement, laneId, payer, root })) return "anchored";
  if (laneId !== zeroHash) return "open";
  const call = { address: settlement, abi: gridSettlementAbi, functionName: "waitingAnchorOf" } as const;
  const [worker] = await wrapReadError(readContract(client, { ...call, args: [payer, root] }));
  return BigInt(worker) === 0n ? "open" : "waiting";
}

/** Settlements that GridNFT takes anchors from, by index. */
export async function anchorSources(client: ReadClient, deployment: Deployment): Promise<readonly Address[]> {
  const nft = { address: deployment.contracts.GridNFT.address, abi: gridNftAbi } as const;
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
export interface SettlementState {
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

import type { Hex } from "viem";
import { type Call, type ContractCall, toCalls } from "../chain/call.js";
import { type ReadClient, transactAll, type WalletClient } from "../chain/transact.js";
import { orderHash } from "../messages/digest.js";
import { planAnchoring, type Settlement, type SettleOptions, settlementOf, statesOf, unbondedOf } from "./anchoring.js";
import { requireBundle } from "./bundle.js";
import { confirmAnchorCall, settleCall, settleClosedCall, settleInGraceCall } from "./settlementCalls.js";

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

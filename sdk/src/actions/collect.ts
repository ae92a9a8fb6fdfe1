import type { Hex } from "viem";
import { type Call, type ContractCall, toCalls } from "../chain/call.js";
import { type ReadClient, transactAll, type WalletClient } from "../chain/transact.js";
import { planAnchoring, type SettleOptions } from "./anchoring.js";
import { collectCall } from "./settlementCalls.js";

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

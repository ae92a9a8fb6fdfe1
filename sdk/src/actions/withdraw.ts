import type { Address, Hex } from "viem";
import { type Call, type ContractCall, contractCall, type Sender, toCalls } from "../chain/call.js";
import type { Deployment } from "../chain/deployment.js";
import { type ReadClient, transact, type WalletClient } from "../chain/transact.js";
import { settlementAt } from "../generated/used.js";

/** A withdrawal to announce. */
export interface ThawOptions {
  readonly deployment: Deployment;
  /** AIPG wei. */
  readonly amount: bigint;
}

/** Announces a withdrawal from the settlement account; it can be made an hour later. Replaces an earlier announcement. */
export async function thawAipg(client: WalletClient, options: ThawOptions): Promise<Hex> {
  return (await transact(client, thawCall(options))).transactionHash;
}

/** The call of {@link thawAipg}, for a smart account. */
export async function thawAipgCalls(_: ReadClient, options: ThawOptions): Promise<readonly Call[]> {
  return toCalls([thawCall(options)]);
}

function thawCall({ deployment, amount }: ThawOptions): ContractCall {
  return contractCall({ ...settlementAt(deployment), functionName: "thaw", args: [amount] });
}

/** Takes the announcement of a withdrawal back. */
export async function cancelThaw(client: WalletClient, options: Pick<ThawOptions, "deployment">): Promise<Hex> {
  return (await transact(client, cancelThawCall(options))).transactionHash;
}

/** The call of {@link cancelThaw}, for a smart account. */
export async function cancelThawCalls(
  _: ReadClient,
  options: Pick<ThawOptions, "deployment">,
): Promise<readonly Call[]> {
  return toCalls([cancelThawCall(options)]);
}

function cancelThawCall({ deployment }: Pick<ThawOptions, "deployment">): ContractCall {
  return contractCall({ ...settlementAt(deployment), functionName: "cancelThaw", args: [] });
}

/**
 * Withdraws what was announced, or what is left of it.
 * @param to Default: the sender.
 */
export async function withdrawAipg(
  client: WalletClient,
  { deployment, to = client.account.address }: { readonly deployment: Deployment; readonly to?: Address },
): Promise<Hex> {
  return (await transact(client, withdrawCall(deployment, to))).transactionHash;
}

/** The call of {@link withdrawAipg}, for a smart account (`sender`). */
export async function withdrawAipgCalls(
  _: ReadClient,
  { deployment, sender, to = sender }: { readonly deployment: Deployment; readonly to?: Address } & Sender,
): Promise<readonly Call[]> {
  return toCalls([withdrawCall(deployment, to)]);
}

function withdrawCall(deployment: Deployment, to: Address): ContractCall {
  return contractCall({ ...settlementAt(deployment), functionName: "withdraw", args: [to] });
}

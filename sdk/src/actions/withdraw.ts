import type { Address, Hex } from "viem";
import { type Call, type Sender, toCalls } from "../chain/call.js";
import type { Deployment } from "../chain/deployment.js";
import { type ReadClient, transact, type WalletClient } from "../chain/transact.js";
import { cancelThawCall, thawCall, withdrawCall } from "./contractCalls.js";

/** A withdrawal to announce. */
export interface ThawOptions {
  readonly deployment: Deployment;
  /** AIPG wei. */
  readonly amount: bigint;
}

/** Announces a withdrawal from the settlement account; it can be made an hour later. Replaces an earlier announcement. */
export async function thawAipg(client: WalletClient, options: ThawOptions): Promise<Hex> {
  return (await transact(client, thawCall(options.deployment, options))).transactionHash;
}

/** The call of {@link thawAipg}, for a smart account. */
export async function thawAipgCalls(_: ReadClient, options: ThawOptions): Promise<readonly Call[]> {
  return toCalls([thawCall(options.deployment, options)]);
}

/** Takes the announcement of a withdrawal back. */
export async function cancelThaw(
  client: WalletClient,
  { deployment }: { readonly deployment: Deployment },
): Promise<Hex> {
  return (await transact(client, cancelThawCall(deployment))).transactionHash;
}

/** The call of {@link cancelThaw}, for a smart account. */
export async function cancelThawCalls(
  _: ReadClient,
  { deployment }: { readonly deployment: Deployment },
): Promise<readonly Call[]> {
  return toCalls([cancelThawCall(deployment)]);
}

/**
 * Withdraws what was announced, or what is left of it.
 * @param to Default: the sender.
 */
export async function withdrawAipg(
  client: WalletClient,
  { deployment, to = client.account.address }: { readonly deployment: Deployment; readonly to?: Address },
): Promise<Hex> {
  return (await transact(client, withdrawCall(deployment, { to }))).transactionHash;
}

/** The call of {@link withdrawAipg}, for a smart account (`sender`). */
export async function withdrawAipgCalls(
  _: ReadClient,
  { deployment, sender, to = sender }: { readonly deployment: Deployment; readonly to?: Address } & Sender,
): Promise<readonly Call[]> {
  return toCalls([withdrawCall(deployment, { to })]);
}

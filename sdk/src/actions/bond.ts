import type { Address, Hex } from "viem";
import { readContract } from "viem/actions";
import { type Call, type ContractCall, contractCall, type Sender, toCalls } from "../chain/call.js";
import type { Deployment } from "../chain/deployment.js";
import { type ReadClient, transactAll, type WalletClient, wrapReadError } from "../chain/transact.js";
import { registryAt } from "../generated/used.js";
import { allowanceCalls } from "./allowance.js";

/** Worker of a deployment. */
export interface BondQuery {
  readonly deployment: Deployment;
  readonly worker: Address;
}

/** Bond of a worker and what is asked of it. Amounts are AIPG wei, times Unix seconds. */
export interface BondState {
  readonly isRegistered: boolean;
  /** At stake and not announced for withdrawal. */
  readonly bond: bigint;
  readonly unbonding: bigint;
  readonly minBond: bigint;
  /** Raise that is announced, and when it holds; 0 and 0 without one. */
  readonly nextMinBond: bigint;
  readonly nextMinBondFrom: number;
}

/** Returns true if a worker's bond is enough now for its receipts to be anchored. */
export function isBonded(client: ReadClient, { deployment, worker }: BondQuery): Promise<boolean> {
  const call = { ...registryAt(deployment), functionName: "isBonded", args: [worker] } as const;
  return wrapReadError(readContract(client, call));
}

/** Reads the bond of a worker. */
export async function bondState(client: ReadClient, { deployment, worker }: BondQuery): Promise<BondState> {
  const registry = registryAt(deployment);
  const [{ bond, unbonding, registeredAt }, minBond, [nextMinBond, nextMinBondFrom]] = await wrapReadError(
    Promise.all([
      readContract(client, { ...registry, functionName: "workerOf", args: [worker] }),
      readContract(client, { ...registry, functionName: "minBond" }),
      readContract(client, { ...registry, functionName: "nextMinBond" }),
    ]),
  );
  return { isRegistered: registeredAt !== 0, bond, unbonding, minBond, nextMinBond, nextMinBondFrom };
}

/** Deployment, and the URI of the profile with which a new worker registers. */
export interface BondOptions {
  readonly deployment: Deployment;
  readonly profile?: string;
}

/**
 * Brings the wallet's bond up to the least one, and registers the wallet as a worker if it is none yet.
 * @returns Hash of the transaction, or undefined when the bond is enough.
 */
export async function postBond(client: WalletClient, options: BondOptions): Promise<Hex | undefined> {
  const hashes = await transactAll(client, await bondCalls(client, { ...options, sender: client.account.address }));
  return hashes.at(-1);
}

/** The calls of {@link postBond}, or none, for a smart account (`sender`). */
export async function postBondCalls(client: ReadClient, options: BondOptions & Sender): Promise<readonly Call[]> {
  return toCalls(await bondCalls(client, options));
}

async function bondCalls(
  client: ReadClient,
  { deployment, profile = "", sender }: BondOptions & Sender,
): Promise<readonly ContractCall[]> {
  const { isRegistered, bond, minBond } = await bondState(client, { deployment, worker: sender });
  if (bond >= minBond) return [];
  const amount = minBond - bond;
  const registry = registryAt(deployment);
  return [
    ...(await allowanceCalls(client, { deployment, spender: registry.address, amount, owner: sender })),
    isRegistered
      ? contractCall({ ...registry, functionName: "addBond", args: [sender, amount] })
      : contractCall({ ...registry, functionName: "register", args: [amount, profile] }),
  ];
}

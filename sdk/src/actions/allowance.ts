import type { Address, Hex } from "viem";
import { readContract } from "viem/actions";
import { type Call, type ContractCall, contractCall, type Sender, toCalls } from "../chain/call.js";
import type { Deployment } from "../chain/deployment.js";
import { type ReadClient, transactAll, type WalletClient, wrapReadError } from "../chain/transact.js";
import { aipgAt } from "../generated/used.js";

/** Allowance: spender and amount, AIPG wei. */
export interface AllowanceOptions {
  readonly deployment: Deployment;
  readonly spender: Address;
  /** AIPG wei. */
  readonly amount: bigint;
}

/**
 * Lets a contract of the protocol draw AIPG from the wallet, if it may not already. Approves exactly the amount.
 * @returns Hash of the approval, or undefined when none was needed.
 */
export async function ensureAllowance(client: WalletClient, options: AllowanceOptions): Promise<Hex | undefined> {
  const [hash] = await transactAll(client, await allowanceCalls(client, { ...options, owner: client.account.address }));
  return hash;
}

/** The call of {@link ensureAllowance}, or none, for a smart account (`sender`). */
export async function ensureAllowanceCalls(
  client: ReadClient,
  options: AllowanceOptions & Sender,
): Promise<readonly Call[]> {
  return toCalls(await allowanceCalls(client, { ...options, owner: options.sender }));
}

/** An approval of exactly the amount, or nothing where that much may be drawn already. */
export async function allowanceCalls(
  client: ReadClient,
  { deployment, spender, amount, owner }: AllowanceOptions & { readonly owner: Address },
): Promise<readonly ContractCall[]> {
  const aipg = aipgAt(deployment);
  const allowance = await wrapReadError(
    readContract(client, { ...aipg, functionName: "allowance", args: [owner, spender] }),
  );
  return allowance >= amount ? [] : [contractCall({ ...aipg, functionName: "approve", args: [spender, amount] })];
}

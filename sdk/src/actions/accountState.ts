import type { Address } from "viem";
import { getBalance, readContract } from "viem/actions";
import type { Deployment } from "../chain/deployment.js";
import { type ReadClient, wrapReadError } from "../chain/transact.js";
import { aipgAt, settlementAt } from "../generated/used.js";

/** Money of an account. Amounts in wei of AIPG, but `eth`. */
export interface AccountState {
  readonly account: Address;
  /** In the wallet. */
  readonly aipg: bigint;
  /** In the wallet, for gas. */
  readonly eth: bigint;
  /** In the settlement: what direct orders and lanes can draw on, thawing money included. */
  readonly balance: bigint;
  /** Of it, not announced for withdrawal: what a worker counts on. */
  readonly free: bigint;
  /** Announced for withdrawal. */
  readonly thawing: bigint;
  /** Unix seconds from which it can be withdrawn; 0 when nothing thaws. */
  readonly thawReadyAt: number;
}

/**
 * Returns the balances of an account: in its wallet, and in the settlement.
 *
 * @example
 * const { free, aipg } = await accountState(client, { deployment, account });
 */
export async function accountState(
  client: ReadClient,
  { deployment, account }: { readonly deployment: Deployment; readonly account: Address },
): Promise<AccountState> {
  const [aipg, eth, inside] = await wrapReadError(
    Promise.all([
      readContract(client, { ...aipgAt(deployment), functionName: "balanceOf", args: [account] }),
      getBalance(client, { address: account }),
      readContract(client, { ...settlementAt(deployment), functionName: "accountOf", args: [account] }),
    ]),
  );
  const { balance, thawing, thawReadyAt } = inside;
  // An order may have spent what was announced.
  const free = balance > thawing ? balance - thawing : 0n;
  return { account, aipg, eth, balance, free, thawing: balance - free, thawReadyAt };
}

/** Returns true if an order with this nonce is settled or cancelled. */
export function isNonceUsed(
  client: ReadClient,
  { deployment, payer, nonce }: { readonly deployment: Deployment; readonly payer: Address; readonly nonce: bigint },
): Promise<boolean> {
  return wrapReadError(
    readContract(client, { ...settlementAt(deployment), functionName: "isNonceUsed", args: [payer, nonce] }),
  );
}

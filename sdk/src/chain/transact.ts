import type {
  Abi,
  Account,
  Address,
  Chain,
  Client,
  ContractFunctionName,
  Hex,
  TransactionReceipt,
  Transport,
} from "viem";
import { simulateContract, waitForTransactionReceipt, writeContract } from "viem/actions";
import type { ContractCall } from "./call.js";
import { ChainError } from "./errors.js";
import { explainRevert } from "./revert.js";

/** A viem client that reads. */
export type ReadClient = Client<Transport, Chain | undefined>;
/** A viem client that signs and sends for one account (a wallet client, local key or browser wallet). */
export type WalletClient = Client<Transport, Chain | undefined, Account>;

/**
 * Tries a call, sends it, and waits until it is mined. Nothing is sent when it would revert.
 *
 * @returns The receipt of the successful transaction.
 * @throws {@link ChainError} with a sentence for the contract's own error.
 */
export async function transact<const abi extends Abi, name extends ContractFunctionName<abi, "nonpayable" | "payable">>(
  client: WalletClient,
  call: ContractCall<abi, name>,
): Promise<TransactionReceipt> {
  const untyped = call as unknown as { address: Address; abi: Abi; functionName: string; args: readonly unknown[] };
  const ask = { ...untyped, account: client.account, chain: client.chain };
  let hash: `0x${string}` | undefined;
  try {
    await simulateContract(client, ask);
    hash = await writeContract(client, ask);
    const receipt = await waitForTransactionReceipt(client, { hash });
    if (receipt.status === "success") return receipt;
    hash = receipt.transactionHash;
    // The state has changed since the trial; ask again for the reason.
    await simulateContract(client, ask);
  } catch (error) {
    throw explainRevert(error, hash);
  }
  throw new ChainError("REVERTED", `Transaction ${hash} failed, although it would succeed now.`, undefined, hash);
}

/** Makes calls one after the other. Returns the hash of each transaction. */
export async function transactAll(client: WalletClient, calls: readonly ContractCall[]): Promise<readonly Hex[]> {
  const hashes: Hex[] = [];
  for (const call of calls) hashes.push((await transact(client, call)).transactionHash);
  return hashes;
}

/**
 * Runs a read and explains its failure.
 * @throws {@link ChainError}.
 */
export async function reading<Value>(read: Promise<Value>): Promise<Value> {
  try {
    return await read;
  } catch (error) {
    throw explainRevert(error);
  }
}

import {
  type Abi,
  type Account,
  type Address,
  type Chain,
  type Client,
  type ContractFunctionName,
  type Hex,
  keccak256,
  type LocalAccount,
  type TransactionReceipt,
  type Transport,
} from "viem";
import { getTransaction, simulateContract, waitForTransactionReceipt, writeContract } from "viem/actions";
import { sleep } from "../lib/sleep.js";
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
 * @throws {@link ChainError} with a sentence for the contract's own error; `UNCONFIRMED`, with its hash, when a transaction was sent and
 * the node does not say what became of it.
 */
export async function transact<const abi extends Abi, name extends ContractFunctionName<abi, "nonpayable" | "payable">>(
  client: WalletClient,
  call: ContractCall<abi, name>,
): Promise<TransactionReceipt> {
  const untyped = call as unknown as Ask;
  const ask = { ...untyped, account: client.account, chain: client.chain };
  await wrapReadError(simulateContract(client, ask));
  const sent = await sendCall(client, untyped);
  const receipt = await waitForTransactionReceipt(client, { hash: sent }).catch((error: unknown) => {
    throw unconfirmed(explainRevert(error), sent);
  });
  if (receipt.status === "success") return receipt;
  const hash = receipt.transactionHash;
  // The state has changed since the trial; ask again for the reason.
  await wrapReadError(simulateContract(client, ask), hash);
  throw new ChainError("REVERTED", `Transaction ${hash} failed; now it would succeed.`, undefined, hash);
}

interface Ask {
  readonly address: Address;
  readonly abi: Abi;
  readonly functionName: string;
  readonly args: readonly unknown[];
}

/**
 * Sends a call. The hash of what a local account signs is known before it leaves: when the answer is lost, or the node refuses what it has
 * taken a moment ago, the node is asked for it.
 */
async function sendCall(client: WalletClient, ask: Ask): Promise<Hex> {
  const { account, chain } = client;
  let signed: Hex | undefined;
  const local = account as LocalAccount;
  const noting: LocalAccount["signTransaction"] | undefined =
    (local.signTransaction as LocalAccount["signTransaction"] | undefined) &&
    (async (...transaction) => {
      const serialized = await local.signTransaction(...transaction);
      signed = keccak256(serialized as Hex);
      return serialized;
    });
  try {
    return await writeContract(client, { ...ask, account: { ...account, signTransaction: noting } as Account, chain });
  } catch (error) {
    const failure = explainRevert(error);
    const hash = signed;
    if (!hash) throw failure;
    for (let attempt = 0; attempt < 4; attempt++) {
      if (await getTransaction(client, { hash }).catch(() => undefined)) return hash;
      if (failure.code !== "RPC_UNREACHABLE") throw failure;
      await sleep(500);
    }
    throw unconfirmed(failure, hash);
  }
}

function unconfirmed(cause: ChainError, hash: Hex): ChainError {
  return new ChainError("UNCONFIRMED", `${cause.message} Transaction ${hash} may be under way.`, undefined, hash, {
    cause,
  });
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
export async function wrapReadError<Value>(read: Promise<Value>, transaction?: Hex): Promise<Value> {
  try {
    return await read;
  } catch (error) {
    throw explainRevert(error, transaction);
  }
}

/** Transaction to wait for. */
export interface SuccessOptions {
  readonly hash: Hex;
  /** Milliseconds. Default: viem's. */
  readonly timeout?: number;
}

/**
 * Waits for a transaction, and insists on its success.
 * @throws {@link ChainError} `REVERTED`; viem's own errors for what the node does not say in time.
 */
export async function waitForSuccess(client: ReadClient, options: SuccessOptions): Promise<TransactionReceipt> {
  const receipt = await waitForTransactionReceipt(client, options);
  if (receipt.status === "success") return receipt;
  const hash = receipt.transactionHash;
  throw new ChainError("REVERTED", `Transaction ${hash} reverted.`, undefined, hash);
}

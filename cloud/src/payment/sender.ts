import type { Deployment } from "@gridnft/sdk";
import { gridContracts } from "@gridnft/sdk";
import { sleep, waitForSuccess } from "@gridnft/sdk/node";
import {
  type Abi,
  type Account,
  type Address,
  BaseError,
  ContractFunctionRevertedError,
  createWalletClient,
  encodeFunctionData,
  type Hex,
  http,
  type PublicActions,
  publicActions,
  type Transport,
  type Chain as ViemChain,
  type WalletClient,
} from "viem";
import type { PrivateKeyAccount } from "viem/accounts";

type SenderClient = WalletClient<Transport, ViemChain | undefined, Account> &
  PublicActions<Transport, ViemChain | undefined, Account>;

/** Call of a contract: target and data of a transaction. */
export interface ContractCall {
  readonly to: Address;
  readonly data: Hex;
}

/** Sender of an account's transactions, one after the other. */
export interface Sender {
  readonly client: SenderClient;
  readonly contracts: ReturnType<typeof gridContracts<SenderClient>>;
  /**
   * Sends a call, waits until it is in a block, and returns the block. Its nonce is the account's next one on chain. So a transaction of a
   * killed process is never followed by a second one, only replaced or awaited.
   *
   * @param abi Names the errors by which a contract refuses.
   * @throws An error with the contract's reason, when the call would revert.
   */
  send(call: ContractCall, abi: Abi): Promise<bigint>;
}

/** Milliseconds that a transaction may take. */
const TRANSACTION_TIMEOUT = 120_000;

/** Connects an account's key to a chain. */
export function openSender(
  account: PrivateKeyAccount,
  {
    rpcUrl,
    deployment,
    poll,
    timeout = TRANSACTION_TIMEOUT,
  }: {
    readonly rpcUrl: string;
    readonly deployment: Deployment;
    readonly poll: number;
    /** Milliseconds that a transaction may take, and after it the node's own block. */
    readonly timeout?: number;
  },
): Sender {
  const client: SenderClient = createWalletClient({
    account,
    transport: http(rpcUrl, { retryCount: 1, timeout: 20_000 }),
    pollingInterval: Math.min(poll, 1_000),
    cacheTime: 0,
  }).extend(publicActions);
  return {
    client,
    contracts: gridContracts<SenderClient>(client, { deployment }),
    send: async ({ to, data }, abi) => {
      await client.call({ account, to, data }).catch((error: unknown) => {
        throw revertOf(error, abi) ?? error;
      });
      const nonce = await client.getTransactionCount({ address: account.address, blockTag: "latest" });
      const hash = await client.sendTransaction({ account, chain: null, to, data, nonce });
      const receipt = await waitForSuccess(client, { hash, timeout });
      // Nodes behind a balancer may be a block apart: what is read next must not be older than this.
      const end = Date.now() + timeout;
      while ((await client.getBlockNumber()) < receipt.blockNumber) {
        if (Date.now() > end)
          throw new Error(`The node says that ${hash} is in block ${receipt.blockNumber}, and has no such block.`);
        await sleep(100);
      }
      return receipt.blockNumber;
    },
  };
}

/** Revert of a contract, by the name of its error. */
export class RevertError extends Error {
  override readonly name = "RevertError";

  constructor(
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`The contract refuses: ${reason}.`, options);
  }
}

function revertOf(error: unknown, abi: Abi): RevertError | undefined {
  if (!(error instanceof BaseError)) return undefined;
  const raw = error.walk((cause) => typeof (cause as { data?: unknown }).data === "string") as { data?: Hex } | null;
  if (!raw?.data) return undefined;
  const { data, reason } = new ContractFunctionRevertedError({ abi, data: raw.data, functionName: "" });
  return new RevertError(data?.errorName ?? reason ?? raw.data, { cause: error });
}

/** Encodes a contract's function with its arguments as a call. */
export const encodeCall = (
  contract: { readonly address: Address; readonly abi: Abi },
  functionName: string,
  args: readonly unknown[],
): ContractCall => ({ to: contract.address, data: encodeFunctionData({ abi: contract.abi, functionName, args }) });

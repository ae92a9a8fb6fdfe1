import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Account,
  type Address,
  type Chain,
  createWalletClient,
  type Hex,
  http,
  type PublicActions,
  publicActions,
  type TransactionReceipt,
  TransactionReceiptNotFoundError,
  type Transport,
  type WalletClient,
} from "viem";
import { mnemonicToAccount } from "viem/accounts";
import { foundry } from "viem/chains";
import { startAnvil } from "../../local/src/deployLocal.ts";
import { deploy } from "../../local/src/deployment.ts";
import { anyPort } from "../../local/src/ports.ts";
import { type Deployment, type GridContracts, gridContracts } from "../../sdk/src/index.ts";
import { sleep } from "../../sdk/src/node/index.ts";
import { foundryBinary } from "../../tools/foundry.mjs";

const mnemonic = "test test test test test test test test test test test junk";

/** A viem client that reads and writes for one account. */
export type Wallet = WalletClient<Transport, Chain, Account> & PublicActions<Transport, Chain, Account>;

/** Somebody with ETH: an account, its client and the protocol's contracts on it. */
export interface Party {
  readonly address: Address;
  readonly account: ReturnType<typeof mnemonicToAccount>;
  readonly wallet: Wallet;
  readonly grid: GridContracts<Wallet>;
}

/** A fresh chain with the protocol on it. */
export interface LocalGrid {
  readonly rpcUrl: string;
  readonly deployment: Deployment;
  /** Account number `index` of anvil's mnemonic. 0 deployed, 1 to 6 govern, 7 to 9 are free. */
  party(index: number): Party;
  /** Waits for a transaction and insists on its success. */
  mined(hash: Promise<Hex>): Promise<TransactionReceipt>;
  /** Unix time of the head block. */
  now(): Promise<bigint>;
  /** Sets the clock forward and mines a block. */
  pass(seconds: number): Promise<void>;
  /** Runs cast against the chain and returns what it prints. */
  cast(...args: string[]): string;
  stop(): Promise<void>;
}

/** Starts anvil on a free port and deploys to it: from the recording, or by forge when that is stale. The deployment file goes to a temporary folder. */
export async function startGrid(flags: readonly string[] = []): Promise<LocalGrid> {
  const anvil = await startAnvil(await anyPort(), flags);
  try {
    const path = join(mkdtempSync(join(tmpdir(), "gridnft-")), "31337.json");
    const { deployment } = await deploy({ rpcUrl: anvil.rpcUrl, path });
    return grid(anvil, deployment);
  } catch (error) {
    await anvil.stop();
    throw error;
  }
}

function grid({ rpcUrl, stop }: { rpcUrl: string; stop: () => Promise<void> }, deployment: Deployment): LocalGrid {
  const transport = http(rpcUrl, { retryCount: 0 });
  const party = (addressIndex: number): Party => {
    const account = mnemonicToAccount(mnemonic, { addressIndex });
    const wallet = createWalletClient({ account, chain: foundry, transport, pollingInterval: 25 }).extend(
      publicActions,
    );
    return { address: account.address, account, wallet, grid: gridContracts<Wallet>(wallet, { deployment }) };
  };
  const { wallet } = party(0);
  return {
    rpcUrl,
    deployment,
    party,
    mined: async (hash) => {
      const receipt = await receiptOf(wallet, await hash);
      if (receipt.status !== "success") throw new Error(`Transaction ${receipt.transactionHash} reverted.`);
      return receipt;
    },
    now: async () => (await wallet.getBlock()).timestamp,
    pass: async (seconds) => {
      await wallet.request({ method: "evm_increaseTime" as never, params: [seconds] as never });
      await wallet.request({ method: "evm_mine" as never });
    },
    cast: (...args) => execFileSync(foundryBinary("cast"), [...args, "--rpc-url", rpcUrl], { encoding: "utf8" }).trim(),
    stop,
  };
}

/** Asks for a receipt until there is one. viem asks again with each new block, and after the transaction's own there is none here. */
async function receiptOf(wallet: Wallet, hash: Hex): Promise<TransactionReceipt> {
  for (;;) {
    const receipt = await wallet.getTransactionReceipt({ hash }).catch((error: unknown) => {
      if (error instanceof TransactionReceiptNotFoundError) return undefined;
      throw error;
    });
    if (receipt) return receipt;
    await sleep(10);
  }
}

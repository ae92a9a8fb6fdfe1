import { parseArgs } from "node:util";
import { type GridContracts, gridContracts } from "@gridnft/sdk";
import { isHttpUrl, readSettingTables, type SettingsOf, type SettingTable, unicodeFault } from "@gridnft/sdk/node";
import {
  type Account,
  type Chain,
  createWalletClient,
  type Hex,
  http,
  type PublicActions,
  publicActions,
  type Transport,
  type WalletClient,
} from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { z } from "zod";
import { connectChain, type GridChain } from "../chain/connect.ts";
import { privateKey } from "../environment.ts";
import { WorkerError } from "../errors.ts";

type Writer = WalletClient<Transport, Chain, Account> & PublicActions<Transport, Chain, Account>;

/** Cold account of the worker, for the few things that only it can do. The running worker never sees its key. */
export interface ColdAccount {
  readonly account: PrivateKeyAccount;
  readonly chain: GridChain;
  readonly wallet: Writer;
  readonly grid: GridContracts<Writer>;
  /**
   * Waits for a transaction.
   * @throws {@link WorkerError} `TRANSACTION_FAILED` when it reverts.
   */
  mined(hash: Promise<Hex>): Promise<Hex>;
}

/** Settings of `claim`. */
export const claimTable = {
  rpcUrl: { GRID_RPC_URL: z.string().refine(isHttpUrl, "is not a URL") },
  deployment: { GRID_DEPLOYMENT: z.string().optional() },
  accountKey: { GRID_WORKER_ACCOUNT_KEY: privateKey },
};
/** Settings of `register`. */
export const registerTable = { ...claimTable, signerKey: { GRID_WORKER_SIGNER_KEY: privateKey } };

/**
 * Reads the settings of a table; empty variables count as absent.
 * @throws {@link WorkerError} `ENVIRONMENT_INVALID` with one sentence for each fault.
 */
export function readTable<table extends SettingTable>(table: table, environment: NodeJS.ProcessEnv): SettingsOf<table> {
  const { values, faults } = readSettingTables({ table }, environment);
  if (values) return values.table;
  throw new WorkerError("ENVIRONMENT_INVALID", faults.join("\n"));
}

/**
 * Reads the one option of a command.
 * @param args Words after the command.
 * @throws {@link WorkerError} `ENVIRONMENT_INVALID` for other arguments, and for words that are not UTF-8.
 */
export function readOption(args: readonly string[], name: string): string | undefined {
  const fault = unicodeFault(args, 1);
  if (fault !== undefined) throw new WorkerError("ENVIRONMENT_INVALID", fault);
  try {
    return parseArgs({ args: [...args], options: { [name]: { type: "string" } } }).values[name] as string | undefined;
  } catch (cause) {
    throw new WorkerError("ENVIRONMENT_INVALID", cause instanceof Error ? cause.message : "Wrong arguments.", {
      cause,
    });
  }
}

/** Connects the cold account. */
export async function openColdAccount({
  rpcUrl,
  deployment,
  accountKey,
}: SettingsOf<typeof claimTable>): Promise<ColdAccount> {
  const account = privateKeyToAccount(accountKey);
  const chain = await connectChain(rpcUrl, deployment);
  const transport = http(rpcUrl);
  const wallet: Writer = createWalletClient({ account, chain: chain.chain, transport }).extend(publicActions);
  return {
    account,
    chain,
    wallet,
    grid: gridContracts<Writer>(wallet, { deployment: chain.deployment }),
    mined: async (sending) => {
      const hash = await sending;
      const { status } = await chain.client.waitForTransactionReceipt({ hash });
      if (status !== "success") throw new WorkerError("TRANSACTION_FAILED", `The transaction ${hash} reverted.`);
      return hash;
    },
  };
}

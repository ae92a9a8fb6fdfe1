import type { GridContracts } from "@gridnft/sdk";
import { gridContracts } from "@gridnft/sdk";
import { isHttpUrl, readVariables as readVariablesBy } from "@gridnft/sdk/node";
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

const key = z.string().regex(/^0x[0-9a-fA-F]{64}$/, "is not 32 bytes of hex");
const url = z.string().refine(isHttpUrl, "is not a URL");
const coldVariables = {
  GRID_RPC_URL: url,
  GRID_DEPLOYMENT: z.string().optional(),
  GRID_WORKER_ACCOUNT_KEY: key,
};

/** Variables of `claim`. */
export const claimVariables = z.object(coldVariables);
/** Variables of `register`. */
export const registerVariables = z.object({ ...coldVariables, GRID_WORKER_SIGNER_KEY: key });

/**
 * Reads variables; empty ones count as absent.
 * @throws {@link WorkerError} `ENVIRONMENT_INVALID` with one sentence for each fault.
 */
export function readVariables<schema extends z.ZodType>(
  schema: schema,
  environment: NodeJS.ProcessEnv,
): z.output<schema> {
  const { values, faults } = readVariablesBy(schema, environment);
  if (values) return values;
  throw new WorkerError("ENVIRONMENT_INVALID", faults.join("\n"));
}

/** Connects the cold account. */
export async function openColdAccount(variables: z.output<typeof claimVariables>): Promise<ColdAccount> {
  const account = privateKeyToAccount(variables.GRID_WORKER_ACCOUNT_KEY as Hex);
  const chain = await connectChain(variables.GRID_RPC_URL, variables.GRID_DEPLOYMENT);
  const transport = http(variables.GRID_RPC_URL);
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

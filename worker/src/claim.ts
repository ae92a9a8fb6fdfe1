import { parseArgs } from "node:util";
import { gridSettlementAbi } from "@gridnft/sdk";
import { type Address, createWalletClient, formatEther, type Hex, http, isAddress, isAddressEqual } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { z } from "zod";
import { connectChain } from "./chain/connect.ts";
import { WorkerError } from "./errors.ts";

const variables = z.object({
  GRID_RPC_URL: z.url("is not a URL"),
  GRID_DEPLOYMENT: z.string().optional(),
  GRID_WORKER_ACCOUNT_KEY: z.string().regex(/^0x[0-9a-fA-F]{64}$/, "is not 32 bytes of hex"),
});

/**
 * `tsx worker/src/main.ts claim [--to 0x...]`: pays what the worker has earned to its cold account, or to another address. Needs the
 * cold account's own key (`GRID_WORKER_ACCOUNT_KEY`), which the running worker never sees.
 *
 * @throws {@link WorkerError} `ENVIRONMENT_INVALID`, `TRANSACTION_FAILED`, or as {@link connectChain}.
 */
export async function claimEarnings(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<void> {
  const { to: asked } = readArguments(args);
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const parsed = variables.safeParse(given);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path: [name], message }) =>
      given[String(name)] === undefined ? `${String(name)} is missing.` : `${String(name)} ${message}.`,
    );
    throw new WorkerError("ENVIRONMENT_INVALID", faults.join("\n"));
  }
  const { GRID_RPC_URL: rpcUrl, GRID_DEPLOYMENT: deployment, GRID_WORKER_ACCOUNT_KEY: key } = parsed.data;
  const account = privateKeyToAccount(key as Hex);
  const to = asked ?? account.address;
  if (!isAddress(to)) throw new WorkerError("ENVIRONMENT_INVALID", `--to "${to}" is not an address.`);
  const { chain, client, grid, deployment: contracts } = await connectChain(rpcUrl, deployment);
  const earned = await grid.settlement.read.earnedOf([account.address]);
  if (earned === 0n) {
    process.stdout.write(`${account.address} has earned nothing that is not claimed.\n`);
    return;
  }
  const wallet = createWalletClient({ account, chain, transport: http(rpcUrl) });
  const address: Address = contracts.contracts.GridSettlement.address;
  const { request } = await client.simulateContract({
    ...{ account, address, abi: gridSettlementAbi, functionName: "claimEarned", args: [to] },
  });
  const hash = await wallet.writeContract(request);
  const receipt = await client.waitForTransactionReceipt({ hash });
  if (receipt.status !== "success") throw new WorkerError("TRANSACTION_FAILED", `The claim ${hash} reverted.`);
  const whose = isAddressEqual(to, account.address) ? "the worker's account" : to;
  process.stdout.write(`${formatEther(earned)} AIPG paid to ${whose} (${hash}).\n`);
}

function readArguments(args: readonly string[]): { to: Address | undefined } {
  try {
    const { values } = parseArgs({ args: [...args], options: { to: { type: "string" } } });
    return { to: values.to as Address | undefined };
  } catch (cause) {
    throw new WorkerError("ENVIRONMENT_INVALID", cause instanceof Error ? cause.message : "Wrong arguments.", {
      cause,
    });
  }
}

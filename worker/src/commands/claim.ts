import { parseArgs } from "node:util";
import { addressFault, parseAddress } from "@gridnft/sdk";
import { formatEther } from "viem";
import { WorkerError } from "../errors.ts";
import { claimVariables, openColdAccount, readVariables } from "./coldAccount.ts";

/**
 * `main.ts claim [--to 0x...]`: pays all that the worker has earned to its cold account, or to another address.
 *
 * @returns What was done, in a sentence.
 * @throws {@link WorkerError} `ENVIRONMENT_INVALID`, `TRANSACTION_FAILED`, or as `connectChain`.
 */
export async function claimEarnings(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<string> {
  const asked = readTo(args);
  const fault = asked === undefined ? undefined : addressFault(asked);
  if (fault !== undefined) throw new WorkerError("ENVIRONMENT_INVALID", `--to "${asked}" ${fault}.`);
  const { account, grid, mined } = await openColdAccount(readVariables(claimVariables, environment));
  const to = asked === undefined ? account.address : parseAddress(asked, "--to");
  const earned = await grid.settlement.read.earnedOf([account.address]);
  if (earned === 0n) return `${account.address} has earned nothing that is not claimed.`;
  const hash = await mined(grid.settlement.write.claimEarned([to]));
  return `${formatEther(earned)} AIPG paid to ${to} (${hash}).`;
}

function readTo(args: readonly string[]): string | undefined {
  try {
    return parseArgs({ args: [...args], options: { to: { type: "string" } } }).values.to;
  } catch (cause) {
    throw new WorkerError("ENVIRONMENT_INVALID", cause instanceof Error ? cause.message : "Wrong arguments.", {
      cause,
    });
  }
}

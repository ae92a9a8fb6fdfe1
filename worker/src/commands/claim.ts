import { addressFault, parseAddress } from "@gridnft/sdk";
import { formatEther } from "viem";
import { WorkerError } from "../errors.ts";
import { claimTable, openColdAccount, readOption, readTable } from "./coldAccount.ts";

/**
 * `main.ts claim [--to 0x...]`: pays all that the worker has earned to its cold account, or to another address.
 *
 * @returns What was done, in a sentence.
 * @throws {@link WorkerError} `ENVIRONMENT_INVALID`, `TRANSACTION_FAILED`, or as `connectChain`.
 */
export async function claimEarnings(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<string> {
  const asked = readOption(args, "to");
  const fault = asked === undefined ? undefined : addressFault(asked);
  if (fault !== undefined) throw new WorkerError("ENVIRONMENT_INVALID", `--to "${asked}" ${fault}.`);
  const { account, grid, mined } = await openColdAccount(readTable(claimTable, environment));
  const to = asked === undefined ? account.address : parseAddress(asked, "--to");
  const earned = await grid.settlement.read.earnedOf([account.address]);
  if (earned === 0n) return `${account.address} has earned nothing that is not claimed.`;
  const hash = await mined(grid.settlement.write.claimEarned([to]));
  return `${formatEther(earned)} AIPG paid to ${to} (${hash}).`;
}

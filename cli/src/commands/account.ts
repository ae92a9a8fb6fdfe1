import { accountState, cancelThaw, depositAipg, thawAipg, withdrawAipg } from "@gridnft/sdk";
import { formatEther } from "viem";
import { getBlock } from "viem/actions";
import { type ConfirmOptions, confirm } from "../confirm.ts";
import { explain } from "../explain.ts";
import { CliError, ExitCode, usageError } from "../failure.ts";
import { transacting } from "../signals.ts";
import { openSigned, type SignedSession, type SigningOptions } from "../signer.ts";
import { utc } from "../text.ts";
import { aipg, readAipg } from "../values.ts";

export interface AccountCommandOptions extends SigningOptions, ConfirmOptions {}

/** `gridnft account`: what an account has. */
export async function accountCommand(options: AccountCommandOptions): Promise<ExitCode> {
  await print(await openSigned(options));
  return ExitCode.OK;
}

async function print({ session: { terminal }, grid, signer }: SignedSession, transaction?: string): Promise<void> {
  const query = { deployment: grid.contracts, account: signer.account.address };
  const state = await accountState(grid.client, query).catch((error: unknown) => {
    if (transaction === undefined) throw error;
    const { code, message } = explain(error);
    const text = `Done, by transaction ${transaction}. The account could not be read since: ${message}`;
    throw new CliError(code, text, undefined, { cause: error, trace: { transaction } });
  });
  terminal.line(`${terminal.colors.bold(signer.name)}  ${signer.account.address}`);
  terminal.line(`  wallet       ${aipg(state.aipg)}, ${formatEther(state.eth)} ETH for gas`);
  terminal.line(`  settlement   ${aipg(state.free)} that jobs can draw on`);
  if (state.thawing > 0n) {
    const time = utc(state.thawReadyAt);
    terminal.line(`  withdrawing  ${aipg(state.thawing)}, ready at ${time} UTC: gridnft account withdraw`);
  }
  const others = grid.accounts.filter(({ name }) => name !== signer.name).map(({ name }) => name);
  if (others.length > 0)
    terminal.line(terminal.colors.dim(`  Other accounts here: ${others.join(", ")} (--account <name>)`));
  terminal.value(transaction ?? formatEther(state.free));
  terminal.result({ name: signer.name, ...state, ...(transaction && { transaction }) });
}

/** `gridnft account deposit <AIPG>`. */
export async function depositCommand(amount: string, options: AccountCommandOptions): Promise<ExitCode> {
  const wei = readAipg("The amount", amount);
  if (wei === 0n) throw usageError("The amount is 0.");
  const opened = await openSigned(options);
  const { session, grid, signer } = opened;
  await confirm(session, options, `Deposit ${aipg(wei)} from the wallet of ${signer.name}?`);
  session.terminal.progress(`Depositing ${aipg(wei)}`);
  const hash = await transacting(() => depositAipg(signer.wallet, { deployment: grid.contracts, amount: wei }));
  await print(opened, hash);
  return ExitCode.OK;
}

/** `gridnft account withdraw [AIPG]`: announces with an amount, pays out what is ripe without one. */
export async function withdrawCommand(amount: string | undefined, options: AccountCommandOptions): Promise<ExitCode> {
  const wei = amount === undefined ? undefined : readAipg("The amount", amount);
  const opened = await openSigned(options);
  const { session, grid, signer } = opened;
  const deployment = grid.contracts;
  const state = await accountState(grid.client, { deployment, account: signer.account.address });
  if (wei !== undefined) {
    if (wei === 0n || wei > state.balance) {
      throw new CliError(
        "BALANCE_TOO_LOW",
        `The settlement account has ${aipg(state.balance)}; withdraw that or less.`,
      );
    }
    await confirm(session, options, `Announce that ${aipg(wei)} leave what jobs of ${signer.name} can draw on?`);
    await print(opened, await transacting(() => thawAipg(signer.wallet, { deployment, amount: wei })));
    return ExitCode.OK;
  }
  if (state.thawReadyAt === 0) {
    throw usageError("No withdrawal is announced: say how much, e.g. gridnft account withdraw 5.", "NOTHING_ANNOUNCED");
  }
  const { timestamp } = await getBlock(grid.client);
  if (timestamp < BigInt(state.thawReadyAt)) {
    const minutes = Math.ceil((state.thawReadyAt - Number(timestamp)) / 60);
    throw new CliError(
      "TOO_EARLY",
      `The withdrawal is ready in ${minutes} minutes: it takes an hour from its announcement.`,
    );
  }
  await confirm(session, options, `Withdraw ${aipg(state.thawing)} to the wallet of ${signer.name}?`);
  await print(opened, await transacting(() => withdrawAipg(signer.wallet, { deployment })));
  return ExitCode.OK;
}

/** `gridnft account cancel`: takes the announcement of a withdrawal back. */
export async function cancelCommand(options: AccountCommandOptions): Promise<ExitCode> {
  const opened = await openSigned(options);
  await print(opened, await cancelThaw(opened.signer.wallet, { deployment: opened.grid.contracts }));
  return ExitCode.OK;
}

import { aigcAbi, buyLicense, licenseState, licenseTerms } from "@gridnft/sdk";
import { getBlock, readContract } from "viem/actions";
import { type ConfirmOptions, confirm } from "../confirm.ts";
import { CliError, ExitCode, usageError } from "../failure.ts";
import { transacting } from "../signals.ts";
import { openSigned, type SigningOptions } from "../signer.ts";
import { printable, utc } from "../text.ts";
import { aipg, idOf, readAipg, readWhole } from "../values.ts";

export interface LicenseCommandOptions extends SigningOptions, ConfirmOptions {
  readonly periods: string;
  readonly maxPrice?: string;
}

/** `gridnft license buy <model>`. */
export async function licenseCommand(model: string, options: LicenseCommandOptions): Promise<ExitCode> {
  const modelId = idOf(model);
  if (modelId === undefined) throw usageError(`"${model}" is no model id: gridnft models lists them.`);
  const periods = readWhole("--periods", options.periods);
  if (periods === 0) throw usageError("--periods is at least 1.");
  const allowed = options.maxPrice === undefined ? undefined : readAipg("--max-price", options.maxPrice);
  const { session, grid, signer } = await openSigned(options);
  const { terminal } = session;
  const account = signer.account.address;
  const query = { deployment: grid.contracts, modelId };
  const [{ spec }, terms, { timestamp }] = await Promise.all([
    readContract(grid.client, {
      ...{ abi: aigcAbi, address: grid.contracts.contracts.AIGC.address },
      ...{ functionName: "modelOf", args: [modelId] },
    }),
    licenseTerms(grid.client, query),
    getBlock(grid.client),
  ]);
  const name = printable(`${spec.name} ${spec.version}`.trim());
  // Only a licensed model sells; the terms of one that is open or private are kept for later.
  if (!terms.forSale) {
    const { canUse } = await licenseState(grid.client, { ...query, account });
    throw new CliError(
      "NOT_FOR_SALE",
      `${name} sells no licenses${canUse ? "; this account may use it as it is" : ""}.`,
    );
  }
  const price = terms.price * BigInt(periods);
  if (allowed !== undefined && price > allowed) {
    throw new CliError(
      "PRICE_TOO_HIGH",
      `${name} costs ${aipg(price)} for ${periods} periods; you allow ${aipg(allowed)}.`,
    );
  }
  // There is no terminal to ask at, and no limit was given.
  if (!session.interactive && options.maxPrice === undefined && !options.yes) {
    throw usageError(
      `${name} costs ${aipg(price)}. Without a terminal that takes --max-price, or --yes for whatever it costs.`,
      "CONFIRMATION_NEEDED",
    );
  }
  const time = periods === 1 ? "a license" : `${periods} periods`;
  await confirm(session, options, `Pay ${aipg(price)} from ${signer.name} for ${time} of ${name}?`);
  terminal.progress(`Buying a license of ${name} for ${aipg(price)}`);
  const { expires, transaction } = await transacting(() =>
    buyLicense(signer.wallet, { ...query, periods, maxPrice: price }),
  );
  const days = Math.floor((expires - Number(timestamp)) / 86_400);
  terminal.line(
    `${terminal.colors.green("✓")} ${signer.name} may use ${name} until ${utc(expires)} UTC (${days} days)`,
  );
  terminal.line(`  paid         ${aipg(price)}`);
  terminal.line(`  transaction  ${transaction}`);
  terminal.value(transaction);
  terminal.result({ model_id: modelId, account, expires, price, transaction });
  return ExitCode.OK;
}

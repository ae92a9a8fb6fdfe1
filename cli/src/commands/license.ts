import { aigcAbi, buyLicense, licenseState, licenseTerms } from "@gridnft/sdk";
import { getBlock, readContract } from "viem/actions";
import { CliError, ExitCode, usageError } from "../failure.ts";
import { type CommonOptions, openSession } from "../program.ts";
import { openSigner } from "../signer.ts";
import { printable } from "../terminal.ts";
import { aipg, readAipg, readWhole } from "../values.ts";

export interface LicenseCommandOptions extends CommonOptions {
  readonly account?: string;
  readonly periods: string;
  readonly maxPrice?: string;
}

/** `gridnft license buy <model>`. */
export async function licenseCommand(model: string, options: LicenseCommandOptions): Promise<ExitCode> {
  if (!/^\d{1,78}$/.test(model)) throw usageError(`"${model}" is no model id: gridnft models lists them.`);
  const modelId = BigInt(model);
  const periods = readWhole("--periods", options.periods);
  if (periods === 0) throw usageError("--periods is at least 1.");
  const session = openSession(options);
  const { terminal } = session;
  const grid = await session.grid();
  const signer = openSigner(grid, options.account, session.environment);
  const account = signer.account.address;
  const query = { deployment: grid.contracts, modelId };
  const [{ spec }, terms] = await Promise.all([
    readContract(grid.client, {
      ...{ abi: aigcAbi, address: grid.contracts.contracts.AIGC.address },
      ...{ functionName: "modelOf", args: [modelId] },
    }),
    licenseTerms(grid.client, query),
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
  const most = options.maxPrice === undefined ? price : readAipg("--max-price", options.maxPrice);
  if (price > most) {
    throw new CliError(
      "PRICE_TOO_HIGH",
      `${name} costs ${aipg(price)} for ${periods} periods; you allow ${aipg(most)}.`,
    );
  }
  terminal.progress(`Buying a license of ${name} for ${aipg(price)}`);
  const { expires, transaction } = await buyLicense(signer.wallet, { ...query, periods, maxPrice: most });
  const { timestamp } = await getBlock(grid.client);
  const until = new Date(expires * 1_000).toISOString().slice(0, 16).replace("T", " ");
  const days = Math.floor((expires - Number(timestamp)) / 86_400);
  terminal.line(`${terminal.colors.green("✓")} ${signer.name} may use ${name} until ${until} UTC (${days} days)`);
  terminal.line(`  paid         ${aipg(price)}`);
  terminal.line(`  transaction  ${transaction}`);
  terminal.result({ model_id: modelId, account, expires, price, transaction });
  return ExitCode.OK;
}

import { announceEvolution, evolveArtwork } from "@gridnft/sdk";
import { asks, type ConfirmOptions, confirm } from "../confirm.ts";
import { ExitCode, usageError } from "../failure.ts";
import { readTokenId } from "../program.ts";
import { transacting } from "../signals.ts";
import { openSigned, type SigningOptions } from "../signer.ts";
import { utc } from "../text.ts";
import { idOf } from "../values.ts";
import { payableOf, readBundle, withReceipts } from "./mint.ts";

export interface EvolveCommandOptions extends SigningOptions, ConfirmOptions {
  readonly announce?: boolean;
  readonly parent?: string;
}

/** `gridnft evolve <token> <bundle.json or receipt id>`. */
export async function evolveCommand(token: string, word: string, options: EvolveCommandOptions): Promise<ExitCode> {
  const tokenId = readTokenId(token);
  const parent = options.parent === undefined ? undefined : readParent(options.parent);
  const { session, grid, signer } = await openSigned(options);
  const { terminal } = session;
  const bundle = await readBundle(session, grid, word);
  const evolution = { deployment: grid.contracts, tokenId, bundle, ...(parent && { parent }) };
  if (options.announce) {
    terminal.progress("Announcing the version");
    const readyAt = await transacting(() => announceEvolution(signer.wallet, evolution));
    terminal.line(
      `${terminal.colors.green("✓")} Announced; add it from ${utc(readyAt)} UTC on, within a week, by the same command without --announce.`,
    );
    terminal.value(`${readyAt}`);
    terminal.result({ token_id: tokenId, ready_at: readyAt });
    return ExitCode.OK;
  }
  if (asks(session, options)) {
    const { total, words } = await payableOf(grid, [bundle], { isVersion: true });
    if (total > 0n) await confirm(session, options, `${words}, and add the version?`);
  }
  terminal.progress("Adding the version");
  const evolved = await transacting(() => evolveArtwork(signer.wallet, evolution)).catch((error: unknown) => {
    terminal.settle();
    throw withReceipts(error, [bundle]);
  });
  terminal.value(`${evolved.version}`);
  terminal.line(`${terminal.colors.green("✓")} Token ${tokenId} has version ${evolved.version} now`);
  terminal.line(`  transaction  ${evolved.transaction}`);
  terminal.result({ token_id: tokenId, version: evolved.version, transaction: evolved.transaction });
  return ExitCode.OK;
}

/** `1001` or `1001:2`. */
function readParent(text: string): { tokenId: bigint; version: number } {
  const [, token = "", version = "1"] = /^(\d+)(?::([1-9]\d{0,8}))?$/.exec(text) ?? [];
  const tokenId = idOf(token);
  if (tokenId === undefined)
    throw usageError(`--parent "${text}" is no token such as 1001, or 1001:2 for its version 2.`);
  return { tokenId, version: Number(version) };
}

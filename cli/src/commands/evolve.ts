import { announceEvolution, evolveArtwork } from "@gridnft/sdk";
import { ExitCode, usageError } from "../failure.ts";
import { type CommonOptions, openSession, readTokenId } from "../program.ts";
import { openSigner } from "../signer.ts";
import { readBundle } from "./mint.ts";

export interface EvolveCommandOptions extends CommonOptions {
  readonly account?: string;
  readonly announce?: boolean;
  readonly parent?: string;
}

/** `gridnft evolve <token> <bundle.json or receipt id>`. */
export async function evolveCommand(token: string, word: string, options: EvolveCommandOptions): Promise<ExitCode> {
  const tokenId = readTokenId(token);
  const parent = options.parent === undefined ? undefined : readParent(options.parent);
  const session = openSession(options);
  const { terminal } = session;
  const grid = await session.grid();
  const signer = openSigner(grid, options.account, session.environment);
  const bundle = await readBundle(session, grid, word);
  const evolution = { deployment: grid.contracts, tokenId, bundle, ...(parent && { parent }) };
  if (options.announce) {
    terminal.progress("Announcing the version");
    const readyAt = await announceEvolution(signer.wallet, evolution);
    const time = new Date(readyAt * 1_000).toISOString().slice(0, 16).replace("T", " ");
    terminal.line(
      `${terminal.colors.green("✓")} Announced; add it from ${time} UTC on, within a week, by the same command without --announce.`,
    );
    terminal.result({ token_id: tokenId, ready_at: readyAt });
    return ExitCode.OK;
  }
  terminal.progress("Adding the version");
  const evolved = await evolveArtwork(signer.wallet, evolution);
  terminal.line(`${terminal.colors.green("✓")} Token ${tokenId} has version ${evolved.version} now`);
  terminal.line(`  transaction  ${evolved.transaction}`);
  terminal.result({ token_id: tokenId, version: evolved.version, transaction: evolved.transaction });
  return ExitCode.OK;
}

/** `1001` or `1001:2`. */
function readParent(text: string): { tokenId: bigint; version: number } {
  const [, token, version = "1"] = /^(\d{1,78})(?::([1-9]\d{0,8}))?$/.exec(text) ?? [];
  if (token === undefined)
    throw usageError(`--parent "${text}" is no token such as 1001, or 1001:2 for its version 2.`);
  return { tokenId: BigInt(token), version: Number(version) };
}

import { type ArtworkState, artworkState, ChainError } from "@gridnft/sdk";
import { CliError, ExitCode } from "../failure.ts";
import type { Grid } from "../grid.ts";
import { type CommonOptions, openSession, readTokenId } from "../program.ts";
import { printable, type Terminal, wrap } from "../terminal.ts";
import { aipg } from "../values.ts";

/** `gridnft show <token>`. */
export async function showCommand(token: string, options: CommonOptions): Promise<ExitCode> {
  const tokenId = readTokenId(token);
  const session = openSession(options);
  const { terminal } = session;
  const grid = await session.grid();
  const state = await artworkState(grid.client, { deployment: grid.contracts, tokenId }).catch((error: unknown) => {
    if (error instanceof ChainError && error.contractError?.name === "GridNFT_UnknownVersion") {
      throw new CliError("TOKEN_UNKNOWN", `There is no token ${tokenId} on chain ${grid.chainId}.`, undefined, {
        cause: error,
      });
    }
    throw error;
  });
  print(terminal, grid, state);
  terminal.result(state);
  return ExitCode.OK;
}

function print(terminal: Terminal, grid: Grid, state: ArtworkState): void {
  const { colors, width } = terminal;
  const { metadata, series, versions, owner, tokenId } = state;
  const shown = versions.at(-1);
  if (!shown) return;
  const { request, seed, engine, worker, price, anchorTime } = shown.provenance;
  const date = new Date(anchorTime * 1_000).toISOString().slice(0, 16).replace("T", " ");
  const rows: [string, string][] = [
    ["prompt", request.prompt],
    ...(request.negativePrompt ? ([["without", request.negativePrompt]] as [string, string][]) : []),
    [
      "settings",
      `${request.width}x${request.height}, ${request.steps} steps, guidance ${request.guidanceMilli / 1_000}, ${request.sampler} ${request.scheduler}, seed ${seed}`,
    ],
    ["model", `${modelName(state) ?? ""} (${request.modelId})`.trim()],
    ["engine", engine],
    ["artist", series.artist],
    ["owner", owner ?? "nobody: it was burnt"],
    ["worker", `${worker} for ${aipg(price)}`],
    ["anchored", `${date} UTC`],
    ["picture", grid.cloudUrl ? `${grid.cloudUrl}/ipfs/${shown.cid}` : `ipfs://${shown.cid}`],
    ...(series.tags ? ([["tags", series.tags.split(",").join(", ")]] as [string, string][]) : []),
    ["series", `number ${state.index} of ${series.count}, royalty ${Number(series.royaltyBps) / 100} %`],
    ["versions", versions.length === 1 ? "1" : `${versions.length}, the last is shown`],
  ];
  terminal.line(
    colors.bold(printable(metadata?.name ?? state.display.title ?? "Untitled")) + colors.dim(`  token ${tokenId}`),
  );
  if (state.display.description) terminal.line(wrap(printable(state.display.description), width));
  terminal.line();
  for (const [name, value] of rows) {
    terminal.line(`  ${colors.dim(name.padEnd(9))} ${wrap(printable(value), width, " ".repeat(12)).trimStart()}`);
  }
  terminal.line();
  terminal.line(colors.dim(`  Check where it comes from: gridnft verify ${tokenId}`));
}

function modelName({ metadata }: ArtworkState): string | undefined {
  const value = metadata?.attributes.find(({ trait_type }) => trait_type === "Model")?.value;
  return value === undefined ? undefined : String(value);
}

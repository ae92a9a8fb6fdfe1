import { type ArtworkView, galleryLink, readArtwork } from "../artwork.ts";
import { ExitCode } from "../failure.ts";
import type { Grid } from "../grid.ts";
import { type CommonOptions, openSession, readTokenId } from "../program.ts";
import type { Terminal } from "../terminal.ts";
import { counted, padded, printable, utc, wrap } from "../text.ts";
import { aipg } from "../values.ts";

/** `gridnft show <token>`. */
export async function showCommand(token: string, options: CommonOptions): Promise<ExitCode> {
  const tokenId = readTokenId(token);
  const session = openSession(options);
  const grid = await session.grid();
  const artwork = await readArtwork(grid, tokenId);
  print(session.terminal, grid, artwork);
  session.terminal.value(artwork.versions.at(-1)?.cid ?? "");
  const { owner = null, model = null, transfers = null } = artwork;
  session.terminal.result({ ...artwork, owner, model, transfers });
  return ExitCode.OK;
}

function print(terminal: Terminal, grid: Grid, artwork: ArtworkView): void {
  const { colors, width } = terminal;
  const { versions, tokenId, tags } = artwork;
  const shown = versions.at(-1);
  if (!shown) return;
  const settings = [
    `${shown.width}x${shown.height}`,
    `${shown.steps} steps`,
    `guidance ${shown.guidance}`,
    [shown.sampler, shown.scheduler].filter(Boolean).join(" "),
    `seed ${shown.seed}`,
  ];
  const evolution = { none: "no", artist: "by its artist", owner: "by its owner" }[artwork.evolution] ?? "no";
  const link = galleryLink(grid, tokenId);
  const rows: (readonly [string, string] | undefined)[] = [
    ["prompt", shown.prompt],
    shown.negativePrompt ? ["without", shown.negativePrompt] : undefined,
    ["settings", settings.filter(Boolean).join(", ")],
    ["model", artwork.model === undefined ? `${shown.modelId}` : `${artwork.model} (${shown.modelId})`],
    ["engine", shown.engine],
    ["artist", artwork.artist],
    ["owner", `${artwork.owner ?? "nobody: it was burnt"}${sales(artwork)}`],
    ["worker", `${shown.worker} for ${aipg(shown.price)}`],
    ["anchored", `${utc(shown.anchorTime)} UTC`],
    tags.length > 0 ? ["tags", tags.join(", ")] : undefined,
    ["royalty", `${artwork.royaltyBps / 100} %`],
    ["evolves", `${evolution}${versions.length > 1 ? `; this is version ${versions.length}` : ""}`],
    ["picture", grid.cloudUrl ? `${grid.cloudUrl}/ipfs/${shown.cid}` : `ipfs://${shown.cid}`],
    link === undefined ? undefined : ["GraphQL", link],
  ];
  terminal.line(`${colors.bold(printable(artwork.name))}${colors.dim(`  token ${tokenId}`)}`);
  if (artwork.description) terminal.line(wrap(printable(artwork.description), width));
  terminal.line();
  for (const [name, value] of rows.filter((row) => row !== undefined)) {
    terminal.line(`  ${colors.dim(padded(name, 9))} ${wrap(printable(value), width, " ".repeat(12)).trimStart()}`);
  }
  terminal.line();
  terminal.line(colors.dim(`  Check where it comes from: gridnft verify ${tokenId}`));
}

function sales({ transfers }: ArtworkView): string {
  if (!transfers) return "";
  return `, after ${counted(transfers, "transfer")}`;
}

import { galleryLink } from "./artwork.ts";
import type { Grid } from "./grid.ts";
import type { Terminal } from "./terminal.ts";

/** Prints a minted series, and the commands that look at it. */
export function printMinted(
  terminal: Terminal,
  grid: Grid,
  minted: { readonly tokenIds: readonly bigint[]; readonly transaction: string },
): void {
  const { colors } = terminal;
  const [first] = minted.tokenIds;
  for (const tokenId of minted.tokenIds) terminal.value(`${tokenId}`);
  terminal.line(
    `${colors.green("✓")} Minted ${minted.tokenIds.length === 1 ? "token" : "tokens"} ${colors.bold(minted.tokenIds.join(", "))}`,
  );
  terminal.line(`  transaction  ${minted.transaction}`);
  const link = first === undefined ? undefined : galleryLink(grid, first);
  if (link) terminal.line(`  GraphQL      ${link}`);
  terminal.line(colors.dim(`  Look at it: gridnft show ${first}    Check it: gridnft verify ${first}`));
}

import type { Check, Verification } from "@gridnft/sdk";
import type { Rerun } from "./rerun.ts";
import type { Terminal } from "./terminal.ts";
import { counted, printable, utc, wrap } from "./text.ts";

/** Headline, checks, and what remains unproven: for a collector who never read the protocol. */
export function printReport(
  terminal: Terminal,
  result: Verification,
  reruns: readonly Rerun[] | undefined,
  verbose: boolean,
): void {
  const { colors, width } = terminal;
  terminal.line(headline(terminal, result));
  const shown = result.versions.at(-1);
  if (shown && result.verdict !== "broken") {
    terminal.line();
    terminal.line(wrap(printable(shown.statement), width, "  "));
  }
  terminal.line();
  const of = (version: number | undefined): readonly Check[] =>
    result.checks.filter((check) => check.version === version);
  for (const check of of(undefined)) printCheck(terminal, check, verbose);
  const versions = [...new Set(result.checks.flatMap(({ version }) => version ?? []))];
  const last = versions.at(-1);
  for (const version of versions) {
    const checks = of(version);
    if (versions.length > 1) terminal.line(colors.bold(`  Version ${version}${version === last ? ", shown now" : ""}`));
    // A version that is no longer shown needs words only where something is wrong.
    const worth = verbose || version === last ? checks : checks.filter(({ status }) => status !== "pass");
    for (const check of worth) printCheck(terminal, check, verbose);
    const silent = checks.length - worth.length;
    if (silent > 0)
      terminal.line(`  ${colors.green("✓")} ${silent} checks hold ${colors.dim("(--verbose shows them)")}`);
  }
  for (const rerun of reruns ?? []) printRerun(terminal, rerun, versions.length > 1);
  terminal.line();
  terminal.line(colors.bold("  Not proven by this"));
  for (const sentence of result.notProven) {
    if (reruns?.some(({ outcome }) => outcome === "identical" || outcome === "similar") && /really run/.test(sentence))
      continue;
    terminal.line(wrap(sentence, width, "    ").replace(/^ {4}/, "  - "));
  }
  terminal.line();
  const time = utc(result.block.time, "seconds");
  terminal.line(colors.dim(`  Chain ${result.chainId}, read up to block ${result.block.number} of ${time} UTC.`));
}

function headline({ colors }: Terminal, { verdict, tokenId, checks }: Verification): string {
  const count = (status: Check["status"]): number => checks.filter((check) => check.status === status).length;
  if (verdict === "proven") {
    return colors.bold(colors.green(`✓ Token ${tokenId} is proven: ${counted(count("pass"), "check")} hold.`));
  }
  if (verdict === "incomplete") {
    const missing = counted(count("unknown"), "check");
    return colors.bold(
      colors.yellow(`? Token ${tokenId} is not fully proven: evidence is missing for ${missing}, none failed.`),
    );
  }
  return colors.bold(colors.red(`✗ Do not trust token ${tokenId}: ${counted(count("fail"), "check")} failed.`));
}

function printCheck({ line, colors, width }: Terminal, check: Check, verbose: boolean): void {
  const mark = { pass: colors.green("✓"), fail: colors.red("✗"), unknown: colors.yellow("?") }[check.status];
  line(`  ${mark} ${check.status === "fail" ? colors.bold(check.title) : check.title}`);
  line(colors.dim(wrap(printable(check.explanation), width, "      ")));
  if (!verbose && check.status !== "fail") return;
  for (const [name, value] of Object.entries(check.evidence)) {
    line(colors.dim(wrap(`${printable(name)}: ${printable(value)}`, width, "        ")));
  }
}

function printRerun({ line, colors, width }: Terminal, rerun: Rerun, named: boolean): void {
  const mark = {
    identical: colors.green("✓"),
    similar: colors.green("≈"),
    different: colors.red("✗"),
    impossible: colors.yellow("?"),
  }[rerun.outcome];
  line(`  ${mark} Running the job again${named ? `, version ${rerun.version}` : ""}: ${colors.bold(rerun.outcome)}`);
  line(colors.dim(wrap(printable(rerun.explanation), width, "      ")));
}

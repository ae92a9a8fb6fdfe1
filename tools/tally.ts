// Turns what a step printed and how it ended into passed and failed. Whatever can't be counted is a failure: a step that
// crashes, counts nothing, or reports success with a bad exit code must never look green.

/** Source of a step's outcome: from forge's summary line, vitest's JSON report, or the exit code alone. */
export type CountSource = "forge" | "vitest" | "exit";

export interface Tally {
  passed: number;
  failed: number;
  /** Why it is red, or what else a reader should know. */
  note: string;
}

interface Counted {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * @param output everything a forge step printed, or the text of vitest's JSON report; unused for `exit`
 * @param exitCode 0 when the step ended well
 */
export function tally(source: CountSource, output: string, exitCode: number): Tally {
  if (source === "exit") return exitCode === 0 ? green(1) : { passed: 0, failed: 1, note: `exit code ${exitCode}` };
  const counted = source === "forge" ? countForge(output) : countVitest(output);
  if (counted === undefined) return { passed: 0, failed: 1, note: `ended without a count, exit code ${exitCode}` };
  const { passed, failed, skipped } = counted;
  if (failed > 0) return { passed, failed, note: `exit code ${exitCode}` };
  if (exitCode !== 0) return { passed, failed: 1, note: `no test failed, but exit code ${exitCode}` };
  if (passed === 0) return { passed, failed: 1, note: "ran no test" };
  return skipped === 0 ? green(passed) : { passed, failed, note: `${skipped} skipped` };
}

function green(passed: number): Tally {
  return { passed, failed: 0, note: "" };
}

function countForge(output: string): Counted | undefined {
  const summary = /^Ran \d+ test suites? in .*: (\d+) tests passed, (\d+) failed, (\d+) skipped/gm;
  const last = [...stripColours(output).matchAll(summary)].at(-1);
  if (last === undefined) return undefined;
  return { passed: Number(last[1]), failed: Number(last[2]), skipped: Number(last[3]) };
}

function countVitest(report: string): Counted | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(report);
  } catch {
    return undefined;
  }
  if (typeof parsed !== "object" || parsed === null) return undefined;
  const counts = parsed as Record<string, unknown>;
  const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped } = counts;
  if (typeof passed !== "number" || typeof failed !== "number") return undefined;
  return { passed, failed, skipped: typeof skipped === "number" ? skipped : 0 };
}

/** Removes terminal colours. */
export function stripColours(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ESC is what a colour begins with
  return text.replace(/\u001b\[[0-9;]*m/g, "");
}

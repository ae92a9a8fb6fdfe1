import { createInterface } from "node:readline";
import { usageError } from "./failure.ts";
import type { Session } from "./program.ts";

/** Option of commands that move money. */
export interface ConfirmOptions {
  readonly yes?: boolean;
}

/** Returns true where a person can be asked, and has not said yes already. */
export function asks({ interactive }: Session, { yes }: ConfirmOptions): boolean {
  return interactive && !yes;
}

/** Asks, where a person can be asked and `--yes` is absent. Any answer but y and yes is a no. */
export async function agrees(session: Session, options: ConfirmOptions, question: string): Promise<boolean> {
  if (!asks(session, options)) return true;
  session.terminal.question(`${question} [y/N] `);
  const answer = await readLine(session.input);
  // The end of the input leaves the cursor behind the question.
  if (answer === undefined) session.terminal.fault("");
  return /^\s*y(es)?\s*$/i.test(answer ?? "");
}

/**
 * Asks before money moves.
 * @throws usage error `DECLINED`: nothing was done.
 */
export async function confirm(session: Session, options: ConfirmOptions, question: string): Promise<void> {
  if (await agrees(session, options, question)) return;
  throw usageError("Nothing was done. --yes skips the question.", "DECLINED");
}

/** A line that is typed; undefined when the input ends or breaks. */
function readLine(input: NodeJS.ReadableStream): Promise<string | undefined> {
  // Without `terminal` the system edits the line, and Ctrl-C ends the process: nothing is paid yet.
  const reader = createInterface({ input, terminal: false });
  return new Promise((resolve) => {
    const end = (line?: string): void => {
      resolve(line);
      reader.close();
      input.pause();
    };
    input.once("error", () => end());
    reader.once("line", end);
    reader.once("close", () => end());
  });
}

/** What the command exits with. Documented in docs/cli.md. */
export const ExitCode = {
  OK: 0,
  /** Something was typed or configured wrongly; nothing was done. */
  USAGE: 1,
  /** A contract, the cloud or a worker refused, or could not be reached. */
  FAILED: 2,
  /** verify: a check failed, or running the job again gave another picture. */
  BROKEN: 3,
  /** verify: nothing is wrong, but evidence is missing. */
  INCOMPLETE: 4,
  /** Ctrl-C. */
  INTERRUPTED: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Why a command stops: a sentence that names the fix. */
export class CliError extends Error {
  override readonly name = "CliError";

  constructor(
    /** Stable; `--json` prints it. */
    readonly code: string,
    message: string,
    readonly exitCode: ExitCode = ExitCode.FAILED,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A {@link CliError} for what was typed or configured wrongly. */
export function usageError(message: string, code = "USAGE", options?: ErrorOptions): CliError {
  return new CliError(code, message, ExitCode.USAGE, options);
}

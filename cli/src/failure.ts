/** Exit codes, documented in docs/cli.md. */
export const ExitCode = {
  OK: 0,
  /** Something was typed or configured wrongly, or declined; nothing was done. */
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

/** Job, receipts and transaction that exist when a command stops: by them the user gets on. */
export interface JobTrace {
  readonly job?: string;
  readonly receiptIds?: readonly string[];
  /** Hash of a transaction that was sent. */
  readonly transaction?: string;
  /** Command line that goes on. */
  readonly resume?: string;
}

/** Why a command stops: a sentence that names the fix. */
export class CliError extends Error {
  override readonly name = "CliError";
  /** Present once there is a job. */
  readonly trace: JobTrace | undefined;

  constructor(
    /** Stable; `--json` prints it. */
    readonly code: string,
    message: string,
    readonly exitCode: ExitCode = ExitCode.FAILED,
    { trace, ...options }: ErrorOptions & { readonly trace?: JobTrace } = {},
  ) {
    super(message, options);
    this.trace = trace;
  }
}

/** A {@link CliError} for what was typed or configured wrongly. */
export function usageError(message: string, code = "USAGE", options?: ErrorOptions): CliError {
  return new CliError(code, message, ExitCode.USAGE, options);
}

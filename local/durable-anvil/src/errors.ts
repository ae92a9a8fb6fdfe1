/** Reasons why a chain can't be rebuilt from its log. */
export type WriteAheadLogErrorCode =
  /** A line of the log is no call, outcome or header. */
  | "UNREADABLE"
  /** The log was written for another version of anvil, or for another chain id. */
  | "OTHER_ANVIL"
  /** A replayed call made another block than it did at first. */
  | "DIVERGED";

/** Error of a log that can't be replayed. Its file is left as it is. */
export class WriteAheadLogError extends Error {
  override readonly name = "WriteAheadLogError";

  constructor(
    readonly code: WriteAheadLogErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

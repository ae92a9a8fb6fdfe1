/** Reasons why a local grid does not come up, or stopped. */
export type LocalErrorCode =
  | "ARGUMENT"
  | "ALREADY_RUNNING"
  | "PORT"
  | "CHAIN"
  | "JOURNAL"
  | "POSTGRES"
  | "DEPLOYMENT"
  | "MODELS"
  | "SEED"
  | "SERVICE";

/** Error that the user can read, and mostly put right. Printed without a stack. */
export class LocalError extends Error {
  constructor(
    readonly code: LocalErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "LocalError";
  }
}

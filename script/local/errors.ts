/** Why the local grid does not come up, or stopped; printed without a stack. */
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
  | "PART";

/** Something that the user can read, and mostly put right. */
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

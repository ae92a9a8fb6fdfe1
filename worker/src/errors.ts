/** What stops the worker program, or one of its jobs; stable across versions. */
export type WorkerErrorCode =
  | "ENVIRONMENT_INVALID"
  | "STATE_LOCKED"
  | "STATE_DAMAGED"
  | "STATE_UNWRITABLE"
  | "DEPLOYMENT_MISMATCH"
  | "CHAIN_UNREACHABLE"
  | "CHAIN_BEHIND"
  | "CLOUD_UNREACHABLE"
  | "CLOUD_REFUSED"
  | "CLOUD_ANSWER_INVALID"
  | "NOT_SIGNER"
  | "MODEL_MISMATCH"
  | "ENGINE_FAILED"
  | "EQUIVOCATION"
  | "ORDER_CLOSED"
  | "UPLOAD_MISMATCH"
  | "VOUCHER_REFUSED"
  | "TRANSACTION_FAILED"
  | "STOPPED";

/**
 * The one error class of the worker program.
 * @param message A sentence that its operator understands.
 */
export class WorkerError extends Error {
  override readonly name = "WorkerError";

  constructor(
    readonly code: WorkerErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** One line about any error: ours as they stand, viem's in their short form. Never a key, a token or a body. */
export function describe(error: unknown): string {
  if (error instanceof Error && "shortMessage" in error && typeof error.shortMessage === "string") {
    return error.shortMessage;
  }
  return error instanceof Error ? error.message : String(error);
}

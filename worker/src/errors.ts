/** Code of an error that stops the worker program, or one of its jobs; stable across versions. */
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
 * Error of the worker program.
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

/** Returns one line about any error: viem's in its short form, others as they are. It never holds a key, a token or a body. */
export function describe(error: unknown): string {
  if (error instanceof Error && "shortMessage" in error && typeof error.shortMessage === "string") {
    return error.shortMessage;
  }
  return error instanceof Error ? error.message : String(error);
}

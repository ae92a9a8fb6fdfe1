import { CloudError } from "@gridnft/sdk";

/** Code of an error that stops the worker program, or one of its jobs; stable across versions. */
export type WorkerErrorCode =
  | "ENVIRONMENT_INVALID"
  | "STATE_LOCKED"
  | "STATE_DAMAGED"
  | "STATE_UNWRITABLE"
  | "DEPLOYMENT_MISMATCH"
  | "CHAIN_UNREACHABLE"
  | "CHAIN_BEHIND"
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

/** Returns true for an answer of the cloud with another status than 200 to 299, whole and read. */
export function isCloudRefusal(error: unknown): error is CloudError {
  return error instanceof CloudError && error.code !== "UNREACHABLE" && (error.status ?? 0) >= 300;
}

/** Returns true if the same call may succeed later: the cloud is away, stopping, or busy. */
export function isTransient(error: unknown): boolean {
  if (isCloudRefusal(error)) return (error.status ?? 0) >= 500 || error.status === 429;
  return error instanceof CloudError && error.code === "UNREACHABLE";
}

/** Returns the code of an error for logs and for releases of jobs; undefined for one that is neither the worker's nor the cloud's. */
export function codeOf(error: unknown): string | undefined {
  if (error instanceof WorkerError) return error.code;
  if (isCloudRefusal(error)) return "CLOUD_REFUSED";
  if (!(error instanceof CloudError)) return undefined;
  return error.code === "UNREACHABLE" ? "CLOUD_UNREACHABLE" : "CLOUD_ANSWER_INVALID";
}

/** Returns one line about any error: viem's in its short form, others as they are. It never holds a key, a token or a body. */
export function describe(error: unknown): string {
  if (isCloudRefusal(error)) return `The cloud answers ${error.code}: ${error.message}`;
  if (error instanceof Error && "shortMessage" in error && typeof error.shortMessage === "string") {
    return error.shortMessage;
  }
  return error instanceof Error ? error.message : String(error);
}

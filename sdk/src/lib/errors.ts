/** Code of an error, stable across versions. Switch on it, never on the message. */
export type GridErrorCode =
  | "ANCHOR_WAITS"
  | "BALANCE_TOO_LOW"
  | "BODY_INVALID"
  | "BUNDLE_INVALID"
  | "CID_INVALID"
  | "CID_MISMATCH"
  | "CLOSING_INVALID"
  | "DEPLOYMENT_INVALID"
  | "DEPLOYMENT_UNKNOWN"
  | "EXTRAS_INVALID"
  | "FIELD_INVALID"
  | "JOB_FAILED"
  | "MERKLE_INVALID"
  | "METADATA_INVALID"
  | "NOT_ANCHORED"
  | "NOT_ATTESTED"
  | "NOT_FOR_SALE"
  | "PRICE_TOO_HIGH"
  | "QUOTE_INVALID"
  | "RECEIPT_MISMATCH"
  | "SEED_INVALID"
  | "SIGNATURE_HIGH_S"
  | "SIGNATURE_INVALID"
  | "SIGNATURE_LENGTH"
  | "SIGNATURE_V"
  | "SIGNER_MISMATCH"
  | "VOUCHER_INVALID"
  | "WORKER_NOT_BONDED";

/**
 * Error of this package's own checks: an input, a message or an answer that does not fit.
 *
 * @example
 * try {
 *   checkReceipt(...)
 * } catch (error) {
 *   if (error instanceof GridError && error.code === "SIGNER_MISMATCH") ...
 * }
 */
export class GridError extends Error {
  override readonly name = "GridError";

  /**
   * @param code Stable code.
   * @param message A sentence for the user.
   * @param field Name of the field at fault, where there is one.
   */
  constructor(
    readonly code: GridErrorCode,
    message: string,
    readonly field?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Why the worker does not take a job. Codes are stable; the cloud gets `code: message`. */
export type RefusalCode =
  | "REQUEST_HASH"
  | "MODEL_NOT_SERVED"
  | "MODEL_HASH"
  | "UNSUPPORTED"
  | "LIMITS"
  | "PRICE_TOO_LOW"
  | "PRICE_ABOVE_CAP"
  | "NOT_MY_ORDER"
  | "DEADLINE_TOO_NEAR"
  | "FEE_CONFIG"
  | "ORDER_SIGNATURE"
  | "NONCE_USED"
  | "CANCEL_PENDING"
  | "BALANCE_TOO_LOW"
  | "LANE_MISMATCH"
  | "LANE_UNKNOWN"
  | "LANE_KIND"
  | "LANE_THAWING"
  | "LANE_SIGNER"
  | "LANE_SHORT"
  | "EXPOSURE"
  | "ENGINE_CHANGED";

/** A job refused, with the reason in a sentence. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly message: string;
}

/** Makes a {@link Refusal}. */
export function refusal(code: RefusalCode, message: string): Refusal {
  return { code, message };
}

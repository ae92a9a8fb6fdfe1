import * as z from "zod/mini";

/** Every code that the AI Cloud API answers with, and its HTTP status. Codes are stable; messages may change. */
export const cloudErrors = {
  // 400, 401, 402, 403
  BODY_INCOMPLETE: 400,
  SESSION_INVALID: 401,
  SIGN_IN_REFUSED: 401,
  PAYMENT_REQUIRED: 402,
  BALANCE_TOO_LOW: 402,
  QUOTA_USED: 402,
  MODEL_NOT_LICENSED: 403,
  NOT_YOURS: 403,
  WORKER_NOT_BONDED: 403,
  // 404, 405, 409
  MODEL_UNKNOWN: 404,
  JOB_UNKNOWN: 404,
  IMAGE_UNKNOWN: 404,
  RECEIPT_UNKNOWN: 404,
  ROUTE_UNKNOWN: 404,
  METHOD_NOT_ALLOWED: 405,
  ORDER_REPLAYED: 409,
  LEASE_LOST: 409,
  JOB_STARTED: 409,
  JOB_FINISHED: 409,
  // 410, 413, 415, 422
  IMAGE_GONE: 410,
  BODY_TOO_LARGE: 413,
  BODY_NOT_JSON: 415,
  FIELD_INVALID: 422,
  KEY_REUSED: 422,
  ORDER_INVALID: 422,
  ORDER_EXPIRED: 422,
  SIGNATURE_INVALID: 422,
  IMAGE_MISMATCH: 422,
  IMAGE_INVALID: 422,
  RECEIPT_INVALID: 422,
  VOUCHER_INVALID: 422,
  // 429, 451, 5xx
  TOO_MANY_REQUESTS: 429,
  IMAGE_BLOCKED: 451,
  JOB_FAILED: 502,
  NO_WORKER: 503,
  CHAIN_UNREACHABLE: 503,
  DATABASE_UNAVAILABLE: 503,
  IMAGE_UNAVAILABLE: 503,
  STORAGE_UNAVAILABLE: 503,
  STORAGE_FULL: 507,
  STOPPING: 503,
  INTERNAL: 500,
} as const;
export type CloudErrorCode = keyof typeof cloudErrors;

/** The one error shape of the API. */
export const errorJson = z.object({
  error: z.object({
    code: z.enum(Object.keys(cloudErrors) as [CloudErrorCode, ...CloudErrorCode[]]),
    /** A sentence for the user: what is wrong and what to do. */
    message: z.string(),
    /** Name of the field at fault, where there is one. */
    field: z.optional(z.string()),
    /** With `ORDER_REPLAYED` and `KEY_REUSED`, for whoever posted the order or key before: the job that it made. */
    job: z.optional(z.string()),
  }),
});
export type ErrorJson = z.output<typeof errorJson>;

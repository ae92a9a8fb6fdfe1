import { type CloudErrorCode, errorJson, paymentRequired, type Quote } from "../schemas/index.js";

/** Why a call to the AI Cloud API failed: the API's own code, or one of ours when it gave none. */
export type CloudFailure = CloudErrorCode | "UNREACHABLE" | "ANSWER_INVALID";

/** Details of a failed call. */
export interface CloudFailureDetails {
  /** HTTP status; absent when there was no answer. */
  readonly status?: number | undefined;
  /** Field of the request at fault. */
  readonly field?: string | undefined;
  /** With `ORDER_REPLAYED` and `KEY_REUSED`: the job that the very same signed order, or key, made before. */
  readonly job?: string | undefined;
  /** Seconds after which the call may succeed. */
  readonly retryAfter?: number | undefined;
  readonly cause?: unknown;
}

/**
 * A call to the AI Cloud API that did not succeed.
 *
 * @example
 * try {
 *   await cloud.quote({ model: "7", width: 512, height: 512 });
 * } catch (error) {
 *   if (error instanceof CloudError && error.code === "NO_WORKER") ...
 * }
 */
export class CloudError extends Error {
  override readonly name: string = "CloudError";
  readonly status: number | undefined;
  readonly field: string | undefined;
  /** With `ORDER_REPLAYED` and `KEY_REUSED`: the job that the very same signed order, or key, made before. */
  readonly job: string | undefined;
  /** Seconds. */
  readonly retryAfter: number | undefined;

  /**
   * @param code Stable code, see `cloudErrors` for the API's own.
   * @param message A sentence for the user.
   */
  constructor(
    readonly code: CloudFailure,
    message: string,
    { status, field, job, retryAfter, cause }: CloudFailureDetails = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.status = status;
    this.field = field;
    this.job = job;
    this.retryAfter = retryAfter;
  }
}

/** Answer 402: nothing pays for the job yet. Holds the price and the orders to sign. */
export class PaymentRequiredError extends CloudError {
  override readonly name = "PaymentRequiredError";

  constructor(
    message: string,
    readonly quote: Quote,
  ) {
    super("PAYMENT_REQUIRED", message, { status: 402 });
  }
}

/** The error that an answer with a status outside of 200 to 299 stands for. */
export function cloudErrorOf(status: number, body: unknown, headers: Headers): CloudError {
  const bill = status === 402 ? paymentRequired.safeParse(body) : undefined;
  if (bill?.success) return new PaymentRequiredError(plainText(bill.data.error.message), bill.data.quote);
  const parsed = errorJson.safeParse(body);
  const retryAfter = retryAfterOf(headers);
  if (!parsed.success) {
    const message = `The cloud answered ${status} in a form that this version does not know.`;
    return new CloudError("ANSWER_INVALID", message, { status, retryAfter });
  }
  const { code, message, field, job } = parsed.data.error;
  return new CloudError(code, plainText(message), { status, field, job, retryAfter });
}

/** Returns a server's text as one line: a server must not be able to steer a terminal. */
function plainText(text: string): string {
  return text.replace(/\p{Cc}+/gu, " ").slice(0, 1_000);
}

/** `Retry-After` as seconds, whether it is written as seconds or as a date. */
function retryAfterOf(headers: Headers): number | undefined {
  const value = headers.get("retry-after");
  if (value === null) return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1_000;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : undefined;
}

/** Why a query failed: no answer; a refusal by the server; an answer in a form that this version does not know. */
export type GalleryFailure = "UNREACHABLE" | "REFUSED" | "ANSWER_INVALID";

/** A query to the gallery that did not succeed. */
export class GalleryError extends Error {
  override readonly name = "GalleryError";
  /** The server's own code of a refusal (`extensions.code`), where it gives one, e.g. `TOO_EXPENSIVE`. */
  readonly reason: string | undefined;
  /** Seconds after which it makes sense to ask again, where the server says so. */
  readonly retryAfter: number | undefined;

  /**
   * @param code Stable code.
   * @param message A sentence for the user.
   */
  constructor(
    readonly code: GalleryFailure,
    message: string,
    { reason, retryAfter, ...options }: ErrorOptions & { readonly reason?: string; readonly retryAfter?: number } = {},
  ) {
    super(message, options);
    this.reason = reason;
    this.retryAfter = retryAfter;
  }
}

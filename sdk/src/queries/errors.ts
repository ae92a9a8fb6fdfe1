/** Why a query failed: no answer; a refusal by the server; an answer in a form that this version does not know. */
export type GalleryFailure = "UNREACHABLE" | "REFUSED" | "ANSWER_INVALID";

/** A query to the gallery that did not succeed. */
export class GalleryError extends Error {
  override readonly name = "GalleryError";

  /**
   * @param code Stable code.
   * @param message A sentence for the user.
   * @param reason The server's own code of a refusal (`extensions.code`), where it gives one.
   */
  constructor(
    readonly code: GalleryFailure,
    message: string,
    readonly reason?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

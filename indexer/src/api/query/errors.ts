/** Codes of what can be wrong with a query, stable across versions. */
export type QueryErrorCode = "BAD_INPUT" | "BAD_CURSOR" | "TOO_EXPENSIVE" | "TOO_SLOW" | "OVERLOADED";

/** Error that the client can put right. It is shown as it is; every other error is masked. */
export class QueryError extends Error {
  override readonly name: string = "QueryError";

  constructor(
    readonly code: QueryErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** Error of a query that found no place: its client has done nothing wrong. */
export function overloaded(): QueryError {
  return new QueryError("OVERLOADED", "Too many questions are asked at the moment: ask again in a second.");
}

/** Error of a query that took longer than it may, all its statements together. */
export class LateError extends QueryError {
  override readonly name = "LateError";

  constructor(milliseconds: number) {
    super("TOO_SLOW", `This took more than ${milliseconds / 1_000} s: ask for less at a time.`);
  }
}

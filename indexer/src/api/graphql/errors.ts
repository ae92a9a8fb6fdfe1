import { GraphQLError } from "graphql";

/** What can be wrong with a question, stable across versions. */
export type RequestErrorCode =
  | "GRAPHQL_PARSE_FAILED"
  | "GRAPHQL_VALIDATION_FAILED"
  | "BAD_INPUT"
  | "BAD_CURSOR"
  | "TOO_EXPENSIVE"
  | "TOO_SLOW"
  | "OVERLOADED"
  | "NOT_READY"
  | "BLOCK_NOT_REACHED"
  | "PERSISTED_QUERY_NOT_FOUND";

/** Something in a question that whoever asked can put right. Shown as it is; every other error is masked. */
export function requestError(code: RequestErrorCode, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } });
}

/** Gives an error a code, unless it has one. A copy would look for its places in the text once more. */
export function withCode(error: GraphQLError, code: RequestErrorCode): GraphQLError {
  if (error.extensions.code === undefined) error.extensions.code = code;
  return error;
}

/** Refusal of a question that found no place: its asker has done nothing wrong. */
export function overloaded(): GraphQLError {
  return requestError("OVERLOADED", "Too many questions are asked at the moment: ask again in a second.");
}

/** A question took longer than it may, all its statements together. */
export class LateError extends GraphQLError {
  override readonly name = "LateError";

  constructor(milliseconds: number) {
    super(`This took more than ${milliseconds / 1_000} s: ask for less at a time.`, {
      extensions: { code: "TOO_SLOW" satisfies RequestErrorCode },
    });
  }
}

import { GraphQLError } from "graphql";

/** What can be wrong with a question, stable across versions. */
export type QuestionErrorCode =
  | "BAD_INPUT"
  | "BAD_CURSOR"
  | "TOO_EXPENSIVE"
  | "TOO_SLOW"
  | "NOT_READY"
  | "BLOCK_NOT_REACHED"
  | "PERSISTED_QUERY_NOT_FOUND";

/** Something in a question that whoever asked can put right. Shown as it is; every other error is masked. */
export function questionError(code: QuestionErrorCode, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } });
}

import { GraphQLError } from "graphql";
import { QueryError, type QueryErrorCode } from "../query/errors.ts";

/** Codes of what can be wrong with a request, stable across versions. */
export type RequestErrorCode =
  | QueryErrorCode
  | "GRAPHQL_PARSE_FAILED"
  | "GRAPHQL_VALIDATION_FAILED"
  | "NOT_READY"
  | "BLOCK_NOT_REACHED"
  | "PERSISTED_QUERY_NOT_FOUND";

/** Returns an error that the client can put right. It is shown as it is; every other error is masked. */
export function requestError(code: RequestErrorCode, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } });
}

/** Gives an error a code, unless it has one. A copy would look for its places in the text once more. */
export function withCode(error: GraphQLError, code: RequestErrorCode): GraphQLError {
  if (error.extensions.code === undefined) error.extensions.code = code;
  return error;
}

/** Returns an error of a query in GraphQL's form, and every other error as it is. */
export function asGraphQLError(error: unknown): unknown {
  return error instanceof QueryError ? requestError(error.code, error.message) : error;
}

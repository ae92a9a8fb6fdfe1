import type { GraphQLError } from "graphql";
import { ApiError, type ApiErrorCode, statuses } from "../http/errors.ts";

const codes: Readonly<Record<string, ApiErrorCode>> = {
  BAD_INPUT: "FIELD_INVALID",
  BAD_CURSOR: "CURSOR_INVALID",
  TOO_EXPENSIVE: "TOO_EXPENSIVE",
  OVERLOADED: "OVERLOADED",
  TOO_SLOW: "TOO_SLOW",
  NOT_READY: "NOT_READY",
  BLOCK_NOT_REACHED: "BLOCK_NOT_REACHED",
};

/**
 * Error of `/v1` for a refusal of the gallery schema.
 * @param names Parameters by the name that the schema gives them, which its messages begin with.
 */
export function apiErrorOf(
  error: Pick<GraphQLError, "message"> & Partial<GraphQLError>,
  names: ReadonlyMap<string, string>,
): ApiError {
  const code = codes[String(error.extensions?.code)];
  if (code === undefined) return new ApiError("INTERNAL", "Something went wrong on our side.");
  const word = /^\w+/.exec(error.message)?.[0] ?? "";
  const field = code === "CURSOR_INVALID" ? "cursor" : names.get(word);
  const message = field === undefined ? error.message : error.message.replace(/^\w+/, field);
  return new ApiError(code, message, field, statuses[code] === 503 ? 1 : undefined);
}

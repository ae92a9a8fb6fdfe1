import type { GraphQLError } from "graphql";

/** Every code that `/v1` answers with, and its HTTP status. Codes are added, never changed. */
export const statuses = {
  FIELD_INVALID: 422,
  CURSOR_INVALID: 422,
  TOO_EXPENSIVE: 422,
  NOT_FOUND: 404,
  ROUTE_UNKNOWN: 404,
  METHOD_NOT_ALLOWED: 405,
  BODY_TOO_LARGE: 413,
  BODY_NOT_JSON: 415,
  TOO_MANY_REQUESTS: 429,
  BLOCK_NOT_REACHED: 503,
  NOT_READY: 503,
  OVERLOADED: 503,
  TOO_SLOW: 503,
  INTERNAL: 500,
} as const;
export type RestErrorCode = keyof typeof statuses;

/** Body of every refusal. */
export interface ErrorJson {
  readonly error: { readonly code: RestErrorCode; readonly message: string; readonly field?: string };
}

/** Something that `/v1` refuses: a stable code, a sentence with the fix, and the parameter at fault. */
export class RestError extends Error {
  override readonly name = "RestError";

  constructor(
    readonly code: RestErrorCode,
    message: string,
    readonly field?: string,
    /** Seconds after which it makes sense to ask again. */
    readonly retryAfter?: number,
    /** Methods of the route, where it takes another one. */
    readonly allow?: string,
  ) {
    super(message);
  }

  get status(): (typeof statuses)[RestErrorCode] {
    return statuses[this.code];
  }

  get json(): ErrorJson {
    const { code, message, field } = this;
    return { error: { code, message, ...(field !== undefined && { field }) } };
  }
}

const codes: Readonly<Record<string, RestErrorCode>> = {
  BAD_INPUT: "FIELD_INVALID",
  BAD_CURSOR: "CURSOR_INVALID",
  TOO_EXPENSIVE: "TOO_EXPENSIVE",
  OVERLOADED: "OVERLOADED",
  TOO_SLOW: "TOO_SLOW",
  NOT_READY: "NOT_READY",
  BLOCK_NOT_REACHED: "BLOCK_NOT_REACHED",
};

/**
 * What a refusal of the gallery schema is called here.
 * @param names Parameters by the name that the schema gives them, which its messages begin with.
 */
export function restErrorOf(
  error: Pick<GraphQLError, "message"> & Partial<GraphQLError>,
  names: ReadonlyMap<string, string>,
): RestError {
  const code = codes[String(error.extensions?.code)];
  if (code === undefined) return new RestError("INTERNAL", "Something went wrong on our side.");
  const word = /^\w+/.exec(error.message)?.[0] ?? "";
  const field = code === "CURSOR_INVALID" ? "cursor" : names.get(word);
  const message = field === undefined ? error.message : error.message.replace(/^\w+/, field);
  return new RestError(code, message, field, statuses[code] === 503 ? 1 : undefined);
}

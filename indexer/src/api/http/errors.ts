/** Codes of refusals, and the HTTP status of each. Codes are added, never changed. */
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
export type ApiErrorCode = keyof typeof statuses;

/** Body of every refusal. */
export interface ErrorJson {
  readonly error: { readonly code: ApiErrorCode; readonly message: string; readonly field?: string };
}

/** Error of the HTTP API: a stable code, a sentence with the fix, and the parameter at fault. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly code: ApiErrorCode,
    message: string,
    readonly field?: string,
    /** Seconds after which it makes sense to ask again. */
    readonly retryAfter?: number,
    /** Methods of the route, where it takes another one. */
    readonly allow?: string,
  ) {
    super(message);
  }

  get status(): (typeof statuses)[ApiErrorCode] {
    return statuses[this.code];
  }

  get json(): ErrorJson {
    const { code, message, field } = this;
    return { error: { code, message, ...(field !== undefined && { field }) } };
  }
}

/** Refusal of a request: HTTP status, stable code, and a sentence with the fix. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  /** Seconds after which to ask again. */
  readonly retryAfter?: number | undefined;
  /** Methods of the route, with status 405. */
  readonly allow?: string | undefined;
}

/** Returns a refusal in GraphQL's form. */
export function graphqlErrorJson({ code, message }: Pick<Refusal, "code" | "message">): object {
  return { errors: [{ message, extensions: { code } }] };
}

/** Returns the headers that a refusal has beside those of every answer. Errors are never stored by a cache. */
export function refusalHeaders({ retryAfter, allow }: Pick<Refusal, "retryAfter" | "allow">): Record<string, string> {
  return {
    "cache-control": "no-store",
    ...(retryAfter !== undefined && { "retry-after": String(retryAfter) }),
    ...(allow !== undefined && { allow }),
  };
}

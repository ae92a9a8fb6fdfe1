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

// Headers of every answer: which pages may call the API, and how.

/** Headers of every answer. The API knows no sessions and no cookies: any page may call it and read what it answers. */
export const securityHeaders: Readonly<Record<string, string>> = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "allow, etag, retry-after, x-indexed-block",
  "cross-origin-resource-policy": "cross-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** Content-Security-Policy of pages without scripts, whose styles stand in them. */
export const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'";

/**
 * Headers that pages may send. `*` covers those of client libraries; browsers ask for `authorization` by name, and older ones for all.
 * None of them means anything here but Accept, Content-Type and If-None-Match.
 */
const ALLOWED_HEADERS = "*, accept, authorization, cache-control, content-type, if-none-match, last-event-id";

const READ = "GET, HEAD, OPTIONS";
/** Routes that take other methods. */
const methods: Readonly<Record<string, string>> = {
  "/graphql": "GET, HEAD, POST, OPTIONS",
  "/tables": "POST, OPTIONS",
};

/** Returns the methods of a route, as an Allow header has them. */
export function methodsOf(path: string): string {
  return methods[path] ?? READ;
}

/** Returns the headers of the answer to an OPTIONS request, which has no body. */
export function preflightHeaders(path: string): Record<string, string> {
  return {
    allow: methodsOf(path),
    "access-control-allow-methods": methodsOf(path),
    "access-control-allow-headers": ALLOWED_HEADERS,
    "access-control-max-age": "86400",
  };
}

import type { IncomingMessage } from "node:http";
import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { ApiError, graphqlErrorJson, type Refusal, refusalHeaders } from "./errors.ts";
import { ENTRY_KEY, notedEntry, type RateLimiter } from "./rateLimit.ts";
import { preflightHeaders, securityHeaders } from "./securityHeaders.ts";

/** Largest body of a request, in bytes. */
export const MAX_BODY = 100_000;

/** Refusal of a body that is too large. */
export function tooLarge(): ApiError {
  return new ApiError("BODY_TOO_LARGE", `A request has at most ${MAX_BODY} bytes.`);
}

/**
 * Middleware of all routes: answers preflights, limits rates and bodies, sets the headers of every answer, and keeps caches from
 * storing errors.
 */
export function createHttpMiddleware(rateLimiter: RateLimiter): MiddlewareHandler {
  const limitBody = bodyLimit({ maxSize: MAX_BODY, onError: (context) => refuse(context, tooLarge()) });
  return async (context, next) => {
    const { method, path } = context.req;
    if (method === "OPTIONS") return context.body(null, 204, { ...securityHeaders, ...preflightHeaders(path) });
    const incoming = incomingOf(context);
    const entry =
      notedEntry(incoming) ?? rateLimiter.enter(incoming?.socket.remoteAddress, context.req.header("x-forwarded-for"));
    context.set(ENTRY_KEY, entry);
    const refused = entry.refusal
      ? refuse(context, entry.refusal)
      : await limitBody(context, async () => void (await next()));
    if (refused) context.res = refused;
    for (const [name, value] of Object.entries(securityHeaders)) context.header(name, value);
    if (context.res.status >= 400) {
      context.header("cache-control", "no-store");
      context.header("etag", undefined);
    }
    return undefined;
  };
}

/** Node's request, where there is one. */
function incomingOf(context: Context): IncomingMessage | undefined {
  return (context.env as { readonly incoming?: IncomingMessage } | undefined)?.incoming;
}

/** Answers a refusal: in GraphQL's form for requests, else in that of the REST API. */
function refuse(context: Context, refusal: ApiError): Response {
  return context.json(refusalJson(context.req.path, refusal), refusal.status, refusalHeaders(refusal));
}

/** Returns the body of a refusal, in the form of the route's other answers. */
export function refusalJson(path: string, refusal: Refusal): object {
  if (path === "/graphql" || path === "/tables") return graphqlErrorJson(refusal);
  return { error: { code: refusal.code, message: refusal.message } };
}

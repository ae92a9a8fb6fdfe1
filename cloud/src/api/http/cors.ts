import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";

/** Headers of answers that pages may read. */
const exposeHeaders = [
  "allow",
  "etag",
  "content-range",
  "location",
  "retry-after",
  "x-request-id",
  "x-ipfs-path",
  "x-ipfs-roots",
];
const exposed = exposeHeaders.join(",");

const preflight = cors({
  origin: "*",
  allowMethods: ["GET", "HEAD", "POST", "PUT", "DELETE"],
  // Client libraries send headers of their own. Browsers don't take * for Authorization, and older ones not at all.
  allowHeaders: [
    "*",
    "accept",
    "authorization",
    "content-type",
    "idempotency-key",
    "last-event-id",
    "prefer",
    "range",
    "if-none-match",
    "x-request-id",
  ],
  exposeHeaders,
  maxAge: 86_400,
});

/**
 * Allows any page to call: the API knows its callers by tokens, never by cookies. Hono's middleware answers preflights. For other requests it
 * would make a response of its own before the handler's, of which each answer is then a copy.
 */
export const allowAnyPage: MiddlewareHandler = async (context, next) => {
  if (context.req.method === "OPTIONS") return preflight(context, next);
  context.header("access-control-allow-origin", "*");
  context.header("access-control-expose-headers", exposed);
  await next();
};

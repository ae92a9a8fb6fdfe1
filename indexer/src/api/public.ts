// The public side of the API: who asks, how much, and which headers every answer has.
import type { IncomingMessage } from "node:http";
import { clientOf, createRateLimit } from "@gridnft/sdk/node";
import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { asQuestionError, type Refusal, refusalHeaders } from "./refusal.ts";
import { RestError } from "./rest/errors.ts";

/** Settings of the limits. */
export interface DoorSettings {
  /** Cost that a client may spend each minute; 0: any. The cost of a request is at least 1. */
  readonly requestsPerMinute: number;
  /** Reverse proxies in front, whose X-Forwarded-For entries are believed. */
  readonly proxies: number;
}

/** Largest body of a request, in bytes. */
export const MAX_BODY = 100_000;

/** Headers of every answer. The API knows no sessions and no cookies: any page may call it and read what it answers. */
export const publicHeaders: Readonly<Record<string, string>> = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "allow, etag, retry-after, x-indexed-block",
  "cross-origin-resource-policy": "cross-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

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

/** Outcome of counting a request. */
export interface Entry {
  /** Reason for which it is not answered. */
  readonly refusal?: RestError;
  /** Address that the limit counts by. */
  readonly client: string;
  /** Counts what its request turned out to cost, beyond the 1 that every request does. */
  charge(cost: number): void;
}

/** Counts requests by client. */
export interface Gate {
  /** @param socket Address of the other end. `forwarded`: its X-Forwarded-For. */
  enter(socket: string | undefined, forwarded: string | undefined): Entry;
}

const KEY = "gridnft-door";

/** One gate for all ways in: a client has one limit. */
export function createGate({ requestsPerMinute, proxies }: DoorSettings): Gate {
  if (requestsPerMinute === 0) {
    const charge = () => undefined;
    return { enter: (socket, forwarded) => ({ client: clientOf({ socket, forwarded, proxies }), charge }) };
  }
  const limit = createRateLimit(requestsPerMinute);
  return {
    enter: (socket, forwarded) => {
      const client = clientOf({ socket, forwarded, proxies });
      const seconds = limit.take(client, 1);
      const charge = (cost: number): void => {
        if (cost > 0) limit.charge(client, cost);
      };
      if (seconds === 0) return { client, charge };
      const message = `That was more than ${requestsPerMinute} in a minute, by cost: try again in ${seconds} s.`;
      return { client, charge, refusal: new RestError("TOO_MANY_REQUESTS", message, undefined, seconds) };
    },
  };
}

/** Refusal of a body that is too large. */
export function tooLarge(): RestError {
  return new RestError("BODY_TOO_LARGE", `A request has at most ${MAX_BODY} bytes.`);
}

/** Entries of requests that were counted before Hono saw them. */
const entered = new WeakMap<IncomingMessage, Entry>();

/** Notes that a request was counted already. */
export function noteEntry(incoming: IncomingMessage, entry: Entry): void {
  entered.set(incoming, entry);
}

/**
 * Middleware of all routes: answers preflights, limits rates and bodies, sets the headers of every answer, and keeps caches from
 * storing errors.
 */
export function createDoor(gate: Gate): MiddlewareHandler {
  const limitBody = bodyLimit({ maxSize: MAX_BODY, onError: (context) => refuse(context, tooLarge()) });
  return async (context, next) => {
    const { method, path } = context.req;
    if (method === "OPTIONS") return context.body(null, 204, { ...publicHeaders, ...preflightHeaders(path) });
    const incoming = incomingOf(context);
    const known = incoming && entered.get(incoming);
    const entry = known ?? gate.enter(incoming?.socket.remoteAddress, context.req.header("x-forwarded-for"));
    context.set(KEY, entry);
    const refused = entry.refusal
      ? refuse(context, entry.refusal)
      : await limitBody(context, async () => void (await next()));
    if (refused) context.res = refused;
    for (const [name, value] of Object.entries(publicHeaders)) context.header(name, value);
    if (context.res.status >= 400) {
      context.header("cache-control", "no-store");
      context.header("etag", undefined);
    }
    return undefined;
  };
}

/** Returns the entry of a request: of a client that nobody tells apart where no door was. */
export function entryOf(context: Context): Entry {
  return (context.get(KEY) as Entry | undefined) ?? { client: "", charge: () => undefined };
}

/** Node's request, where there is one. */
function incomingOf(context: Context): IncomingMessage | undefined {
  return (context.env as { readonly incoming?: IncomingMessage } | undefined)?.incoming;
}

/** Answers a refusal: in GraphQL's form for questions, else in that of the REST API. */
function refuse(context: Context, refusal: RestError): Response {
  return context.json(refusalJson(context.req.path, refusal), refusal.status, refusalHeaders(refusal));
}

/** Returns the body of a refusal, in the form of the route's other answers. */
export function refusalJson(path: string, refusal: Refusal): object {
  if (path === "/graphql" || path === "/tables") return asQuestionError(refusal);
  return { error: { code: refusal.code, message: refusal.message } };
}

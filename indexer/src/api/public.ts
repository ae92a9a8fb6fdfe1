// The door of an API that anybody may call from anywhere: who asks, how much, and what headers every answer has.
import type { IncomingMessage, ServerResponse } from "node:http";
import { isIPv6 } from "node:net";
import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { createRateLimit } from "./rates.ts";
import { RestError } from "./rest/errors.ts";

/** What the door is told. */
export interface DoorSettings {
  /** What a client may ask each minute; 0: as much as it likes. The cost of a request is at least 1. */
  readonly requestsPerMinute: number;
  /** Reverse proxies in front, whose X-Forwarded-For entries are believed. */
  readonly proxies: number;
}

/** Largest body of a request, in bytes. */
export const MAX_BODY = 100_000;

/** The API knows nobody and has no cookies: any page may call it and read what it answers. */
export const publicHeaders: Readonly<Record<string, string>> = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "etag, retry-after, x-indexed-block",
  "cross-origin-resource-policy": "cross-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};
const preflight: Readonly<Record<string, string>> = {
  "access-control-allow-methods": "GET, HEAD, POST, OPTIONS",
  "access-control-allow-headers": "accept, content-type, if-none-match",
  "access-control-max-age": "86400",
};

/** A client that was let in, or not. */
export interface Entry {
  /** Why it wasn't. */
  readonly refusal?: RestError;
  /** Counts what its request turned out to cost, beyond the 1 that every request does. */
  charge(cost: number): void;
}

/** Counts clients in. */
export interface Gate {
  /** @param socket Address of the other end. `forwarded`: its X-Forwarded-For. */
  enter(socket: string | undefined, forwarded: string | undefined): Entry;
}

const KEY = "gridnft-door";

/** One gate for all ways in: a client has one limit. */
export function createGate({ requestsPerMinute, proxies }: DoorSettings): Gate {
  if (requestsPerMinute === 0) {
    const free: Entry = { charge: () => undefined };
    return { enter: () => free };
  }
  const limit = createRateLimit(requestsPerMinute);
  return {
    enter: (socket = "unknown", forwarded = "") => {
      const client = clientOf(socket, forwarded, proxies);
      const seconds = limit.take(client, 1);
      const charge = (cost: number): void => {
        if (cost > 0) limit.charge(client, cost);
      };
      if (seconds === 0) return { charge };
      const message = `That was more than ${requestsPerMinute} in a minute, by cost: try again in ${seconds} s.`;
      return { charge, refusal: new RestError("TOO_MANY_REQUESTS", message, undefined, seconds) };
    },
  };
}

/** What a body that is too large is answered. */
export function tooLarge(): RestError {
  return new RestError("BODY_TOO_LARGE", `A request has at most ${MAX_BODY} bytes.`);
}

/** Lets requests in: preflights are answered, bodies and rates limited, and every answer gets its headers. */
export function createDoor(gate: Gate): MiddlewareHandler {
  const limitBody = bodyLimit({ maxSize: MAX_BODY, onError: (context) => refusal(context, tooLarge()) });
  return async (context, next) => {
    setHeaders(context, publicHeaders);
    const { method } = context.req;
    if (method === "OPTIONS") {
      setHeaders(context, preflight);
      return context.body(null, 204);
    }
    const { incoming } = nodeOf(context);
    const entry = gate.enter(incoming?.socket.remoteAddress, context.req.header("x-forwarded-for"));
    if (entry.refusal) return refusal(context, entry.refusal);
    context.set(KEY, entry);
    if (method === "GET" || method === "HEAD") return next();
    if (Number(context.req.header("content-length") ?? 0) > MAX_BODY) return refusal(context, tooLarge());
    // `/graphql` reads Node's request itself, and counts.
    return context.req.path === "/graphql" && incoming ? next() : limitBody(context, next);
  };
}

/** Counts what a request turned out to cost, beyond the 1 that every request does. */
export function charge(context: Context, cost: number): void {
  (context.get(KEY) as Entry | undefined)?.charge(cost);
}

/**
 * Sets headers where they hold whoever writes the answer: on Node's response itself if there is one, because answers that are
 * written straight to it pass Hono's by.
 */
function setHeaders(context: Context, values: Readonly<Record<string, string>>): void {
  const { outgoing } = nodeOf(context);
  for (const [name, value] of Object.entries(values)) {
    if (outgoing) outgoing.setHeader(name, value);
    else context.header(name, value);
  }
}

/** Node's request and response, where there are some. */
function nodeOf(context: Context): { readonly incoming?: IncomingMessage; readonly outgoing?: ServerResponse } {
  return (context.env ?? {}) as object;
}

/** A refusal in the words of whoever asks: GraphQL's for questions, else the REST API's. */
function refusal(context: Context, error: RestError): Response {
  context.header("cache-control", "no-store");
  if (error.retryAfter !== undefined) context.header("retry-after", String(error.retryAfter));
  const isQuestion = !context.req.path.startsWith("/v1");
  return context.json(isQuestion ? asQuestionError(error) : error.json, error.status);
}

/** A refusal as GraphQL has it. */
export function asQuestionError({ code, message }: RestError): object {
  return { errors: [{ message, extensions: { code } }] };
}

/** The client's address: the socket's, or what the trusted proxies in front say it is. */
function clientOf(socket: string, forwarded: string, proxies: number): string {
  if (proxies === 0) return network(socket);
  const named = forwarded.split(",").map((part) => part.trim());
  return network(named.at(-proxies) || socket);
}

/** Who has one IPv6 address has 2^64 of them: they count together. */
function network(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, "");
  if (!isIPv6(plain)) return plain;
  const [head = "", tail] = plain.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail ? tail.split(":") : [];
  const missing = tail === undefined ? 0 : 8 - left.length - right.length;
  return `${[...left, ...Array<string>(Math.max(0, missing)).fill("0"), ...right].slice(0, 4).join(":")}::/64`;
}

// Rate limits: counts requests by client and cost.
import type { IncomingMessage } from "node:http";
import { clientOf, createRateLimit } from "@gridnft/sdk/node";
import type { Context } from "hono";
import { ApiError } from "./errors.ts";

/** Settings of the limits. */
export interface RateLimitSettings {
  /** Cost that a client may spend each minute; 0: any. The cost of a request is at least 1. */
  readonly requestsPerMinute: number;
  /** Reverse proxies in front, whose X-Forwarded-For entries are believed. */
  readonly proxies: number;
}

/** Outcome of counting a request. */
export interface RateLimitEntry {
  /** Reason for which it is not answered. */
  readonly refusal?: ApiError;
  /** Address that the limit counts by. */
  readonly client: string;
  /** Counts what its request turned out to cost, beyond the 1 that every request does. */
  charge(cost: number): void;
}

/** Counts requests by client. */
export interface RateLimiter {
  /** @param socket Address of the other end. `forwarded`: its X-Forwarded-For. */
  enter(socket: string | undefined, forwarded: string | undefined): RateLimitEntry;
}

/** Key of a request's entry in Hono's context. */
export const ENTRY_KEY = "gridnft-rate-limit";

/** Creates the one rate limiter of all ways in: a client has one limit. */
export function createRateLimiter({ requestsPerMinute, proxies }: RateLimitSettings): RateLimiter {
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
      return { client, charge, refusal: new ApiError("TOO_MANY_REQUESTS", message, undefined, seconds) };
    },
  };
}

/** Entries of requests that were counted before Hono saw them. */
const entered = new WeakMap<IncomingMessage, RateLimitEntry>();

/** Keeps the entry of a request that was counted before Hono sees it. */
export function noteEntry(incoming: IncomingMessage, entry: RateLimitEntry): void {
  entered.set(incoming, entry);
}

/** Returns the entry of a request: of a client that nobody tells apart where nothing counts. */
export function entryOf(context: Context): RateLimitEntry {
  return (context.get(ENTRY_KEY) as RateLimitEntry | undefined) ?? { client: "", charge: () => undefined };
}

/** Returns the entry of a request that was counted before Hono saw it. */
export function notedEntry(incoming: IncomingMessage | undefined): RateLimitEntry | undefined {
  return incoming && entered.get(incoming);
}

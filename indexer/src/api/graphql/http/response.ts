// GraphQL over HTTP: which media type a request is answered in, and with which status.
import { parseAccept } from "hono/utils/accept";
import { graphqlErrorJson, type Refusal, refusalHeaders } from "../../http/errors.ts";
import type { RateLimitEntry } from "../../http/rateLimit.ts";
import { costOf, type GraphQLExecutor, type GraphQLRequest, type GraphQLResponse } from "../executor.ts";
import { isRefusal } from "./request.ts";

/** Media type that every client reads. */
export const JSON_TYPE = "application/json; charset=utf-8";
/** Media type of GraphQL over HTTP: its clients read the body of a refusal, too. */
export const GRAPHQL_TYPE = "application/graphql-response+json; charset=utf-8";

/** Seconds for which a cache may answer a GET without asking: a block of Base. */
const FRESH = 2;

/** An answer as it goes over the wire. */
export interface HttpReply {
  readonly status: number;
  readonly json: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Way in which a request was asked. */
export interface Asked {
  readonly method: "GET" | "POST";
  readonly accept: string | undefined;
  /** Entry of the client: charged what the answer cost beyond the 1 of its request. */
  readonly entry: Pick<RateLimitEntry, "client" | "charge">;
}

/** Answers a request, or says why it is refused. */
export async function replyTo(
  executor: Pick<GraphQLExecutor, "executeJson">,
  read: GraphQLRequest | Refusal,
  { method, accept, entry }: Asked,
): Promise<HttpReply> {
  if (isRefusal(read)) return refused(read, accept);
  const response = await executor.executeJson(read, entry.client);
  entry.charge(costOf(response));
  const type = replyType(accept);
  const { retryAfter } = response;
  if (retryAfter !== undefined) {
    const headers = refusalHeaders({ retryAfter });
    return { status: 503, json: response.json, headers: { "content-type": type, ...headers } };
  }
  // Clients of the older type take any other status for a broken server, and don't show its message.
  const status = response.isRefused && type === GRAPHQL_TYPE ? 400 : 200;
  return { status, json: response.json, headers: { "content-type": type, ...cachingOf(method, response) } };
}

/** Says why a request is refused. */
export function refused(refusal: Refusal, accept: string | undefined): HttpReply {
  return {
    status: refusal.status,
    json: JSON.stringify(graphqlErrorJson(refusal)),
    headers: { "content-type": replyType(accept), ...refusalHeaders(refusal) },
  };
}

/**
 * Returns the media type that an Accept header prefers. The older one answers what names neither: also whoever accepts nothing
 * that there is gets something to read.
 */
export function replyType(accept: string | undefined): typeof JSON_TYPE | typeof GRAPHQL_TYPE {
  if (!accept?.includes("graphql-response")) return JSON_TYPE;
  const accepted = parseAccept(accept);
  const quality = (type: string): number => accepted.find((one) => one.type.toLowerCase() === type)?.q ?? 0;
  const preferred = quality("application/graphql-response+json");
  return preferred > 0 && preferred >= quality("application/json") ? GRAPHQL_TYPE : JSON_TYPE;
}

/** An answer with errors is not stored, whatever its status. */
function cachingOf(method: Asked["method"], { json }: GraphQLResponse): Record<string, string> {
  if (json.startsWith('{"errors"')) return { "cache-control": "no-store" };
  return method === "GET" ? { "cache-control": `public, max-age=${FRESH}` } : {};
}

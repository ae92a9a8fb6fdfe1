// The front of Node's server. POST /graphql is answered here, on Node's own request and response: Ponder's server runs every request
// through Hono and two middlewares, which takes longer than most answers. What goes on to Ponder is counted, compressed, and kept from
// caches when it failed; preflights, which Ponder's CORS middleware would answer, and its routes for operators end here.
import { Buffer } from "node:buffer";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { type IncomingMessage, type RequestListener, Server, type ServerResponse } from "node:http";
import compression from "compression";
import { getPath } from "hono/utils/url";
import onHeaders from "on-headers";
import type { GraphQLExecutor } from "../graphql/executor.ts";
import { bodyTypeFault, readBody, readRequest } from "../graphql/http/request.ts";
import { type HttpReply, refused, replyTo } from "../graphql/http/response.ts";
import { COMPRESSED_FROM, encode, encodingOf } from "../http/compression.ts";
import { ApiError, type Refusal, refusalHeaders } from "../http/errors.ts";
import { MAX_BODY, refusalJson, tooLarge } from "../http/middleware.ts";
import { noteEntry, type RateLimitEntry, type RateLimiter } from "../http/rateLimit.ts";
import { preflightHeaders, securityHeaders } from "../http/securityHeaders.ts";

export interface FastPathDependencies {
  readonly executor: Pick<GraphQLExecutor, "executeJson">;
  readonly rateLimiter: RateLimiter;
  /** True when Ponder's `/metrics` and `/status` are answered. */
  readonly opensMetrics: boolean;
  /** Told of errors that the client is not shown. */
  readonly onError: (error: unknown) => void;
}

/** Routes of Ponder that are for the operator: they tell of load, versions and every request's route. */
const operatorRoutes = ["/metrics", "/status"];

/** Largest answer of Hono's that is compressed, in bytes. */
const COMPRESSED_TO = 1_000_000;

const compress = compression({
  threshold: COMPRESSED_FROM,
  // Half the CPU of zlib's own choice, for 4% more bytes.
  level: 4,
  // Events are to arrive one by one. The explorer's files are compressed once; 2 MB each time would be a way to keep this process busy.
  filter: (request, response) =>
    !String(response.getHeader("content-type")).startsWith("text/event-stream") &&
    !(Number(response.getHeader("content-length")) > COMPRESSED_TO) &&
    compression.filter(request, response),
});

/** Opens the fast path on the server of the first request that this process gets, before anything answers it. */
export function openFastPathOnFirstRequest(dependencies: FastPathDependencies): void {
  const channel = "http.server.request.start";
  const look = (message: unknown): void => {
    const { server } = message as { readonly server?: unknown };
    if (!(server instanceof Server)) return;
    unsubscribe(channel, look);
    openFastPath(server, dependencies);
  };
  subscribe(channel, look);
}

/** Opens the fast path on a server. */
export function openFastPath(server: Server, dependencies: FastPathDependencies): void {
  // The first listener is the framework's; those after it only look on.
  const [framework] = server.listeners("request") as RequestListener[];
  if (!framework) throw new Error("The server has nothing that answers.");
  server.off("request", framework);
  server.prependListener("request", (request, response) => {
    const fail = (error: unknown) => failed(dependencies, request, response, error);
    try {
      take(dependencies, framework, request, response)?.catch(fail);
    } catch (error) {
      fail(error);
    }
  });
}

function take(
  dependencies: FastPathDependencies,
  framework: RequestListener,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> | undefined {
  const isGraphQL = request.method === "POST" && request.url === "/graphql";
  const path = isGraphQL ? "/graphql" : pathOf(request.url ?? "/");
  if (request.method === "OPTIONS") {
    response.writeHead(204, { ...securityHeaders, ...preflightHeaders(path) }).end();
    return undefined;
  }
  const { rateLimiter, opensMetrics } = dependencies;
  const entry = rateLimiter.enter(
    request.socket.remoteAddress,
    request.headers["x-forwarded-for"] as string | undefined,
  );
  if (isGraphQL && entry.refusal === undefined) {
    return respond(dependencies, request, entry).then((reply) => send(request, response, reply));
  }
  const refusal = entry.refusal ?? (operatorRoutes.includes(path) && !opensMetrics ? noRoute : undefined);
  if (refusal) {
    send(request, response, refusalOf(request, path, refusal));
    return undefined;
  }
  noteEntry(request, entry);
  for (const name in securityHeaders) response.setHeader(name, securityHeaders[name] ?? "");
  onHeaders(response, () => {
    if (response.statusCode < 400) return;
    response.setHeader("cache-control", "no-store");
    response.removeHeader("etag");
  });
  compress(request as never, response as never, () => framework.call(request.socket, request, response));
  return undefined;
}

async function respond(
  { executor }: FastPathDependencies,
  request: IncomingMessage,
  entry: RateLimitEntry,
): Promise<HttpReply> {
  const { accept, "content-type": type, "content-encoding": encoding } = request.headers;
  const fault = bodyTypeFault({ type, encoding });
  if (fault) return refused(fault, accept);
  if (Number(request.headers["content-length"] ?? 0) > MAX_BODY) return refused(tooLarge(), accept);
  const body = await readBody(request);
  if (body === undefined) return refused(tooLarge(), accept);
  return replyTo(executor, readRequest(body), { method: "POST", accept, entry });
}

const noRoute = new ApiError("ROUTE_UNKNOWN", "There is no such route: see /.");

/** In GraphQL's media types where requests are asked. */
function refusalOf(request: IncomingMessage, path: string, refusal: Refusal): HttpReply {
  if (path === "/graphql") return refused(refusal, request.headers.accept);
  const headers = { "content-type": "application/json; charset=utf-8", ...refusalHeaders(refusal) };
  return { status: refusal.status, json: JSON.stringify(refusalJson(path, refusal)), headers };
}

/** Answers that something failed. Clients that hung up are not answered, nor logged. */
function failed(
  { onError }: FastPathDependencies,
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
): void {
  if (response.destroyed || response.headersSent) {
    response.destroy();
    return;
  }
  onError(error);
  const refusal = new ApiError("INTERNAL", "Something went wrong on our side.");
  send(request, response, refused(refusal, request.headers.accept));
}

const everyHeader = Object.entries(securityHeaders).flat();

/** Sends a reply, compressed if it is long and the client accepts that. */
function send(request: IncomingMessage, response: ServerResponse, reply: HttpReply): Promise<void> | undefined {
  const { json } = reply;
  const encoding = json.length < COMPRESSED_FROM ? undefined : encodingOf(request.headers["accept-encoding"]);
  if (encoding === undefined) {
    write(response, reply, json, Buffer.byteLength(json));
    return undefined;
  }
  const coded = encode(json, encoding);
  const finish = (body: Buffer): void => {
    write(response, reply, body, body.length, ["content-encoding", encoding, "vary", "accept-encoding"]);
  };
  if (!(coded instanceof Promise)) finish(coded);
  return coded instanceof Promise ? coded.then(finish) : undefined;
}

function write(
  response: ServerResponse,
  { status, headers }: HttpReply,
  body: string | Buffer,
  length: number,
  more: readonly string[] = [],
): void {
  const own = Object.entries(headers).flat();
  response.writeHead(status, [...everyHeader, ...own, ...more, "content-length", `${length}`]);
  // The body goes out in one piece with the head before it.
  response.end(body);
}

/** Path of a request, read as the framework reads it: what it takes for a route has to be one here. */
function pathOf(target: string): string {
  const query = target.indexOf("?");
  const path = query === -1 ? target : target.slice(0, query);
  if (/^\/[\w/-]*$/.test(path)) return path;
  try {
    return getPath(new Request(path.startsWith("/") ? `http://localhost${path}` : path));
  } catch {
    return path;
  }
}

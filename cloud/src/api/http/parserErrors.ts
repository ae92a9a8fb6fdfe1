import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { cloudErrors, type ErrorJson } from "@gridnft/sdk/schemas";
import { RequestError } from "@hono/node-server";
import type { Logger } from "pino";
import { describeError } from "../../error.ts";
import type { Metrics } from "../../metrics.ts";

/** Log and metrics of the cloud. */
export interface Observers {
  readonly log: Logger;
  readonly metrics: Pick<Metrics, "request">;
}

/** Statuses of Node's own responses to what its parser refuses; 400 for all others. */
const statuses: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  HPE_HEADER_OVERFLOW: 431,
};

/**
 * Responds to what is no HTTP request. The reason is given for a URL with bytes that are not ASCII, such as a prompt that was not encoded.
 */
export function answerParserError(error: NodeJS.ErrnoException, socket: Duplex, observers: Observers): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy(error);
    return;
  }
  const isUrl = error.code === "HPE_INVALID_URL";
  const status = isUrl ? cloudErrors.FIELD_INVALID : (statuses[error.code ?? ""] ?? 400);
  observe(observers, status, error.code);
  const message = "The URL has bytes that are not ASCII: send it percent-encoded, as UTF-8.";
  const body = isUrl ? JSON.stringify({ error: { code: "FIELD_INVALID", message } } satisfies ErrorJson) : "";
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "connection: close",
    "cache-control: no-store",
    ...(isUrl ? ["content-type: application/json", "access-control-allow-origin: *"] : []),
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

/** Answers a request whose URL or Host header leads to no route, such as a path with a backslash. */
export function refuseUnreadable(error: unknown, observers: Observers): Response {
  const isRequest = error instanceof RequestError;
  if (!isRequest) observers.log.error({ error: describeError(error) }, "request failed");
  const code = isRequest ? "FIELD_INVALID" : "INTERNAL";
  observe(observers, cloudErrors[code], code);
  const message = isRequest
    ? "The URL or the Host header is not valid: send a path that begins with / and has no backslash, and the host's name."
    : "Something went wrong here.";
  return Response.json({ error: { code, message } } satisfies ErrorJson, {
    status: cloudErrors[code],
    headers: { "cache-control": "no-store", "access-control-allow-origin": "*" },
  });
}

/** Logs and counts what never became a request of a route. Its text is not logged: it may be anything, and long. */
function observe({ log, metrics }: Observers, status: number, code: string | undefined): void {
  metrics.request({ method: "OTHER", route: "(unreadable)", status, seconds: 0 });
  log.info({ status, code }, "unreadable request");
}

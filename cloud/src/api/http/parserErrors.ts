import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { cloudErrors, type ErrorJson } from "@gridnft/sdk/schemas";

/** Statuses of Node's own responses to what its parser refuses; 400 for all others. */
const statuses: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  HPE_HEADER_OVERFLOW: 431,
};

/**
 * Responds to what is no HTTP request. The reason is given for a URL with bytes that are not ASCII, such as a prompt that was not encoded.
 */
export function answerParserError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy(error);
    return;
  }
  const isUrl = error.code === "HPE_INVALID_URL";
  const status = isUrl ? cloudErrors.FIELD_INVALID : (statuses[error.code ?? ""] ?? 400);
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

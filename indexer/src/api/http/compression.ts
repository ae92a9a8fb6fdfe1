// Compression of answers that are there as a whole. A stream for each, as middlewares make it, takes three times the CPU.
import type { Buffer } from "node:buffer";
import { promisify } from "node:util";
import { brotliCompress, brotliCompressSync, constants, gzip, gzipSync } from "node:zlib";
import { parseAccept } from "hono/utils/accept";

/** Content codings that answers come in. */
export type Encoding = "br" | "gzip";

/** Smallest body that is compressed, in bytes: below, headers and the work outweigh what is saved. */
export const COMPRESSED_FROM = 1_024;
/** Largest body that is compressed in the process's own thread: a fraction of a millisecond, less than handing it to another one. */
const AT_ONCE = 65_536;

/** Fastest settings that still come within a tenth of the size that the usual ones give. */
const brotliOptions = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
const gzipOptions = { level: 4 };

/** Returns the coding that an Accept-Encoding header prefers, brotli if it does not care. Undefined: none. */
export function encodingOf(header: string | undefined): Encoding | undefined {
  if (header === undefined) return undefined;
  const accepted = parseAccept(header);
  const quality = (name: string): number =>
    (accepted.find(({ type }) => type.toLowerCase() === name) ?? accepted.find(({ type }) => type === "*"))?.q ?? 0;
  const [br, zip] = [quality("br"), quality("gzip")];
  if (br === 0 && zip === 0) return undefined;
  return br >= zip ? "br" : "gzip";
}

/** Compresses a text. */
export function encode(text: string, encoding: Encoding): Buffer | Promise<Buffer> {
  if (text.length <= AT_ONCE) {
    return encoding === "br" ? brotliCompressSync(text, brotliOptions) : gzipSync(text, gzipOptions);
  }
  return encoding === "br" ? promisify(brotliCompress)(text, brotliOptions) : promisify(gzip)(text, gzipOptions);
}

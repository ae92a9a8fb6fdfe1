import type { Hex } from "viem";
import { GridError } from "./errors.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const loneSurrogate = /\p{Surrogate}/u;

/** Value of a hex digit by character code, 255 for any other character. */
const digits = new Uint8Array(256).fill(255);
for (let i = 0; i < 10; i++) digits[48 + i] = i;
for (let i = 0; i < 6; i++) {
  digits[65 + i] = 10 + i;
  digits[97 + i] = 10 + i;
}

const octets: readonly string[] = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, "0"));

/** Writes the `length` bytes of a hex string to `into` at `offset`; anything but exactly that many bytes is refused. */
export function writeHex(field: string, hex: string, into: Uint8Array, offset: number, length: number): void {
  if (typeof hex !== "string" || hex.length !== 2 + 2 * length || hex[0] !== "0" || hex[1] !== "x") {
    throw new GridError("FIELD_INVALID", `${field} must be ${length} bytes of hex with 0x.`, field);
  }
  for (let i = 0; i < length; i++) {
    const high = digits[hex.charCodeAt(2 + 2 * i)] ?? 255;
    const low = digits[hex.charCodeAt(3 + 2 * i)] ?? 255;
    if ((high | low) > 15) throw new GridError("FIELD_INVALID", `${field} is not hex.`, field);
    into[offset + i] = (high << 4) | low;
  }
}

/** Bytes of a hex string of any even length. */
export function hexToBytes(hex: Hex, field = "hex"): Uint8Array {
  if (typeof hex !== "string" || hex.length % 2 !== 0) {
    throw new GridError("FIELD_INVALID", `${field} must be hex of an even number of digits.`, field);
  }
  const bytes = new Uint8Array((hex.length - 2) / 2);
  writeHex(field, hex, bytes, 0, bytes.length);
  return bytes;
}

/** Hex string, lower case, of bytes. */
export function bytesToHex(bytes: Uint8Array): Hex {
  let hex = "0x";
  for (let i = 0; i < bytes.length; i++) hex += octets[bytes[i] as number];
  return hex as Hex;
}

/** UTF-8 bytes of text. A lone surrogate has no UTF-8 form and is refused rather than replaced. */
export function textToBytes(text: string, field = "text"): Uint8Array {
  if (typeof text !== "string" || loneSurrogate.test(text)) {
    throw new GridError("FIELD_INVALID", `${field} is not well-formed text.`, field);
  }
  return encoder.encode(text);
}

/** Text of UTF-8 bytes; invalid UTF-8 is refused. */
export function bytesToText(bytes: Uint8Array, field = "text"): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new GridError("FIELD_INVALID", `${field} is not UTF-8.`, field, { cause });
  }
}

/** Bytes one after the other. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Returns true if two byte strings are equal. Not in constant time: nothing here is secret. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

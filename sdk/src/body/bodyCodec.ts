import type { Address, Hex } from "viem";
import { bytesToHex, bytesToText, concatBytes, textToBytes, writeHex } from "../lib/bytes.js";
import { GridError } from "../lib/errors.js";

/** U+0000 to U+001F and U+007F to U+009F: what the contracts refuse in every text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controlCharacter = /[\u0000-\u001f\u007f-\u009f]/;

function refuse(field: string, message: string): never {
  throw new GridError("BODY_INVALID", `${field} ${message}`, field);
}

/** Appends the value types of the packed body; see the head of `contracts/artworks/ArtworkMint.sol`. */
export class BodyWriter {
  readonly #parts: Uint8Array[] = [];

  /** Big-endian integer of a fixed number of bytes. */
  uint(field: string, value: number | bigint, bytes: number): this {
    const integer = typeof value === "number" && !Number.isInteger(value) ? -1n : BigInt(value);
    if (integer < 0n || integer >> BigInt(8 * bytes) !== 0n) refuse(field, `must be an integer of ${bytes} bytes.`);
    this.#parts.push(bigEndian(integer, bytes));
    return this;
  }

  /** Length byte, then the integer without leading zeros; at most `width` bytes. */
  num(field: string, value: number | bigint, width: number): this {
    const integer = typeof value === "number" && !Number.isInteger(value) ? -1n : BigInt(value);
    if (integer < 0n || integer >> BigInt(8 * width) !== 0n) refuse(field, `must be an integer of ${width} bytes.`);
    const length = integer === 0n ? 0 : Math.ceil(integer.toString(16).length / 2);
    this.#parts.push(Uint8Array.of(length), bigEndian(integer, length));
    return this;
  }

  /** Fixed bytes. */
  fixed(field: string, hex: Hex, bytes: 20 | 32): this {
    const part = new Uint8Array(bytes);
    writeHex(field, hex, part, 0, bytes);
    this.#parts.push(part);
    return this;
  }

  /** Length of `lengthBytes`, then UTF-8. */
  text(field: string, text: string, lengthBytes: 1 | 2): this {
    const bytes = textToBytes(text, field);
    if (controlCharacter.test(text)) refuse(field, "must not contain control characters.");
    if (bytes.length >= 256 ** lengthBytes) refuse(field, `has at most ${256 ** lengthBytes - 1} bytes.`);
    this.#parts.push(bigEndian(BigInt(bytes.length), lengthBytes), bytes);
    return this;
  }

  bytes(): Uint8Array {
    return concatBytes(...this.#parts);
  }
}

/** Reads what {@link BodyWriter} writes, and refuses what the contracts refuse. */
export class BodyReader {
  #offset = 0;

  constructor(readonly source: Uint8Array) {}

  get offset(): number {
    return this.#offset;
  }

  take(field: string, length: number): Uint8Array {
    if (this.#offset + length > this.source.length) refuse(field, "is cut off.");
    const part = this.source.subarray(this.#offset, this.#offset + length);
    this.#offset += length;
    return part;
  }

  big(field: string, bytes: number): bigint {
    return bytes === 0 ? 0n : BigInt(bytesToHex(this.take(field, bytes)));
  }

  uint(field: string, bytes: number): number {
    return Number(this.big(field, bytes));
  }

  num(field: string, width: number): bigint {
    const length = this.uint(field, 1);
    if (length > width) refuse(field, `has at most ${width} bytes.`);
    if (length > 0 && this.source[this.#offset] === 0) refuse(field, "has a leading zero.");
    return this.big(field, length);
  }

  bytes32(field: string): Hex {
    return bytesToHex(this.take(field, 32));
  }

  address(field: string): Address {
    return bytesToHex(this.take(field, 20));
  }

  text(field: string, lengthBytes: 1 | 2): string {
    const text = this.#utf8(field, this.take(field, this.uint(field, lengthBytes)));
    if (controlCharacter.test(text)) refuse(field, "must not contain control characters.");
    return text;
  }

  #utf8(field: string, bytes: Uint8Array): string {
    try {
      return bytesToText(bytes, field);
    } catch (cause) {
      throw new GridError("BODY_INVALID", `${field} is not UTF-8.`, field, { cause });
    }
  }
}

function bigEndian(value: bigint, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let rest = value;
  for (let i = length - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

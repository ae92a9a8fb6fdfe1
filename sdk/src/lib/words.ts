// Words of 32 bytes, of which the contracts' data consists (Contract ABI Specification, "Formal Specification of the Encoding").
import type { Hex } from "viem";
import { writeHex } from "./bytes.js";
import { GridError } from "./errors.js";

/** Bytes of a word. */
export const WORD_BYTES = 32;

/** Writer of words: a preallocated buffer, so that a struct is hashed from one piece. */
export class WordWriter {
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  /** @param first Word 0: the hash of a struct's type. */
  constructor(count: number, first?: Uint8Array) {
    this.bytes = new Uint8Array(32 * count);
    this.#view = new DataView(this.bytes.buffer);
    if (first) this.bytes.set(first);
  }

  bytes32(word: number, field: string, value: Hex): void {
    writeHex(field, value, this.bytes, 32 * word, 32);
  }

  address(word: number, field: string, value: Hex): void {
    writeHex(field, value, this.bytes, 32 * word + 12, 20);
  }

  /** Writes an unsigned integer of up to 48 bits. */
  small(word: number, field: string, value: number, bits: number): void {
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** bits) outOfRange(field, bits);
    this.#view.setUint32(32 * word + 28, value % 0x1_0000_0000);
    this.#view.setUint32(32 * word + 24, Math.floor(value / 0x1_0000_0000));
  }

  /** Writes an unsigned integer of 64, 128 or 256 bits. */
  big(word: number, field: string, value: bigint, bits: 64 | 128 | 256): void {
    if (typeof value !== "bigint" || value < 0n || value >> BigInt(bits) !== 0n) outOfRange(field, bits);
    const offset = 32 * word;
    this.#view.setBigUint64(offset + 24, value);
    if (bits === 64) return;
    this.#view.setBigUint64(offset + 16, value >> 64n);
    if (bits === 128) return;
    this.#view.setBigUint64(offset + 8, value >> 128n);
    this.#view.setBigUint64(offset, value >> 192n);
  }

  raw(word: number, value: Uint8Array): void {
    this.bytes.set(value, 32 * word);
  }
}

function outOfRange(field: string, bits: number): never {
  throw new GridError("FIELD_INVALID", `${field} must be an unsigned integer below 2^${bits}.`, field);
}

/** No data is longer. */
const OFFSET_BITS = 32;

/**
 * Reader of words. Positions are bytes from the first word on. Every function throws RangeError for what is not there, or does not fit its
 * type.
 */
export class WordReader {
  readonly #data: Hex;
  readonly #start: number;

  /** @param skip Bytes before the first word: 4 for a call, whose selector stands there. */
  constructor(data: Hex, skip = 0) {
    this.#data = data;
    this.#start = 2 + 2 * skip;
  }

  #word(at: number, index: number): string {
    const start = this.#start + 2 * (at + WORD_BYTES * index);
    const end = start + 2 * WORD_BYTES;
    if (end > this.#data.length) throw new RangeError("The data ends before.");
    return this.#data.slice(start, end);
  }

  hex(at: number, index: number): Hex {
    return `0x${this.#word(at, index)}`;
  }

  address(at: number, index: number): Hex {
    const word = this.#word(at, index);
    if (!word.startsWith("0".repeat(24))) throw new RangeError("An address has 20 bytes.");
    return `0x${word.slice(24)}`;
  }

  big(at: number, index: number, bits: number): bigint {
    const value = BigInt(this.hex(at, index));
    if (value >> BigInt(bits)) throw new RangeError(`The number has more than ${bits} bits.`);
    return value;
  }

  small(at: number, index: number, bits: number): number {
    return Number(this.big(at, index, bits));
  }

  /** Returns the position that the offset in a word leads to. */
  follow(at: number, index: number): number {
    return at + this.small(at, index, OFFSET_BITS);
  }

  /** Returns the number of elements of the array at a position. */
  length(at: number): number {
    return this.small(at, 0, OFFSET_BITS);
  }

  /** Returns the positions of the elements of an array, each of which has a size of its own. */
  elements(at: number): (() => number)[] {
    const count = this.length(at);
    this.#word(at, count); // They are all there.
    return Array.from({ length: count }, (_, i) => () => this.follow(at + WORD_BYTES, i));
  }
}

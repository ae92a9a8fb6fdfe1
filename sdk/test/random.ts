import { type Hex, toHex } from "viem";
import { seededRandom } from "../src/node/index.ts";

/** Reproducible random values ; `seed` names the run. */
export function random(seed: number) {
  const next = seededRandom(seed);
  const integer = (below: number): number => Math.floor(next() * below);
  const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, () => integer(256));
  const hex = (length: number): Hex => toHex(bytes(length));
  const uint = (bits: number): bigint => {
    const value = BigInt(hex(32)) >> BigInt(256 - bits);
    // Edges and small values occur often; wholly random ones alone would hardly meet a leading zero.
    return [0n, 2n ** BigInt(bits) - 1n, value >> BigInt(integer(bits)), value][integer(4)] as bigint;
  };
  const text = (): string => {
    const letters = [...'aZ09 ,."\\/é日🦊\u0301'];
    return Array.from({ length: integer(40) }, () => letters[integer(letters.length)]).join("");
  };
  const message = (fields: readonly { readonly name: string; readonly type: string }[]): Record<string, unknown> =>
    Object.fromEntries(fields.map(({ name, type }) => [name, value(type)]));
  const value = (type: string): unknown => {
    if (type === "address") return hex(20);
    if (type === "bytes32") return hex(32);
    if (type === "string") return text();
    if (type === "ModelTotal[]") {
      return Array.from({ length: integer(17) }, () => ({ modelId: uint(256), cumulative: uint(128) }));
    }
    const bits = Number(type.slice(4));
    return bits <= 48 ? Number(uint(bits)) : uint(bits);
  };
  return { integer, bytes, hex, uint, text, message };
}

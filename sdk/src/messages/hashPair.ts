import { equalBytes } from "../lib/bytes.js";
import type { Keccak } from "./digest.js";

const pairInput = new Uint8Array(64);

/** Hash of two nodes of a Merkle tree, smaller one first. */
export function hashPairOf(a: Uint8Array, b: Uint8Array, keccak: Keccak): Uint8Array {
  const swap = isGreater(a, b);
  pairInput.set(swap ? b : a, 0);
  pairInput.set(swap ? a : b, 32);
  return keccak(pairInput);
}

function isGreater(a: Uint8Array, b: Uint8Array): boolean {
  if (equalBytes(a, b)) return false;
  for (let i = 0; i < 32; i++) if (a[i] !== b[i]) return (a[i] as number) > (b[i] as number);
  return false;
}

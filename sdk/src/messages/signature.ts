import { secp256k1 } from "@noble/curves/secp256k1";
import { keccak_256 } from "@noble/hashes/sha3";
import { type Address, getAddress, type Hex } from "viem";
import { bytesToHex, hexToBytes } from "../lib/bytes.js";
import { GridError } from "../lib/errors.js";
import type { Keccak } from "./digest.js";

/** Order of the group. */
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const HALF_N = N >> 1n;

/** Public key (65 bytes, first is 4) that made a 64-byte signature with a recovery bit over a digest. May throw. */
export type RecoverPublicKey = (digest: Uint8Array, rs: Uint8Array, recovery: 0 | 1) => Uint8Array;

/** {@link RecoverPublicKey} on @noble/curves: synchronous, everywhere; `createFastChecker` has one in WASM. */
export const recoverPublicKey: RecoverPublicKey = (digest, rs, recovery) =>
  secp256k1.Signature.fromCompact(rs).addRecoveryBit(recovery).recoverPublicKey(digest).toRawBytes(false);

/**
 * Refuses every signature that the contracts refuse: they take exactly 65 bytes `r || s || v`, low s, v of 27 or 28.
 * Other encodings of the same signature recover the same key in most libraries, so a verifier off chain that is lenient
 * accepts paper that can never be collected.
 *
 * @returns The 65 bytes.
 * @throws {@link GridError} `SIGNATURE_LENGTH`, `SIGNATURE_V`, `SIGNATURE_HIGH_S` or `SIGNATURE_INVALID` (r or s out of range).
 */
export function requireCanonical(signature: Hex): Uint8Array {
  const bytes = hexToBytes(signature, "signature");
  if (bytes.length !== 65) {
    throw new GridError("SIGNATURE_LENGTH", `A signature has 65 bytes, not ${bytes.length}.`, "signature");
  }
  const v = bytes[64];
  const s = toInteger(bytes.subarray(32, 64));
  const r = toInteger(bytes.subarray(0, 32));
  if (s > HALF_N) throw new GridError("SIGNATURE_HIGH_S", "The signature's s is in the upper half.", "signature");
  if (v !== 27 && v !== 28) throw new GridError("SIGNATURE_V", `A signature's v is 27 or 28, not ${v}.`, "signature");
  if (r === 0n || r >= N || s === 0n) {
    throw new GridError("SIGNATURE_INVALID", "The signature's r or s is out of range.", "signature");
  }
  return bytes;
}

/**
 * Brings what a wallet or device returned into the one form that the contracts take: v of 0/1 becomes 27/28, a compact
 * ERC-2098 signature (64 bytes) is unfolded, a high s is mirrored. For signatures *we asked for*, before they leave; never
 * for ones that come from outside, see {@link requireCanonical}.
 *
 * @throws {@link GridError} as {@link requireCanonical}, for what cannot be repaired.
 */
export function normaliseSignature(signature: Hex): Hex {
  const bytes = hexToBytes(signature, "signature");
  if (bytes.length !== 64 && bytes.length !== 65) {
    throw new GridError("SIGNATURE_LENGTH", `A signature has 64 or 65 bytes, not ${bytes.length}.`, "signature");
  }
  const canonical = new Uint8Array(65);
  canonical.set(bytes.subarray(0, 64));
  let recovery: number;
  if (bytes.length === 64) {
    recovery = (bytes[32] as number) >> 7;
    canonical[32] = (bytes[32] as number) & 0x7f;
  } else {
    const v = bytes[64] as number;
    recovery = v >= 27 ? v - 27 : v;
    if (recovery > 1) throw new GridError("SIGNATURE_V", `A signature's v is 0, 1, 27 or 28, not ${v}.`, "signature");
  }
  const s = toInteger(canonical.subarray(32, 64));
  if (s > HALF_N && s < N) {
    canonical.set(hexToBytes(`0x${(N - s).toString(16).padStart(64, "0")}`), 32);
    recovery ^= 1;
  }
  canonical[64] = 27 + recovery;
  const hex = bytesToHex(canonical);
  requireCanonical(hex);
  return hex;
}

/**
 * Account that signed a digest, by exactly the contracts' rules (OpenZeppelin `ECDSA.recover(bytes32, bytes)`).
 *
 * @returns The checksummed address.
 * @throws {@link GridError} as {@link requireCanonical}; `SIGNATURE_INVALID` when no key fits.
 */
export function recoverSigner(digest: Hex, signature: Hex): Address {
  return getAddress(bytesToHex(recoverSignerBytes(hexToBytes(digest, "digest"), signature)));
}

/** As {@link recoverSigner}, on a keccak256 and a recovery of one's choice; the address as 20 bytes. */
export function recoverSignerBytes(
  digest: Uint8Array,
  signature: Hex,
  recover: RecoverPublicKey = recoverPublicKey,
  keccak: Keccak = keccak_256,
): Uint8Array {
  const bytes = requireCanonical(signature);
  let publicKey: Uint8Array;
  try {
    publicKey = recover(digest, bytes.subarray(0, 64), bytes[64] === 28 ? 1 : 0);
  } catch (cause) {
    throw new GridError("SIGNATURE_INVALID", "No key fits the signature.", "signature", { cause });
  }
  return keccak(publicKey.subarray(1)).slice(12);
}

function toInteger(bytes: Uint8Array): bigint {
  return BigInt(bytesToHex(bytes));
}

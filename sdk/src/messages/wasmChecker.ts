import { type Address, getAddress, type Hex } from "viem";
import { bytesToHex, hexToBytes, writeHex } from "../lib/bytes.js";
import { GridError } from "../lib/errors.js";
import { createDigester, type Digester } from "./digest.js";
import type { ReceiptChecker } from "./receipt.js";
import { type RecoverPublicKey, recoverSignerBytes } from "./signature.js";
import type { JobReceipt, SettlementDomain } from "./typedData.js";

/** The hashing and recovering of this package on WebAssembly, for whoever checks thousands of receipts a second. */
export interface FastChecker extends ReceiptChecker {
  /**
   * Returns true if one of `signers` signed this receipt in the form that the contracts take. A bad signature throws nothing.
   */
  isSignedBy(receipt: JobReceipt, domain: SettlementDomain, signature: Hex, signers: readonly Address[]): boolean;
}

/**
 * The hashing of this package with keccak256 as WebAssembly, as `createFastChecker` has it, without the recovering.
 * @example
 * const digester = await createFastDigester();
 * digester.receiptId(receipt, domain);
 */
export async function createFastDigester(): Promise<Digester> {
  const { createKeccak } = await import("hash-wasm");
  const hasher = await createKeccak(256);
  return createDigester((bytes) => hasher.init().update(bytes).digest("binary"));
}

/**
 * Loads libsecp256k1 and keccak256 as WebAssembly (embedded in their packages: no file and no network is read, no native code;
 * the same in Node and browsers). Results are identical to the plain functions', which golden vectors check.
 */
export async function createFastChecker(): Promise<FastChecker> {
  const [secp256k1, digester] = await Promise.all([loadSecp256k1(), createFastDigester()]);

  const recover: RecoverPublicKey = (digest, rs, recovery) => {
    const key = secp256k1.recoverPublicKeyUncompressed(rs, recovery, digest);
    if (typeof key === "string") throw new Error(key);
    return key;
  };
  const signerOf = (digest: Uint8Array, signature: Hex) =>
    recoverSignerBytes(digest, signature, recover, digester.keccak);

  return {
    digester,
    recoverSigner: (digest, signature) => getAddress(bytesToHex(signerOf(hexToBytes(digest, "digest"), signature))),
    isSignedBy: (receipt, domain, signature, signers) => {
      const id = digester.receiptIdBytes(receipt, domain);
      let signer: Hex;
      try {
        signer = bytesToHex(signerOf(id, signature));
      } catch (error) {
        if (error instanceof GridError) return false;
        throw error;
      }
      return signers.some((key) => key.toLowerCase() === signer);
    },
  };
}

/**
 * Loads libsecp256k1 as `createFastChecker` does, and returns a function that signs digests by a private key: `r || s || v`, as the contracts
 * take it. The signatures are those of viem's accounts (RFC 6979, low s), at a quarter of the time.
 * @throws {@link GridError} `FIELD_INVALID` for a key or a digest that is not 32 bytes, or a key that is 0 or not below the group's order.
 */
export async function createFastSigner(privateKey: Hex): Promise<(digest: Hex) => Hex> {
  const secp256k1 = await loadSecp256k1();
  const key = new Uint8Array(32);
  writeHex("privateKey", privateKey, key, 0, 32);
  if (!secp256k1.validatePrivateKey(key)) {
    throw new GridError("FIELD_INVALID", "privateKey is none of secp256k1.", "privateKey");
  }
  return (digest) => {
    const hash = new Uint8Array(32);
    writeHex("digest", digest, hash, 0, 32);
    const signed = secp256k1.signMessageHashRecoverableCompact(key, hash);
    if (typeof signed === "string") throw new Error(signed);
    return bytesToHex(Uint8Array.of(...signed.signature, 27 + signed.recoveryId));
  };
}

async function loadSecp256k1() {
  // Only this module of it: 243 kB instead of 1.1 MB. The version is pinned, so the path holds.
  const { instantiateSecp256k1 } = await import("@bitauth/libauth/build/lib/crypto/secp256k1.js");
  return instantiateSecp256k1();
}

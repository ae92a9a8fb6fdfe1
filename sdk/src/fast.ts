import { type Address, getAddress, type Hex } from "viem";
import { bytesToHex, hexToBytes } from "./bytes.js";
import { createDigester, type Digester } from "./digest.js";
import { GridError } from "./errors.js";
import { type RecoverPublicKey, recoverSignerBytes } from "./signature.js";
import type { JobReceipt, SettlementDomain } from "./typedData.js";

/** The hashing and recovering of this package on WebAssembly, for whoever checks thousands of receipts a second. */
export interface FastChecker {
  /** All digests, on WASM keccak256. */
  readonly digester: Digester;
  /** As `recoverSigner`. */
  recoverSigner(digest: Hex, signature: Hex): Address;
  /**
   * Whether one of `signers` signed this receipt in the form that the contracts take. Never throws for a bad signature.
   */
  isSignedBy(receipt: JobReceipt, domain: SettlementDomain, signature: Hex, signers: readonly Address[]): boolean;
}

/**
 * Loads libsecp256k1 and keccak256 as WebAssembly (embedded in their packages: no file and no network is read, no native code;
 * the same in Node and browsers). Results are identical to the plain functions', which golden vectors check.
 */
export async function createFastChecker(): Promise<FastChecker> {
  const [{ instantiateSecp256k1 }, { createKeccak }] = await Promise.all([
    // Only this module of it: 243 kB instead of 1.1 MB. The version is pinned, so the path holds.
    import("@bitauth/libauth/build/lib/crypto/secp256k1.js"),
    import("hash-wasm"),
  ]);
  const [secp256k1, hasher] = await Promise.all([instantiateSecp256k1(), createKeccak(256)]);

  const digester = createDigester((bytes) => hasher.init().update(bytes).digest("binary"));
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

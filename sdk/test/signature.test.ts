import { readFileSync } from "node:fs";
import { type Address, type Hex, keccak256, toHex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { beforeAll, describe, expect, it } from "vitest";
import {
  createFastChecker,
  createFastSigner,
  type FastChecker,
  GridError,
  normaliseSignature,
  recoverSigner,
  requireCanonical,
} from "../src/index.js";

interface Vector {
  readonly name: string;
  readonly digest: Hex;
  readonly signature: Hex;
  readonly verdict: string;
  readonly signer: Address;
}

const { vectors } = JSON.parse(
  readFileSync(new URL("../../test/vectors/signatures.json", import.meta.url), "utf8"),
) as { vectors: Vector[] };

let fast: FastChecker;
beforeAll(async () => {
  fast = await createFastChecker();
});

function verdict(recover: (digest: Hex, signature: Hex) => Address, { digest, signature }: Vector): string {
  try {
    return recover(digest, signature);
  } catch (error) {
    if (error instanceof GridError) return error.code;
    throw error;
  }
}

describe.each([
  ["noble", () => recoverSigner],
  ["wasm", () => fast.recoverSigner],
])("recovery on %s", (_, get) => {
  it.each(vectors.map((vector) => [vector.name, vector] as const))("%s", (_name, vector) => {
    expect(verdict(get(), vector)).toBe(vector.verdict === "valid" ? vector.signer : vector.verdict);
  });
});

describe("normaliseSignature", () => {
  const canonical = vectors.filter((vector) => /as signed|another account/.test(vector.name));
  const family = (vector: Vector) => vectors.filter((other) => other.digest === vector.digest);

  it("leaves canonical signatures alone", () => {
    for (const { signature } of canonical) expect(normaliseSignature(signature)).toBe(signature);
  });

  it("brings what wallets return into the canonical form", () => {
    let repaired = 0;
    for (const vector of canonical) {
      for (const { name, signature } of family(vector)) {
        if (!/v of 0 or 1|high s, v flipped|ERC-2098/.test(name)) continue;
        expect(normaliseSignature(signature), name).toBe(vector.signature);
        repaired++;
      }
    }
    expect(repaired).toBe(12);
  });

  it.each([
    ["0x", "SIGNATURE_LENGTH"],
    [`0x${"00".repeat(66)}`, "SIGNATURE_LENGTH"],
    [`0x${"01".repeat(64)}1d`, "SIGNATURE_V"],
    [`0x${"00".repeat(64)}1b`, "SIGNATURE_INVALID"],
    [`0x${"ff".repeat(64)}1b`, "SIGNATURE_HIGH_S"],
  ] as const)("refuses what cannot be repaired: %s", (signature, code) => {
    expect(() => normaliseSignature(signature)).toThrow(expect.objectContaining({ code }));
  });
});

describe("requireCanonical", () => {
  it("returns the 65 bytes", () => {
    expect(requireCanonical(vectors[0]?.signature as Hex)).toHaveLength(65);
  });

  it("refuses text that is not hex", () => {
    expect(() => requireCanonical("0xzz" as Hex)).toThrow(expect.objectContaining({ code: "FIELD_INVALID" }));
    expect(() => requireCanonical("0x123" as Hex)).toThrow(expect.objectContaining({ code: "FIELD_INVALID" }));
  });
});

describe("createFastSigner", () => {
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

  it("signs as viem does, byte for byte, with keys at both ends of the range", async () => {
    const keys = [toHex(1n, { size: 32 }), toHex(order - 1n, { size: 32 }), generatePrivateKey()];
    for (const key of keys) {
      const [account, sign] = [privateKeyToAccount(key), await createFastSigner(key)];
      const recoveries = new Set<string>();
      for (let i = 0; i < 40; i++) {
        const digest = keccak256(toHex(i));
        const signature = sign(digest);
        expect(signature).toBe(await account.sign({ hash: digest }));
        expect(fast.recoverSigner(digest, signature)).toBe(account.address);
        recoveries.add(signature.slice(-2));
      }
      expect(recoveries).toEqual(new Set(["1b", "1c"]));
    }
  });

  it("refuses what is no key or no digest, and names it", async () => {
    const refused = (field: string) => expect.objectContaining({ code: "FIELD_INVALID", field });
    for (const key of [toHex(0n, { size: 32 }), toHex(order, { size: 32 }), "0x", `0x${"01".repeat(31)}`] as Hex[]) {
      await expect(createFastSigner(key), key).rejects.toEqual(refused("privateKey"));
    }
    const sign = await createFastSigner(generatePrivateKey());
    for (const digest of ["0x", `0x${"01".repeat(33)}`, `0x${"0g".repeat(32)}`] as Hex[]) {
      expect(() => sign(digest), digest).toThrow(refused("digest"));
    }
  });
});

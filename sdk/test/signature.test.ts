import { readFileSync } from "node:fs";
import type { Address, Hex } from "viem";
import { beforeAll, describe, expect, it } from "vitest";
import {
  createFastChecker,
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

import { readFileSync } from "node:fs";
import { hashTypedData } from "viem";
import { beforeAll, describe, expect, it } from "vitest";
import { random } from "../../test/fixtures/randomValues.js";
import {
  createFastChecker,
  type Digester,
  digester,
  type EvolveAuthorization,
  type GenerationRequest,
  GridError,
  type JobOrder,
  type JobReceipt,
  type LaneConfig,
  type MintAuthorization,
  nftDomain,
  nftTypes,
  type OrderClosing,
  type SignerProof,
  settlementDomain,
  settlementTypes,
  type Voucher,
} from "../src/index.js";

interface Vector {
  readonly name: string;
  readonly message: Record<string, unknown>;
  readonly structHash: string;
  readonly digest: string;
}

const vectors = JSON.parse(readFileSync(new URL("../../test/vectors/messages.json", import.meta.url), "utf8"));
const settlement = settlementDomain(vectors.chainId, vectors.settlement);
const gridNft = nftDomain(vectors.chainId, vectors.gridNft);

const allTypes = { ...settlementTypes, ...nftTypes };
type Message = keyof typeof allTypes;

/** JSON has no bigint: integers wider than 48 bits stand there as text. */
function revive(type: Message, message: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    allTypes[type].map((field) => {
      const value = message[field.name];
      if (field.type === "ModelTotal[]") {
        return [field.name, (value as Record<string, unknown>[]).map((row) => revive("ModelTotal", row))];
      }
      return [field.name, /^uint(64|128|256)$/.test(field.type) ? BigInt(value as string) : value];
    }),
  );
}

const of = (type: Message) =>
  (vectors[type] as Vector[]).map((vector) => ({ ...vector, message: revive(type, vector.message) }));

let fast: Digester;
beforeAll(async () => {
  fast = (await createFastChecker()).digester;
});

describe.each([
  ["noble", () => digester],
  ["wasm", () => fast],
])("digests on %s keccak", (_, get) => {
  it("agree with viem on every golden vector", () => {
    const d = get();
    expect(d.domainSeparator(settlement)).toBe(vectors.settlementSeparator);
    expect(d.domainSeparator(gridNft)).toBe(vectors.gridNftSeparator);
    for (const { name, message, structHash } of of("GenerationRequest")) {
      expect(d.requestHash(message as GenerationRequest), name).toBe(structHash);
    }
    for (const { name, message, structHash, digest } of of("JobOrder")) {
      expect(d.orderHash(message as JobOrder), name).toBe(structHash);
      expect(d.orderDigest(message as JobOrder, settlement), name).toBe(digest);
    }
    for (const { name, message, digest } of of("JobReceipt")) {
      expect(d.receiptId(message as JobReceipt, settlement), name).toBe(digest);
    }
    for (const { name, message, digest } of of("LaneConfig")) {
      expect(d.laneId(message as LaneConfig, settlement), name).toBe(digest);
    }
    for (const { name, message, digest } of of("Voucher")) {
      expect(d.voucherDigest(message as Voucher, settlement), name).toBe(digest);
    }
    for (const { name, message, digest } of of("SignerProof")) {
      expect(d.signerProofDigest(message as SignerProof, settlement), name).toBe(digest);
    }
    for (const { name, message, digest } of of("OrderClosing")) {
      expect(d.orderClosingDigest(message as OrderClosing, settlement), name).toBe(digest);
    }
    for (const { name, message, digest } of of("MintAuthorization")) {
      expect(d.mintAuthorizationDigest(message as MintAuthorization, gridNft), name).toBe(digest);
    }
    for (const { name, message, digest } of of("EvolveAuthorization")) {
      expect(d.evolveAuthorizationDigest(message as EvolveAuthorization, gridNft), name).toBe(digest);
    }
  });

  it("agree with viem on random messages, buffers being reused", () => {
    const d = get();
    const seeded = random(0x5eed);
    const hash = {
      GenerationRequest: undefined,
      ModelTotal: undefined,
      JobOrder: (m: unknown) => d.orderDigest(m as JobOrder, settlement),
      JobReceipt: (m: unknown) => d.receiptId(m as JobReceipt, settlement),
      LaneConfig: (m: unknown) => d.laneId(m as LaneConfig, settlement),
      Voucher: (m: unknown) => d.voucherDigest(m as Voucher, settlement),
      SignerProof: (m: unknown) => d.signerProofDigest(m as SignerProof, settlement),
      OrderClosing: (m: unknown) => d.orderClosingDigest(m as OrderClosing, settlement),
    };
    for (let i = 0; i < 200; i++) {
      for (const primaryType of [
        "JobOrder",
        "JobReceipt",
        "LaneConfig",
        "Voucher",
        "SignerProof",
        "OrderClosing",
      ] as const) {
        const message = seeded.message(settlementTypes[primaryType]);
        const expected = hashTypedData({
          domain: settlement,
          types: settlementTypes,
          primaryType,
          message: message as never,
        });
        expect(
          hash[primaryType](message),
          JSON.stringify(message, (_k, v) => `${v}`),
        ).toBe(expected);
      }
    }
  });
});

describe("digests refuse what a field cannot hold, and name it", () => {
  const [usual] = of("JobReceipt");
  const receipt = usual?.message as JobReceipt;
  it.each([
    ["index", -1],
    ["index", 2 ** 32],
    ["index", 1.5],
    ["index", Number.NaN],
    ["index", 3n],
    ["seed", -1n],
    ["seed", 2n ** 64n],
    ["seed", 45],
    ["price", 2n ** 128n],
    ["modelId", 2n ** 256n],
    ["worker", "0x00"],
    ["worker", `0x${"0g".repeat(20)}`],
    ["imageHash", `0x${"00".repeat(31)}`],
    ["imageHash", `0x${"00".repeat(33)}`],
    ["imageHash", "00".repeat(33)],
    ["imageHash", undefined],
  ])("%s = %s", (field, value) => {
    expect(() => digester.receiptId({ ...receipt, [field]: value } as never, settlement)).toThrow(
      expect.objectContaining({ code: "FIELD_INVALID", field }),
    );
  });

  it("a lone surrogate has no UTF-8 form", () => {
    const request = of("GenerationRequest")[0]?.message as GenerationRequest;
    expect(() => digester.requestHash({ ...request, prompt: "\ud800" })).toThrow(GridError);
  });

  it("a refused message leaves nothing behind in the shared buffers", () => {
    const before = digester.receiptId(receipt, settlement);
    expect(() => digester.receiptId({ ...receipt, orderHash: `0x${"11".repeat(31)}zz` }, settlement)).toThrow();
    expect(digester.receiptId(receipt, settlement)).toBe(before);
  });
});

describe("domains", () => {
  it("tell chains and contracts apart", () => {
    const receipt = of("JobReceipt")[0]?.message as JobReceipt;
    const ids = [
      settlement,
      settlementDomain(1, vectors.settlement),
      settlementDomain(vectors.chainId, vectors.gridNft),
    ].map((domain) => digester.receiptId(receipt, domain));
    expect(new Set(ids).size).toBe(3);
  });
});

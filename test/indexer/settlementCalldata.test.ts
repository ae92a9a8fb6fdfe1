/** Who sends a batch decides what stands in its calldata: nothing there may stop the indexer, or hide what was settled. */
import { decodeFunctionData, encodeFunctionData, type Hex } from "viem";
import { describe, expect, it } from "vitest";
import { settledReceipts } from "../../indexer/src/features/settlement/settledReceipts.ts";
import { settlementsIn } from "../../indexer/src/features/settlement/settlementCalldata.ts";
import {
  gridNftAbi,
  gridSettlementAbi,
  type JobOrder,
  jobReceipt,
  orderHash,
  receiptId,
  receiptTree,
  settlementDomain,
} from "../../sdk/src/index.ts";
import { createRandom } from "../fixtures/random.ts";

const word = (digit: string): Hex => `0x${digit.repeat(64)}`;
const address = (digit: string): Hex => `0x${digit.repeat(40)}`;
const signature: Hex = `0x${"11".repeat(65)}`;
const domain = settlementDomain(31_337, address("5"));

const order: JobOrder = {
  ...{ laneId: word("0"), payer: address("1"), worker: address("2"), requester: address("1"), nonce: 7n },
  ...{ modelId: 1n, requestHash: word("3"), maxPrice: 100n, count: 1, deadline: 2_000_000_000n },
  feeConfigId: 0,
};

const output = (index: number) => ({
  ...{ index, seed: 3n, engineHash: word("4"), imageHash: word("5"), cidDigest: word("5") },
  ...{ completedAt: 1_900_000_000n, price: 10n },
});
const item = (...indices: number[]) => ({
  order,
  orderSignature: signature,
  receipts: indices.map((index) => ({ ...output(index), signature })),
});
const receipts = [jobReceipt(order, output(0))];
const settled = { orderHash: orderHash(order), root: receiptTree(receipts, domain).root };

let transactions = 0;
function seen(...items: ReturnType<typeof item>[]): readonly Hex[] {
  return seenIn(encodeFunctionData({ abi: gridSettlementAbi, functionName: "settleBatch", args: [items] }));
}

function seenIn(input: Hex): readonly Hex[] {
  transactions++;
  const hash: Hex = `0x${transactions.toString(16).padStart(64, "0")}`;
  return settledReceipts({ hash, input }, settled, domain).map(({ receiptId }) => receiptId);
}

describe("receipts in the calldata of a batch", () => {
  const expected = receipts.map((receipt) => receiptId(receipt, domain));

  it("are those that have the root of the log", () => {
    expect(seen(item(0))).toEqual(expected);
    expect(seen(item(1))).toEqual([]);
  });

  it("are found beside others that somebody claims of the same order", () => {
    expect(seen(item(0), item(1))).toEqual(expected);
    expect(seen(item(1), item(0))).toEqual(expected);
    expect(seen(item(0), item())).toEqual(expected);
  });

  it("may be named twice, which no settlement takes, without harm", () => {
    expect(seen(item(0, 0))).toEqual([]);
    expect(seen(item(0), item(0, 0))).toEqual(expected);
  });

  // An item that is refused before its receipts are looked at (for its signature, say) may have anything for receipts.
  it("may be no receipts at all beside those that were settled", () => {
    const odd = 0xfedcba98;
    const input = encodeFunctionData({
      abi: gridSettlementAbi,
      functionName: "settleBatch",
      args: [[item(odd), item(0)]],
    });
    const dirty = input.replace(`${"0".repeat(56)}fedcba98`, "f".repeat(64)) as Hex;
    expect(dirty).not.toBe(input);
    expect(seenIn(dirty)).toEqual(expected);
  });

  it("may be claimed by offsets that lead anywhere", () => {
    const input = encodeFunctionData({
      abi: gridSettlementAbi,
      functionName: "settleBatch",
      args: [[item(0), item(0)]],
    });
    const words: string[] = input.slice(10).match(/.{64}/g) ?? [];
    // Offset of the array, its length, offsets of its two items.
    const second = 3;
    for (const offset of ["f".repeat(64), `${"0".repeat(48)}${"f".repeat(16)}`, `${"0".repeat(56)}7fffffff`]) {
      const changed = words.with(second, offset).join("");
      expect(seenIn(`0x${input.slice(2, 10)}${changed}`)).toEqual(expected);
    }
  });

  it("may be claimed to be more than the call has room for", () => {
    const input = encodeFunctionData({
      abi: gridSettlementAbi,
      functionName: "settleBatch",
      args: [[item(0), item(0)]],
    });
    const words: string[] = input.slice(10).match(/.{64}/g) ?? [];
    // Behind the array's offset, length and two offsets: the first item's order, two offsets and signature, then its receipts.
    const length = 4 + 11 + 2 + 4;
    expect(words[length]).toBe("1".padStart(64, "0"));
    for (const count of [9, words.length - length - 1, 2 ** 32 - 1]) {
      const claim = words.with(length, count.toString(16).padStart(64, "0")).join("");
      expect(seenIn(`0x${input.slice(2, 10)}${claim}`)).toEqual(expected);
    }
  });

  it("are told apart whichever of the functions was called", () => {
    const mint = [0n, [item(1), item(0)], "0x", [], address("1"), 0n] as const;
    const authorization = {
      ...{ requester: address("1"), to: address("1"), bodyHash: word("1") },
      ...{ maxFee: 0n, deadline: 0n },
    };
    const calls = [
      encodeFunctionData({ abi: gridSettlementAbi, functionName: "settle", args: [item(0)] }),
      encodeFunctionData({ abi: gridSettlementAbi, functionName: "settleClosed", args: [item(0), signature] }),
      encodeFunctionData({ abi: gridSettlementAbi, functionName: "settleInGrace", args: [item(0)] }),
      encodeFunctionData({ abi: gridNftAbi, functionName: "settleAndMint", args: mint }),
      encodeFunctionData({
        abi: gridNftAbi,
        functionName: "settleAndMintFor",
        args: [mint[0], mint[1], mint[2], mint[3], authorization, signature, 0n],
      }),
    ];
    for (const call of calls) expect(seenIn(call)).toEqual(expected);
    const other = encodeFunctionData({ abi: gridNftAbi, functionName: "burn", args: [1n] });
    expect(seenIn(other)).toEqual([]);
  });
});

describe("receipts in the calldata of a closed order", () => {
  const expected = receipts.map((receipt) => receiptId(receipt, domain));
  const closed = (): string[] => {
    const args = [item(0), signature] as const;
    const input = encodeFunctionData({ abi: gridSettlementAbi, functionName: "settleClosed", args });
    selector = input.slice(2, 10);
    return input.slice(10).match(/.{64}/g) ?? [];
  };
  let selector = "";
  const seenOf = (words: readonly string[]) => seenIn(`0x${selector}${words.join("")}`);
  const word = (value: number) => value.toString(16).padStart(64, "0");

  it("are found wherever its offsets lead, the closing before the order too", () => {
    const words = closed();
    expect(words.slice(0, 2)).toEqual([word(64), word(32 * (words.length - 4))]);
    // The closing's four words come first.
    const [order, closing] = [words.slice(2, -4), words.slice(-4)];
    expect(seenOf([word(32 * (2 + closing.length)), word(64), ...closing, ...order])).toEqual(expected);
    // Something that nobody reads stands between.
    expect(seenOf([word(96), word(0), word(7), ...order])).toEqual(expected);
  });

  it("are found whatever stands for the closing", () => {
    const words = closed();
    for (const dirty of ["f".repeat(64), word(0), word(2 ** 32 - 1), `${"0".repeat(48)}${"f".repeat(16)}`]) {
      expect(seenOf(words.with(1, dirty))).toEqual(expected);
      // Its length, and its last word, of which one byte counts.
      expect(seenOf(words.with(-4, dirty))).toEqual(expected);
      expect(seenOf(words.with(-1, dirty))).toEqual(expected);
    }
    expect(seenOf(words.slice(0, -4))).toEqual(expected);
  });

  it("are not seen where a word of the order has more than its type takes, or an offset leads out of the call", () => {
    const words = closed();
    // Addresses, feeConfigId, count, maxPrice, deadline; the offsets of the order and of its receipts.
    for (const dirty of [2, 3, 4, 6, 9, 10, 11, 0, 14]) {
      expect(seenOf(words.with(dirty, "f".repeat(64)))).toEqual([]);
    }
    for (let length = 0; length < words.length - 8; length++)
      expect(() => seenOf(words.slice(0, length))).not.toThrow();
  });
});

describe("settlements of random calls", () => {
  const random = createRandom(7);
  const bytes = (count: number): Hex =>
    `0x${Array.from({ length: 2 * count }, () => random.integer(16).toString(16)).join("")}`;
  // Of any length up to all bits.
  const below = (bits: number): bigint => BigInt(bytes(32)) >> BigInt(256 - bits + random.integer(bits));
  const small = (bits: number): number => Number(below(bits));
  const many = <Item>(make: () => Item): Item[] => Array.from({ length: random.integer(5) }, make);
  const receipt = () => ({
    ...{ index: small(32), seed: below(64), engineHash: bytes(32), imageHash: bytes(32), cidDigest: bytes(32) },
    ...{ completedAt: below(64), price: below(128), signature: bytes(random.integer(70)) },
  });
  const settlement = () => ({
    order: {
      ...{ requester: bytes(20), payer: bytes(20), worker: bytes(20), laneId: bytes(32), feeConfigId: small(16) },
      ...{ modelId: below(256), requestHash: bytes(32), count: small(32), maxPrice: below(128) },
      ...{ deadline: below(64), nonce: below(256) },
    },
    orderSignature: bytes(random.integer(70)),
    receipts: many(receipt),
  });
  const batch = (items: ReturnType<typeof settlement>[]) =>
    encodeFunctionData({ abi: gridSettlementAbi, functionName: "settleBatch", args: [items] });

  it("are those that were encoded", () => {
    for (let i = 0; i < 200; i++) {
      const items = many(settlement);
      const stated = items.map(({ order, receipts }) => ({
        order,
        outputs: receipts.map(({ signature: _, ...output }) => output),
      }));
      expect(settlementsIn(batch(items))).toEqual(stated);
    }
  });

  it("are those that were encoded, of a call of one order too", () => {
    for (let i = 0; i < 50; i++) {
      const one = settlement();
      const stated = [{ order: one.order, outputs: one.receipts.map(({ signature: _, ...output }) => output) }];
      const calls = [
        encodeFunctionData({ abi: gridSettlementAbi, functionName: "settle", args: [one] }),
        encodeFunctionData({ abi: gridSettlementAbi, functionName: "settleInGrace", args: [one] }),
        encodeFunctionData({ abi: gridSettlementAbi, functionName: "settleClosed", args: [one, bytes(65)] }),
      ];
      for (const call of calls) {
        const { args } = decodeFunctionData({ abi: gridSettlementAbi, data: call });
        expect(settlementsIn(call)).toEqual(stated);
        // As viem's decoder has it, which gives addresses in another case.
        const [decoded] = args as unknown as readonly [ReturnType<typeof settlement>];
        expect(stated[0]?.order.nonce).toBe(decoded.order.nonce);
        expect(stated[0]?.outputs.map(({ imageHash }) => imageHash)).toEqual(
          decoded.receipts.map(({ imageHash }) => imageHash),
        );
      }
    }
  });

  it("are never more than there is room for, however a call is cut or twisted", () => {
    for (let i = 0; i < 300; i++) {
      const input = batch(many(settlement));
      const words: string[] = input.slice(10).match(/.{64}/g) ?? [];
      const at = random.integer(words.length);
      const word = (32 * random.integer(words.length)).toString(16).padStart(64, "0");
      const calls = [
        `${input.slice(0, 10)}${words.with(at, word).join("")}`,
        input.slice(0, 10 + random.integer(input.length)),
      ];
      for (const call of calls as Hex[]) {
        const outputs = settlementsIn(call).reduce((count, { outputs }) => count + outputs.length, 0);
        expect(outputs * 8).toBeLessThanOrEqual(words.length);
      }
    }
  });

  it("are read once from words that many offsets lead to", () => {
    // Each of 300 items is the first again, and has 300 times the same receipt.
    const count = 300;
    const word = (value: number) => value.toString(16).padStart(64, "0");
    const item = 32 * count;
    const receipts = 32 * (11 + 2);
    const input = [
      ...[32, count, ...Array.from({ length: count }, () => item)].map(word),
      ...Array.from({ length: 11 }, () => word(1)),
      ...[
        0,
        receipts,
        count,
        ...Array.from({ length: count }, () => 32 * count),
        ...Array.from({ length: 8 }, () => 1),
      ].map(word),
    ].join("");
    const selector = batch([]).slice(0, 10);
    const outputs = settlementsIn(`${selector}${input}` as Hex).reduce((sum, { outputs }) => sum + outputs.length, 0);
    expect(outputs * 8).toBeLessThanOrEqual(input.length / 64);
  });
});

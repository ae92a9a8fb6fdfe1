/** Who sends a batch decides what stands in its calldata: nothing there may stop the indexer, or hide what was settled. */
import { encodeFunctionData, type Hex } from "viem";
import { describe, expect, it } from "vitest";
import { settledReceipts } from "../../indexer/src/calldata.ts";
import {
  gridSettlementAbi,
  type JobOrder,
  jobReceipt,
  orderHash,
  receiptId,
  receiptTree,
  settlementDomain,
} from "../../sdk/src/index.ts";

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
  const input = encodeFunctionData({ abi: gridSettlementAbi, functionName: "settleBatch", args: [items] });
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
});

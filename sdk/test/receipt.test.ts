import { keccak256, stringToHex, zeroHash } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { beforeAll, describe, expect, it } from "vitest";
import { signMessage } from "../../test/fixtures/seed.ts";
import {
  ANY_SEED,
  checkReceipt,
  composeBody,
  createFastChecker,
  decodeBody,
  decodeExtras,
  EvolutionPolicy,
  encodeBody,
  encodeExtras,
  engineHash,
  type FastChecker,
  type GenerationRequest,
  generationRequest,
  hopLane,
  type JobReceipt,
  type Json,
  jobOrder,
  jobReceipt,
  LANE_HOP,
  LANE_WORK,
  leafOf,
  mergeTotals,
  newSalt,
  nextVoucher,
  type ReceiptExpectation,
  type ReceiptToMint,
  receiptId,
  receiptProof,
  receiptsOf,
  receiptTree,
  requestHash,
  requireVoucher,
  seedAt,
  settlementDomain,
  voucherDelta,
  workLane,
} from "../src/index.js";

const worker = privateKeyToAccount(generatePrivateKey());
const hot = privateKeyToAccount(generatePrivateKey());
const requester = privateKeyToAccount(generatePrivateKey()).address;
const stranger = privateKeyToAccount(generatePrivateKey());
const domain = settlementDomain(31337, "0x5e77137e0000000000000000000000000000a1b6");
const engine = "onnxruntime 1.30.0 cpu t1";

const request = generationRequest({
  modelId: 7n,
  modelHash: keccak256("0x01"),
  prompt: "A lighthouse",
  seed: 100n,
  width: 512,
  height: 512,
  steps: 20,
  guidanceMilli: 7000,
});
const order = jobOrder(request, {
  requester,
  payer: requester,
  worker: worker.address,
  feeConfigId: 1,
  count: 8,
  maxPrice: 1000n,
  deadline: 2_000n,
  nonce: 0n,
});
const receiptOf = (index: number, of = order, from = request): JobReceipt =>
  jobReceipt(of, {
    index,
    seed: seedAt(from, index) ?? 5n,
    engineHash: engineHash(engine),
    imageHash: keccak256(stringToHex(`image ${index}`)),
    cidDigest: keccak256(stringToHex(`image ${index}`)),
    completedAt: 1_999n,
    price: 100n,
  });
const sign = (receipt: JobReceipt, by = worker) => signMessage(by, domain, "JobReceipt", receipt);
const expectation = (signature: `0x${string}`): ReceiptExpectation => ({
  domain,
  request,
  order,
  signature,
  signers: [worker.address, hot.address],
});

describe("checkReceipt", () => {
  it("accepts what the worker or its hot key signed, and says who", async () => {
    const receipt = receiptOf(0);
    expect(checkReceipt(receipt, expectation(await sign(receipt)))).toBe(worker.address);
    expect(checkReceipt(receipt, expectation(await sign(receipt, hot)))).toBe(hot.address);
  });

  it("names whoever signed, if the caller checks the key", async () => {
    const receipt = receiptOf(0);
    const signature = await sign(receipt, stranger);
    expect(checkReceipt(receipt, { ...expectation(signature), signers: "any" })).toBe(stranger.address);
  });

  it("refuses a stranger's signature", async () => {
    const receipt = receiptOf(0);
    const signature = await sign(receipt, stranger);
    expect(() => checkReceipt(receipt, expectation(signature))).toThrow(
      expect.objectContaining({ code: "SIGNER_MISMATCH" }),
    );
  });

  it.each([
    ["orderHash", { orderHash: zeroHash }],
    ["requestHash", { requestHash: zeroHash }],
    ["requester", { requester: stranger.address }],
    ["worker", { worker: stranger.address }],
    ["modelId", { modelId: 8n }],
    ["index", { index: 8, seed: 108n }],
    ["price", { price: 1001n }],
    ["completedAt", { completedAt: 2001n }],
    ["seed", { seed: 101n }],
  ] as const)("refuses another %s, although signed", async (field, change) => {
    const receipt = { ...receiptOf(0), ...change };
    const signature = await sign(receipt);
    expect(() => checkReceipt(receipt, expectation(signature))).toThrow(expect.objectContaining({ field }));
  });

  it("leaves an open seed to the worker", async () => {
    const open = { ...request, seed: ANY_SEED };
    const openOrder = { ...order, requestHash: requestHash(open) };
    const receipt = receiptOf(2, openOrder, open);
    const expected = { ...expectation(await sign(receipt)), request: open, order: openOrder };
    expect(checkReceipt(receipt, expected)).toBe(worker.address);
  });
});

describe("FastChecker", () => {
  let checker: FastChecker;
  beforeAll(async () => {
    checker = await createFastChecker();
  });

  it("checks whole receipts with the same outcome", async () => {
    const receipt = receiptOf(0);
    const signature = await sign(receipt);
    expect(checkReceipt(receipt, expectation(signature), checker)).toBe(worker.address);
    const altered = { ...receipt, imageHash: zeroHash };
    expect(() => checkReceipt(altered, expectation(signature), checker)).toThrow(
      expect.objectContaining({ code: "SIGNER_MISMATCH" }),
    );
  });

  it("says yes to signers, no to anybody and anything else", async () => {
    const receipt = receiptOf(0);
    const signature = await sign(receipt, hot);
    expect(checker.isSignedBy(receipt, domain, signature, [worker.address, hot.address])).toBe(true);
    expect(checker.isSignedBy(receipt, domain, signature, [worker.address])).toBe(false);
    expect(checker.isSignedBy({ ...receipt, price: 1n }, domain, signature, [hot.address])).toBe(false);
    for (const bad of ["0x", `${signature}00`, `0x${"ff".repeat(65)}`] as const) {
      expect(checker.isSignedBy(receipt, domain, bad, [hot.address])).toBe(false);
    }
  });
});

describe("requests", () => {
  it("follow the seed rule", () => {
    expect(seedAt({ seed: 5n }, 3)).toBe(8n);
    expect(seedAt({ seed: ANY_SEED }, 3)).toBeUndefined();
    for (const seed of [2n ** 63n, 2n ** 64n - 2n, -1n]) {
      expect(() => generationRequest({ ...request, seed })).toThrow(expect.objectContaining({ code: "SEED_INVALID" }));
    }
  });

  it("have salts that differ", () => {
    expect(newSalt()).not.toBe(newSalt());
    expect(newSalt()).toHaveLength(66);
  });
});

describe("orders", () => {
  it.each([0, 257, 1.5])("ask for 1 to 256 images, not %s", (count) => {
    expect(() => jobOrder(request, { ...order, count })).toThrow(expect.objectContaining({ field: "count" }));
  });
});

describe("lanes", () => {
  const terms = {
    payer: requester,
    payerSigner: requester,
    worker: worker.address,
    thawDelay: 86_400,
    salt: zeroHash,
  } as const;
  it("are of two kinds", () => {
    expect(workLane({ ...terms, feeConfigId: 3 })).toMatchObject({ kind: LANE_WORK, feeConfigId: 3 });
    expect(hopLane(terms)).toMatchObject({ kind: LANE_HOP, feeConfigId: 0 });
  });
});

describe("vouchers", () => {
  const totals = [
    { modelId: 2n, cumulative: 20n },
    { modelId: 9n, cumulative: 90n },
  ];

  it("add what is owed, rows ascending, with the receipts' root", () => {
    const tree = receiptTree([receiptOf(0), receiptOf(1)], domain);
    const owed = new Map([
      [9n, 10n],
      [3n, 5n],
    ]);
    expect(nextVoucher(zeroHash, totals, owed, tree)).toEqual({
      laneId: zeroHash,
      receiptCount: 2,
      receiptsRoot: tree.root,
      totals: [
        { modelId: 3n, cumulative: 5n },
        { modelId: 9n, cumulative: 100n },
      ],
    });
    const voucher = nextVoucher(zeroHash, totals, owed);
    expect(voucher).toMatchObject({ receiptCount: 0, receiptsRoot: zeroHash });
    expect(voucherDelta(voucher, totals)).toBe(15n);
    const merged = mergeTotals(totals, voucher);
    expect(merged).toEqual([
      { modelId: 2n, cumulative: 20n },
      { modelId: 3n, cumulative: 5n },
      { modelId: 9n, cumulative: 100n },
    ]);
    expect(voucherDelta(voucher, merged)).toBe(0n);
    expect(mergeTotals(merged, nextVoucher(zeroHash, [], new Map([[9n, 1n]])))).toEqual(merged);
  });

  it.each([
    ["totals[1].modelId", { totals: [totals[1], totals[0]] }],
    ["totals[1].modelId", { totals: [totals[0], totals[0]] }],
    ["totals", { totals: Array.from({ length: 17 }, (_, i) => ({ modelId: BigInt(i), cumulative: 1n })) }],
    ["totals[0].cumulative", { totals: [{ modelId: 1n, cumulative: 2n ** 128n }] }],
    ["receiptCount", { receiptCount: 1 }],
    ["receiptCount", { receiptsRoot: keccak256("0x") }],
  ])("refuse a bad %s", (field, change) => {
    const voucher = { laneId: zeroHash, receiptCount: 0, receiptsRoot: zeroHash, totals, ...change };
    expect(() => requireVoucher(voucher as never)).toThrow(expect.objectContaining({ code: "VOUCHER_INVALID", field }));
  });

  it("never take back", () => {
    expect(() => nextVoucher(zeroHash, totals, new Map([[2n, -1n]]))).toThrow(
      expect.objectContaining({ code: "VOUCHER_INVALID" }),
    );
  });
});

describe("extras", () => {
  it("are RFC 8785 canonical JSON", () => {
    // The sorting and number examples of RFC 8785, sections 3.2.2 and 3.2.3.
    expect(
      encodeExtras({
        numbers: [333333333.3333333, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
        literals: [null, true, false],
      }),
    ).toBe('{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27]}');
    expect(
      encodeExtras({ "\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\ud83d\ude00": 5, "\u0080": 6, "\u00f6": 7 }),
    ).toBe('{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}');
    expect(encodeExtras({})).toBe("");
    expect(encodeExtras({ zero: -0 })).toBe('{"zero":0}');
    expect(decodeExtras("")).toEqual({});
    expect(decodeExtras('{"strength":0.5}')).toEqual({ strength: 0.5 });
  });

  it.each([[Number.NaN], [Number.POSITIVE_INFINITY], ["\ud800"], [undefined], [1n], [() => 1]])(
    "cannot hold %s",
    (value) => {
      expect(() => encodeExtras({ value: value as Json })).toThrow(expect.objectContaining({ code: "EXTRAS_INVALID" }));
    },
  );

  it.each(['{"b":1,"a":2}', '{"a": 1}', "[]", "1", "null", "{}", "{", '{"a":1.0}', '{"a":1,"a":1}'])(
    "are not %s",
    (text) => {
      expect(() => decodeExtras(text)).toThrow(expect.objectContaining({ code: "EXTRAS_INVALID" }));
    },
  );
});

describe("composeBody", () => {
  const header = { policy: EvolutionPolicy.ARTIST, royaltyBps: 250, title: "Two", description: "", tags: "" };
  const receipts = [0, 1, 2, 3, 4].map((index) => receiptOf(index));
  const tree = receiptTree(receipts, domain);
  const anchor = { source: 0, domain, payer: requester, tree };
  const item = (index: number, more: Partial<ReceiptToMint> = {}): ReceiptToMint => ({
    receipt: receipts[index] as JobReceipt,
    request,
    engine,
    anchor,
    ...more,
  });

  it("states what is shared once, and everything comes back from the body", () => {
    const { body, proofs } = composeBody([item(1), item(3)], header);
    expect([body.anchors.length, body.engines.length, body.requests.length, body.orders.length]).toEqual([1, 1, 1, 1]);
    expect(receiptsOf(decodeBody(encodeBody(body)), requester)).toEqual(
      [receipts[1], receipts[3]].map((receipt) => ({
        ...receipt,
        requester,
        worker: worker.address.toLowerCase(),
      })),
    );
    expect(body.anchors).toEqual([{ source: 0, worker: worker.address }]);
    expect(proofs).toEqual([receiptProof(tree.multiProof([1, 3]))]);
  });

  it("takes other payers, prices, CIDs and parents as they are", () => {
    const single: JobReceipt = { ...receiptOf(0), cidDigest: zeroHash, price: 7n };
    const parent = { tokenId: 1001n, version: 2 };
    const lone = { ...anchor, laneId: keccak256("0x02"), payer: stranger.address, tree: receiptTree([single], domain) };
    const { body, proofs } = composeBody([item(0), item(0, { receipt: single, anchor: lone, parent })], header);
    expect(body.anchors[1]).toEqual({ source: 0, payer: stranger.address, worker: worker.address });
    expect(body.artworks[1]).toMatchObject({ cidDigest: zeroHash, parent });
    expect(proofs[1]).toEqual({ laneId: keccak256("0x02"), proof: [], flags: "0x" });
    expect(receiptsOf(body, requester)[1]).toEqual(single);
  });

  it("states free receipts of a later order one by one", () => {
    const free: JobReceipt = { ...receiptOf(0), orderHash: keccak256("0x03"), price: 0n };
    const lone = { ...anchor, tree: receiptTree([free], domain) };
    const { body } = composeBody([item(0), item(0, { receipt: free, anchor: lone })], header);
    expect(body.orders.map((each) => each.price)).toEqual([100n, 100n]);
    expect(receiptsOf(decodeBody(encodeBody(body)), requester).map((receipt) => receipt.price)).toEqual([100n, 0n]);
  });

  it("proves with a leaf's place, not with trust", () => {
    expect(tree.indexOf(leafOf(receiptId(receipts[2] as JobReceipt, domain)))).toBe(2);
    expect(tree.indexOf(zeroHash)).toBe(-1);
  });

  it.each([
    ["BODY_INVALID", "artworks", () => []],
    ["BODY_INVALID", "artworks", () => [item(3), item(1)]],
    ["BODY_INVALID", "artworks", () => [item(1), item(1)]],
    [
      "BODY_INVALID",
      "requester",
      () => [item(0), item(1, { receipt: { ...(receipts[1] as JobReceipt), requester: stranger.address } })],
    ],
    [
      "RECEIPT_MISMATCH",
      "requestHash",
      () => [item(0, { request: { ...request, prompt: "Another" } as GenerationRequest })],
    ],
    ["RECEIPT_MISMATCH", "engineHash", () => [item(0, { engine: "another" })]],
    ["RECEIPT_MISMATCH", "receiptId", () => [item(0, { receipt: { ...(receipts[0] as JobReceipt), price: 1n } })]],
  ] as const)("%s: %s", (code, field, items) => {
    expect(() => composeBody(items(), header)).toThrow(expect.objectContaining({ code, field }));
  });
});

describe("receiptProof", () => {
  it("packs flags from the highest bit, without trailing zero bytes", () => {
    const flags = (bits: string) => receiptProof({ proof: [], proofFlags: [...bits].map((bit) => bit === "1") }).flags;
    expect(flags("")).toBe("0x");
    expect(flags("0000000000")).toBe("0x");
    expect(flags("1")).toBe("0x80");
    expect(flags("00000001")).toBe("0x01");
    expect(flags("101000001")).toBe("0xa080");
    expect(flags("100000000")).toBe("0x80");
  });
});

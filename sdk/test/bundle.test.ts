/** Receipt bundles of both rails, honest and forged, without a chain. */
import { type Hex, keccak256, toBytes, zeroHash } from "viem";
import { type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { beforeAll, describe, expect, it } from "vitest";
import {
  bundleFromJson,
  bundleToJson,
  cidOf,
  engineHash,
  fileHashes,
  GridError,
  generationRequest,
  jobOrder,
  jobReceipt,
  laneId,
  nextVoucher,
  orderClosing,
  receiptId,
  receiptTree,
  requireBundle,
  requireImage,
  settlementDomainOf,
  settlementOf,
  settlementTypes,
  workLane,
} from "../src/index.js";
import type { ReceiptBundle } from "../src/schemas/index.js";
import { deployment } from "./quotes.ts";

const [artist, worker, gateway, stranger] = ["artist", "worker", "gateway", "stranger"].map((name) =>
  privateKeyToAccount(keccak256(toBytes(name))),
) as [PrivateKeyAccount, PrivateKeyAccount, PrivateKeyAccount, PrivateKeyAccount];
const domain = settlementDomainOf(deployment);
const file = toBytes("a picture");
const hash = `0x${"99".repeat(32)}` as const;

const request = generationRequest({
  modelId: 7n,
  modelHash: keccak256("0x"),
  prompt: "a lighthouse",
  seed: 42n,
  width: 512,
  height: 512,
  steps: 20,
  guidanceMilli: 7_500,
});
const lane = workLane({
  payer: gateway.address,
  payerSigner: gateway.address,
  worker: worker.address,
  feeConfigId: 1,
  thawDelay: 86_400,
  salt: zeroHash,
});

function sign<name extends keyof typeof settlementTypes>(
  by: PrivateKeyAccount,
  primaryType: name,
  message: object,
): Promise<Hex> {
  return by.signTypedData({ domain, types: settlementTypes, primaryType, message } as never);
}

async function make(rail: "direct" | "lane"): Promise<ReceiptBundle> {
  const order = jobOrder(request, {
    requester: artist.address,
    payer: rail === "direct" ? artist.address : gateway.address,
    worker: worker.address,
    ...(rail === "lane" && { laneId: laneId(lane, domain) }),
    feeConfigId: 1,
    count: 2,
    maxPrice: 10n,
    deadline: 1_763_168_400n,
    nonce: 0n,
  });
  const receipts = [0, 1].map((index) =>
    jobReceipt(order, {
      index,
      seed: 42n + BigInt(index),
      engineHash: engineHash("engine"),
      ...fileHashes(file),
      completedAt: 1_763_164_800n,
      price: 5n,
    }),
  );
  const signed = await Promise.all(
    receipts.map(async (receipt) => ({ receipt, signature: await sign(worker, "JobReceipt", receipt) })),
  );
  const [first] = signed;
  if (!first) throw new Error("no receipt");
  const common = {
    chain_id: domain.chainId,
    settlement: domain.verifyingContract,
    request,
    order,
    receipt: first.receipt,
    receipt_id: receiptId(first.receipt, domain),
    signature: first.signature,
    engine: "engine",
    ipfs_hash: cidOf(first.receipt),
  };
  if (rail === "direct") {
    return { ...common, direct: { order_signature: await sign(artist, "JobOrder", order), receipts: signed } };
  }
  const voucher = nextVoucher(laneId(lane, domain), [], new Map([[7n, 10n]]), receiptTree(receipts, domain));
  return {
    ...common,
    lane: {
      config: lane,
      voucher,
      payer_signature: await sign(gateway, "Voucher", voucher),
      worker_signature: await sign(worker, "Voucher", voucher),
      receipt_ids: receipts.map((receipt) => receiptId(receipt, domain)),
    },
  };
}

let direct: ReceiptBundle & { direct: NonNullable<ReceiptBundle["direct"]> };
let onLane: ReceiptBundle & { lane: NonNullable<ReceiptBundle["lane"]> };
beforeAll(async () => {
  direct = (await make("direct")) as typeof direct;
  onLane = (await make("lane")) as typeof onLane;
});

/** The direct bundle when its worker ended the order after the first image. */
async function endedEarly(by = worker): Promise<typeof direct> {
  const receipts = direct.direct.receipts.slice(0, 1);
  const message = orderClosing({ order: direct.order, receipts: receipts.map(({ receipt }) => receipt), domain });
  return {
    ...direct,
    direct: { ...direct.direct, receipts, closing_signature: await sign(by, "OrderClosing", message) },
  };
}

function code(bundle: ReceiptBundle): string {
  try {
    requireBundle(bundle, { deployment });
  } catch (error) {
    if (error instanceof GridError) return error.code;
    throw error;
  }
  return "accepted";
}

describe("an honest bundle", () => {
  it("names the keys that signed", () => {
    expect(requireBundle(direct, { deployment })).toEqual({
      worker: worker.address,
      receipts: [worker.address, worker.address],
      order: artist.address,
    });
    expect(requireBundle(onLane, { deployment })).toEqual({
      worker: worker.address,
      receipts: [worker.address],
      voucher: worker.address,
    });
  });

  it("of an order that ended early names the key that closed it", async () => {
    expect(requireBundle(await endedEarly(), { deployment })).toMatchObject({
      receipts: [worker.address],
      closing: worker.address,
    });
    expect(requireBundle(await endedEarly(stranger), { deployment }).closing).toBe(stranger.address);
  });

  it("of an order that ended early names a stranger when other receipts were closed than it has", async () => {
    const { direct: papers, ...early } = await endedEarly();
    const [, second] = direct.direct.receipts;
    if (!second) throw new Error("no receipt");
    const { receipt, signature } = second;
    const other = { ...early, receipt, signature, receipt_id: receiptId(receipt, domain), ipfs_hash: cidOf(receipt) };
    const { closing } = requireBundle({ ...other, direct: { ...papers, receipts: [second] } }, { deployment });
    // Recovery of a signature over another message gives an address that signs for nobody.
    expect(closing).toMatch(/^0x[0-9a-fA-F]{40}$/);
    expect([worker, artist, stranger].map(({ address }) => address)).not.toContain(closing);
  });

  it("survives JSON", async () => {
    for (const bundle of [direct, onLane, await endedEarly()]) {
      expect(bundleFromJson(JSON.parse(JSON.stringify(bundleToJson(bundle))))).toEqual(bundle);
    }
  });

  it("is what settle takes, and nothing else is", () => {
    expect(settlementOf(direct).receipts.map(({ index, price }) => [index, price])).toEqual([
      [0, 5n],
      [1, 5n],
    ]);
    expect(() => settlementOf(onLane)).toThrow(GridError);
  });

  it("knows its picture", () => {
    expect(() => requireImage(file, direct.receipt)).not.toThrow();
    expect(() => requireImage(toBytes("another"), direct.receipt)).toThrow(GridError);
  });
});

describe("a forged bundle", () => {
  it.each<[string, string, () => ReceiptBundle | Promise<ReceiptBundle>]>([
    ["of another chain", "BUNDLE_INVALID", () => ({ ...direct, chain_id: 1 })],
    ["of another contract", "BUNDLE_INVALID", () => ({ ...direct, settlement: stranger.address })],
    ["with another id", "BUNDLE_INVALID", () => ({ ...direct, receipt_id: hash })],
    ["with another engine", "BUNDLE_INVALID", () => ({ ...direct, engine: "a better engine" })],
    ["with another CID", "BUNDLE_INVALID", () => ({ ...direct, ipfs_hash: cidOf(fileHashes(toBytes("another"))) })],
    ["with another prompt", "RECEIPT_MISMATCH", () => ({ ...direct, request: { ...request, prompt: "x" } })],
    ["with another order", "RECEIPT_MISMATCH", () => ({ ...direct, order: { ...direct.order, nonce: 1n } })],
    [
      "with another image in the receipt",
      "BUNDLE_INVALID",
      () => ({ ...direct, receipt: { ...direct.receipt, imageHash: hash, cidDigest: hash } }),
    ],
    ["without its papers", "BUNDLE_INVALID", () => ({ ...direct, direct: undefined })],
    ["with a lane's papers instead", "BUNDLE_INVALID", () => ({ ...direct, direct: undefined, lane: onLane.lane })],
    [
      "without its own receipt among all",
      "BUNDLE_INVALID",
      () => ({ ...direct, direct: { ...direct.direct, receipts: direct.direct.receipts.slice(1) } }),
    ],
    [
      "with a receipt twice",
      "BUNDLE_INVALID",
      () => ({
        ...direct,
        direct: { ...direct.direct, receipts: [...direct.direct.receipts, ...direct.direct.receipts] },
      }),
    ],
    [
      "whose receipts together cost more than allowed",
      "BUNDLE_INVALID",
      async () => {
        const receipts = await Promise.all(
          direct.direct.receipts.map(async ({ receipt }) => {
            const dear = { ...receipt, price: 6n };
            return { receipt: dear, signature: await sign(worker, "JobReceipt", dear) };
          }),
        );
        const [{ receipt, signature } = { receipt: direct.receipt, signature: direct.signature }] = receipts;
        return {
          ...direct,
          receipt,
          signature,
          receipt_id: receiptId(receipt, domain),
          direct: { ...direct.direct, receipts },
        };
      },
    ],
    [
      "with fewer receipts than images and no closing",
      "BUNDLE_INVALID",
      () => ({ ...direct, direct: { ...direct.direct, receipts: direct.direct.receipts.slice(0, 1) } }),
    ],
    [
      "with all receipts and a closing",
      "BUNDLE_INVALID",
      () => ({ ...direct, direct: { ...direct.direct, closing_signature: direct.signature } }),
    ],
    [
      "with a closing that the contracts refuse",
      "BUNDLE_INVALID",
      async () => {
        const early = await endedEarly();
        const closing_signature = `${early.direct.closing_signature?.slice(0, -2)}01` as Hex;
        return { ...early, direct: { ...early.direct, closing_signature } };
      },
    ],
    [
      "of a lane with another salt",
      "BUNDLE_INVALID",
      () => ({ ...onLane, lane: { ...onLane.lane, config: { ...lane, salt: hash } } }),
    ],
    [
      "with a voucher of another lane",
      "BUNDLE_INVALID",
      () => ({ ...onLane, lane: { ...onLane.lane, voucher: { ...onLane.lane.voucher, laneId: hash } } }),
    ],
    [
      "whose voucher acknowledges other receipts",
      "BUNDLE_INVALID",
      () => ({ ...onLane, lane: { ...onLane.lane, voucher: { ...onLane.lane.voucher, receiptsRoot: hash } } }),
    ],
    [
      "whose receipts are fewer than the voucher's",
      "BUNDLE_INVALID",
      () => ({ ...onLane, lane: { ...onLane.lane, receipt_ids: onLane.lane.receipt_ids.slice(0, 1) } }),
    ],
    [
      "whose receipt is not in the voucher",
      "BUNDLE_INVALID",
      () => ({ ...onLane, lane: { ...onLane.lane, receipt_ids: onLane.lane.receipt_ids.slice(1) } }),
    ],
    [
      "whose voucher somebody else signed",
      "BUNDLE_INVALID",
      async () => ({
        ...onLane,
        lane: { ...onLane.lane, payer_signature: await sign(stranger, "Voucher", onLane.lane.voucher) },
      }),
    ],
  ])("%s is refused", async (_, expected, forge) => {
    expect(code(await forge())).toBe(expected);
  });

  it("signed by a stranger names the stranger, for the chain to refuse", async () => {
    const signature = await sign(stranger, "JobReceipt", onLane.receipt);
    expect(requireBundle({ ...onLane, signature }, { deployment }).receipts).toEqual([stranger.address]);
  });

  it.each([
    ["nothing", undefined],
    ["text", "bundle"],
    ["no receipt", () => ({ ...bundleToJson(direct), receipt: undefined })],
    ["a price below 0", () => ({ ...bundleToJson(direct), receipt: { ...bundleToJson(direct).receipt, price: "-1" } })],
  ])("made of %s is refused when it is read", (_, json) => {
    expect(() => bundleFromJson(typeof json === "function" ? json() : json)).toThrow(GridError);
  });
});

/**
 * Closings of orders: made, signed, checked, and refused; and on a real chain, to the mint: orders that ended early, that were
 * settled in a bond dip or in the payer's grace, and plans that somebody else has begun.
 */
import { type Hex, parseEther, sha256, stringToHex, zeroHash } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BundleGrid, PRICE, startBundleGrid } from "../../test/fixtures/receiptBundles.ts";
import { signMessage } from "../../test/fixtures/seed.ts";
import {
  authorizeMint,
  ChainError,
  checkBundle,
  checkOrderClosing,
  createFastChecker,
  depositAipg,
  EvolutionPolicy,
  evolveArtwork,
  type FastChecker,
  GridError,
  generationRequest,
  isAnchored,
  type JobReceipt,
  jobOrder,
  jobReceipt,
  leafOf,
  merkleTree,
  mintSeries,
  orderClosing,
  orderClosingDigest,
  orderHash,
  planAnchoring,
  planMint,
  receiptId,
  receiptTree,
  relayMint,
  settleInGrace,
  settlementDomain,
  settlementOf,
  settleOrders,
  verifyToken,
} from "../src/index.js";
import type { ReceiptBundle } from "../src/schemas/index.js";

const worker = privateKeyToAccount(sha256(stringToHex("closing worker")));
const domain = settlementDomain(31_337, `0x${"5e".repeat(20)}`);
const request = generationRequest({
  ...{ modelId: 7n, modelHash: sha256("0x"), prompt: "four buoys", width: 64, height: 64, steps: 4 },
  guidanceMilli: 7_500,
});
const order = jobOrder(request, {
  ...{ requester: worker.address, payer: worker.address, worker: worker.address, feeConfigId: 1, count: 4 },
  ...{ maxPrice: 40n, deadline: 2_000_000_000n, nonce: 9n },
});
const receiptAt = (index: number): JobReceipt =>
  jobReceipt(order, {
    ...{ index, seed: 5n, engineHash: zeroHash, imageHash: sha256(stringToHex(`${index}`)), cidDigest: zeroHash },
    ...{ completedAt: 1n, price: 10n },
  });
const sign = (message: ReturnType<typeof orderClosing>): Promise<Hex> =>
  signMessage(worker, domain, "OrderClosing", message);

describe("a closing", () => {
  it.each([[[0]], [[2]], [[0, 1]], [[0, 1, 3]]])("names order, number and root of receipts %j", async (indices) => {
    const receipts = indices.map(receiptAt);
    const closing = orderClosing({ order, receipts, domain });
    const tree = merkleTree(receipts.map((receipt) => leafOf(receiptId(receipt, domain))));
    expect(closing).toEqual({ orderHash: orderHash(order), receiptCount: indices.length, receiptsRoot: tree.root });
    const signature = await sign(closing);
    const signers = [worker.address];
    expect(checkOrderClosing({ order, receipts, domain, signature, signers })).toBe(worker.address);
  });

  it.each<[string, string, () => Parameters<typeof orderClosing>[0]]>([
    ["no receipts", "receipts", () => ({ order, receipts: [], domain })],
    ["all receipts", "receipts", () => ({ order, receipts: [0, 1, 2, 3].map(receiptAt), domain })],
    ["receipts twice", "index", () => ({ order, receipts: [0, 0].map(receiptAt), domain })],
    ["receipts out of order", "index", () => ({ order, receipts: [1, 0].map(receiptAt), domain })],
    ["an index that was not ordered", "index", () => ({ order, receipts: [receiptAt(4)], domain })],
    [
      "another order's receipt",
      "orderHash",
      () => ({ order: { ...order, nonce: 1n }, receipts: [receiptAt(0)], domain }),
    ],
    [
      "an order of a lane",
      "laneId",
      () => ({ order: { ...order, laneId: `0x${"11".repeat(32)}` as const }, receipts: [receiptAt(0)], domain }),
    ],
  ])("of %s is not made", (_, field, make) => {
    expect(() => orderClosing(make())).toThrow(expect.objectContaining({ code: "CLOSING_INVALID", field }));
  });

  let fast: FastChecker;
  beforeAll(async () => {
    fast = await createFastChecker();
  });
  it.each(["noble", "wasm"])(
    "is refused for other receipts, by another key, and in another form (%s)",
    async (kind) => {
      const using = kind === "wasm" ? [fast] : [];
      const receipts = [0, 1].map(receiptAt);
      const signature = await sign(orderClosing({ order, receipts, domain }));
      const good = { order, receipts, domain, signature, signers: [worker.address] };
      const code = (changes: Partial<typeof good>): string => {
        try {
          checkOrderClosing({ ...good, ...changes }, ...using);
        } catch (error) {
          if (error instanceof GridError) return error.code;
          throw error;
        }
        return "accepted";
      };
      const n = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
      const [r, s, v] = [signature.slice(2, 66), BigInt(`0x${signature.slice(66, 130)}`), signature.slice(130)];
      const high = (n - s).toString(16).padStart(64, "0");
      expect(code({})).toBe("accepted");
      expect(code({ receipts: [receiptAt(0)] })).toBe("SIGNER_MISMATCH");
      expect(code({ receipts: [0, 2].map(receiptAt) })).toBe("SIGNER_MISMATCH");
      expect(code({ domain: settlementDomain(1, domain.verifyingContract) })).toBe("SIGNER_MISMATCH");
      expect(code({ signers: [`0x${"22".repeat(20)}`] as never })).toBe("SIGNER_MISMATCH");
      expect(code({ signature: `0x${r}${high}${v === "1b" ? "1c" : "1b"}` })).toBe("SIGNATURE_HIGH_S");
      expect(code({ signature: `${signature.slice(0, -2)}0${v === "1b" ? 0 : 1}` as Hex })).toBe("SIGNATURE_V");
      expect(code({ signature: signature.slice(0, -2) as Hex })).toBe("SIGNATURE_LENGTH");
      expect(code({ signature: `${signature}00` })).toBe("SIGNATURE_LENGTH");
    },
  );
});

describe("on chain", () => {
  let seeded: BundleGrid;
  beforeAll(async () => {
    seeded = await startBundleGrid();
    await depositAipg(seeded.artist.wallet, { deployment: seeded.grid.deployment, amount: parseEther("50") });
  }, 600_000);
  afterAll(() => seeded?.grid.stop());

  const deployment = () => seeded.grid.deployment;
  const balance = async () => (await seeded.artist.grid.settlement.read.accountOf([seeded.artist.address])).balance;
  const mint = (bundles: readonly ReceiptBundle[]) =>
    mintSeries(seeded.artist.wallet, { deployment: deployment(), bundles, series: { title: "Buoys" } });
  const unbond = async (): Promise<void> => {
    const { bond } = await seeded.worker.grid.registry.read.workerOf([seeded.worker.address]);
    await seeded.grid.mined(seeded.worker.grid.registry.write.announceUnbond([bond]));
  };
  const bondAgain = () => seeded.grid.mined(seeded.worker.grid.registry.write.cancelUnbond());
  const settle = (bundles: readonly ReceiptBundle[]) =>
    settleOrders(seeded.worker.wallet, { deployment: deployment(), bundles });
  /** Runs something while the worker has too little bond to anchor. */
  const inDip = async <Value>(run: () => Promise<Value>): Promise<Value> => {
    await unbond();
    try {
      return await run();
    } finally {
      await bondAgain();
    }
  };
  /** Checks of `verify` that rest on how the receipt was anchored. */
  const verdicts = async (tokenId: bigint | undefined) => {
    const { checks } = await verifyToken(seeded.gateway.wallet, {
      deployment: deployment(),
      tokenId: tokenId as bigint,
    });
    return checks.filter(({ id }) => ["anchor", "order", "signature", "worker"].includes(id)).map((one) => one.status);
  };
  const proven = ["pass", "pass", "pass", "pass"];

  it("the artist mints what was delivered of an order closed early, and pays for that alone", async () => {
    const bundles = await seeded.closed(seeded.request("four buoys", 5n), { count: 4, indices: [0, 1, 2] });
    await checkBundle(seeded.artist.wallet, { bundle: bundles[0] as ReceiptBundle, deployment: deployment() });
    const before = await balance();
    const minted = await mint(bundles);
    expect(minted.tokenIds).toHaveLength(3);
    expect({ settled: minted.settled.length, collected: minted.collected.length }).toEqual({
      settled: 1,
      collected: 0,
    });
    expect(await balance()).toBe(before - 3n * PRICE);
    expect(await verdicts(minted.tokenIds[2])).toEqual(proven);
  });

  it("one series has what was left of an order beside whole ones, and what is anchored is not settled again", async () => {
    const early = await seeded.closed(seeded.request("two buoys and a boat"), { count: 3, indices: [1] });
    const whole = await seeded.direct(seeded.request("a boat"), { count: 2 });
    const options = { bundles: [...whole, ...early], deployment: deployment() };
    expect(await planAnchoring(seeded.artist.wallet, options)).toMatchObject({ waiting: [], collects: [] });
    expect((await mint(options.bundles)).tokenIds).toHaveLength(3);
    expect(await settleOrders(seeded.gateway.wallet, options)).toEqual([]);
  });

  it("anybody settles a closed order, and nobody one whose closing a stranger signed", async () => {
    const early = await seeded.closed(seeded.request("a stranger's buoy"), { count: 3, indices: [0, 2] });
    expect(await settleOrders(seeded.gateway.wallet, { bundles: early, deployment: deployment() })).toHaveLength(1);
    const forged = await seeded.closed(seeded.request("a forger's buoy"), {
      ...{ count: 3, indices: [0, 2], by: seeded.gatewayKey },
    });
    const bundle = forged[0] as ReceiptBundle;
    await expect(checkBundle(seeded.artist.wallet, { bundle, deployment: deployment() })).rejects.toMatchObject({
      code: "SIGNER_MISMATCH",
    });
    const error = await settleOrders(seeded.gateway.wallet, { bundles: forged, deployment: deployment() }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ChainError);
    expect(error).toMatchObject({ contractError: { name: "GridSettlement_ClosingSignature" } });
  });

  it("the root that settle anchors is receiptTree's, for 1, 2, 3, 5 and 7 receipts", async () => {
    for (const count of [1, 2, 3, 5, 7]) {
      const [bundle] = await seeded.direct(seeded.request(`${count} buoys`), { count });
      if (!bundle?.direct) throw new Error("nothing made");
      await settleOrders(seeded.gateway.wallet, { bundles: [bundle], deployment: deployment() });
      const { root } = receiptTree(
        bundle.direct.receipts.map(({ receipt }) => receipt),
        seeded.domain,
      );
      const settlement = deployment().contracts.GridSettlement.address;
      const anchor = { settlement, laneId: zeroHash, payer: seeded.artist.address, root };
      expect(await isAnchored(seeded.artist.wallet, anchor)).toBe(true);
    }
  });

  it("an order that was settled in a bond dip is minted once its worker is bonded, and not before", async () => {
    const bundles = await seeded.direct(seeded.request("a buoy adrift"), { count: 2 });
    const options = { bundles, deployment: deployment() };
    await unbond();
    expect(await settleOrders(seeded.gateway.wallet, options)).toHaveLength(1);
    await expect(mint(bundles)).rejects.toMatchObject({ code: "ANCHOR_WAITS", field: "worker" });
    await expect(mint(bundles)).rejects.toThrow(
      `Worker ${seeded.worker.address} was paid while its bond was too small, so the receipt is not anchored. Try again once`,
    );
    await bondAgain();
    const minted = await mint(bundles);
    expect({ confirmed: minted.confirmed.length, settled: minted.settled.length }).toEqual({
      confirmed: 1,
      settled: 0,
    });
    expect(await settleOrders(seeded.gateway.wallet, options)).toEqual([]);
  });

  it("an order closed early that is settled in a bond dip waits, too, and is proven afterwards", async () => {
    const bundles = await seeded.closed(seeded.request("a buoy closed adrift"), { count: 4, indices: [0, 2, 3] });
    await inDip(() => settle(bundles));
    const minted = await mint(bundles);
    expect({ confirmed: minted.confirmed.length, settled: minted.settled.length }).toEqual({
      confirmed: 1,
      settled: 0,
    });
    expect(await verdicts(minted.tokenIds[2])).toEqual(proven);
  });

  it.each<[string, () => Promise<readonly ReceiptBundle[]>]>([
    ["a whole order", () => seeded.direct(seeded.request("a whole order"), { count: 2 })],
    ["an order that ended early", () => seeded.closed(seeded.request("an early order"), { count: 2, indices: [0] })],
    ["a lane's voucher", () => seeded.onLane([seeded.request("a lane's order")])],
  ])("a mint pays nothing for %s in a bond dip, and mints afterwards", async (_, make) => {
    const bundles = await make();
    const lane = bundles[0]?.lane?.voucher.laneId;
    const paid = async () => (lane ? (await seeded.artist.grid.settlement.read.laneOf([lane])).free : await balance());
    const before = await paid();
    await inDip(() => expect(mint(bundles)).rejects.toMatchObject({ code: "WORKER_NOT_BONDED", field: "worker" }));
    expect(await paid()).toBe(before);
    expect((await mint(bundles)).tokenIds).toHaveLength(bundles.length);
  });

  it("an evolution pays nothing in a bond dip, and evolves afterwards", async () => {
    const series = { title: "Buoy", policy: EvolutionPolicy.ARTIST };
    const first = await seeded.direct(seeded.request("a first buoy"), { count: 1 });
    const { tokenIds } = await mintSeries(seeded.artist.wallet, { deployment: deployment(), bundles: first, series });
    const [bundle] = (await seeded.direct(seeded.request("a second buoy"), { count: 1 })) as [ReceiptBundle];
    const options = { deployment: deployment(), tokenId: tokenIds[0] as bigint, bundle };
    const before = await balance();
    await inDip(() =>
      expect(evolveArtwork(seeded.artist.wallet, options)).rejects.toMatchObject({ code: "WORKER_NOT_BONDED" }),
    );
    expect(await balance()).toBe(before);
    expect((await evolveArtwork(seeded.artist.wallet, options)).version).toBe(2);
  });

  it("settling passes over an order that waits for its worker's bond, and settles the others", async () => {
    const waits = await seeded.direct(seeded.request("it waits"), { count: 1 });
    await inDip(async () => {
      await settle(waits);
      const fresh = await seeded.direct(seeded.request("it is fresh"), { count: 1 });
      const before = await balance();
      expect(await settle([...waits, ...fresh])).toHaveLength(1);
      expect(await balance()).toBe(before - PRICE);
    });
  });

  it.each<[string, () => Promise<readonly ReceiptBundle[]>, (bundles: readonly ReceiptBundle[]) => Promise<unknown>]>([
    ["settled a whole order", () => seeded.direct(seeded.request("a whole plan"), { count: 2 }), settle],
    [
      "settled an order that ended early",
      () => seeded.closed(seeded.request("a plan"), { count: 2, indices: [0] }),
      settle,
    ],
    [
      "settled a whole order in a bond dip",
      () => seeded.direct(seeded.request("a whole plan adrift"), { count: 2 }),
      (bundles) => inDip(() => settle(bundles)),
    ],
    [
      "settled an order that ended early in a bond dip",
      () => seeded.closed(seeded.request("a plan adrift"), { count: 2, indices: [0] }),
      (bundles) => inDip(() => settle(bundles)),
    ],
    [
      "confirmed an anchor",
      async () => {
        const bundles = await seeded.direct(seeded.request("a waiting plan"), { count: 1 });
        await inDip(() => settle(bundles));
        return bundles;
      },
      settle,
    ],
  ])("a relayed plan mints after somebody else %s", async (_, make, meanwhile) => {
    const bundles = await make();
    const plan = await planMint(seeded.artist.wallet, {
      deployment: deployment(),
      bundles,
      series: { title: "Buoys" },
    });
    const signed = await authorizeMint(seeded.artist.wallet, { plan });
    await meanwhile(bundles);
    expect((await relayMint(seeded.gateway.wallet, { plan, signed })).tokenIds).toHaveLength(bundles.length);
  });

  it("the payer settles in its grace what a worker left behind, for the whole price, and it is minted and proven", async () => {
    const made = await seeded.closed(seeded.request("a buoy left behind"), { count: 3, indices: [0, 1] });
    // The worker closes nothing.
    const bundles = made.map(({ direct, ...rest }): ReceiptBundle => {
      const { closing_signature: _, ...papers } = direct as NonNullable<typeof direct>;
      return { ...rest, direct: papers };
    });
    const options = { bundles, deployment: deployment() };
    await expect(mint(bundles)).rejects.toMatchObject({ code: "BUNDLE_INVALID", field: "direct.closing_signature" });
    await expect(settleInGrace(seeded.artist.wallet, options)).rejects.toMatchObject({
      contractError: { name: "GridSettlement_GraceNotBegun" },
    });
    await seeded.grid.pass(3_700);
    const before = await balance();
    expect(await settleInGrace(seeded.artist.wallet, options)).toHaveLength(1);
    expect(await balance()).toBe(before - 3n * PRICE);
    expect(await settleInGrace(seeded.artist.wallet, options)).toEqual([]);
    const { tokenIds, settled } = await mint(bundles);
    expect(settled).toEqual([]);
    expect(await verdicts(tokenIds[0])).toEqual(proven);
  });

  it("signs what the contract hashes", async () => {
    const [bundle] = await seeded.closed(seeded.request("a hashed buoy"), { count: 2, indices: [1] });
    if (!bundle?.direct?.closing_signature) throw new Error("no closing");
    const receipts = bundle.direct.receipts.map(({ receipt }) => receipt);
    const message = orderClosing({ order: bundle.order, receipts, domain: seeded.domain });
    const signature = await seeded.workerKey.sign({ hash: orderClosingDigest(message, seeded.domain) });
    expect(signature).toBe(bundle.direct.closing_signature);
    await seeded.grid.mined(
      seeded.gateway.grid.settlement.write.settleClosed([settlementOf(bundle) as never, signature]),
    );
  });
});

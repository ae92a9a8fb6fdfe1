/** Findings of a hostile reader: what SDK calls pay for that can't be minted, and orders that they leave unsettled. */
import { parseEther } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  authorizeMint,
  depositAipg,
  EvolutionPolicy,
  evolveArtwork,
  mintSeries,
  planMint,
  relayMint,
  settleOrders,
} from "../src/index.js";
import type { ReceiptBundle } from "../src/wire/index.js";
import { openWorkshop, PRICE, type Workshop } from "./workshop.ts";

let shop: Workshop;
beforeAll(async () => {
  shop = await openWorkshop();
  await depositAipg(shop.artist.wallet, { deployment: shop.grid.deployment, amount: parseEther("50") });
}, 300_000);
afterAll(() => shop?.grid.stop());

const deployment = () => shop.grid.deployment;
const balance = async () => (await shop.artist.grid.settlement.read.accountOf([shop.artist.address])).balance;
const unbond = async (): Promise<void> => {
  const { bond } = await shop.worker.grid.registry.read.workerOf([shop.worker.address]);
  await shop.grid.mined(shop.worker.grid.registry.write.announceUnbond([bond]));
};
const bondAgain = () => shop.grid.mined(shop.worker.grid.registry.write.cancelUnbond());

describe("a mint while the worker isn't bonded", () => {
  const series = { title: "Buoys" };

  it("pays nothing for a whole order", async () => {
    const bundles = await shop.direct(shop.request("whole"), { count: 2 });
    const before = await balance();
    await unbond();
    try {
      await expect(mintSeries(shop.artist.wallet, { deployment: deployment(), bundles, series })).rejects.toThrow();
      expect(await balance()).toBe(before);
    } finally {
      await bondAgain();
    }
  });

  it("pays nothing for an order that ended early", async () => {
    const bundles = await shop.closed(shop.request("early"), { count: 2, indices: [0] });
    const before = await balance();
    await unbond();
    try {
      await expect(mintSeries(shop.artist.wallet, { deployment: deployment(), bundles, series })).rejects.toThrow();
      expect(await balance()).toBe(before);
    } finally {
      await bondAgain();
    }
  });
});

describe("settleOrders", () => {
  it("passes over an order that is settled already and waits, and settles the others", async () => {
    const waits = await shop.direct(shop.request("it waits"), { count: 1 });
    await unbond();
    try {
      await settleOrders(shop.gateway.wallet, { deployment: deployment(), bundles: waits });
      const fresh = await shop.direct(shop.request("it is fresh"), { count: 1 });
      const before = await balance();
      await settleOrders(shop.gateway.wallet, { deployment: deployment(), bundles: [...waits, ...fresh] });
      expect(await balance()).toBe(before - PRICE);
    } finally {
      await bondAgain();
    }
  });
});

describe("an evolution while the worker isn't bonded", () => {
  it("pays nothing", async () => {
    const series = { title: "Buoy", policy: EvolutionPolicy.ARTIST };
    const first = await shop.direct(shop.request("first"), { count: 1 });
    const { tokenIds } = await mintSeries(shop.artist.wallet, { deployment: deployment(), bundles: first, series });
    const [bundle] = await shop.direct(shop.request("second"), { count: 1 });
    const before = await balance();
    await unbond();
    try {
      const tokenId = tokenIds[0] as bigint;
      const options = { deployment: deployment(), tokenId, bundle: bundle as ReceiptBundle };
      await expect(evolveArtwork(shop.artist.wallet, options)).rejects.toThrow();
      expect(await balance()).toBe(before);
    } finally {
      await bondAgain();
    }
  });
});

describe("a plan, relayed after somebody else did what it prepares", () => {
  const relayed = async (bundles: readonly ReceiptBundle[], meanwhile: () => Promise<unknown>) => {
    const options = { deployment: deployment(), bundles, series: { title: "Buoys" } };
    const plan = await planMint(shop.artist.wallet, options);
    const signed = await authorizeMint(shop.artist.wallet, { plan });
    await meanwhile();
    return relayMint(shop.gateway.wallet, { plan, signed });
  };
  const settle = (bundles: readonly ReceiptBundle[]) => () =>
    settleOrders(shop.worker.wallet, { deployment: deployment(), bundles });

  it("mints when the worker settled its whole order", async () => {
    const bundles = await shop.direct(shop.request("a whole plan"), { count: 2 });
    expect((await relayed(bundles, settle(bundles))).tokenIds).toHaveLength(2);
  });

  it("mints when the worker settled the order that it closed", async () => {
    const bundles = await shop.closed(shop.request("a closed plan"), { count: 2, indices: [0] });
    expect((await relayed(bundles, settle(bundles))).tokenIds).toHaveLength(1);
  });

  it("mints when the worker confirmed its anchor", async () => {
    const bundles = await shop.direct(shop.request("a waiting plan"), { count: 1 });
    await unbond();
    await settle(bundles)();
    await bondAgain();
    expect((await relayed(bundles, settle(bundles))).tokenIds).toHaveLength(1);
  });
});

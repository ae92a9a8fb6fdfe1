/** Tokens whose receipts were anchored by a closing, in the payer's grace, and by a confirmation: what verify says of them. */
import { parseEther } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { depositAipg, mintSeries, settlementOf, verifyToken } from "../src/index.js";
import type { ReceiptBundle } from "../src/wire/index.js";
import { openWorkshop, type Workshop } from "./workshop.ts";

let shop: Workshop;
beforeAll(async () => {
  shop = await openWorkshop();
  await depositAipg(shop.artist.wallet, { deployment: shop.grid.deployment, amount: parseEther("50") });
}, 300_000);
afterAll(() => shop?.grid.stop());

const deployment = () => shop.grid.deployment;
const mint = (bundles: readonly ReceiptBundle[]) =>
  mintSeries(shop.artist.wallet, { deployment: deployment(), bundles, series: { title: "Buoys" } });
const unbond = async (): Promise<void> => {
  const { bond } = await shop.worker.grid.registry.read.workerOf([shop.worker.address]);
  await shop.grid.mined(shop.worker.grid.registry.write.announceUnbond([bond]));
};
const bondAgain = () => shop.grid.mined(shop.worker.grid.registry.write.cancelUnbond());
const passing = async (tokenId: bigint) => {
  const { checks } = await verifyToken(shop.gateway.wallet, deployment(), tokenId);
  return Object.fromEntries(
    checks.filter(({ id }) => ["anchor", "order", "signature", "worker"].includes(id)).map((c) => [c.id, c.status]),
  );
};
const proven = { anchor: "pass", order: "pass", signature: "pass", worker: "pass" };

describe("verify proves a token", () => {
  it("of a closed order", async () => {
    const bundles = await shop.closed(shop.request("closed"), { count: 4, indices: [1, 3] });
    const { tokenIds } = await mint(bundles);
    expect(await passing(tokenIds[1] as bigint)).toEqual(proven);
  });

  it("of a closed order whose anchor waited", async () => {
    const bundles = await shop.closed(shop.request("closed in a dip"), { count: 4, indices: [0, 2, 3] });
    await unbond();
    await expect(mint(bundles)).rejects.toMatchObject({ code: "ANCHOR_WAITS" });
    await bondAgain();
    const { tokenIds } = await mint(bundles);
    expect(await passing(tokenIds[2] as bigint)).toEqual(proven);
  });

  it("of an order that its payer settled in grace", async () => {
    const [first, second] = await shop.closed(shop.request("graceful"), { count: 3, indices: [0, 1] });
    await shop.grid.pass(3_700);
    const item = settlementOf(first as ReceiptBundle);
    await shop.grid.mined(shop.artist.grid.settlement.write.settleInGrace([item as never]));
    const { tokenIds } = await mint([first, second] as ReceiptBundle[]);
    expect(await passing(tokenIds[0] as bigint)).toEqual(proven);
  });
});

/**
 * The whole system with real parts: two requesters, two workers, an open and a licensed model, both rails, a series, an
 * evolution; then every row of the gallery against the contracts, and `verify` on every token. And what goes wrong, by whom it
 * may: each time the right code, and nobody pays.
 */
import { maxUint256, parseEther } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { documents } from "../../../sdk/src/gallery/index.ts";
import {
  attestedBundle,
  EvolutionPolicy,
  evolveArtwork,
  type Generated,
  generate,
  ipfsGateway,
  mintSeries,
  orderHash,
  provenanceOf,
  signQuote,
  toPayment,
  verifyToken,
} from "../../../sdk/src/index.ts";
import { small, startSystem, type TestSystem } from "../../fixtures/localSystem.ts";
import { until } from "../../fixtures/until.ts";
import { compareRows } from "./rows.ts";

let local: TestSystem;
/** Model ids. */
let open: bigint;
let licensed: bigint;
const tokens: bigint[] = [];

beforeAll(async () => {
  local = await startSystem({
    workers: 2,
    environment: { cloud: { GRID_GATEWAY_DAILY_IMAGES: "6", GRID_CLOUD_LEASE_SECONDS: "5" } },
  });
  open = modelOf("OPEN");
  licensed = modelOf("LICENSED");
}, 600_000);
afterAll(() => local?.stop());

function modelOf(access: string): bigint {
  const model = local.system.models.find(({ card }) => card.access === access);
  if (!model) throw new Error(`There is no ${access} model.`);
  return model.modelId;
}

const direct = (prompt: string, name: "artist" | "collector", more: Parameters<typeof small>[1] = {}) => {
  const { wallet, cloud } = local.person(name);
  return generate(wallet, {
    ...{ cloud, deployment: local.system.deployment, rail: "direct", maxPrice: parseEther("5"), deposit: true },
    parameters: small(prompt, { model: `${open}`, ...more }),
  });
};
const bundlesOf = ({ images }: Generated) => images.map(({ bundle }) => bundle);

/** What everybody has: nobody pays for what was not delivered. */
async function money(): Promise<string> {
  const { settlement } = local.person("deployer").grid;
  const parties = ["artist", "collector", "gateway", "worker1", "worker2"] as const;
  const states = await Promise.all(
    parties.map(async (name) => {
      const { address } = local.person(name);
      return [name, (await settlement.read.accountOf([address])).balance, await settlement.read.earnedOf([address])];
    }),
  );
  return states.join("; ");
}

describe("the story", () => {
  it("has two workers that serve both models", async () => {
    const { cloud } = local.person("artist");
    expect(await cloud.workers()).toHaveLength(2);
    const models = await cloud.models();
    expect(models.map(({ model_id, access, workers }) => ({ model_id, access, workers }))).toEqual([
      { model_id: open, access: "open", workers: 2 },
      { model_id: licensed, access: "licensed", workers: 2 },
    ]);
  });

  it("makes a picture for a signed order, pays and mints in one transaction", async () => {
    const { wallet, grid } = local.person("artist");
    const made = await direct("a lighthouse in a storm, oil painting", "artist");
    const [bundle] = bundlesOf(made);
    if (!bundle) throw new Error("no picture");
    const { deployment } = local.system;
    const series = { title: "Lighthouse", royaltyBps: 500, policy: EvolutionPolicy.ARTIST, tags: "sea" };
    const minted = await mintSeries(wallet, { deployment, bundles: [bundle], series });
    tokens.push(...minted.tokenIds);
    expect(minted.tokenIds).toHaveLength(1);
    expect(await grid.nft.read.ownerOf([minted.tokenIds[0] ?? 0n])).toBe(wallet.account.address);
    // Worker, model and protocol share what the artist paid.
    expect(await grid.settlement.read.earnedOf([bundle.order.worker])).toBeGreaterThan(0n);
    expect(await grid.settlement.read.modelEarnedOf([open])).toBe((made.price * 500n) / 10_000n);
  }, 300_000);

  it("makes a series that the gateway pays, and mints it by one proof", async () => {
    const { wallet, signedIn } = local.person("collector");
    const cloud = await signedIn();
    const { deployment } = local.system;
    const parameters = small("a harbour at dawn, watercolour", { model: `${open}`, n: 3, seed: 42 });
    const made = await generate(wallet, { cloud, deployment, rail: "gateway", parameters });
    expect(made.images.map(({ bundle }) => bundle.receipt.seed)).toEqual([42n, 43n, 44n]);
    const bundles = await Promise.all(bundlesOf(made).map((bundle) => attestedBundle(cloud, { bundle })));
    const minted = await mintSeries(wallet, { deployment, bundles, series: { title: "Harbours" } });
    tokens.push(...minted.tokenIds);
    expect(minted.tokenIds.map((id) => id % 1_000n)).toEqual([1n, 2n, 3n]);
    const { quota } = await cloud.session();
    expect(quota).toMatchObject({ limit: 6, used: 3 });
  }, 300_000);

  it("keeps the licensed model for those who hold a license", async () => {
    const { wallet, grid, signedIn } = local.person("collector");
    const { deployment } = local.system;
    const cloud = await signedIn([licensed]);
    const parameters = small("a mountain in the mist", { model: `${licensed}` });
    const asking = () => generate(wallet, { cloud, deployment, rail: "gateway", parameters });
    const before = await money();
    await expect(asking()).rejects.toMatchObject({ code: "MODEL_NOT_LICENSED", status: 403 });
    expect(await money()).toBe(before);

    const { licensePrice, licensePeriod } = await grid.aigc.read.modelOf([licensed]);
    await local.mined(grid.aipg.write.approve([deployment.contracts.AIGC.address, maxUint256]));
    await local.mined(grid.aigc.write.buyLicense([licensed, wallet.account.address, 1, licensePeriod, licensePrice]));
    const made = await asking();
    const bundles = await Promise.all(bundlesOf(made).map((bundle) => attestedBundle(cloud, { bundle })));
    const minted = await mintSeries(wallet, { deployment, bundles, series: { title: "Mist" } });
    tokens.push(...minted.tokenIds);
  }, 300_000);

  it("evolves an artwork into a second version", async () => {
    const { wallet } = local.person("artist");
    const [tokenId = 0n] = tokens;
    const [bundle] = bundlesOf(await direct("a lighthouse on a calm morning, oil painting", "artist"));
    if (!bundle) throw new Error("no picture");
    const evolved = await evolveArtwork(wallet, { deployment: local.system.deployment, tokenId, bundle });
    expect(evolved.version).toBe(2);
    const { deployment } = local.system;
    expect((await provenanceOf(wallet, { deployment, tokenId })).receiptId).toBe(bundle.receipt_id);
  }, 300_000);

  it("shows in GraphQL what the contracts say, row by row", async () => {
    const { grid } = local.person("artist");
    const [from, to] = [local.person("artist").address, local.person("collector").address];
    await local.mined(grid.nft.write.transferFrom([from, to, tokens[0] ?? 0n]));
    await local.indexed();
    const rows = await compareRows(local);
    expect(rows).toMatchObject({ artworks: 5, versions: 6, models: 2, workers: 2, accounts: expect.any(Number) });
    expect(rows.receipts).toBe(6);
    expect(rows.lanes).toBeGreaterThan(0);
    expect(rows.settlements).toBeGreaterThanOrEqual(4);
    const { page } = await local.gallery.query(documents.artworks, { search: "harbour" });
    expect(page.totalCount).toBe(3);
  }, 300_000);

  it("proves every token from chain and IPFS alone", async () => {
    const { wallet } = local.person("deployer");
    const fetchFile = ipfsGateway(local.system.cloudUrl);
    for (const tokenId of tokens) {
      const { verdict, checks } = await verifyToken(wallet, {
        deployment: local.system.deployment,
        tokenId,
        fetchFile,
      });
      expect({ tokenId, verdict, failed: checks.filter(({ status }) => status !== "pass") }).toEqual({
        ...{ tokenId, verdict: "proven" },
        failed: [],
      });
    }
  }, 300_000);
});

describe("bad days", () => {
  it.each([
    ["an unknown model", small("a boat", { model: "999" }), "MODEL_UNKNOWN", 404],
    ["a prompt of 20,000 characters", small("a".repeat(20_000)), "FIELD_INVALID", 422],
    ["negative steps", small("a boat", { steps: -4 }), "FIELD_INVALID", 422],
    ["a width that no model has", small("a boat", { width: 257 }), "FIELD_INVALID", 422],
  ])("refuses %s with its code, and nobody pays", async (_, parameters, code, status) => {
    const before = await money();
    const { cloud, address } = local.person("artist");
    const asked = await fetch(`${cloud.url}/v1/generate-image`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...parameters, requester: address }),
    });
    expect(asked.status).toBe(status);
    const { error } = (await asked.json()) as { error: { code: string; message: string } };
    expect(error.code).toBe(code);
    expect(error.message).toMatch(/^\S.*\.$/);
    expect(await money()).toBe(before);
  });

  it("says what to sign when nothing pays", async () => {
    const { cloud, address } = local.person("artist");
    const asking = cloud.generateImage({ ...small("a boat"), requester: address });
    await expect(asking).rejects.toMatchObject({
      ...{ code: "PAYMENT_REQUIRED", status: 402 },
      quote: { candidates: [expect.anything(), expect.anything()] },
    });
  });

  it("takes an order once", async () => {
    const { wallet, cloud, address } = local.person("artist");
    const { deployment } = local.system;
    const parameters = small("a buoy");
    const quote = await cloud.quote({ ...parameters, requester: address });
    const { timestamp } = await wallet.getBlock();
    const expected = { parameters, deployment, requester: address, payer: address, maxPrice: parseEther("5") };
    const orders = await signQuote(wallet, { quote, ...expected, now: Number(timestamp) });
    const body = { ...quote.parameters, requester: address, payment: toPayment(orders) };
    const submission = await cloud.generateImage(body);
    const id = submission.finished ? submission.result.job : submission.job.id;
    await until(async () => (await cloud.job(id)).status === "done");
    const outcome = async () => [await money(), (await cloud.job(id)).images?.length];
    const before = await outcome();
    // The same orders for the same picture are the same job; for another picture they are a replay.
    const other = cloud.generateImage({ ...body, prompt: "another buoy" });
    await expect(other).rejects.toMatchObject({ status: expect.toSatisfy((status) => [409, 422].includes(status)) });
    expect(await outcome()).toEqual(before);
    const nonces = new Set(orders.map(({ order }) => order.nonce));
    expect(nonces.size).toBe(1);
    expect(new Set(orders.map(({ order }) => orderHash(order))).size).toBe(orders.length);
  }, 180_000);

  it("refuses an ended session, and a quota that is used up", async () => {
    const { wallet, signedIn } = local.person("collector");
    const { deployment } = local.system;
    const cloud = await signedIn();
    const before = await money();
    const parameters = small("a crowd of boats", { model: `${open}`, n: 4 });
    const asking = () => generate(wallet, { cloud, deployment, rail: "gateway", parameters });
    await expect(asking()).rejects.toMatchObject({ code: "QUOTA_USED", status: 402 });
    await cloud.signOut();
    await expect(asking()).rejects.toMatchObject({ code: "SESSION_INVALID", status: 401 });
    expect(await money()).toBe(before);
  });

  it("gives the job of a worker that is killed to the other one", async () => {
    const { wallet, signedIn } = local.person("artist");
    const cloud = await signedIn();
    const { deployment } = local.system;
    let killed: "worker-1" | "worker-2" | undefined;
    const made = await generate(wallet, {
      ...{ cloud, deployment, rail: "gateway" },
      // Long enough to be caught in the middle.
      parameters: small("a storm over the harbour", { model: `${open}`, steps: 60, width: 384, height: 384 }),
      onProgress: (progress) => {
        if (killed || progress.stage !== "job" || progress.job.status !== "running") return;
        const first = progress.job.worker?.toLowerCase() === local.person("worker1").address.toLowerCase();
        killed = first ? "worker-1" : "worker-2";
        void local.system.kill(killed);
      },
    });
    if (!killed) throw new Error("the job was never seen running");
    const survivor = local.person(killed === "worker-1" ? "worker2" : "worker1").address;
    expect(made.job.worker?.toLowerCase()).toBe(survivor.toLowerCase());
    // A third one, if the machine was so busy that the survivor's lease ended too.
    expect(made.job.attempts).toBeGreaterThanOrEqual(2);
    // One picture, one payment: the dead worker's order is worth nothing, and it can't be paid later.
    await local.system.restart(killed);
    const bundles = await Promise.all(bundlesOf(made).map((bundle) => attestedBundle(cloud, { bundle })));
    const minted = await mintSeries(wallet, { deployment, bundles, series: { title: "Storm" } });
    expect(minted.tokenIds).toHaveLength(1);
    await local.indexed();
    await compareRows(local);
    expect(local.crashes).toEqual([]);
  }, 600_000);
});

/** Every query of the SDK, answered by the real indexer over a chain on which something has happened. */
import { QueryClient } from "@tanstack/query-core";
import { hashTypedData, recoverTypedDataAddress } from "viem";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createIndexer, type TestIndexer } from "../../test/fixtures/indexer.ts";
import { startPostgres, type TestPostgres } from "../../test/fixtures/postgres.ts";
import { type BundleGrid, PRICE, startBundleGrid } from "../../test/fixtures/receiptBundles.ts";
import {
  accountQuery,
  accountsQuery,
  activityPages,
  activityQuery,
  artworkQuery,
  artworksPages,
  artworksQuery,
  collectionQuery,
  createGalleryClient,
  documents,
  facetsQuery,
  type GalleryClient,
  GalleryError,
  holdersQuery,
  modelQuery,
  modelStatisticsQuery,
  modelsQuery,
  provenanceQuery,
  receiptQuery,
  searchQuery,
  seriesListQuery,
  seriesQuery,
  statisticsQuery,
  transfersQuery,
  waitForBlock,
  watchQuery,
  workerQuery,
  workerStatisticsQuery,
  workersQuery,
} from "../src/gallery/index.js";
import {
  artworkState,
  depositAipg,
  EvolutionPolicy,
  evolveArtwork,
  type Minted,
  mintSeries,
  settlementTypes,
} from "../src/index.js";
import { sleep } from "../src/node/index.ts";
import type { ReceiptBundle } from "../src/schemas/index.js";

let seeded: BundleGrid;
let postgres: TestPostgres;
let indexer: TestIndexer;
let stop: () => Promise<unknown>;
let gallery: GalleryClient;
let minted: Minted;
let bundles: readonly ReceiptBundle[];
const queries = new QueryClient();

beforeAll(async () => {
  [seeded, postgres] = await Promise.all([startBundleGrid(), startPostgres()]);
  indexer = await createIndexer(seeded.grid, postgres);
  const process = await indexer.start();
  stop = () => process.stop();
  gallery = createGalleryClient({ url: `${indexer.url}/graphql` });

  const { deployment } = seeded.grid;
  const { wallet } = seeded.artist;
  await depositAipg(wallet, { deployment, amount: 10n * PRICE });
  const direct = await seeded.direct(seeded.request("a lighthouse in a storm", 7n), { count: 2 });
  const onLane = await seeded.onLane([seeded.request("a harbour at noon")]);
  bundles = [...direct, ...onLane];
  minted = await mintSeries(wallet, {
    deployment,
    bundles,
    series: { title: "Coast", tags: "sea,light", royaltyBps: 500, policy: EvolutionPolicy.ARTIST },
  });
  const [next] = await seeded.direct(seeded.request("a lighthouse at night", 8n, direct[0]?.receipt.imageHash));
  if (!next) throw new Error("nothing made");
  const tokenId = minted.tokenIds[0] ?? 0n;
  await evolveArtwork(wallet, { deployment, tokenId, bundle: next, parent: { tokenId, version: 1 } });
  await waitForBlock(gallery, await wallet.getBlockNumber({ cacheTime: 0 }), { timeout: 60_000 });
}, 600_000);

afterAll(async () => {
  queries.clear();
  await stop?.();
  indexer?.cleanUp();
  await postgres?.stop();
  await seeded?.grid.stop();
});

it("shows an artwork as the chain has it", async () => {
  const tokenId = minted.tokenIds[0] ?? 0n;
  const { artwork } = await queries.fetchQuery(artworkQuery(gallery, tokenId));
  const state = await artworkState(seeded.artist.wallet, { deployment: seeded.grid.deployment, tokenId });
  expect(artwork).toMatchObject({
    tokenId,
    seriesId: minted.seriesId,
    number: 1,
    name: state.metadata?.name,
    image: state.metadata?.image,
    artist: { address: seeded.artist.address.toLowerCase() },
    owner: { address: state.owner?.toLowerCase() },
    policy: "ARTIST",
    royaltyBps: 500,
    tags: ["sea", "light"],
    versionCount: 2,
    model: { modelId: seeded.modelId, name: "Lighthouse" },
  });
  expect(artwork?.versions.map(({ version }) => version).sort()).toEqual([1, 2]);
  for (const { version, provenance, cid } of state.versions) {
    expect(artwork?.versions.find((one) => one.version === version)).toMatchObject({
      receiptId: provenance.receiptId,
      prompt: provenance.request.prompt,
      seed: provenance.seed,
      engine: provenance.engine,
      imageHash: provenance.imageHash,
      price: provenance.price,
      anchorBlock: provenance.anchorBlock,
      cid,
    });
  }
});

it("has the receipts as they were signed", async () => {
  const [bundle] = bundles;
  const { artwork } = await queries.fetchQuery(provenanceQuery(gallery, minted.tokenIds[0] ?? 0n));
  const [version] = artwork?.versions ?? [];
  if (!bundle || !version) throw new Error("no receipt");
  expect(hashTypedData(signedMessage(version.rawReceipt))).toBe(version.receiptId);
  expect(await recoverTypedDataAddress({ ...signedMessage(version.rawReceipt), signature: bundle.signature })).toBe(
    seeded.workerKey.address,
  );
});

/** What is under a signature, as viem takes it. */
function signedMessage(rawReceipt: unknown) {
  const { domain, message } = rawReceipt as {
    domain: typeof seeded.domain;
    message: (typeof bundles)[number]["receipt"];
  };
  return { domain, types: settlementTypes, primaryType: "JobReceipt", message } as const;
}

describe("lists", () => {
  it("searches, filters and orders artworks", async () => {
    const found = async (variables: Parameters<typeof artworksQuery>[1]) =>
      (await queries.fetchQuery(artworksQuery(gallery, variables))).page.nodes.map(({ tokenId }) => tokenId);
    const [first, second, third] = minted.tokenIds;
    expect(await found({ orderBy: "OLDEST" })).toEqual([first, second, third]);
    expect(await found({ filter: { tokenIds: [second ?? 0n, third ?? 0n] }, orderBy: "OLDEST" })).toEqual([
      second,
      third,
    ]);
    expect(await found({ search: "harbour" })).toEqual([third]);
    expect(await found({ filter: { evolved: true } })).toEqual([first]);
    expect(await found({ filter: { artist: seeded.gateway.address } })).toEqual([]);
  });

  it("goes through pages", async () => {
    const { pages } = await queries.fetchInfiniteQuery({
      ...artworksPages(gallery, { first: 2, orderBy: "OLDEST" }),
      pages: 5,
    });
    expect(pages.map(({ page: { nodes } }) => nodes.length)).toEqual([2, 1]);
    expect(pages.flatMap(({ page: { nodes } }) => nodes.map(({ tokenId }) => tokenId))).toEqual(minted.tokenIds);
  });

  it("reads receipts, settlements and lanes", async () => {
    const receipts = await gallery.query(documents.receipts, { filter: { minted: true } });
    expect(receipts.page).toMatchObject({ totalCount: 4, pageInfo: { hasNextPage: false } });
    const { page } = await gallery.query(documents.settlements, { orderBy: "OLDEST" });
    expect(page.nodes.map(({ rail, gross, receiptCount }) => [rail, gross, receiptCount]).sort()).toEqual([
      ["DIRECT", PRICE, 1],
      ["DIRECT", 2n * PRICE, 2],
      ["LANE", PRICE, null], // a voucher pays totals, not receipts
    ]);
    const lanes = await gallery.query(documents.lanes, { filter: { payer: seeded.gateway.address } });
    expect(lanes.page.nodes).toMatchObject([{ kind: "WORK", collected: PRICE, receiptCount: 1 }]);
  });

  it("finds words, and shows where", async () => {
    const { page } = await queries.fetchQuery(searchQuery(gallery, { search: '"a harbour" -storm' }));
    expect(page.totalCount).toBe(1);
    expect(page.edges.map(({ node, snippet }) => [node.tokenId, snippet])).toEqual([
      [minted.tokenIds[2], "<mark>a</mark> <mark>harbour</mark> at noon"],
    ]);
  });

  it("counts facets", async () => {
    const { facets } = await queries.fetchQuery(facetsQuery(gallery, { filter: { tags: "sea" } }));
    expect(facets).toMatchObject({
      total: 3,
      isApproximate: false,
      models: [{ modelId: seeded.modelId, model: { name: "Lighthouse" }, count: 3 }],
      families: [{ family: "SD15", count: 3 }],
      sizes: [{ value: "512x512", count: 3 }],
      tags: [
        { value: "sea", count: 3 },
        { value: "light", count: 3 },
      ],
    });
  });

  it("knows collections, holders and days", async () => {
    const artist = seeded.artist.address.toLowerCase();
    const { statistics } = await queries.fetchQuery(collectionQuery(gallery, "ARTWORK"));
    expect(statistics).toMatchObject({ items: 3, supply: 3, holders: 1, creators: 1, transfers: 0, series: 1 });
    expect(statistics).toMatchObject({ evolutions: 1, mintedLastDay: 3, usageRoyalties: null });
    const holders = await queries.fetchQuery(
      holdersQuery(gallery, { collection: "ARTWORK", seriesId: minted.seriesId }),
    );
    expect(holders.page).toMatchObject({ totalCount: 1, nodes: [{ address: artist, tokens: 3 }] });
    const { days } = await queries.fetchQuery(statisticsQuery(gallery));
    expect(days).toMatchObject([{ artworks: 3, series: 1, evolutions: 1, volume: 4n * PRICE }]);
    expect((await queries.fetchQuery(modelStatisticsQuery(gallery, seeded.modelId))).days).toMatchObject([
      { artworks: 3, volume: 4n * PRICE, royalties: days[0]?.royalties },
    ]);
    expect((await queries.fetchQuery(workerStatisticsQuery(gallery, seeded.worker.address))).days).toMatchObject([
      { versions: 4, volume: 4n * PRICE, earned: days[0]?.toWorkers },
    ]);
    const accounts = await queries.fetchQuery(accountsQuery(gallery, { orderBy: "MOST_CREATED", first: 1 }));
    expect(accounts.page.nodes.map(({ address }) => address)).toEqual([artist]);
    const transfers = await queries.fetchQuery(transfersQuery(gallery, { filter: { collection: "ARTWORK" } }));
    expect(transfers.page.nodes.map(({ to }) => to)).toEqual([artist, artist, artist]);
    const series = await queries.fetchQuery(seriesListQuery(gallery, { filter: { artist: seeded.artist.address } }));
    expect(series.page.nodes).toMatchObject([{ title: "Coast", holderCount: 1 }]);
  });

  it("reads the history", async () => {
    const { page } = await queries.fetchQuery(activityQuery(gallery, { filter: { kinds: ["SERIES_MINTED"] } }));
    expect(page.nodes).toMatchObject([{ seriesId: minted.seriesId, actor: seeded.artist.address.toLowerCase() }]);
  });
});

it("shows series, models, workers, accounts and receipts", async () => {
  const { series } = await queries.fetchQuery(seriesQuery(gallery, minted.seriesId));
  expect(series).toMatchObject({ title: "Coast", count: 3 });
  expect(series?.artworks.map(({ tokenId }) => tokenId).sort()).toEqual([...minted.tokenIds]);
  const { model } = await queries.fetchQuery(modelQuery(gallery, seeded.modelId));
  expect(model).toMatchObject({ name: "Lighthouse", family: "SD15", access: "OPEN", weightsHash: seeded.modelHash });
  expect((await queries.fetchQuery(modelsQuery(gallery))).page.nodes).toEqual([model]);
  const { worker } = await queries.fetchQuery(workerQuery(gallery, seeded.worker.address));
  expect(worker).toMatchObject({ registered: true, bonded: true, versionCount: 4 });
  expect((await queries.fetchQuery(workersQuery(gallery))).page.nodes).toEqual([worker]);
  const { account } = await queries.fetchQuery(accountQuery(gallery, seeded.artist.address));
  expect(account).toMatchObject({ artworksOwned: 3, artworksCreated: 3, balance: 7n * PRICE });
  const [bundle] = bundles;
  const { receipt } = await queries.fetchQuery(receiptQuery(gallery, bundle?.receipt_id ?? "0x"));
  expect(receipt).toMatchObject({ tokenId: minted.tokenIds[0], price: PRICE, imageHash: bundle?.receipt.imageHash });
});

it("keeps a copy in step, and reads its own writes", async () => {
  const { deployment } = seeded.grid;
  const seen: unknown[] = [];
  const query = artworksQuery(gallery, { filter: { owner: seeded.gateway.address } });
  const stopWatching = watchQuery(
    queries,
    query,
    (now) => seen.push("data" in now ? now.data.page.nodes.map(({ tokenId }) => tokenId) : now.error),
    { interval: 50 },
  );
  const until = async (count: number) => {
    while (seen.length < count) await sleep(10);
  };
  await until(1);
  const history = await queries.fetchInfiniteQuery({ ...activityPages(gallery, { orderBy: "OLDEST" }), pages: 100 });
  const place = history.pages.at(-1)?.page.pageInfo.endCursor ?? undefined;

  const [tokenId = 0n] = minted.tokenIds;
  const { blockNumber } = await seeded.grid.mined(
    seeded.artist.grid.nft.write.transferFrom([seeded.artist.address, seeded.gateway.address, tokenId]),
  );
  const { artwork, block } = await queries.fetchQuery(artworkQuery(gallery, tokenId, { minBlock: blockNumber }));
  expect(block.number).toBeGreaterThanOrEqual(Number(blockNumber));
  expect(artwork?.owner?.address).toBe(seeded.gateway.address.toLowerCase());
  const { page } = await queries.fetchQuery(activityQuery(gallery, { orderBy: "OLDEST", after: place }));
  expect(page.nodes).toMatchObject([{ kind: "ARTWORK_TRANSFERRED", tokenId, block: Number(blockNumber) }]);
  expect(deployment.chainId).toBe(block.chainId);
  await until(2);
  stopWatching();
  expect(seen).toEqual([[], [tokenId]]);
  const late = await gallery.query(documents.block, {}, { minBlock: blockNumber + 1_000n }).catch((error) => error);
  expect(late).toMatchObject({ code: "REFUSED", reason: "BLOCK_NOT_REACHED" });
});

it("is null for what there is not, and names what it refuses", async () => {
  expect((await queries.fetchQuery(artworkQuery(gallery, 999_001n))).artwork).toBeNull();
  const error = await gallery.query(documents.worker, { address: "0x12" }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(GalleryError);
  expect(error).toMatchObject({ code: "REFUSED" });
});

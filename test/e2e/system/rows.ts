/** Every row of the gallery against what the contracts answer. */
import { type Hex, isAddressEqual } from "viem";
import { documents, type PageVariables } from "../../../sdk/src/gallery/index.ts";
import { artworkState, cidOf } from "../../../sdk/src/index.ts";
import { expect } from "../../fixtures/expect.ts";
import type { TestSystem } from "../../fixtures/localSystem.ts";

/** How many rows of each kind were compared. */
export interface ComparedRows {
  artworks: number;
  versions: number;
  models: number;
  workers: number;
  lanes: number;
  receipts: number;
  settlements: number;
  accounts: number;
}

/** All rows of a list, page by page. */
async function all<node>(
  ask: (page: PageVariables) => Promise<{
    page: {
      nodes: node[];
      totalCount?: number | undefined;
      pageInfo: { hasNextPage: boolean; endCursor: string | null };
    };
  }>,
): Promise<node[]> {
  const nodes: node[] = [];
  for (let after: string | undefined; ; ) {
    // Pages of three: cursors have to work, too.
    const { page } = await ask({ first: 3, after });
    nodes.push(...page.nodes);
    if (!page.pageInfo.hasNextPage || page.pageInfo.endCursor === null) {
      expect(page.totalCount).toBe(nodes.length);
      return nodes;
    }
    after = page.pageInfo.endCursor;
  }
}

const lower = (value: string): string => value.toLowerCase();

/** Compares all of them. The gallery has to be at the chain's head. */
export async function compareRows(local: TestSystem): Promise<ComparedRows> {
  const cards = await all((page) => local.gallery.query(documents.artworks, page));
  const { nft } = local.person("deployer").grid;
  expect(BigInt(cards.length)).toBe(await nft.read.totalSupply());
  const tokens = cards.map(({ tokenId }) => tokenId);
  const versions = await Promise.all(tokens.map((tokenId) => compareArtwork(local, tokenId)));
  return {
    artworks: tokens.length,
    versions: versions.reduce((sum, count) => sum + count, 0),
    models: await compareModels(local),
    workers: await compareWorkers(local),
    lanes: await compareLanes(local),
    ...(await compareMoney(local)),
    accounts: await compareAccounts(local),
  };
}

async function compareArtwork(local: TestSystem, tokenId: bigint): Promise<number> {
  const client = local.person("deployer").wallet;
  const { deployment } = local.system;
  const [{ artwork: row }, state] = await Promise.all([
    local.gallery.query(documents.artwork, { tokenId }),
    artworkState(client, { deployment, tokenId }),
  ]);
  expect(row).toMatchObject({
    seriesId: state.seriesId,
    number: state.index,
    title: state.display.title,
    description: state.display.description,
    owner: { address: lower(state.owner ?? "") },
    artist: { address: lower(state.series.artist) },
    royaltyBps: Number(state.series.royaltyBps),
    policy: ["NONE", "ARTIST", "OWNER"][state.series.policy],
    versionCount: state.versions.length,
    cid: state.versions.at(-1)?.cid,
    image: state.metadata?.image,
    name: state.metadata?.name,
  });
  const rows = row?.versions ?? [];
  expect(rows).toHaveLength(state.versions.length);
  for (const { version, provenance, cid } of state.versions) {
    const { request } = provenance;
    const { seed: requested, ...asked } = request;
    expect(rows.find((one) => one.version === version)).toMatchObject({
      ...asked,
      requestedSeed: requested === 2n ** 64n - 1n ? null : requested,
      seed: provenance.seed,
      engine: provenance.engine,
      imageHash: provenance.imageHash,
      cidDigest: provenance.cidDigest,
      cid,
      worker: { address: lower(provenance.worker) },
      requester: { address: lower(provenance.requester) },
      payer: { address: lower(provenance.payer) },
      orderHash: provenance.orderHash,
      index: provenance.index,
      price: provenance.price,
      completedAt: Number(provenance.completedAt),
      anchorTime: provenance.anchorTime,
      anchorBlock: provenance.anchorBlock,
      receiptId: provenance.receiptId,
    });
  }
  return rows.length;
}

async function compareModels(local: TestSystem): Promise<number> {
  const { aigc } = local.person("deployer").grid;
  const rows = await all((page) => local.gallery.query(documents.models, page));
  expect(BigInt(rows.length)).toBe(await aigc.read.totalSupply());
  for (const row of rows) {
    const { spec, ...model } = await aigc.read.modelOf([row.modelId]);
    expect(row).toMatchObject({
      name: spec.name,
      version: spec.version,
      license: spec.license,
      weightsHash: spec.weightsHash,
      usageBps: await aigc.read.usageRoyaltyBps([row.modelId]),
      access: ["OPEN", "LICENSED", "PRIVATE"][spec.access],
      creator: { address: lower(model.creator) },
      owner: { address: lower(await aigc.read.ownerOf([row.modelId])) },
      registeredAt: model.registeredAt,
      verified: model.verified,
    });
    if (model.licensePeriod > 0) {
      expect(row).toMatchObject({ licensePrice: model.licensePrice, licensePeriod: model.licensePeriod });
    }
  }
  return rows.length;
}
async function compareWorkers(local: TestSystem): Promise<number> {
  const { registry, settlement } = local.person("deployer").grid;
  const rows = await all((page) => local.gallery.query(documents.workers, page));
  for (const row of rows) {
    expect(row).toMatchObject({
      registered: await registry.read.isRegistered([row.address]),
      bonded: await registry.read.isBonded([row.address]),
      bond: await registry.read.bondOf([row.address]),
      earned: await settlement.read.earnedOf([row.address]),
    });
  }
  return rows.length;
}
async function compareLanes(local: TestSystem): Promise<number> {
  const { settlement } = local.person("deployer").grid;
  const rows = await all((page) => local.gallery.query(documents.lanes, page));
  for (const row of rows) {
    const { free, thawing, opened } = await settlement.read.laneOf([row.laneId]);
    expect(opened).toBe(true);
    expect(row).toMatchObject({ free, thawing });
    // Nothing has left it but what was collected.
    expect(row.funded).toBe(free + thawing + row.collected);
  }
  return rows.length;
}
/** Receipts against the anchors on chain, settlements against what workers and models were credited. */
async function compareMoney(local: TestSystem): Promise<{ receipts: number; settlements: number }> {
  const { settlement } = local.person("deployer").grid;
  const receipts = await all((page) => local.gallery.query(documents.receipts, page));
  expect(new Set(receipts.map(({ receiptId }) => receiptId)).size).toBe(receipts.length);
  for (const row of receipts) {
    expect(row.cid).toBe(cidOf(row));
    if (row.tokenId === null) continue;
    const { receiptId } = await local
      .person("deployer")
      .grid.nft.read.provenanceOf([row.tokenId, BigInt(row.version ?? 0)]);
    expect(receiptId).toBe(row.receiptId);
  }
  const settlements = await all((page) => local.gallery.query(documents.settlements, page));
  const toWorkers = new Map<string, bigint>();
  for (const row of settlements) {
    expect(row.gross).toBe(row.toWorker + row.royalty + row.protocolFee);
    const worker = row.worker?.address ?? "";
    toWorkers.set(worker, (toWorkers.get(worker) ?? 0n) + row.toWorker);
  }
  // Nobody claims in these stories, so what was paid is what stands there.
  for (const [worker, amount] of toWorkers) expect(await settlement.read.earnedOf([worker as Hex])).toBe(amount);
  return { receipts: receipts.length, settlements: settlements.length };
}

async function compareAccounts(local: TestSystem): Promise<number> {
  const { settlement, nft } = local.person("deployer").grid;
  let compared = 0;
  for (const { address } of local.system.accounts) {
    const { account: row } = await local.gallery.query(documents.account, { address });
    const { balance, thawing } = await settlement.read.accountOf([address]);
    if (!row) {
      expect(balance).toBe(0n);
      continue;
    }
    expect(isAddressEqual(row.address, address)).toBe(true);
    expect(row).toMatchObject({ balance, thawing, artworksOwned: Number(await nft.read.balanceOf([address])) });
    compared += 1;
  }
  return compared;
}

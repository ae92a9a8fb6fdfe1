/** Compares answers of the gallery API with those of the contracts at the same block. */
import { getNamedType, isInputObjectType } from "graphql";
import { expect } from "vitest";
import { parseTokenUri } from "../../sdk/src/index.ts";
import type { LocalGrid } from "../fixtures/chain.ts";
import { gallery, listFields } from "./questions.ts";

type Ask = <Answer>(query: string, variables?: Record<string, unknown>) => Promise<Answer>;
type Node = Readonly<Record<string, unknown>>;

const zero = "0x0000000000000000000000000000000000000000";
const lower = (address: string | undefined) => address?.toLowerCase();
const orNull = (address: string | undefined) => (address === undefined || address === zero ? null : lower(address));

/** All items of a list. */
async function all<Item = Node>(ask: Ask, list: string, fields: string, filter = "{}"): Promise<Item[]> {
  type Page = { nodes: Item[]; pageInfo: { endCursor: string | null; hasNextPage: boolean } };
  const items: Item[] = [];
  for (let after: string | null = null; ; ) {
    const question = `query ($after: String) { page: ${list}(first: 50, after: $after, filter: ${filter}) { nodes { ${fields} } pageInfo { endCursor hasNextPage } } }`;
    const { page }: { page: Page } = await ask<{ page: Page }>(question, { after });
    items.push(...page.nodes);
    if (!page.pageInfo.hasNextPage) return items;
    after = page.pageInfo.endCursor;
  }
}

/** Compares what is computed when it is asked for. */
export async function compareAnswers(grid: LocalGrid, ask: Ask): Promise<void> {
  const { number, timestamp } = (
    await ask<{ block: { number: number; timestamp: number } }>("{ block { number timestamp } }")
  ).block;
  const at = { blockNumber: BigInt(number) };
  const { aigc, nft, registry } = grid.party(0).grid;

  type ShownModel = {
    modelId: string;
    usageBps: number;
    nextUsageBps: number | null;
    nextUsageFrom: number | null;
    user: string | null;
  };
  for (const { modelId, ...shown } of await all<ShownModel>(
    ask,
    "models",
    "modelId usageBps nextUsageBps nextUsageFrom user",
  )) {
    const id = BigInt(modelId);
    const { nextUsageBps, nextUsageFrom } = await aigc.read.modelOf([id], at);
    const isAhead = nextUsageFrom > timestamp;
    expect({ modelId, ...shown }).toEqual({
      modelId,
      usageBps: await aigc.read.usageRoyaltyBps([id], at),
      nextUsageBps: isAhead ? nextUsageBps : null,
      nextUsageFrom: isAhead ? nextUsageFrom : null,
      user: orNull(await aigc.read.userOf([id], at)),
    });
  }

  for (const { address, bonded } of await all<{ address: `0x${string}`; bonded: boolean }>(
    ask,
    "workers",
    "address bonded",
  )) {
    expect([address, bonded]).toEqual([address, await registry.read.isBonded([address], at)]);
  }

  const fields =
    "tokenId name image royaltyReceiver displayLocked owner { address } latest { version } versionCount moves nonce seriesId";
  type ShownArtwork = { tokenId: string; owner: { address: string }; latest: { version: number } } & Node;
  for (const { tokenId, ...shown } of await all<ShownArtwork>(ask, "artworks", fields)) {
    const id = BigInt(tokenId);
    const { name, image } = parseTokenUri(await nft.read.tokenURI([id], at));
    const [royaltyReceiver] = await nft.read.royaltyInfo([id, 1n], at);
    const [, displayLocked] = await nft.read.displayOf([id], at);
    const [moves, nonce] = await nft.read.stateOf([id], at);
    const versionCount = Number(await nft.read.versionsOf([id], at));
    expect({ tokenId, ...shown }).toEqual({
      ...{ tokenId, name, image, displayLocked, versionCount, moves: `${moves}`, nonce: `${nonce}` },
      seriesId: `${(await nft.read.seriesOf([id], at))[0]}`,
      royaltyReceiver: lower(royaltyReceiver),
      owner: { address: lower(await nft.read.ownerOf([id], at)) },
      latest: { version: versionCount },
    });
  }

  type ShownReceipt = {
    requester: { address: `0x${string}` };
    orderHash: `0x${string}`;
    index: number;
    tokenId: string | null;
  };
  for (const shown of await all<ShownReceipt>(ask, "receipts", "requester { address } orderHash index tokenId")) {
    const { requester, orderHash, index, tokenId } = shown;
    const isMinted = await nft.read.isMinted([requester.address, orderHash, BigInt(index)], at);
    expect([shown, tokenId !== null]).toEqual([shown, isMinted]);
  }

  const { protocol } = await ask<{ protocol: Node }>(
    "{ protocol { minBond nextMinBond nextMinBondFrom escrow sourcesSealed escrowSealed } }",
  );
  const [nextMinBond, nextMinBondFrom] = await registry.read.nextMinBond(at);
  const [, sourcesSealed, , escrowSealed] = await nft.read.seals(at);
  expect(protocol).toEqual({
    minBond: `${await registry.read.minBond(at)}`,
    nextMinBond: nextMinBondFrom === 0 ? null : `${nextMinBond}`,
    nextMinBondFrom: nextMinBondFrom === 0 ? null : nextMinBondFrom,
    escrow: orNull(await nft.read.escrow(at)),
    ...{ sourcesSealed, escrowSealed },
  });

  await compareAnchors(grid, ask);
}

/** Of each version that was settled by itself: the anchor is that of its receipt's root, as the contract keeps it. */
async function compareAnchors(grid: LocalGrid, ask: Ask): Promise<void> {
  const { anchorOf } = grid.party(0).grid.settlement.read;
  type Version = {
    receiptId: string;
    payer: { address: `0x${string}` };
    worker: { address: string };
    anchorTime: number;
    anchorBlock: number;
    anchor: { laneId: `0x${string}`; root: `0x${string}`; time: number; block: number } | null;
  };
  const receipts = await all<{ receiptId: string; root: string | null }>(
    ask,
    "receipts",
    "receiptId root",
    "{ minted: true }",
  );
  const roots = new Map(receipts.map(({ receiptId, root }) => [receiptId, root]));
  const fields =
    "versions(first: 9) { receiptId payer { address } worker { address } anchorTime anchorBlock anchor { laneId root time block } }";
  const artworks = await all<{ versions: Version[] }>(ask, "artworks", fields);
  let settled = 0;
  for (const { receiptId, payer, worker, anchor, anchorTime, anchorBlock } of artworks.flatMap(
    ({ versions }) => versions,
  )) {
    const root = roots.get(receiptId) ?? null;
    if (root !== null) settled += 1;
    expect([receiptId, root === null ? null : anchor?.root]).toEqual([receiptId, root]);
    if (!anchor) continue;
    const [attester, time, block] = await anchorOf([anchor.laneId, payer.address, anchor.root]);
    const said = [lower(attester), time, Number(block), anchor.time, anchor.block];
    expect([receiptId, ...said]).toEqual([receiptId, worker.address, anchorTime, anchorBlock, anchorTime, anchorBlock]);
  }
  expect(settled).toBeGreaterThan(0);
}

/** Counters count what their lists list. */
export async function compareTotals(ask: Ask): Promise<void> {
  const total = async (list: string, filter: string) =>
    (await ask<{ list: { totalCount: number } }>(`{ list: ${list}(filter: ${filter}) { totalCount } }`)).list
      .totalCount;
  const holders = async (of: string) =>
    (await ask<{ list: { totalCount: number } }>(`{ list: holders(${of}) { totalCount } }`)).list.totalCount;

  for (const { modelId, artworkCount } of await all(ask, "models", "modelId artworkCount")) {
    expect([modelId, artworkCount]).toEqual([modelId, await total("artworks", `{ modelIds: "${modelId}" }`)]);
  }
  const series = await all(ask, "seriesList", "seriesId supply holderCount transferCount");
  for (const { seriesId, supply, holderCount } of series) {
    const counted = [
      await total("artworks", `{ seriesId: "${seriesId}" }`),
      await holders(`collection: ARTWORK, seriesId: "${seriesId}"`),
    ];
    expect([seriesId, supply, holderCount]).toEqual([seriesId, ...counted]);
  }
  for (const { address, artworksOwned } of await all(ask, "accounts", "address artworksOwned")) {
    expect([address, artworksOwned]).toEqual([address, await total("artworks", `{ owner: "${address}" }`)]);
  }
  for (const { address, laneCount } of await all(ask, "workers", "address laneCount")) {
    expect([address, laneCount]).toEqual([address, await total("lanes", `{ worker: "${address}" }`)]);
  }
  for (const { laneId, anchorCount } of await all(ask, "lanes", "laneId anchorCount")) {
    expect([laneId, anchorCount]).toEqual([laneId, await total("anchors", `{ laneId: "${laneId}" }`)]);
  }

  type Moved = { collection: string; tokenId: string; from: string; to: string };
  const moved = (await all<Moved>(ask, "transfers", "collection tokenId from to")).filter(
    ({ from, to }) => from !== zero && to !== zero && from !== to,
  );
  const countOf = (of: string) => moved.filter(({ collection }) => collection === of).length;
  const living = await all(ask, "artworks", "tokenId transferCount");
  const burnt = await all(ask, "artworks", "tokenId transferCount", "{ burned: true }");
  expect(burnt.length).toBeGreaterThan(0);
  for (const { tokenId, transferCount } of [...living, ...burnt]) {
    const its = moved.filter((one) => one.collection === "ARTWORK" && one.tokenId === tokenId);
    expect([tokenId, transferCount]).toEqual([tokenId, its.length]);
  }
  const { artworks, models, protocol, statistics } = await ask<Record<string, Node> & { statistics: Node[] }>(`{
    artworks: collection(collection: ARTWORK) { supply transfers series holders }
    models: collection(collection: MODEL) { supply transfers holders }
    protocol { transfers supply series models accounts holders }
    statistics(days: 1000) { transfers newAccounts }
  }`);
  const sum = (rows: readonly Node[], name: string) => rows.reduce((all, row) => all + Number(row[name]), 0);
  const counted = {
    transfers: countOf("ARTWORK"),
    supply: living.length,
    series: series.length,
    holders: await holders("collection: ARTWORK"),
  };
  expect(artworks).toEqual(counted);
  expect(models).toMatchObject({ transfers: countOf("MODEL"), holders: await holders("collection: MODEL") });
  const accounts = (await all(ask, "accounts", "address")).length;
  expect(protocol).toEqual({ ...counted, models: models?.supply, accounts });
  expect(sum(series, "transferCount")).toBe(countOf("ARTWORK"));
  expect(sum(statistics, "transfers")).toBe(moved.length);
  expect(sum(statistics, "newAccounts")).toBe(accounts);
}

/** Lists that can be asked for what changed, and the field that says in which block. */
export function changingLists(): { name: string; field: string }[] {
  return listFields().flatMap(({ name, node }) => {
    const filter = gallery
      .getQueryType()
      ?.getFields()
      [name]?.args.find((argument) => argument.name === "filter");
    const type = filter && getNamedType(filter.type);
    if (!isInputObjectType(type) || !("updatedSinceBlock" in type.getFields())) return [];
    const fields = (gallery.getType(node) as unknown as { getFields(): object }).getFields();
    return [{ name, field: "updatedBlock" in fields ? "updatedBlock" : "block" }];
  });
}

/** A list since a block has just the items that changed in it or later. */
export async function compareChanges(ask: Ask, { name, field }: { name: string; field: string }): Promise<void> {
  const everything = await all<Record<string, number>>(ask, name, field);
  const blocks = everything.map((item) => Number(item[field])).sort((a, b) => a - b);
  const middle = blocks[Math.floor(blocks.length / 2)] ?? 0;
  const last = blocks.at(-1) ?? 0;
  expect(last).toBeGreaterThan(0);
  for (const block of [0, middle, last, last + 1, Number.MAX_SAFE_INTEGER]) {
    const found = await all<Record<string, number>>(ask, name, field, `{ updatedSinceBlock: ${block} }`);
    const changed = blocks.filter((one) => one >= block);
    expect([block, found.map((item) => Number(item[field])).sort((a, b) => a - b)]).toEqual([block, changed]);
  }
}

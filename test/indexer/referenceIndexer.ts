// What follows from logs and contract calls by counting, told in another way than the indexer's: everything is read first, then counted.
import { type Address, zeroAddress } from "viem";
import { LANE_HOP, type Provenance, provenanceOf } from "../../sdk/src/index.ts";
import type { LocalGrid } from "../fixtures/chain.ts";
import type { ContractState, Logs } from "./contractState.ts";
import { shortened, tagList } from "./tags.ts";

/** One version of an artwork as the contract tells it. */
export interface Version {
  readonly tokenId: bigint;
  readonly version: number;
  readonly provenance: Provenance;
  /** Artist of the series. */
  readonly artist: Address;
  readonly time: bigint;
}

/** An artwork as the contract tells it. */
export interface Token {
  readonly tokenId: bigint;
  readonly artist: Address;
  /** Undefined once it is burnt. */
  readonly owner: Address | undefined;
  readonly tags: string;
  readonly policy: number;
  readonly latest: Version;
  readonly versions: number;
  readonly mintedAt: bigint;
}

/** Everything that is counted, read once for each set of logs. */
export interface Counted {
  readonly versions: readonly Version[];
  readonly tokens: readonly Token[];
  readonly families: ReadonlyMap<bigint, number>;
  readonly modelNames: ReadonlyMap<bigint, string>;
  /** Time of the block of a log. */
  timeOf(log: { readonly blockNumber: bigint }): bigint;
}

const read = new WeakMap<Logs, Promise<Counted>>();

/** Reads what the contracts tell of artworks. */
export function countedOf(grid: LocalGrid, logs: Logs): Promise<Counted> {
  const known = read.get(logs) ?? readCounted(grid, logs);
  read.set(logs, known);
  return known;
}

async function readCounted(grid: LocalGrid, { aigc, nft, settlement, registry }: Logs): Promise<Counted> {
  const { wallet, grid: contracts } = grid.party(0);
  const times = new Map<bigint, bigint>();
  for (const { blockNumber } of [...aigc, ...nft, ...settlement, ...registry]) {
    if (!times.has(blockNumber)) times.set(blockNumber, (await wallet.getBlock({ blockNumber })).timestamp);
  }
  const timeOf = ({ blockNumber }: { readonly blockNumber: bigint }) => times.get(blockNumber) ?? 0n;
  const { deployment } = grid;
  const versions: Version[] = [];
  const artists = new Map<bigint, Address>();
  for (const log of nft) {
    if (log.eventName === "SeriesMinted") {
      const { seriesId, artist, count } = log.args;
      artists.set(seriesId, artist);
      for (let number = 1n; number <= count; number++) {
        const tokenId = seriesId * 1_000n + number;
        const provenance = await provenanceOf(wallet, { deployment, tokenId, version: 1 });
        versions.push({ tokenId, version: 1, provenance, artist, time: timeOf(log) });
      }
    }
    if (log.eventName === "VersionAdded") {
      const { tokenId } = log.args;
      const version = Number(log.args.version);
      const provenance = await provenanceOf(wallet, { deployment, tokenId, version });
      const artist = artists.get(tokenId / 1_000n) ?? zeroAddress;
      versions.push({ tokenId, version, provenance, artist, time: timeOf(log) });
    }
  }
  const tokens: Token[] = [];
  for (const first of versions.filter(({ version }) => version === 1)) {
    const { tokenId, artist, time } = first;
    const its = versions.filter((version) => version.tokenId === tokenId);
    const { tags, policy } = await contracts.nft.read.series([tokenId / 1_000n]);
    const owner = await contracts.nft.read.ownerOf([tokenId]).catch(() => undefined);
    const latest = its.at(-1) ?? first;
    tokens.push({ tokenId, artist, owner, tags, policy, latest, versions: its.length, mintedAt: time });
  }
  const families = new Map<bigint, number>();
  const modelNames = new Map<bigint, string>();
  for (const log of aigc) {
    if (log.eventName !== "ModelRegistered") continue;
    families.set(log.args.modelId, log.args.spec.family);
    modelNames.set(log.args.modelId, log.args.spec.name);
  }
  return { versions, tokens, families, modelNames, timeOf };
}

/** What an artwork is filtered by. */
export function attributesBy({ families, versions }: Counted, token: Token): string[] {
  const isRemix = versions.some(
    ({ tokenId, version, provenance }) => tokenId === token.tokenId && version === 1 && provenance.parent !== 0n,
  );
  const { request, worker } = token.latest.provenance;
  return [
    `model:${request.modelId}`,
    `family:${families.get(request.modelId)}`,
    `worker:${worker.toLowerCase()}`,
    `sampler:${shortened(request.sampler)}`,
    `scheduler:${shortened(request.scheduler)}`,
    `size:${request.width}x${request.height}`,
    `width:${request.width}`,
    `height:${request.height}`,
    `steps:${request.steps}`,
    `policy:${token.policy}`,
    ...(isRemix ? ["remix:true"] : []),
    ...(token.versions > 1 ? ["evolved:true"] : []),
    ...tagList(token.tags).map((tag) => `tag:${tag}`),
  ];
}

/** Versions of other artworks that were made from a picture of this one. */
function remixesOf({ versions }: Counted, token: Token): Version[] {
  return versions.filter(({ tokenId, provenance }) => provenance.parent === token.tokenId && tokenId !== token.tokenId);
}

type Amounts = Record<string, bigint>;

/** Sums by key: what is added under one key is added up. */
function sums() {
  const rows = new Map<string, Amounts>();
  return {
    rows,
    add: (key: string, amounts: Amounts): void => {
      const row = rows.get(key) ?? {};
      for (const [name, amount] of Object.entries(amounts)) row[name] = (row[name] ?? 0n) + amount;
      rows.set(key, row);
    },
  };
}

function withZeros(rows: ReadonlyMap<string, Amounts>, names: readonly string[]): ContractState {
  const zeros = Object.fromEntries(names.map((name) => [name, 0n]));
  return new Map([...rows].map(([key, row]) => [key, { ...zeros, ...row }]));
}

/** Payments of both rails, without those to gateways. */
function paymentsOf({ settlement }: Logs) {
  const hops = new Set(
    settlement.flatMap((log) =>
      log.eventName === "LaneOpened" && log.args.config.kind === LANE_HOP ? [log.args.laneId] : [],
    ),
  );
  return settlement.flatMap((log) => {
    if (log.eventName !== "OrderSettled" && log.eventName !== "LaneCollected") return [];
    const { worker, modelId, toWorker, royalty, protocolFee } = log.args;
    const isHop = log.eventName === "LaneCollected" && hops.has(log.args.laneId);
    const receipts = log.eventName === "OrderSettled" && log.args.anchored ? BigInt(log.args.receiptCount) : 0n;
    const volume = grossOf(log.args);
    return [{ log, worker, modelId, toWorker, royalty, protocolFee, isHop, receipts, volume }];
  });
}

/** All shares of a payment together. */
const grossOf = (paid: { toWorker: bigint; royalty: bigint; protocolFee: bigint }) =>
  paid.toWorker + paid.royalty + paid.protocolFee;

/** Anchors that come without a payment of their own: of vouchers, and of orders settled before. */
const anchorsAlone = ({ settlement }: Logs) =>
  settlement.flatMap((log) =>
    log.eventName === "ReceiptsAnchored" ? [{ log, ...log.args, receiptCount: BigInt(log.args.receiptCount) }] : [],
  );

/** Transfers from one account to another: mints, burns and transfers to oneself left out. */
const movesOf = (logs: Logs["nft"] | Logs["aigc"]) =>
  logs.flatMap((log) => {
    if (log.eventName !== "Transfer") return [];
    const { from, to, tokenId } = log.args;
    return from !== zeroAddress && to !== zeroAddress && from !== to ? [{ log, tokenId }] : [];
  });

/** Versions of others' artworks, made by others. */
export function remixesByOthers(counted: Counted, token: Token): Version[] {
  return remixesOf(counted, token).filter(({ artist, provenance }) =>
    [artist, provenance.requester].every((maker) => maker !== token.artist),
  );
}

/** How many different ones there are. */
const different = (items: readonly unknown[]) => new Set(items).size;

type Counter = (counted: Counted, logs: Logs, firstSeen: readonly bigint[]) => ContractState;

/** Columns of tables that count something, by the keys of `contractStates`. `firstSeen`: the time at which each account appeared. */
export const counters: Readonly<Record<string, Counter>> = {
  artwork: (counted, logs) => {
    const moves = movesOf(logs.nft).map(({ tokenId }) => tokenId);
    const frozen = new Set(logs.nft.flatMap((log) => (log.eventName === "DisplayFrozen" ? [log.args.tokenId] : [])));
    return new Map(
      counted.tokens.map((token) => {
        const remixes = remixesOf(counted, token);
        const first = counted.versions.find(({ tokenId, version }) => tokenId === token.tokenId && version === 1);
        const remixOf = first?.provenance.parent ?? 0n;
        const { request, worker } = token.latest.provenance;
        const columns = {
          number: token.tokenId % 1_000n,
          artist: token.artist,
          tags: tagList(token.tags),
          versions: token.versions,
          frozen: frozen.has(token.tokenId),
          transfers: moves.filter((tokenId) => tokenId === token.tokenId).length,
          remix_of: remixOf,
          remixes: remixes.length,
          remixes_by_others: remixesByOthers(counted, token).length,
          listed: false,
          list_price: 2n ** 255n,
          attributes: attributesBy(counted, token),
          model_id: request.modelId,
          family: counted.families.get(request.modelId),
          sampler_key: shortened(request.sampler),
          scheduler: request.scheduler,
          worker,
          height: request.height,
          guidance_milli: request.guidanceMilli,
          minted_at: token.mintedAt,
        };
        return [`${token.tokenId}`, columns];
      }),
    );
  },
  attribute: (counted) => {
    const { add, rows } = sums();
    for (const token of counted.tokens.filter(({ owner }) => owner !== undefined)) {
      for (const each of attributesBy(counted, token)) add(each, { artworks: 1n });
    }
    return new Map(
      [...rows].map(([each, row]) => [
        each,
        { ...row, field: /^[^:]*/.exec(each)?.[0], value: /:(.*)$/s.exec(each)?.[1] },
      ]),
    );
  },
  series_holder: ({ tokens }) => {
    const { add, rows } = sums();
    for (const { tokenId, owner } of tokens) {
      if (owner) add(`${tokenId / 1_000n}/${owner}`.toLowerCase(), { artworks: 1n });
    }
    return rows;
  },
  series: ({ tokens }, { nft }) => {
    const moves = movesOf(nft);
    const minters = new Map(
      nft.flatMap((log) => (log.eventName === "SeriesMinted" ? [[log.args.seriesId, log.args.to] as const] : [])),
    );
    const ids = new Set(tokens.map(({ tokenId }) => tokenId / 1_000n));
    return new Map(
      [...ids].map((id) => {
        const its = tokens.filter(({ tokenId }) => tokenId / 1_000n === id);
        const owners = its.flatMap(({ owner }) => owner ?? []);
        const transfers = moves.filter(({ tokenId }) => tokenId / 1_000n === id).length;
        const [first] = its;
        const columns = {
          first_owner: minters.get(id),
          holders: different(owners),
          supply: owners.length,
          transfers,
          tags: tagList(first?.tags ?? ""),
        };
        return [`${id}`, columns];
      }),
    );
  },
  protocol: ({ tokens, versions }, logs) => {
    const paid = paymentsOf(logs).filter(({ isHop }) => !isHop);
    const anchored = anchorsAlone(logs).map(({ receiptCount }) => receiptCount);
    const sum = (amounts: readonly bigint[]) => amounts.reduce((total, amount) => total + amount, 0n);
    const columns = {
      artworks: tokens.length,
      holders: different(tokens.flatMap(({ owner }) => owner ?? [])),
      artists: different(tokens.map(({ artist }) => artist)),
      transfers: movesOf(logs.nft).length,
      evolutions: versions.filter(({ version }) => version > 1).length,
      payments: paid.length,
      volume: sum(paid.map(({ volume }) => volume)),
      receipts: sum([...anchored, ...paid.map(({ receipts }) => receipts)]),
    };
    return new Map([["31337", columns]]);
  },
  model: ({ tokens, versions, families }, logs) => {
    const { add, rows } = sums();
    for (const modelId of families.keys()) add(`${modelId}`, {});
    // Artworks that aren't burnt, by their latest versions; versions of all.
    for (const { owner, latest } of tokens) if (owner) add(`${latest.provenance.request.modelId}`, { artworks: 1n });
    for (const { provenance } of versions) add(`${provenance.request.modelId}`, { versions: 1n });
    for (const { modelId, volume, royalty, isHop } of paymentsOf(logs)) {
      if (!isHop && families.has(modelId)) add(`${modelId}`, { payments: 1n, volume, royalty_earned: royalty });
    }
    for (const log of logs.aigc) {
      if (log.eventName !== "LicenseBought") continue;
      add(`${log.args.modelId}`, { licenses_sold: 1n, license_revenue: log.args.price });
    }
    const earned = ["volume", "royalty_earned", "licenses_sold", "license_revenue"];
    return withZeros(rows, ["artworks", "versions", "payments", ...earned]);
  },
  license: (_, logs) => {
    const { add, rows } = sums();
    const last = new Map<string, { last_buyer: Address; last_seller: Address }>();
    for (const log of logs.aigc) {
      if (log.eventName !== "LicenseBought") continue;
      const { modelId, account, price, buyer, seller } = log.args;
      const key = `${modelId}/${account}`.toLowerCase();
      add(key, { purchases: 1n, paid: price });
      last.set(key, { last_buyer: buyer, last_seller: seller });
    }
    return new Map([...rows].map(([key, row]) => [key, { ...row, ...last.get(key) }]));
  },
  equivocation: (_, logs) => {
    const { add, rows } = sums();
    const shown = new Map<string, object>();
    for (const log of logs.settlement) {
      if (log.eventName !== "EquivocationSlashed") continue;
      const { worker, orderHash, index, reporter, receiptA, receiptB, amount } = log.args;
      const key = `${worker}/${orderHash}/${index}`.toLowerCase();
      add(key, { amount });
      if (!shown.has(key)) shown.set(key, { reporter, receipt_a: receiptA, receipt_b: receiptB });
    }
    return new Map([...rows].map(([key, row]) => [key, { ...row, ...shown.get(key) }]));
  },
  order_nonce: (_, logs) => {
    const rows = new Map<string, { cancelled: boolean; order_hash: unknown }>();
    for (const log of logs.settlement) {
      const { eventName } = log;
      if (eventName !== "OrderSettled" && eventName !== "OrderCancelled" && eventName !== "OrderCancelAnnounced")
        continue;
      const key = `${log.args.payer}/${log.args.nonce}`.toLowerCase();
      const order_hash = eventName === "OrderSettled" ? log.args.orderHash : (rows.get(key)?.order_hash ?? null);
      rows.set(key, { cancelled: eventName === "OrderCancelled" || rows.get(key)?.cancelled === true, order_hash });
    }
    return rows;
  },
  worker: ({ versions }, logs) => {
    const { add, rows } = sums();
    const on = (worker: Address, amounts: Amounts) => add(worker.toLowerCase(), amounts);
    for (const log of logs.registry) {
      if (log.eventName === "WorkerRegistered") on(log.args.worker, {});
      if (log.eventName === "BondSlashed") on(log.args.worker, { slashed: log.args.amount });
    }
    for (const log of logs.settlement) if (log.eventName === "LaneOpened") on(log.args.worker, { lanes: 1n });
    for (const { worker, receipts, volume, toWorker, isHop } of paymentsOf(logs)) {
      on(worker, { receipts, earned_total: toWorker, ...(!isHop && { payments: 1n, volume }) });
    }
    for (const { worker, receiptCount } of anchorsAlone(logs)) on(worker, { receipts: receiptCount });
    for (const { provenance } of versions) on(provenance.worker, { versions: 1n });
    return withZeros(rows, ["slashed", "lanes", "receipts", "earned_total", "payments", "volume", "versions"]);
  },
  lane: (_, logs) => {
    const { add, rows } = sums();
    const anchored = anchorsAlone(logs);
    for (const log of logs.settlement) {
      if (log.eventName === "LaneToppedUp") add(log.args.laneId, { funded: log.args.amount });
      if (log.eventName === "LaneThawed") add(log.args.laneId, { thawed: log.args.amount });
      if (log.eventName === "LaneCollected") add(log.args.laneId, { collected: grossOf(log.args) });
      if (log.eventName !== "LaneOpened") continue;
      add(log.args.laneId, { funded: log.args.amount });
      for (const { laneId, receiptCount } of anchored) {
        if (laneId === log.args.laneId) add(laneId, { anchors: 1n, receipts: receiptCount });
      }
    }
    return withZeros(rows, ["funded", "thawed", "collected", "anchors", "receipts"]);
  },
  lane_model_total: (_, logs) => {
    const { add, rows } = sums();
    for (const log of logs.settlement) {
      if (log.eventName !== "LaneCollected") continue;
      const { laneId, modelId, toWorker, royalty, protocolFee } = log.args;
      add(`${laneId}/${modelId}`, { to_worker: toWorker, royalty, protocol_fee: protocolFee });
    }
    return rows;
  },
  model_day: ({ versions, families, timeOf }, logs) => {
    const { add, rows } = sums();
    for (const { version, provenance, time } of versions) {
      if (version === 1) add(`${provenance.request.modelId}/${dayOf(time)}`, { artworks: 1n });
    }
    for (const { log, modelId, royalty, volume, isHop } of paymentsOf(logs)) {
      if (isHop || !families.has(modelId)) continue;
      add(`${modelId}/${dayOf(timeOf(log))}`, { payments: 1n, volume, royalties: royalty });
    }
    for (const log of logs.aigc) {
      if (log.eventName !== "LicenseBought") continue;
      const { modelId, price } = log.args;
      add(`${modelId}/${dayOf(timeOf(log))}`, { licenses: 1n, license_revenue: price });
    }
    return withZeros(rows, ["artworks", "payments", "volume", "royalties", "licenses", "license_revenue"]);
  },
  worker_day: ({ versions, timeOf }, logs) => {
    const { add, rows } = sums();
    const key = (worker: Address, time: bigint) => `${worker.toLowerCase()}/${dayOf(time)}`;
    for (const { provenance, time } of versions) add(key(provenance.worker, time), { versions: 1n });
    for (const { log, worker, toWorker, receipts, volume, isHop } of paymentsOf(logs)) {
      const turnover = isHop ? { payments: 0n } : { payments: 1n, volume };
      add(key(worker, timeOf(log)), { ...turnover, receipts, earned: toWorker });
    }
    for (const { log, worker, receiptCount } of anchorsAlone(logs)) {
      add(key(worker, timeOf(log)), { receipts: receiptCount });
    }
    return withZeros(rows, ["versions", "payments", "receipts", "volume", "earned"]);
  },
  worker_model_week: ({ timeOf }, logs) => {
    const { add, rows } = sums();
    for (const { log, worker, modelId, toWorker, volume, isHop } of paymentsOf(logs)) {
      // Weeks since the Monday before 1970.
      const week = (timeOf(log) / 86_400n + 3n) / 7n;
      const turnover = isHop ? { payments: 0n } : { payments: 1n, volume };
      add(`${worker.toLowerCase()}/${week}/${modelId}`, { ...turnover, earned: toWorker });
    }
    return withZeros(rows, ["payments", "volume", "earned"]);
  },
  daily_statistics: ({ timeOf }, logs, firstSeen) => {
    const { add, rows } = sums();
    const on = (log: { readonly blockNumber: bigint }, amounts: Amounts) => add(`${dayOf(timeOf(log))}`, amounts);
    for (const log of logs.nft) {
      if (log.eventName === "SeriesMinted") on(log, { series: 1n, artworks: BigInt(log.args.count) });
      if (log.eventName === "VersionAdded") on(log, { evolutions: 1n });
    }
    for (const { log } of [...movesOf(logs.nft), ...movesOf(logs.aigc)]) on(log, { transfers: 1n });
    for (const log of logs.aigc) {
      if (log.eventName === "ModelRegistered") on(log, { models: 1n });
      if (log.eventName === "LicenseBought") on(log, { licenses: 1n, license_revenue: log.args.price });
    }
    for (const { log, receipts, volume, toWorker, royalty, protocolFee, isHop } of paymentsOf(logs)) {
      if (isHop) continue;
      const parts = { to_workers: toWorker, royalties: royalty, protocol_fees: protocolFee };
      on(log, { payments: 1n, receipts, volume, ...parts });
    }
    for (const { log, receiptCount } of anchorsAlone(logs)) on(log, { receipts: receiptCount });
    for (const time of firstSeen) add(`${dayOf(time)}`, { new_accounts: 1n });
    const things = ["artworks", "series", "evolutions", "transfers", "models", "licenses", "payments", "receipts"];
    return withZeros(rows, [
      ...things,
      ...["new_accounts", "volume", "to_workers", "royalties", "protocol_fees", "license_revenue"],
    ]);
  },
};

function dayOf(time: bigint): bigint {
  return time / 86_400n;
}

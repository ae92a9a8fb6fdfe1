import { toSnakeCase } from "drizzle-orm/casing";
import pg from "pg";
import { zeroAddress } from "viem";
import { expect } from "vitest";
import { textOf } from "../../indexer/src/lib/fullText/tsvector.ts";
import type { LocalGrid } from "../fixtures/chain.ts";
import { type ContractState, contractStates, counted, type Logs, logsOf } from "./contractState.ts";
import { type Counted, countedOf, counters, remixesByOthers } from "./referenceIndexer.ts";
import { columnNames } from "./tables.ts";
import { shortened, tagList } from "./tags.ts";

type DatabaseRow = Readonly<Record<string, unknown>>;

/** Columns that make the key of a table, in the order in which `contractStates` joins them. */
const keys: Readonly<Record<string, readonly string[]>> = {
  model: ["model_id"],
  license: ["model_id", "account"],
  series: ["series_id"],
  artwork: ["token_id"],
  artwork_version: ["token_id", "version"],
  attribute: ["attribute"],
  series_holder: ["series_id", "owner"],
  model_day: ["model_id", "day"],
  worker_day: ["worker", "day"],
  worker_model_week: ["worker", "week", "model_id"],
  daily_statistics: ["day"],
  evolution: ["token_id", "version", "account", "body_hash"],
  approval: ["collection", "token_id"],
  operator_approval: ["collection", "owner", "operator"],
  worker: ["address"],
  signer: ["signer"],
  lane: ["lane_id"],
  lane_model_total: ["lane_id", "model_id"],
  anchor: ["lane_id", "payer", "root"],
  waiting_anchor: ["root"],
  settlement: ["order_hash"],
  order_nonce: ["payer", "nonce"],
  equivocation: ["worker", "order_hash", "index"],
  fee_config: ["fee_config_id"],
  anchor_source: ["index"],
  protocol: ["chain_id"],
};

/** Rows that are compared one by one: those of nothing stay in some tables, and contracts keep nothing of a collect. */
const compared: Readonly<Record<string, (row: DatabaseRow) => boolean>> = {
  series_holder: ({ artworks }) => artworks !== 0,
  attribute: ({ artworks }) => artworks !== 0,
  settlement: ({ rail }) => rail === "DIRECT",
  approval: ({ approved }) => approved !== zeroAddress,
};

interface Moment {
  readonly now: bigint;
  readonly protocol: DatabaseRow;
  readonly models: readonly DatabaseRow[];
  readonly versions: readonly DatabaseRow[];
}

/** Returns what `tokenURI` says of an artwork, by the rows of the indexer. */
function shownIn(row: DatabaseRow, { models, versions }: Moment): DatabaseRow {
  const latest = versions.find(({ token_id, version }) => token_id === row.token_id && version === row.versions);
  const model = models.find(({ model_id }) => model_id === row.model_id);
  const image = `ipfs://${row.cid}`;
  return {
    shown_description: row.description,
    ...{ image, aigc_data: image },
    shown_animation_url: row.animation_url,
    shown_seed: row.seed,
    guidance_scale: Number(row.guidance_milli) / 1_000,
    negative_prompt: latest?.negative_prompt,
    model_hash: latest?.model_hash,
    engine: latest?.engine,
    requester: latest?.requester,
    anchor_time: latest?.anchor_time,
    completed_at: latest?.completed_at,
    model_name: model?.name || `Model #${row.model_id}`,
    evolves: ["No", "By its artist", "By its owner"][Number(row.policy)],
    shown_version: row.versions === 1 ? "" : row.versions,
  };
}

/** What is not a column but follows from some. */
function withDerived(table: string, row: DatabaseRow, moment: Moment): DatabaseRow {
  const { now, protocol } = moment;
  const raiseFrom = BigInt(String(protocol.next_min_bond_from));
  const isRaised = raiseFrom !== 0n && raiseFrom <= now;
  const minBond = String(isRaised ? protocol.next_min_bond : protocol.min_bond);
  if (table === "artwork") {
    return { ...row, ...shownIn(row, moment), display_locked: row.frozen || (row.moved && row.policy !== 1) };
  }
  if (table === "waiting_anchor") return { ...row, waits: row.confirmed_seq === "0" };
  if (table === "worker") {
    const [bond, unbonding] = [BigInt(String(row.bond)), BigInt(String(row.unbonding))];
    return { ...row, bonded_now: bond >= BigInt(minBond), stake: bond + unbonding };
  }
  if (table === "protocol") {
    const isEscrowSet = BigInt(String(row.escrow)) !== 0n;
    return {
      ...row,
      min_bond_now: minBond,
      next_min_bond_now: isRaised ? 0n : row.next_min_bond,
      next_min_bond_from_now: isRaised ? 0n : row.next_min_bond_from,
      sources_sealed: row.nft_upgrades_sealed,
      escrow_sealed: row.nft_upgrades_sealed || isEscrowSet,
    };
  }
  if (table !== "model") return row;
  const isNext = BigInt(String(row.next_usage_from)) !== 0n && BigInt(String(row.next_usage_from)) <= now;
  return { ...row, usage_now: isNext ? row.next_usage_bps : row.usage_bps };
}

function plain(value: unknown): string {
  const text = String(value);
  return text.startsWith("0x") ? text.toLowerCase() : text;
}

/**
 * Compares every row with contract calls, and the number of rows with the chain's logs. Returns how many rows there were.
 * `isLong`: the history has everything that happens, so every column must have been compared.
 */
export async function compareAll(
  grid: LocalGrid,
  url: string,
  schema: string,
  { isLong = false } = {},
): Promise<Record<string, number>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const read = async (table: string): Promise<DatabaseRow[]> =>
    (await client.query(`select * from "${schema}"."${table}"`)).rows;
  try {
    const logs = await logsOf(grid);
    const moment = {
      now: await grid.now(),
      protocol: (await read("protocol"))[0] ?? {},
      models: await read("model"),
      versions: await read("artwork_version"),
    };
    const sizes: Record<string, number> = {};
    const counts = await countedOf(grid, logs);
    const accounts = await read("account");
    const firstSeen = accounts.map((row) => BigInt(String(row.first_seen_at)));
    const told = [
      ...Object.entries(contractStates),
      ...Object.entries(counters).map(([table, count]) => [table, async () => count(counts, logs, firstSeen)] as const),
    ];
    const statesTold = await Promise.all(told.map(async ([table, of]) => [table, await of(grid, logs)] as const));
    for (const [table, state] of statesTold) {
      const rows = await read(table);
      const found = new Map(
        rows.filter(compared[table] ?? (() => true)).map((row) => [keyOf(table, row), row] as const),
      );
      expect([...found.keys()].sort(), `keys of ${table}`).toEqual([...state.keys()].sort());
      for (const [key, columns] of state) {
        const row = withDerived(table, found.get(key) ?? {}, moment);
        const said = Object.entries(columns).map(([name, value]) => [toSnakeCase(name), plain(value)]);
        const kept = said.map(([name]) => [name, plain(row[name ?? ""])]);
        expect(Object.fromEntries(kept), `${table} ${key}`).toEqual(Object.fromEntries(said));
      }
      sizes[table] = state.size;
    }
    if (isLong) expectTold(statesTold);
    for (const [table, sizeOf] of Object.entries(counted)) {
      sizes[table] = sizeOf(logs);
      expect((await read(table)).length, table).toBe(sizes[table]);
    }
    await compareAccounts(grid, logs, accounts);
    await compareKeys(await read("artwork"), counts);
    await compareTexts(client, schema, await read("artwork"), counts);
    await compareMoney(grid, read);
    await compareReceipts(logs, read);
    return sizes;
  } finally {
    await client.end();
  }
}

/** Columns that say when and where a row was written or changed: of the log, which no contract remembers. */
const ofTheLog =
  /^(seq|updated_(at|seq)|(registered|minted|opened|added|seen|anchor)_?(at|block|tx)|mint_tx|tx|time|block|log_index|place|(announced|bought|first_seen|last_seen|last_active)_at|last_event_(block|hash|time)|confirmed_seq|settlement_seq)$/;

/** Columns that are compared elsewhere, and where. */
const toldElsewhere: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  artwork: {
    trending: "compareKeys",
    name_key: "compareKeys",
    moved: "a part of display_locked",
  },
  artwork_version: {
    request_hash: "a part of what receipt_id is the digest of",
    body_hash: "the codec's tests compare it with the contract's",
  },
  model: { user: "compareAnswers: the contract forgets it when its time is over" },
  protocol: {
    accounts: "compareTotals",
    min_bond: "min_bond_now follows from it",
    next_min_bond: "next_min_bond_now follows from it",
    next_min_bond_from: "next_min_bond_from_now follows from it",
  },
  series: { body_hash: "the codec's tests compare it with the contract's" },
};

/** Key of a row as `contractStates` and `counters` write it. */
function keyOf(table: string, row: DatabaseRow): string {
  const key = (keys[table] ?? []).map((name) => plain(row[name])).join("/");
  return table === "attribute" ? key : key.toLowerCase();
}

/** Every column of the tables that are compared is told by a contract or counted. */
function expectTold(contractStates: readonly (readonly [string, ContractState])[]): void {
  const told = new Map<string, Set<string>>();
  for (const [table, state] of contractStates) {
    const columns = told.get(table) ?? new Set();
    for (const row of state.values()) for (const name of Object.keys(row)) columns.add(toSnakeCase(name));
    told.set(table, columns);
  }
  const left = [...told].flatMap(([table, columns]) =>
    (columnNames().get(table) ?? [])
      .filter((name) => !columns.has(name) && !keys[table]?.includes(name) && !ofTheLog.test(name))
      .filter((name) => name !== "chain_id" && !toldElsewhere[table]?.[name])
      .map((name) => `${table}.${name}`),
  );
  expect(left).toEqual([]);
}

/** What sorts artworks: scores to within two millionths, since Math.log2 rounds in another way; names without case and accents. */
async function compareKeys(artworks: readonly DatabaseRow[], counts: Counted): Promise<void> {
  for (const token of counts.tokens) {
    const row = artworks.find(({ token_id }) => token_id === `${token.tokenId}`);
    const others = remixesByOthers(counts, token).length;
    const score = Math.log2(1 + 3 * others) + Number(token.mintedAt) / 172_800;
    expect(Math.abs(Number(row?.trending) - score * 1e6), `trending of ${token.tokenId}`).toBeLessThan(2);
    const plainName = String(row?.name).slice(0, 256).normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
    expect(row?.name_key).toBe(shortened(plainName));
  }
}

/** What artworks are found by: the words of what the contracts say, for Postgres to compare; none of what is burnt. */
async function compareTexts(
  client: pg.Client,
  schema: string,
  artworks: readonly DatabaseRow[],
  { tokens, modelNames }: Counted,
): Promise<void> {
  const kept = tokens.filter(({ owner }) => owner !== undefined);
  const { rows } = await client.query<{ token_id: string }>(
    `select token_id from "${schema}".artwork_text order by token_id::numeric`,
  );
  const ids = kept.map(({ tokenId }) => `${tokenId}`).sort((a, b) => Number(a) - Number(b));
  expect(rows.map(({ token_id }) => token_id)).toEqual(ids);
  for (const { tokenId, tags, latest } of kept) {
    const { prompt, modelId } = latest.provenance.request;
    const row = artworks.find(({ token_id }) => token_id === `${tokenId}`);
    const [name, cid, artist] = [String(row?.name), String(row?.cid), String(row?.artist)];
    const text = { name, tags: tagList(tags), models: [modelNames.get(modelId) ?? ""], prompt, tokenId, cid, artist };
    const { rows: same } = await client.query<{ same: boolean }>(
      `select words = $1::tsvector as same from "${schema}".artwork_text where token_id = $2`,
      [textOf(text), `${tokenId}`],
    );
    expect([tokenId, same]).toEqual([tokenId, [{ same: true }]]);
  }
}

async function compareAccounts(grid: LocalGrid, logs: Logs, accounts: readonly DatabaseRow[]): Promise<void> {
  const { settlement, nft, aigc, registry } = grid.party(0).grid;
  const sumOf = (name: string, address: string | undefined, of: (args: never) => readonly [string, bigint]) =>
    logs.settlement
      .flatMap((log) => (log.eventName === name ? [of(log.args as never)] : []))
      .filter(([account]) => account.toLowerCase() === address)
      .reduce((sum, [, amount]) => sum + amount, 0n);
  const lanePayers = new Map(
    logs.settlement.flatMap((log) =>
      log.eventName === "LaneOpened" ? [[log.args.laneId, log.args.payer] as const] : [],
    ),
  );
  type Paid = { payer: string; laneId: `0x${string}`; toWorker: bigint; royalty: bigint; protocolFee: bigint };
  const gross = ({ toWorker, royalty, protocolFee }: Paid) => toWorker + royalty + protocolFee;
  type Moved = { account: string; amount: bigint };
  const moved = ({ account, amount }: Moved) => [account, amount] as const;
  const minted = logs.nft.flatMap((log) => (log.eventName === "SeriesMinted" ? [log.args] : []));
  const registered = logs.aigc.flatMap((log) => (log.eventName === "ModelRegistered" ? [log.args] : []));
  const addresses = accounts.map(({ address }) => address as `0x${string}`);
  const answers = await Promise.all(
    addresses.map((address) =>
      Promise.all([
        settlement.read.accountOf([address]),
        nft.read.balanceOf([address]),
        aigc.read.balanceOf([address]),
        registry.read.rewardOf([address]),
      ]),
    ),
  );
  for (const [i, [{ balance, thawing, thawReadyAt }, artworks, models, reward]] of answers.entries()) {
    const [row, address] = [accounts[i] ?? {}, addresses[i]];
    const said = {
      balance,
      thawing,
      thaw_ready_at: thawReadyAt,
      artworks_owned: artworks,
      models_owned: models,
      reward,
      deposited: sumOf("Deposited", address, moved) + sumOf("EarnedMoved", address, moved),
      withdrawn: sumOf("Withdrawn", address, moved),
      spent:
        sumOf("OrderSettled", address, (paid: Paid) => [paid.payer, gross(paid)]) +
        sumOf("LaneCollected", address, (paid: Paid) => [lanePayers.get(paid.laneId) ?? "", gross(paid)]),
      series_created: minted.filter(({ artist }) => artist.toLowerCase() === address).length,
      artworks_created: minted
        .filter(({ artist }) => artist.toLowerCase() === address)
        .reduce((sum, { count }) => sum + count, 0n),
      models_created: registered.filter(({ creator }) => creator.toLowerCase() === address).length,
    };
    const kept = Object.fromEntries(Object.keys(said).map((name) => [name, plain(row[name])]));
    const plainly = Object.fromEntries(Object.entries(said).map(([name, value]) => [name, plain(value)]));
    expect(kept, `account ${address}`).toEqual(plainly);
  }
  // Nobody is missing who holds something.
  const sum = (column: string) => accounts.reduce((total, row) => total + BigInt(String(row[column])), 0n);
  expect(sum("artworks_owned")).toBe(await nft.read.totalSupply());
  expect(sum("models_owned")).toBe(await aigc.read.totalSupply());
}

/** All AIPG in the settlement belongs to somebody, to the wei. */
async function compareMoney(grid: LocalGrid, read: (table: string) => Promise<DatabaseRow[]>): Promise<void> {
  const parts = [
    ["account", "balance"],
    ["lane", "free"],
    ["worker", "earned"],
    ["worker", "protocol_accrued"],
    ["model", "royalty_unclaimed"],
  ] as const;
  let sum = 0n;
  for (const [table, column] of parts) {
    for (const row of await read(table)) sum += BigInt(String(row[column]));
  }
  const { aipg, settlement } = grid.party(0).grid;
  expect(sum).toBe(await aipg.read.balanceOf([settlement.address]));
}

/** Every minted version has its receipt, and every receipt of a direct order that was settled was seen. */
async function compareReceipts(
  logs: Awaited<ReturnType<typeof logsOf>>,
  read: (table: string) => Promise<DatabaseRow[]>,
): Promise<void> {
  const receipts = new Map((await read("receipt")).map((row) => [row.receipt_id, row] as const));
  for (const version of await read("artwork_version")) {
    const receipt = receipts.get(version.receipt_id);
    expect([receipt?.token_id, receipt?.version]).toEqual([version.token_id, version.version]);
    for (const column of ["order_hash", "index", "image_hash", "cid_digest", "seed", "price", "worker", "payer"]) {
      expect(receipt?.[column], column).toEqual(version[column]);
    }
  }
  const settled = logs.settlement.flatMap((log) => (log.eventName === "OrderSettled" ? [log.args] : []));
  for (const { orderHash, receiptCount, root } of settled) {
    const shown = [...receipts.values()].filter((row) => row.order_hash === orderHash && row.root === root);
    expect(shown).toHaveLength(receiptCount);
  }
}

/** Every row of every table, in one order: two indexes of one chain have the same. */
export async function allRows(url: string, schema: string): Promise<Record<string, readonly string[]>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select c.relname as name from pg_class c where c.relnamespace = $1::regnamespace and c.relkind = 'r'
       and c.relname !~ '^_' order by 1`,
      [`"${schema}"`],
    );
    const all: Record<string, readonly string[]> = {};
    for (const { name } of tables) {
      const { rows } = await client.query<{ row: string }>(
        `select t::text as row from "${schema}"."${name}" t order by 1`,
      );
      all[name] = rows.map(({ row }) => row);
    }
    return all;
  } finally {
    await client.end();
  }
}

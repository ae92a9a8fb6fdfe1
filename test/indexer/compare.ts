import { toSnakeCase } from "drizzle-orm/casing";
import pg from "pg";
import { expect } from "vitest";
import type { LocalGrid } from "../e2e/chain.ts";
import { counted, logsOf, truths } from "./truth.ts";

type DatabaseRow = Readonly<Record<string, unknown>>;

/** Columns that make the key of a table, in the order in which `truths` joins them. */
const keys: Readonly<Record<string, readonly string[]>> = {
  model: ["model_id"],
  license: ["model_id", "account"],
  series: ["series_id"],
  artwork: ["token_id"],
  artwork_version: ["token_id", "version"],
  evolution: ["token_id", "version", "account", "body_hash"],
  worker: ["address"],
  signer: ["signer"],
  lane: ["lane_id"],
  lane_model_total: ["lane_id", "model_id"],
  anchor: ["lane_id", "payer", "root"],
  order_nonce: ["payer", "nonce"],
  equivocation: ["worker", "order_hash", "index"],
  fee_config: ["fee_config_id"],
  anchor_source: ["index"],
  protocol: ["chain_id"],
};

/** What is not a column but follows from some. */
function withDerived(table: string, row: DatabaseRow, now: bigint): DatabaseRow {
  if (table === "artwork") return { ...row, display_locked: row.frozen || (row.moved && row.policy !== 1) };
  if (table !== "model") return row;
  const isNext = BigInt(String(row.next_usage_from)) !== 0n && BigInt(String(row.next_usage_from)) <= now;
  return { ...row, usage_now: isNext ? row.next_usage_bps : row.usage_bps };
}

function plain(value: unknown): string {
  const text = String(value);
  return text.startsWith("0x") ? text.toLowerCase() : text;
}

/** Compares every row with contract calls, and the number of rows with the chain's logs. Returns how many rows there were. */
export async function compareAll(grid: LocalGrid, url: string, schema: string): Promise<Record<string, number>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const read = async (table: string): Promise<DatabaseRow[]> =>
    (await client.query(`select * from "${schema}"."${table}"`)).rows;
  try {
    const logs = await logsOf(grid);
    const now = await grid.now();
    const sizes: Record<string, number> = {};
    for (const [table, truthOf] of Object.entries(truths)) {
      const truth = await truthOf(grid, logs);
      const found = new Map(
        (await read(table)).map((row) => [(keys[table] ?? []).map((key) => plain(row[key])).join("/"), row] as const),
      );
      expect([...found.keys()].sort(), `keys of ${table}`).toEqual([...truth.keys()].sort());
      for (const [key, columns] of truth) {
        const row = withDerived(table, found.get(key) ?? {}, now);
        const said = Object.entries(columns).map(([name, value]) => [toSnakeCase(name), plain(value)]);
        const kept = said.map(([name]) => [name, plain(row[name ?? ""])]);
        expect(Object.fromEntries(kept), `${table} ${key}`).toEqual(Object.fromEntries(said));
      }
      sizes[table] = truth.size;
    }
    for (const [table, sizeOf] of Object.entries(counted)) {
      sizes[table] = sizeOf(logs);
      expect((await read(table)).length, table).toBe(sizes[table]);
    }
    await compareAccounts(grid, await read("account"));
    await compareMoney(grid, read);
    await compareReceipts(logs, read);
    return sizes;
  } finally {
    await client.end();
  }
}

async function compareAccounts(grid: LocalGrid, accounts: readonly DatabaseRow[]): Promise<void> {
  const { settlement, nft, aigc, registry } = grid.party(0).grid;
  for (const row of accounts) {
    const address = row.address as `0x${string}`;
    const { balance, thawing, thawReadyAt } = await settlement.read.accountOf([address]);
    const said = {
      balance,
      thawing,
      thaw_ready_at: thawReadyAt,
      artworks_owned: await nft.read.balanceOf([address]),
      models_owned: await aigc.read.balanceOf([address]),
      reward: await registry.read.rewardOf([address]),
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

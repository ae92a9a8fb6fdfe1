/** Events of a chain, given to the indexer's handlers one by one: whatever one changes of a row has to be stamped with its place. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type Abi, parseEventLogs } from "viem";
import { handlers } from "../../indexer/bundle/registry.ts";
import { type ContractName, indexedAbis } from "../../sdk/src/index.ts";
import { projectRoot } from "../../tools/check.ts";
import type { LocalGrid } from "../fixtures/chain.ts";
import { MemoryStore, type RowChange, type StoredRow } from "./memoryStore.ts";

const features = join(projectRoot, "indexer/src/features");
for (const file of readdirSync(features, { recursive: true, encoding: "utf8" })) {
  if (/\bhandlers\b.*\.ts$/.test(file)) await import(join(features, file));
}

/** Tables whose rows say when they were changed. */
export const stamped = ["account", "artwork", "lane", "license", "model", "series", "settlement", "worker"];

/** Tables whose rows change and don't say when: no list of the API has them, or their parent is stamped with them. */
const unstamped: Readonly<Record<string, string>> = {
  approval: "its place is that of its last event",
  artwork_text: "words of its artwork, which is stamped",
  attribute: "a counter",
  daily_statistics: "sums of a day",
  equivocation: "no list",
  evolution: "no list",
  lane_model_total: "of its lane, which is stamped",
  model_day: "sums of a day",
  operator_approval: "its place is that of its last event",
  order_nonce: "no list",
  protocol: "one row, which says the block of its last event",
  receipt: "its artwork and its settlement are stamped",
  series_holder: "of its series, which is stamped",
  signer: "no list",
  waiting_anchor: "its settlement is stamped",
  worker_day: "sums of a day",
  worker_model_week: "sums of a week",
};

/** Returns the fault of a change by an event of this place and time, if it has one. */
export function faultOf({ table, key, before, after }: RowChange, seq: bigint, time: bigint): string | undefined {
  if (!stamped.includes(table)) {
    return before && !unstamped[table] ? `${table} ${key} was changed: is it stamped?` : undefined;
  }
  if (!after) return `${table} ${key} was deleted: nobody would hear of it`;
  const content = ({ updatedAt: _, updatedSeq: __, ...rest }: StoredRow) => rest;
  if (before && isDeepStrictEqual(content(before), content(after))) return undefined;
  const isStamped = after.updatedSeq === seq && (table !== "artwork" || after.updatedAt === time);
  return isStamped ? undefined : `${table} ${key} was changed without a stamp`;
}

/** All logs of the chain in their order, by the names of their events. */
async function namedLogs({ deployment, party }: LocalGrid) {
  const named = Object.entries(indexedAbis).map(async ([contract, abi]) => {
    const { address } = deployment.contracts[contract as ContractName];
    const logs = await party(0).wallet.getLogs({ address, fromBlock: 0n, toBlock: "latest" });
    return parseEventLogs({ abi: abi as Abi, logs }).map((log) => ({ name: `${contract}:${log.eventName}`, log }));
  });
  return (await Promise.all(named))
    .flat()
    .sort((a, b) => Number(a.log.blockNumber - b.log.blockNumber) || a.log.logIndex - b.log.logIndex);
}

/** Events that have a handler and never happened. */
export async function missingEvents(grid: LocalGrid): Promise<string[]> {
  const happened = new Set((await namedLogs(grid)).map(({ name }) => name));
  return [...handlers.keys()].filter((name) => !happened.has(name)).sort();
}

/** Gives all events of the chain to the handlers, one by one. Returns what they changed without a stamp. */
export async function stampFaults(grid: LocalGrid): Promise<string[]> {
  const logs = await namedLogs(grid);
  const { wallet } = grid.party(0);
  const store = new MemoryStore();
  const faults: string[] = [];
  for (const { name, log } of logs) {
    const handler = handlers.get(name);
    if (!handler) continue;
    const block = await wallet.getBlock({ blockNumber: log.blockNumber });
    const transaction = await wallet.getTransaction({ hash: log.transactionHash });
    const event = { name, args: log.args, log, block, transaction };
    await handler({ context: { chain: { id: 31_337 }, db: store }, event });
    const seq = log.blockNumber * 1_000_000n + BigInt(log.logIndex);
    for (const change of store.takeChanges()) {
      const fault = faultOf(change, seq, block.timestamp);
      if (fault) faults.push(`${name}: ${fault}`);
    }
  }
  return faults;
}

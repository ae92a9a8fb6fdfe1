/** Every event of the four contracts is handled, or there is a reason why not. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { worker } from "../../indexer/ponder.schema.ts";
import { aigcAbi, gridNftAbi, gridSettlementAbi, workerRegistryAbi } from "../../sdk/src/index.ts";
import { projectRoot } from "../../tools/check.ts";
import { MemoryStore } from "./memoryStore.ts";
import { faultOf } from "./stamps.ts";

const contracts = {
  AIGC: aigcAbi,
  GridNFT: gridNftAbi,
  GridSettlement: gridSettlementAbi,
  WorkerRegistry: workerRegistryAbi,
} as const;

/** Events without a handler. */
const reasons: Readonly<Record<string, string>> = {
  "AIGC:MetadataUpdate": "says only that an event beside it changed what tokenURI answers",
  "GridNFT:MetadataUpdate": "says only that an event beside it changed what tokenURI answers",
  "GridNFT:AigcData": "repeats, in ERC-7007's form, what VersionAdded of the same call says",
};

const folder = join(projectRoot, "indexer/src");
const sources = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((name) => name.startsWith("features/") && name.endsWith(".ts"))
  .map((name) => readFileSync(join(folder, name), "utf8"))
  .join("\n");

/** Events by name as the handlers' sources state them, those of a list of acts included. */
function handled(contract: string): Set<string> {
  const single = [...sources.matchAll(new RegExp(`\\bregisterHandler\\("${contract}:(\\w+)"`, "g"))].map(
    ([, name]) => name ?? "",
  );
  const list = new RegExp(`\\b${contract}: \\[([^\\]]*)\\]`).exec(sources)?.[1] ?? "";
  return new Set([...single, ...[...list.matchAll(/"(\w+)"/g)].map(([, name]) => name ?? "")]);
}

it.each(Object.keys(contracts) as (keyof typeof contracts)[])("handles every event of %s", (contract) => {
  const events = new Set(contracts[contract].flatMap((item) => (item.type === "event" ? [item.name as string] : [])));
  const known = handled(contract);
  const left = [...events].filter((name) => !known.has(name)).map((name) => `${contract}:${name}`);
  expect(left.sort()).toEqual(
    Object.keys(reasons)
      .filter((name) => name.startsWith(`${contract}:`))
      .sort(),
  );
  expect([...known].filter((name) => !events.has(name))).toEqual([]);
});

it.each([
  ["no stamp", { bond: 2n }, true],
  ["the stamp of an event before", { bond: 2n, updatedSeq: 8n }, true],
  ["its stamp", { bond: 2n, updatedSeq: 9n }, false],
  ["nothing changed", { bond: 1n }, false],
])("a row that an event changes has its stamp: %s", async (_, change, isFault) => {
  const store = new MemoryStore();
  const key = { chainId: 31_337, address: `0x${"A1".repeat(20)}` };
  await store.insert(worker).values({ ...key, bond: 1n, updatedSeq: 7n });
  store.takeChanges();
  await store.update(worker, key).set(change);
  const [made] = store.takeChanges();
  expect(made).toMatchObject({ table: "worker", key: `31337/${key.address.toLowerCase()}`, after: change });
  expect(made && faultOf(made, 9n, 100n) !== undefined).toBe(isFault);
});

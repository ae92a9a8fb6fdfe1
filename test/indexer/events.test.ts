/** Every event of the four contracts is handled, or there is a reason why not. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { aigcAbi, gridNftAbi, gridSettlementAbi, workerRegistryAbi } from "../../sdk/src/index.ts";
import { projectRoot } from "../../tools/check.ts";

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
const sources = readdirSync(folder)
  .filter((name) => name.endsWith(".ts"))
  .map((name) => readFileSync(join(folder, name), "utf8"))
  .join("\n");

/** Events by name as the handlers' sources state them, those of a list of acts included. */
function handled(contract: string): Set<string> {
  const single = [...sources.matchAll(new RegExp(`\\bon\\("${contract}:(\\w+)"`, "g"))].map(([, name]) => name ?? "");
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

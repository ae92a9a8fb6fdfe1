/** Every event of the four contracts is handled, or there is a reason why not. */
import { expect, it } from "vitest";
import { handlers } from "../../indexer/bundle/registry.ts";
import { worker } from "../../indexer/ponder.schema.ts";
import { indexedAbis } from "../../sdk/src/index.ts";
import { MemoryStore } from "./memoryStore.ts";
import { faultOf } from "./stamps.ts";

/** Events without a handler. */
const reasons: Readonly<Record<string, string>> = {
  "AIGC:MetadataUpdate": "says only that an event beside it changed what tokenURI answers",
  "GridNFT:MetadataUpdate": "says only that an event beside it changed what tokenURI answers",
  "GridNFT:AigcData": "repeats, in ERC-7007's form, what VersionAdded of the same call says",
};

it.each(Object.entries(indexedAbis))("handles every event of %s", (contract, abi) => {
  const events = abi.flatMap((item) => (item.type === "event" ? [`${contract}:${item.name}`] : []));
  const ofContract = (name: string) => name.startsWith(`${contract}:`);
  const left = [...new Set(events)].filter((name) => !handlers.has(name));
  expect(left.sort()).toEqual(Object.keys(reasons).filter(ofContract).sort());
  expect([...handlers.keys()].filter((name) => ofContract(name) && !events.includes(name))).toEqual([]);
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

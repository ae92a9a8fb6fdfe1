import { expect, test } from "vitest";
import { compareLayouts, type Layout, namespaceSlot } from "./storageLayout.ts";

const before: Layout = {
  storage: [],
  namespaces: { "erc7201:a": { slot: "0x00", fields: ["slot 0 +0: uint64 next", "slot 1 +0: address owner"] } },
  types: { "struct Thing": ["slot 0 +0: uint128 amount"] },
};

function after(change: (layout: Layout) => void): { moved: string[]; added: string[] } {
  const now = structuredClone(before);
  change(now);
  return compareLayouts(before, now);
}

const fields = (layout: Layout) => layout.namespaces["erc7201:a"]?.fields ?? [];

test("the same layout", () => {
  expect(after(() => {})).toEqual({ moved: [], added: [] });
});

test("appending to a namespace and new namespaces are additions", () => {
  const { moved, added } = after((layout) => {
    fields(layout).push("slot 2 +0: uint256 more");
    layout.namespaces["erc7201:b"] = { slot: "0x01", fields: [] };
  });
  expect(moved).toEqual([]);
  expect(added).toHaveLength(2);
});

test.each<[string, (layout: Layout) => void]>([
  ["a changed type", (layout) => fields(layout).splice(0, 1, "slot 0 +0: uint32 next")],
  ["a field in between", (layout) => fields(layout).splice(1, 0, "slot 0 +8: uint64 other")],
  ["a field gone", (layout) => fields(layout).pop()],
  ["a namespace gone", (layout) => delete layout.namespaces["erc7201:a"]],
  ["a namespace elsewhere", (layout) => (layout.namespaces["erc7201:a"] = { slot: "0x02", fields: fields(layout) })],
  ["a struct grown, which moves what follows it", (layout) => layout.types["struct Thing"]?.push("slot 1 +0: bool x")],
  ["plain storage", (layout) => layout.storage.push("slot 0 +0: bool stray")],
])("%s is a move", (_name, change) => {
  expect(after(change).moved.length).toBeGreaterThan(0);
});

test("the slot of a namespace is the one of ERC-7201's example", () => {
  expect(namespaceSlot("erc7201:example.main")).toBe(
    "0x183a6125c38840424c4a85fa12bab2ab606c4b6d0e7cc73c0c06ba5300eab500",
  );
});

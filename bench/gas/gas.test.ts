import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { Floor, gas } from "./costs.ts";
import { mint, mintFloor } from "./floors.ts";
import { readSnapshots, resultsOf } from "./run.ts";
import { mintWorkload, TREE_SIZE, textLengths, texts } from "./workload.ts";

const snapshots = readSnapshots(fileURLToPath(new URL("../../test/gas/snapshots", import.meta.url)));

describe("bench/results/gas.json", () => {
  it("follows from the committed figures and the floors of this code (else: npm run bench:gas)", () => {
    expect(readFileSync(new URL("../results/gas.json", import.meta.url), "utf8")).toBe(resultsOf(snapshots));
  });
});

describe("the workload", () => {
  it("has texts of exactly the lengths that define it", () => {
    for (const [name, length] of Object.entries(textLengths)) {
      expect(Buffer.byteLength(texts[name as keyof typeof texts]), name).toBe(length);
    }
  });

  it("proves its receipts in a tree of 1,024 leaves", () => {
    expect(mintWorkload(1, false).proofs.map((proof) => proof.proof.length)).toEqual([Math.log2(TREE_SIZE)]);
  });

  it("is what test/gas/NftGas.t.sol mints, to the byte", () => {
    const bytes = (count: number, shared: boolean, treeSize?: number) =>
      mintWorkload(count, shared, treeSize).body.length / 2 - 1;
    expect([bytes(1, false), bytes(10, false), bytes(10, true)]).toEqual([679, 3847, 1327]);
    expect([bytes(50, false), bytes(50, true), bytes(1, false, 1)]).toEqual([17_927, 4_207, 659]);
  });

  it("stores what receipts share once", () => {
    const stored = (count: number, shared: boolean) => mintWorkload(count, shared).blobBytes;
    expect(stored(10, true)).toBeLessThan(stored(10, false) / 2);
    expect(stored(50, false)).toBeLessThan(24_576);
  });
});

describe("floors", () => {
  it("grow by what a further artwork needs", () => {
    const further = mint.tenShared().total - mint.one().total;
    expect(further).toBeGreaterThan(9 * (gas.freshSlot + 1_875 + 72 * gas.codeByte));
    expect(mint.fiftyUnique().total).toBeGreaterThan(5 * (mint.tenUnique().total - mint.one().total));
  });

  it("count calldata by its bytes, and never below EIP-7623", () => {
    expect(new Floor().calldata("three", "0x0001ff").total).toBe(21_000 + Math.max(4 + 16 + 16, 10 + 40 + 40));
    expect(new Floor().calldata("three", "0x0001ff").add("work", 1_000).total).toBe(21_000 + 36 + 1_000);
  });

  it("are sums of their lines", () => {
    const floor = mintFloor(mintWorkload(3, false));
    expect(floor.items.reduce((sum, item) => sum + item.gas, 0)).toBe(floor.total);
  });
});

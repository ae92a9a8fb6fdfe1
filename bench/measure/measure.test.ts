import { describe, expect, it } from "vitest";
import type { IndexingRun } from "../indexer/contender.ts";
import { timeOf } from "../indexer/contender.ts";
import { report as indexingReport } from "../indexer/report.ts";
import { copyRow } from "./copy.ts";
import { type CpuProfile, packageOf, summarise } from "./profile.ts";
import { median, percentile, ratio, table } from "./results.ts";

describe("figures", () => {
  it("have medians, percentiles and ratios", () => {
    expect([median([3, 1, 2]), median([4, 1, 3, 2])]).toEqual([2, 3]);
    expect(percentile([1, 2, 3, 4], 0.5)).toBe(3);
    expect(percentile([1, 2, 3, 4], 0.99)).toBe(4);
    expect([ratio(1, 3), ratio(1, 0), ratio(undefined, 1)]).toEqual([0.33, undefined, undefined]);
  });

  it("stand in a table under their heads", () => {
    const text = table(
      ["", "events/s"],
      [
        ["ours", 12_345],
        ["peer", undefined],
      ],
    );
    expect(text.split("\n")).toEqual(["      events/s", "ours    12,345", "peer         -"]);
  });
});

describe("the report of the indexing bench", () => {
  const run = (eventsPerSecond: number): IndexingRun => ({
    began: 0,
    boot: 1,
    seconds: 1,
    eventsPerSecond,
    peakMemory: 100,
    cpu: { indexer: 1, postgres: 1 },
  });

  it("sets medians of ours beside plain Ponder in the same circumstances, and beside the floor", () => {
    const rows = indexingReport(
      new Map([
        ["floor", [run(200)]],
        ["ours cold", [run(90), run(100), run(300)]],
        ["plain cold", [run(50)]],
        ["ours warm", [run(150)]],
      ]),
    );
    expect(
      rows.map(({ name, eventsPerSecond, peer, toPeer, toFloor, target }) => [
        name,
        eventsPerSecond,
        peer,
        toPeer,
        toFloor,
        target,
      ]),
    ).toEqual([
      ["floor", 200, undefined, undefined, 1, undefined],
      ["ours cold", 100, 50, 2, 0.5, 5_000],
      ["plain cold", 50, undefined, undefined, 0.25, undefined],
      ["ours warm", 150, undefined, undefined, 0.75, 15_000],
    ]);
  });

  it("takes times from Ponder's log", () => {
    const log = 'noise\n{"level":30,"time":123,"msg":"Started backfill indexing","chain":"grid"}\n';
    expect(timeOf(log, "Started backfill indexing")).toBe(123);
    expect(() => timeOf(log, "Ended")).toThrow('Ponder\'s log lacks "Ended".');
  });
});

describe("rows for COPY", () => {
  it("are what Postgres's text format takes", () => {
    expect(copyRow(["a\tb\\c\nd", 5n, null, true, ['say "hi"', "back\\slash"], { a: 1 }])).toBe(
      'a\\tb\\\\c\\nd\t5\t\\N\tt\t{"say \\\\"hi\\\\"","back\\\\\\\\slash"}\t{"a":1}\n',
    );
  });
});

describe("a CPU profile", () => {
  const frame = (functionName: string, url: string) => ({ functionName, url, lineNumber: 9 });
  const profile: CpuProfile = {
    nodes: [
      { id: 1, callFrame: frame("(idle)", "") },
      { id: 2, callFrame: frame("keccakP", "file:///x/node_modules/@noble/hashes/sha3.js") },
      { id: 3, callFrame: frame("read", "node:fs") },
    ],
    startTime: 50_000,
    samples: [1, 2, 2, 3],
    timeDeltas: [1_000, 2_000, 3_000, 1_000],
  };

  it("is summed by package and function, idle time apart", () => {
    expect(summarise(profile)).toEqual({
      busy: 6,
      idle: 1,
      byPackage: [
        { name: "@noble/hashes", milliseconds: 5, share: 0.833 },
        { name: "node", milliseconds: 1, share: 0.167 },
      ],
      byFunction: [
        { name: "keccakP (@noble/hashes, sha3.js:10)", milliseconds: 5, share: 0.833 },
        { name: "read (node, node:fs:10)", milliseconds: 1, share: 0.167 },
      ],
    });
  });

  it("can be summed for a part of the time", () => {
    expect(summarise(profile, { from: 54, to: 56 })).toMatchObject({ busy: 3, idle: 0 });
  });

  it("knows our own folders by name", () => {
    expect(packageOf(new URL("../../indexer/src/features/artworks/mintBlob.ts", import.meta.url).href)).toBe(
      "indexer/src/features/artworks",
    );
    expect(packageOf("/a/node_modules/ponder/node_modules/vite/index.js")).toBe("vite");
  });
});

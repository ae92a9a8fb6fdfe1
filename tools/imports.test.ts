import { describe, expect, it } from "vitest";
import {
  circlesIn,
  cloudLayers,
  directionFaults,
  galleryLayers,
  type ImportGraph,
  importedBy,
  importsOf,
  indexerLayers,
  localLayers,
  readImports,
  sdkLayers,
  workerLayers,
} from "./imports.ts";

const layers = [
  { name: "low", files: /^low\//, below: [] },
  { name: "aside", files: /^aside\//, below: ["low"] },
  { name: "high", files: /^high\//, below: ["aside"] },
];

function graph(imports: Readonly<Record<string, readonly string[]>>): ImportGraph {
  return new Map(Object.entries(imports));
}

describe("imports", () => {
  it("are read of types, values, re-exports and dynamic imports", () => {
    const text = `
      import type { A } from "./a.ts";
      import { type B, b } from "../b.ts";
      export * from "./c.ts";
      const d = await import("./d/d.ts");
      import "./e.ts";
      import { z } from "zod";
      // import { f } from "./f.ts";
      const g = 'import "./g.ts"';
    `;
    expect(importsOf("x/y/z.ts", text)).toEqual(["x/y/a.ts", "x/b.ts", "x/y/c.ts", "x/y/d/d.ts", "x/y/e.ts"]);
  });

  it("are followed to the SDK's sources and to Ponder's schema", () => {
    const text = `import { cidOf } from "@gridnft/sdk"; import { series } from "ponder:schema";`;
    expect(importsOf("indexer/src/a.ts", text)).toEqual(["sdk/src/index.ts", "indexer/ponder.schema.ts"]);
  });

  it("may go down by any number of layers", () => {
    expect(
      directionFaults(graph({ "high/a.ts": ["low/b.ts", "aside/c.ts", "high/d.ts", "other/e.ts"] }), layers),
    ).toEqual([]);
  });

  it("are faults upwards", () => {
    expect(directionFaults(graph({ "low/a.ts": ["aside/b.ts"], "aside/c.ts": ["high/d.ts"] }), layers)).toEqual([
      "low/a.ts (low) imports aside/b.ts (aside).",
      "aside/c.ts (aside) imports high/d.ts (high).",
    ]);
  });

  it("have a direction: no layer stands above one that comes later", () => {
    const circle = [
      { name: "a", files: /a/, below: ["b"] },
      { name: "b", files: /b/, below: ["a"] },
    ];
    expect(() => directionFaults(graph({}), circle)).toThrow("Layer a is above b, which does not stand before it.");
  });

  it("make circles, directly and through others", () => {
    const imports = {
      "a.ts": ["b.ts"],
      "b.ts": ["c.ts"],
      "c.ts": ["a.ts", "d.ts"],
      "d.ts": [],
      "e.ts": ["e.ts"],
      "f.ts": ["d.ts"],
    };
    expect(circlesIn(graph(imports))).toEqual([["a.ts", "b.ts", "c.ts"], ["e.ts"]]);
  });

  it("are followed through all files", () => {
    expect(importedBy(graph({ "a.ts": ["b.ts"], "b.ts": ["c.ts", "a.ts"], "d.ts": [] }), ["a.ts"])).toEqual([
      "a.ts",
      "b.ts",
      "c.ts",
    ]);
  });
});

describe.each([
  ["the SDK", ["sdk/src"], sdkLayers],
  ["the indexer", ["indexer"], indexerLayers],
  ["the cloud", ["cloud/src"], cloudLayers],
  ["the worker", ["worker", "devmodel"], workerLayers],
  ["the gallery", ["gallery/src"], galleryLayers],
] as const)("%s", (_, folders, layersOf) => {
  const imports = readImports(folders);

  it("has files in every layer, and no others", () => {
    const firstOf = (file: string) => layersOf.find(({ files }) => files.test(file))?.name;
    expect(new Set([...imports.keys()].map(firstOf))).toEqual(new Set(layersOf.map(({ name }) => name)));
  });

  it("imports in one direction", () => {
    expect(directionFaults(imports, layersOf)).toEqual([]);
  });

  it("has no circle of files", () => {
    expect(circlesIn(imports)).toEqual([]);
  });
});

describe("the local grid", () => {
  const imports = readImports(["local", "devmodel/src", "worker/src", "test/fixtures"]);

  it("imports in one direction", () => {
    expect(directionFaults(imports, localLayers)).toEqual([]);
  });

  it("has no circle of files", () => {
    expect(circlesIn(readImports(["local", "test/fixtures"]))).toEqual([]);
  });
});

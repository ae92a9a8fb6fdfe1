import { expect, test } from "vitest";
import { codeOf, isCounted, stands } from "./feature.ts";

test("code names a contract, comments do not", () => {
  expect(stands("WorkerRegistry", "a.ts", "x.WorkerRegistry.address")).toBe(true);
  expect(stands("WorkerRegistry", "a.ts", "workerRegistryAbi")).toBe(true);
  expect(stands("WorkerRegistry", "a.ts", "const a = 1; // WorkerRegistry\n/** WorkerRegistry */")).toBe(false);
  expect(stands("WorkerRegistry", "a.ts", "WorkerRegistered")).toBe(false);
  expect(stands("WorkerRegistry", "a.ts", "contracts.workerRegistry")).toBe(true);
  expect(stands("WorkerRegistry", "a.ts", "{ WorkerRegistry_ZeroAmount: 1 }")).toBe(true);
  expect(stands("WorkerRegistry", "a.ts", "await grid.registry.read.isBonded([account])")).toBe(true);
  expect(stands("WorkerRegistry", "a.ts", "new Registry(); registry.metrics()")).toBe(false);
  expect(stands("WorkerRegistry", "a.ts", 'registerHandler("WorkerRegistry:BondAdded"')).toBe(true);
  expect(stands("WorkerRegistry", "a.ts", 'error("No bond in WorkerRegistry.")')).toBe(false);
  expect(stands("GridNFT", "a.ts", "gridNftAbi")).toBe(true);
  expect(stands("GridNFT", "a.ts", 'import "@gridnft/sdk"')).toBe(false);
  expect(codeOf("a.graphql", '"Of the WorkerRegistry."\nbond: BigInt')).toBe("\nbond: BigInt");
  expect(codeOf("a.ts", 'const a = "https://b";')).toBe('const a = "https://b";');
});

test("paths name a contract by its nouns", () => {
  expect(stands("WorkerRegistry", "indexer/src/features/registry/schema.ts", "")).toBe(true);
  expect(stands("GridNFT", "cli/src/commands/mint.ts", "")).toBe(true);
  expect(stands("GridNFT", "cli/src/minted.ts", "")).toBe(false);
});

test("tests and what programs write are not counted", () => {
  const left = ["sdk/test/a.ts", "tools/a.test.ts", "sdk/src/generated/abis.ts", "indexer/schema/released.graphql"];
  expect(left.filter(isCounted)).toEqual([]);
  expect(isCounted("sdk/src/attest/a.ts")).toBe(true);
});

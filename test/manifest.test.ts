/** All lists of contracts follow from `contracts/manifest.ts`: a new contract is a line there, and what only it needs. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { createPublicClient, http } from "viem";
import { expect, it } from "vitest";
import { contractNames, contracts } from "../contracts/manifest.ts";
import { indexedContracts } from "../indexer/ops/indexedContracts.ts";
import { readRecording } from "../local/src/deployment.ts";
import * as sdk from "../sdk/src/index.ts";
import { projectRoot } from "../tools/check.ts";
import { countedFiles, stands } from "../tools/feature.ts";

const recorded = readRecording()?.deployment;
const deployment = sdk.parseDeployment(recorded);

it("names the contracts of contracts/, and the token", () => {
  const fronts = readdirSync(join(projectRoot, "contracts")).filter((name) => name.endsWith(".sol"));
  expect(contractNames().filter((name) => name !== "AIPG")).toEqual(fronts.map((name) => name.slice(0, -4)).sort());
  expect(contractNames("nouns")).toEqual(contractNames().filter((name) => name !== "AIPG"));
});

it("names what Deploy.s.sol deploys", () => {
  expect(Object.keys(recorded?.contracts ?? {}).sort()).toEqual(contractNames());
  expect(Object.keys(recorded?.implementations ?? {}).sort()).toEqual(contractNames("isProxy"));
});

it("is what the SDK reads from a deployment, and what it calls", () => {
  expect(sdk.contractNames).toEqual(contractNames());
  for (const name of contractNames()) {
    const { [name]: _, ...others } = deployment.contracts as Readonly<Record<string, unknown>>;
    expect(() => sdk.parseDeployment({ ...deployment, contracts: others })).toThrow(`contracts.${name}.address`);
  }
  const instances = sdk.gridContracts(createPublicClient({ transport: http("http://127.0.0.1:1") }), { deployment });
  const addresses = Object.entries(instances).map(([key, { address }]) => [key, address]);
  const expected = contractNames("key").map((name) => [contracts[name]?.key, recorded?.contracts[name]?.address]);
  expect(addresses).toEqual(expected);
});

it("is what Ponder reads", () => {
  const read = Object.entries(indexedContracts(deployment)).map(([name, { address }]) => [name, address]);
  expect(read).toEqual(contractNames("isIndexed").map((name) => [name, recorded?.contracts[name]?.address]));
});

/** Files that name all contracts with events without following from the manifest. */
const reasons: Readonly<Record<string, string>> = {
  "contracts/governance/PinnedFunctions.sol": "functions by their selectors",
  "script/Deploy.s.sol": "writes the deployment file, compared above",
  "script/GridGovernance.sol": "roles by functions",
  "sdk/src/chain/sentences.ts": "a sentence for each error",
};

it("is the only list of them", () => {
  const lists = countedFiles().filter(({ file, source }) => {
    return !file.endsWith(".md") && contractNames("isIndexed").every((name) => stands(name, file, source));
  });
  expect(lists.map(({ file }) => file).sort()).toEqual([...Object.keys(reasons), "contracts/manifest.ts"].sort());
});

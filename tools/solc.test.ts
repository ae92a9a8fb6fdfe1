import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { projectRoot } from "./check.ts";

interface Output {
  contracts: Record<string, Record<string, { evm: { bytecode: { object: string } }; metadata: string }>>;
  errors: { severity: string; errorCode: string }[];
}

function compile(contents: Record<string, string>): Output {
  const input = {
    language: "Solidity",
    sources: Object.fromEntries(
      Object.entries(contents).map(([file, content]) => [
        file,
        { content: `// SPDX-License-Identifier: MIT\npragma solidity 0.8.37;\n${content}\n` },
      ]),
    ),
    settings: {
      optimizer: { enabled: true, runs: 200 },
      metadata: { appendCBOR: false, bytecodeHash: "none" },
      outputSelection: { "*": { "*": ["evm.bytecode.object", "metadata"], "": ["ast"] } },
    },
  };
  const args = [join(projectRoot, "tools/solc"), "--standard-json"];
  const { stdout } = spawnSync(process.execPath, args, { input: JSON.stringify(input), encoding: "utf8" });
  return JSON.parse(stdout) as Output;
}

it("compiles a test without the optimizer, but not what it deploys, and says each fault once", () => {
  const { contracts, errors } = compile({
    "contracts/Ours.sol":
      "contract Ours { function sum(uint a, uint b) external pure returns (uint c) { c = a + b; } }",
    "test/New.t.sol": 'import {Ours} from "../contracts/Ours.sol"; contract New { Ours ours = new Ours(); }',
    "test/Code.t.sol":
      'import {Ours} from "../contracts/Ours.sol"; contract Code { bytes code = type(Ours).creationCode; }',
    "test/Plain.t.sol": "contract Plain { function odd() external pure { uint x; } }",
    "test/gas/Gas.t.sol": "contract Gas { }",
  });
  const of = (file: string, name: string) => contracts[file]?.[name] ?? expect.fail(`no ${name}`);
  const isOptimized = (file: string, name: string) =>
    (JSON.parse(of(file, name).metadata) as { settings: { optimizer: { enabled: boolean } } }).settings.optimizer
      .enabled;
  const ours = of("contracts/Ours.sol", "Ours").evm.bytecode.object;
  expect(of("test/New.t.sol", "New").evm.bytecode.object).toContain(ours);
  expect(of("test/Code.t.sol", "Code").evm.bytecode.object).toContain(ours);
  expect(isOptimized("contracts/Ours.sol", "Ours")).toBe(true);
  expect(isOptimized("test/gas/Gas.t.sol", "Gas")).toBe(true);
  expect(isOptimized("test/Plain.t.sol", "Plain")).toBe(false);
  expect(errors.map(({ severity, errorCode }) => `${severity} ${errorCode}`)).toEqual(["warning 2072"]);
});

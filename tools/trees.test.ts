import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ContractArtifact } from "./artifacts.ts";
import { projectRoot } from "./check.ts";
import { checkTreeFiles, stateChanging } from "./checkTrees.ts";
import {
  compareErrors,
  compareTests,
  declaredErrors,
  namedErrors,
  parseTrees,
  pascalCase,
  testNames,
} from "./trees.ts";

const names = (tree: string) => parseTrees(tree).trees.flatMap(({ tests }) => tests.map(({ name }) => name));

describe("names", () => {
  test("apostrophes vanish, other signs separate, letters keep their case", () => {
    expect(pascalCase("the caller isn't the ERC-721 owner (of tokenURI)")).toBe(
      "TheCallerIsntTheERC721OwnerOfTokenURI",
    );
  });

  test("the example in test/README.md asks for the tests it shows", () => {
    const [tree = "", tests = ""] = [
      ...readFileSync(join(projectRoot, "test/README.md"), "utf8").matchAll(/```\w*\n([\s\S]*?)```/g),
    ].map((match) => match[1]);
    const { trees, faults } = parseTrees(tree);
    expect(faults).toEqual([]);
    expect(trees[0]).toMatchObject({ contract: "GridSettlement", function: "openLane" });
    expect(testNames(tests)).toHaveLength(4);
    expect(compareTests(trees, testNames(tests))).toEqual([]);
  });

  test("leaves under one condition are one test, even beside deeper conditions", () => {
    const tree =
      "A::f\n└── when x\n    ├── it should a\n    ├── given y\n    │   └── it should b\n    └── it should c\n";
    expect(names(tree)).toEqual(["WhenX", "GivenY"]);
  });

  test("a leaf under the root is a test of its own", () => {
    expect(names("A::f\n├── it should add\n└── it should emit Added\n")).toEqual(["ShouldAdd", "ShouldEmitAdded"]);
  });

  test("with several roots the function comes first", () => {
    const tree =
      "A::f\n└── when x\n    └── it should revert with E\n\nA::g\n├── when x\n│   └── it should a\n└── it should b\n";
    expect(names(tree)).toEqual(["F_RevertWhen_X", "G_WhenX", "G_ShouldB"]);
  });

  test("comments are skipped", () => {
    expect(names("// why\nA::f // root\n└── it should add // leaf\n")).toEqual(["ShouldAdd"]);
  });
});

describe("faults of a tree", () => {
  const cases: [string, string, RegExp][] = [
    ["an empty file", "\n", /no tree/],
    ["a root that is no function", "A\n└── it should a\n", /not Contract::function/],
    ["a root without a leaf", "A::f\n", /no leaf/],
    ["a condition without a leaf", "A::f\n└── when x\n", /ends without/],
    ["a line that is neither", "A::f\n└── x\n    └── it should a\n", /begins with none/],
    ["a leaf with branches", "A::f\n└── when x\n    └── it should a\n        └── it should b\n", /can't have branches/],
    ["a revert without a condition", "A::f\n└── it should revert with E\n", /needs a condition/],
    ["a revert without an error", "A::f\n└── when x\n    └── it should revert, naming E\n", /3: .* names no error/],
    ["a refusal without an error", "A::f\n└── when x\n    └── it should refuse the rest\n", /3: .* names no error/],
    [
      "twins",
      "A::f\n├── when x\n│   └── it should a\n└── given y\n    └── when x\n        └── it should b\n",
      /same test name/,
    ],
    ["a branch before the root", "└── it should a\nA::f\n└── it should b\n", /before any root/],
  ];
  test.each(cases)("%s", (_name, tree, fault) => {
    expect(parseTrees(tree).faults.join("\n")).toMatch(fault);
  });
});

describe("tests against their tree", () => {
  const { trees } = parseTrees("A::f\n├── when x\n│   └── it should a\n└── when y\n    └── it should revert with E\n");

  test("test_ and testFuzz_ both answer", () => {
    expect(compareTests(trees, ["test_WhenX", "testFuzz_RevertWhen_Y"])).toEqual([]);
  });

  test("missing, double and unknown tests are faults", () => {
    expect(compareTests(trees, ["test_WhenX"]).join()).toMatch(/test_RevertWhen_Y: missing/);
    expect(compareTests(trees, ["test_WhenX", "testFuzz_WhenX", "test_RevertWhen_Y"]).join()).toMatch(/once: found 2/);
    expect(compareTests(trees, ["test_WhenX", "test_RevertWhen_Y", "test_More"]).join()).toMatch(
      /test_More answers no/,
    );
    expect(compareTests(trees, ["testWhenX", "test_RevertWhen_Y"])).toHaveLength(2);
  });

  test("a test in a comment is no test", () => {
    expect(testNames("/* function test_A() */ // function test_B()\nfunction test_C() {}")).toEqual(["test_C"]);
  });
});

describe("errors", () => {
  const { trees } = parseTrees(
    "A::f\n├── when x\n│   └── it should revert with A_One or A_Two\n└── when y\n    └── it should revert with Panic(0x11)\n",
  );
  const declared = new Set(["A_One", "A_Two"]);
  const x = "function test_RevertWhen_X() external { _expect(A.A_One.selector); }";
  const y = "function testFuzz_RevertWhen_Y() external { vm.expectRevert(stdError.arithmeticError); }";
  const helper =
    "function _expect(bytes4 one) internal { _expectTwo(); } function _expectTwo() internal { A.A_Two.selector; }";

  test("a leaf names one, or several", () => {
    expect(namedErrors("it should revert with A_One")).toEqual(["A_One"]);
    expect(namedErrors("it should revert with A, B or C and leave D")).toEqual(["A", "B", "C"]);
    expect(namedErrors("it should refuse x with Panic(0x11), or y with B, naming C")).toEqual(["Panic(0x11)", "B"]);
    expect(namedErrors("it should revert with its name")).toEqual([]);
  });

  test("Solidity declares them", () => {
    expect(declaredErrors("error A_One(); // error A_No();\n  error A_Two(uint256 x);")).toEqual(["A_One", "A_Two"]);
  });

  test("a test mentions them itself, or by what it calls in its file or another", () => {
    expect(compareErrors(trees, [`${x} ${y} ${helper}`], declared)).toEqual([]);
    expect(compareErrors(trees, [`${x} ${y}`, helper], declared)).toEqual([]);
  });

  test("one that another function mentions, or that isn't declared, is a fault", () => {
    const other = helper.replace("_expectTwo();", "");
    expect(compareErrors(trees, [`${x} ${y} ${other}`], declared)).toEqual([
      expect.stringMatching(/^line 2: test_RevertWhen_X doesn't mention A_Two$/),
    ]);
    expect(compareErrors(trees, [`${x} ${y} ${helper}`], new Set(["A_One"]))).toEqual([
      expect.stringMatching(/^line 2: no error A_Two is declared$/),
    ]);
    expect(compareErrors(trees, [`${x} ${helper}`], declared)).toEqual([
      expect.stringMatching(/^line 4: .* doesn't mention Panic\(0x11\)$/),
    ]);
  });
});

describe("files", () => {
  function folder(files: Record<string, string>): string {
    const root = mkdtempSync(join(tmpdir(), "trees-"));
    mkdirSync(join(root, "area"));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(root, "area", name), text);
    return root;
  }

  test("a pair that matches has no fault", () => {
    const root = folder({ "f.tree": "A::f\n└── it should a\n", "f.t.sol": "function test_ShouldA() external {}" });
    expect(checkTreeFiles(root)).toMatchObject({ tests: 1, faults: [] });
  });

  test("errors are looked for in contracts, packages and test doubles", () => {
    const tree =
      "A::f\n└── when x\n    └── it should revert with GridNFT_Paused, AccessManagedUnauthorized or A_None\n";
    const test =
      "function test_RevertWhen_X() external { A.GridNFT_Paused.selector; B.AccessManagedUnauthorized.selector; }";
    const root = folder({ "f.tree": tree, "f.t.sol": test });
    expect(checkTreeFiles(root).faults).toEqual([
      expect.stringMatching(/f\.tree: line 2: no error A_None is declared$/),
    ]);
  });

  test("a tree needs tests, and tests need a tree", () => {
    const root = folder({ "f.tree": "A::f\n└── it should a\n", "g.t.sol": "function test_ShouldA() external {}" });
    expect(checkTreeFiles(root).faults).toEqual([
      expect.stringMatching(/f\.t\.sol is missing/),
      expect.stringMatching(/g\.tree is missing/),
    ]);
  });
});

test("functions that need a tree: open, writing, with a body in this project, inherited ones too", () => {
  const artifact = (name: string, bases: string[], nodes: [string, string, string, boolean][]): ContractArtifact => ({
    name,
    source: `contracts/${name}.sol`,
    size: 0,
    creationSize: 0,
    definition: {
      contractKind: "contract",
      abstract: false,
      baseContracts: bases.map((base) => ({ baseName: { name: base } })),
      nodes: nodes.map(([functionName, visibility, stateMutability, implemented]) => ({
        nodeType: "FunctionDefinition",
        kind: "function",
        name: functionName,
        visibility,
        stateMutability,
        implemented,
      })),
    },
  });
  const all = new Map(
    [
      artifact(
        "A",
        ["Base", "IA", "ERC721"],
        [
          ["pay", "external", "payable", true],
          ["look", "external", "view", true],
          ["_pay", "internal", "nonpayable", true],
        ],
      ),
      artifact("Base", [], [["collect", "public", "nonpayable", true]]),
      artifact("IA", [], [["other", "external", "nonpayable", false]]),
    ].map((entry) => [entry.name, entry]),
  );
  expect(stateChanging("A", all)).toEqual(["A::collect", "A::pay"]);
});

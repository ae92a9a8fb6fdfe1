// `npm run check:trees [-- folder]`: every unit test follows its `.tree` (the rule is at the top of trees.ts), and every
// function of the deployed contracts that changes state has a tree. With a folder, checks just the files in it.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { contractNames } from "../contracts/manifest.ts";
import { artifacts, type ContractArtifact } from "./artifacts.ts";
import { filesBelow, projectRoot, runCheck } from "./check.ts";
import { compareErrors, compareTests, declaredErrors, parseTrees, type Tree, testNames } from "./trees.ts";

/** Folders of the errors that a tree can name. */
const errorFolders = ["contracts", "script", "test", "node_modules/@openzeppelin", "node_modules/solady/src"];

/** Checks the `.tree` files below `folder` against the `.t.sol` files beside them. */
export function checkTreeFiles(folder: string): { trees: Tree[]; tests: number; faults: string[] } {
  const errors = new Set(errorFolders.flatMap((name) => errorsBelow(join(projectRoot, name))));
  const trees: Tree[] = [];
  const faults: string[] = [];
  let tests = 0;
  for (const file of filesBelow(folder, ".tree")) {
    const parsed = parseTrees(readFileSync(join(folder, file), "utf8"));
    trees.push(...parsed.trees);
    faults.push(...parsed.faults.map((fault) => `${file}:${fault}`));
    const beside = file.replace(/\.tree$/, ".t.sol");
    if (!existsSync(join(folder, beside))) {
      faults.push(`${file}: ${beside} is missing`);
      continue;
    }
    const sources = sourcesOf(join(folder, beside));
    const names = testNames(sources[0] ?? "");
    tests += names.length;
    faults.push(...compareTests(parsed.trees, names).map((fault) => `${file}: ${fault}`));
    faults.push(...compareErrors(parsed.trees, sources, errors).map((fault) => `${file}: ${fault}`));
  }
  for (const file of filesBelow(folder, ".t.sol")) {
    const beside = file.replace(/\.t\.sol$/, ".tree");
    if (!existsSync(join(folder, beside))) faults.push(`${file}: ${beside} is missing`);
  }
  return { trees, tests, faults };
}

function errorsBelow(folder: string): string[] {
  return filesBelow(folder, ".sol").flatMap((file) => declaredErrors(readFileSync(join(folder, file), "utf8")));
}

/** Text of a test file, then of the files of test/ that it imports, and these import. */
function sourcesOf(testFile: string): string[] {
  const texts = new Map([[testFile, readFileSync(testFile, "utf8")]]);
  for (const [file, text] of texts) {
    for (const match of text.matchAll(/\bfrom "(\.[^"]+)"/g)) {
      const imported = resolve(dirname(file), match[1] ?? "");
      if (imported.startsWith(join(projectRoot, "test/"))) texts.set(imported, readFileSync(imported, "utf8"));
    }
  }
  return [...texts.values()];
}

/** Functions that change state, are callable from outside, and have their body in this project: `Contract::function`. */
export function stateChanging(contract: string, all: Map<string, ContractArtifact>): string[] {
  const found = new Set<string>();
  const seen = new Set<string>();
  const visit = (name: string): void => {
    const definition = all.get(name)?.definition;
    if (definition === undefined || seen.has(name)) return; // a library package's contract, or seen already
    seen.add(name);
    for (const node of definition.nodes) {
      const open = node.visibility === "external" || node.visibility === "public";
      const writes = node.stateMutability === "nonpayable" || node.stateMutability === "payable";
      if (node.nodeType === "FunctionDefinition" && node.kind === "function" && node.implemented && open && writes) {
        found.add(`${contract}::${node.name}`);
      }
    }
    for (const base of definition.baseContracts) visit(base.baseName.name.split(".").at(-1) ?? "");
  };
  visit(contract);
  return [...found].sort();
}

function main(): string[] {
  const folder = process.argv[2];
  const { trees, tests, faults } = checkTreeFiles(folder ?? join(projectRoot, "test/unit"));
  console.log(`${trees.length} trees, ${tests} tests beside them`);
  if (folder !== undefined) return faults;

  const all = artifacts();
  const planted = new Set(trees.map((tree) => `${tree.contract}::${tree.function}`));
  for (const contract of contractNames("isIndexed")) {
    if (!all.has(contract)) {
      faults.push(`${contract}: no artifact in out/, run npm run build`);
      continue;
    }
    for (const name of stateChanging(contract, all)) {
      if (!planted.has(name)) faults.push(`${name} has no tree in test/unit`);
    }
  }
  return faults;
}

runCheck(import.meta.url, "trees", main);

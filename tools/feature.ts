// `npm run feature -- WorkerRegistry`: folders in which a contract's feature stands, for each contract when none is named.
//
// A file stands for a contract when
// - its code, without comments and sentences in quotes, has the contract's name in any case, alone or in another name: `WorkerRegistry`,
//   `IWorkerRegistry`, `workerRegistryAbi`, `WorkerRegistry_ZeroAmount`; or
// - its code calls the contract by its key in `gridContracts`: `registry.read`; or
// - its path has one of the contract's nouns as a word: `cli/src/commands/mint.ts`, `indexer/src/features/registry/`.
// Keys and nouns stand in `contracts/manifest.ts`. Counted are folders of such files, the folder itself alone. Left out are tests and
// benches (`test`, `bench`, `*/test`, `*.test.ts`) and files that programs write (`generated`, JSON). A page of docs counts when it names
// the contract, and all pages are one folder.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { contractNames, contracts } from "../contracts/manifest.ts";
import { filesBelow, projectRoot, runCheck } from "./check.ts";

const folders = [
  "contracts",
  "script",
  "sdk",
  "indexer",
  "cloud",
  "worker",
  "cli",
  "devmodel",
  "gallery",
  "local",
  "tools",
  "docs",
];
const ends = [".sol", ".ts", ".mts", ".mjs", ".graphql", ".sql", ".md"];

/** Returns true for a file that is no test and was not written by a program. */
export function isCounted(file: string): boolean {
  return !/(^|\/)(test|generated|dist|recorded|canary)\/|\.test\.ts$|\/released\.graphql$/.test(file);
}

/** Returns a source's text without its comments, its sentences in quotes, and descriptions in GraphQL. */
export function codeOf(file: string, source: string): string {
  if (file.endsWith(".md")) return source;
  if (file.endsWith(".graphql")) return source.replace(/"""[\s\S]*?"""|"[^"\n]*"|#.*/g, "");
  const code = source.replace(/\/\*[\s\S]*?\*\/|(?<![:"'`\w])\/\/.*|(?<=^|\s)--.*/gm, "");
  return code.replace(/"[^"\n]*"|`[^`]*`/g, (text) => (/\s/.test(text) ? "" : text));
}

/** Returns the words of a path: `src/growingTree.ts` has `src`, `growing`, `tree` and `ts`. */
function wordsOf(path: string): string[] {
  return path
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z\d]+/);
}

/** Returns true when a file stands for a contract. */
export function stands(contract: string, file: string, source: string): boolean {
  const { key, nouns } = contracts[contract] ?? {};
  const words = wordsOf(file);
  if (!file.endsWith(".md") && nouns?.split(" ").some((noun) => words.includes(noun))) return true;
  const code = codeOf(file, source);
  const call = new RegExp(`\\b${key}\\.(read|write|simulate|estimateGas|getEvents|watchEvent|address|abi)\\b`);
  if (key !== undefined && call.test(code)) return true;
  // In small letters it is the project's name, not that of GridNFT.
  return (code.match(new RegExp(contract, "gi")) ?? []).some((name) => name !== "gridnft");
}

/** Reads all files that are counted. */
export function countedFiles(): readonly { readonly file: string; readonly source: string }[] {
  return folders
    .flatMap((folder) =>
      ends.flatMap((end) => filesBelow(join(projectRoot, folder), end).map((path) => `${folder}/${path}`)),
    )
    .filter(isCounted)
    .map((file) => ({ file, source: readFileSync(join(projectRoot, file), "utf8") }));
}

function report(): string[] {
  const named = process.argv.slice(2);
  const known = contractNames("nouns");
  const unknown = named.filter((name) => !known.includes(name));
  if (unknown.length > 0) return unknown.map((name) => `${name} is none of ${known.join(", ")}.`);
  const files = countedFiles();
  for (const contract of named.length > 0 ? named : known) {
    const counts = new Map<string, number>();
    for (const { file, source } of files) {
      if (stands(contract, file, source)) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
    }
    console.log(`${contract}: ${counts.size} folders`);
    for (const [folder, count] of [...counts].sort()) console.log(`  ${folder} (${count})`);
  }
  return [];
}

runCheck(import.meta.url, "feature", report);

// CONTRIBUTING.md: each noun of the map leads to a path that exists, and whose name has a word of the noun.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { projectRoot } from "./check.ts";

const page = readFileSync(join(projectRoot, "CONTRIBUTING.md"), "utf8");
const map = [...page.matchAll(/^\| ([^|`]+) \| `([^`]+)` \|$/gm)].map(
  ([, noun = "", path = ""]) => [noun, path] as const,
);

/** Nouns that a stranger asks for. */
const strangersList = [
  ...["withdrawal", "slashing", "full-text search", "which block is indexed", "a job", "lease", "voucher", "mint blob"],
  ...["licence check", "price quote", "sign-in", "takedown", "thumbnail", "CID", "royalty", "upgrade", "rate limit"],
  ...["scheduler sigmas", "golden messages", "gas snapshots", "lane", "bond", "Merkle tree", "renderer", "claim"],
];

/** Returns the words of three letters or more, in lower case. */
function wordsOf(text: string): string[] {
  const words = text.replace(/([a-z\d])([A-Z])/g, "$1 $2").toLowerCase();
  return words.split(/[^a-z\d]+/).filter((word) => word.length >= 3);
}

/** Returns true when two words begin with the same five letters, or the shorter one is the other's beginning. */
function isAlike(a: string, b: string): boolean {
  const length = Math.min(5, a.length, b.length);
  return a.slice(0, length) === b.slice(0, length);
}

/** Returns true when the file's name, or that of its folder, has a word of the noun. The program's folder does not count. */
function isFoundByName(noun: string, path: string): boolean {
  const names = path
    .split("/")
    .slice(1)
    .slice(-2)
    .join("/")
    .replace(/\.\w+(\.\w+)?$/, "");
  return wordsOf(names).some((name) => wordsOf(noun).some((word) => isAlike(name, word)));
}

describe("the map in CONTRIBUTING.md", () => {
  test("has the nouns of a stranger's list, and each once", () => {
    const nouns = map.map(([noun]) => noun);
    expect(strangersList.length).toBeGreaterThanOrEqual(20);
    expect(strangersList.filter((asked) => !nouns.some((noun) => noun.includes(asked)))).toEqual([]);
    expect(nouns.filter((noun, i) => nouns.indexOf(noun) !== i)).toEqual([]);
  });

  test.each(map)("%s: %s exists and is found by name", (noun, path) => {
    expect(existsSync(join(projectRoot, path)), path).toBe(true);
    expect(isFoundByName(noun, path), `${noun} in ${path}`).toBe(true);
  });

  test("is told from one whose names say nothing", () => {
    expect(isFoundByName("withdrawal", "contracts/settlement/Safe.sol")).toBe(false);
    expect(isFoundByName("worker accepts a job", "worker/src/take.ts")).toBe(false);
    expect(isFoundByName("worker accepts a job", "worker/src/jobs/acceptJob.ts")).toBe(true);
  });
});

// `npm run check:threats`: each threat of test/threats.json is answered by a test whose name says so (`test_T29_...`), and
// docs/security.md lists them. `npm run threats:update` writes the list, between `<!-- threats -->` and `<!-- end -->`.
// Tests named `test_PastMistake_...` show that a fault known from other systems is not ours; they are listed, too.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { filesBelow, projectRoot, runCheck } from "./check.ts";

const document = join(projectRoot, "docs/security.md");
const block = /<!-- threats -->\n[\s\S]*?<!-- end -->/;

/** Names of the Solidity tests below test/, with their file. */
export function solidityTests(folder = join(projectRoot, "test")): Map<string, string> {
  return new Map(
    filesBelow(folder, ".sol").flatMap((file) =>
      [...readFileSync(join(folder, file), "utf8").matchAll(/function ((?:test|invariant)\w+)/g)].map(
        (match): [string, string] => [match[1] ?? "", file],
      ),
    ),
  );
}

/** Tests that answer a threat: `test_T37a_...`, `testFuzz_T37a_...`, `invariant_T37a_...`. */
export function answersTo(threat: string, names: Iterable<string>): string[] {
  const pattern = new RegExp(`^(?:test|testFuzz|invariant)_T${threat}_`);
  return [...names].filter((name) => pattern.test(name)).sort();
}

export function table(threats: Record<string, string>, names: string[]): string {
  const cell = (tests: string[]): string => tests.map((name) => `\`${name}\``).join(" ");
  const rows = Object.entries(threats).map(([id, threat]) => `| ${id} | ${threat} | ${cell(answersTo(id, names))} |`);
  const mistakes = names.filter((name) => /^(?:test|testFuzz)_PastMistake_/.test(name)).sort();
  rows.push(`| | Faults found in the code of earlier systems | ${cell(mistakes)} |`);
  return ["| no. | threat | tests |", "| --- | --- | --- |", ...rows].join("\n");
}

function check(): string[] {
  const threats = JSON.parse(readFileSync(join(projectRoot, "test/threats.json"), "utf8")) as Record<string, string>;
  const names = [...solidityTests().keys()];
  const faults = Object.entries(threats)
    .filter(([id]) => answersTo(id, names).length === 0)
    .map(([id, threat]) => `no test answers threat ${id}: ${threat}`);
  const before = readFileSync(document, "utf8");
  const after = before.replace(block, () => `<!-- threats -->\n${table(threats, names)}\n<!-- end -->`);
  if (before !== after && process.argv.includes("--update")) writeFileSync(document, after);
  else if (before !== after)
    faults.push("docs/security.md does not list the tests as they are: npm run threats:update");
  return faults;
}

runCheck(import.meta.url, "threats", check);

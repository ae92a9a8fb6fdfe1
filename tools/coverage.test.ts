import { expect, test } from "vitest";
import { type CoverageException, parseLcov, uncovered } from "./coverage.ts";

const report = "TN:\nSF:contracts/A.sol\nDA:1,3\nDA:2,0\nBRDA:1,0,0,3\nBRDA:1,0,1,-\nend_of_record\n";
const source = "if (ready) pay();\nrevert Unreachable();\n";

function gaps(exceptions: CoverageException[]): { faults: string[]; used: number } {
  const [coverage] = parseLcov(report);
  if (coverage === undefined) throw new Error("no file");
  const used = new Set<CoverageException>();
  return { faults: uncovered(coverage, source, exceptions, used), used: used.size };
}

test("names each line and branch that was never taken", () => {
  expect(gaps([]).faults).toEqual([
    "contracts/A.sol:1: branch never taken: if (ready) pay();",
    "contracts/A.sol:2: line never taken: revert Unreachable();",
  ]);
});

test("an exception covers the line whose text it names", () => {
  const exception = { file: "contracts/A.sol", code: "revert Unreachable()", reason: "the library checks it before" };
  expect(gaps([exception])).toMatchObject({ faults: [expect.stringMatching(/^contracts\/A.sol:1/)], used: 1 });
});

test("an exception must name one line", () => {
  const exception = { file: "contracts/A.sol", code: "e", reason: "vague" };
  expect(gaps([exception]).faults[0]).toMatch(/stands 2 times/);
});

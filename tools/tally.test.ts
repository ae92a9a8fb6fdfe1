import { describe, expect, test } from "vitest";
import { tally } from "./tally.ts";

const forge = (passed: number, failed: number, skipped = 0) =>
  `Ran 2 test suites in 5.0s (6.0s CPU time): ${passed} tests passed, ${failed} failed, ${skipped} skipped (9 total tests)\n`;
const vitest = (numPassedTests: number, numFailedTests: number) =>
  JSON.stringify({ numPassedTests, numFailedTests, numPendingTests: 0 });

describe("green only when everything says so", () => {
  test("forge", () => {
    expect(tally("forge", `noise\n${forge(7, 0)}\n`, 0)).toEqual({ passed: 7, failed: 0, note: "" });
    expect(
      tally(
        "forge",
        `Ran 1 test suite in 1ms (1ms CPU time): \u001b[32m3\u001b[0m tests passed, 0 failed, 0 skipped`,
        0,
      ),
    ).toEqual({ passed: 3, failed: 0, note: "" });
  });

  test("vitest", () => {
    expect(tally("vitest", vitest(4, 0), 0)).toEqual({ passed: 4, failed: 0, note: "" });
  });

  test("a check counts as one", () => {
    expect(tally("exit", "", 0)).toEqual({ passed: 1, failed: 0, note: "" });
    expect(tally("exit", "", 2)).toMatchObject({ passed: 0, failed: 1 });
  });
});

describe("red", () => {
  test("when a test failed, even if the exit code says 0", () => {
    expect(tally("forge", forge(7, 2), 0)).toMatchObject({ passed: 7, failed: 2 });
    expect(tally("vitest", vitest(4, 1), 0)).toMatchObject({ passed: 4, failed: 1 });
  });

  test("when the exit code is bad, even if no test failed", () => {
    expect(tally("forge", forge(7, 0), 1)).toMatchObject({ passed: 7, failed: 1 });
    expect(tally("vitest", vitest(4, 0), 1)).toMatchObject({ passed: 4, failed: 1 });
  });

  test("when there is no count", () => {
    expect(tally("forge", "Error: compiler run failed", 0)).toMatchObject({ passed: 0, failed: 1 });
    expect(tally("vitest", "", 0)).toMatchObject({ passed: 0, failed: 1 });
    expect(tally("vitest", "{}", 0)).toMatchObject({ passed: 0, failed: 1 });
  });

  test("when no test ran", () => {
    expect(tally("forge", forge(0, 0), 0)).toMatchObject({ passed: 0, failed: 1 });
    expect(tally("vitest", vitest(0, 0), 0)).toMatchObject({ passed: 0, failed: 1 });
  });
});

test("skipped tests are named", () => {
  expect(tally("forge", forge(7, 0, 2), 0)).toEqual({ passed: 7, failed: 0, note: "2 skipped" });
});

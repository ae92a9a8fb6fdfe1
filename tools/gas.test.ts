import { expect, test } from "vitest";
import { compareGas } from "./gas.ts";

test("a figure that moved, is new or is gone is a fault", () => {
  expect(compareGas("A.json", { a: "100", b: "5", c: "1" }, { a: "90", c: "1", d: "7" })).toEqual([
    'A.json: "a" costs 90, was 100 (-10)',
    'A.json: "b" is recorded, but no test measures it',
    'A.json: "d" costs 7, not recorded yet',
  ]);
});

import { expect, it } from "vitest";
import { GridError, jobPrice, receiptPrice, workOf } from "../src/index.ts";

const size = { width: 512, height: 512, steps: 30, count: 1 };

it("is exact where a floating-point number is not", () => {
  const rate = 123_456_789_012_345_678_901n;
  expect(jobPrice({ ...size, count: 3 }, rate)).toBe((512n * 512n * 30n * 3n * rate + 999_999n) / 1_000_000n);
  expect(workOf(size)).toBe(7_864_320n);
});

it("rounds up, to the wei", () => {
  expect(jobPrice({ width: 64, height: 64, steps: 1, count: 1 }, 1n)).toBe(1n); // 0.004096
  expect(jobPrice({ width: 1_000, height: 1_000, steps: 1, count: 1 }, 5n)).toBe(5n);
  expect(jobPrice({ width: 1_000, height: 1_001, steps: 1, count: 1 }, 5n)).toBe(6n);
  expect(jobPrice(size, 0n)).toBe(0n);
});

it("refuses what has no price", () => {
  expect(() => jobPrice({ ...size, steps: -1 }, 1n)).toThrowError(GridError);
  expect(() => jobPrice({ ...size, width: 1.5 }, 1n)).toThrowError("width");
  expect(() => jobPrice(size, -1n)).toThrowError("rate");
  expect(() => receiptPrice(10n, 3, 3)).toThrowError("no receipt 3 of 3");
});

it("splits a price into receipts without losing a wei", () => {
  expect([0, 1, 2].map((index) => receiptPrice(11n, 3, index))).toEqual([5n, 3n, 3n]);
  expect([0, 1].map((index) => receiptPrice(1n, 2, index))).toEqual([1n, 0n]);
});

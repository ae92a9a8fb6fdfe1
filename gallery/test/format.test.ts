/** Counts, amounts, times and texts as the pages show them. */
import { describe, expect, it } from "vitest";
import { formatAipg, formatTime, shorten, shortHex } from "../src/text/format.ts";

describe("formats", () => {
  it("of amounts have at most four digits after the point, and never say nothing of something", () => {
    const aipg = 10n ** 18n;
    expect([0n, 1n, aipg / 10_000n, aipg, (1_234n * aipg) / 1_000n, 1_234_567n * aipg].map(formatAipg)).toEqual([
      ...["0 AIPG", "< 0.0001 AIPG", "0.0001 AIPG", "1 AIPG", "1.234 AIPG", "1,234,567 AIPG"],
    ]);
  });

  it("of times are in UTC", () => {
    expect(formatTime(1_767_225_600)).toBe("Jan 1, 2026, 12:00 AM UTC");
  });

  it("of hashes have their beginning and end", () => {
    expect(shortHex("0x14dC79964da2C08b23698B3D3cc7Ca32193d9955")).toBe("0x14dC…9955");
    expect(shortHex("0x1234")).toBe("0x1234");
  });

  it("of long texts end at a word, and never in the middle of a character", () => {
    expect(shorten("a lighthouse in a storm", 30)).toBe("a lighthouse in a storm");
    expect(shorten("a lighthouse in a storm", 18)).toBe("a lighthouse in…");
    expect(shorten("😀".repeat(5), 3)).toBe("😀😀…");
  });
});

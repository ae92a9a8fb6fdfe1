import { expect, it } from "vitest";
import { HALF_LIFE, log2, MICRO, trendingOf } from "../../indexer/src/features/artworks/trending.ts";

const mintedAt = 1_750_000_000n;

it("computes logarithms as Math does, to a millionth", () => {
  const values = [
    ...Array.from({ length: 20_000 }, (_, i) => i + 1),
    ...Array.from({ length: 52 }, (_, i) => [2 ** (i + 1) - 1, 2 ** (i + 1), 2 ** (i + 1) + 1]).flat(),
    Number.MAX_SAFE_INTEGER,
  ];
  const wrong = values.filter((value) => !(Math.abs(Number(log2(value)) / 1e6 - Math.log2(value)) < 1e-6));
  expect(wrong).toEqual([]);
});

it("is exact for powers of two", () => {
  for (let power = 0; power < 53; power++) expect(log2(2 ** power)).toBe(BigInt(power) * MICRO);
});

it("says the same again, from memory or not", () => {
  expect(log2(3)).toBe(1_584_963n);
  expect(log2(3)).toBe(1_584_963n);
  expect(log2(999_999_937)).toBe(log2(999_999_937));
});

it("never falls when the number grows", () => {
  const values = Array.from({ length: 30_000 }, (_, i) => i + 2);
  expect(values.filter((value) => log2(value) < log2(value - 1))).toEqual([]);
});

it.each([0, -1, 1.5, Number.NaN, 2 ** 60])("takes no %s", (value) => {
  expect(() => log2(value)).toThrow(RangeError);
});

it("counts a remix by another artist as three likes", () => {
  const of = (likes: number, remixesByOthers: number) => trendingOf({ likes, remixesByOthers, mintedAt });
  expect(of(3, 0)).toBe(of(0, 1));
  expect(of(0, 1) - of(0, 0)).toBe(2n * MICRO);
  expect(trendingOf({ remixesByOthers: 0, mintedAt })).toBe(of(0, 0));
});

it("puts an artwork that is a half life younger as high as one with twice the regard", () => {
  const younger = trendingOf({ remixesByOthers: 0, mintedAt: mintedAt + HALF_LIFE });
  expect(younger).toBe(trendingOf({ likes: 1, remixesByOthers: 0, mintedAt }));
});

it("fits eight bytes as long as there are times of 48 bits", () => {
  expect(trendingOf({ remixesByOthers: 2 ** 50, mintedAt: 2n ** 48n })).toBeLessThan(2n ** 63n);
});

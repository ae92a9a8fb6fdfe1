import { describe, expect, it } from "vitest";
import { gaussianNoise, philox } from "../../src/engines/onnx/noise.ts";

describe("Philox4x32-10", () => {
  // Known answers of the Random123 library.
  it.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ] as const)("counter %j, key %j", (counter, key, answer) => {
    expect(philox(counter, key)).toEqual(answer);
  });
});

describe("Gaussian noise", () => {
  it("is what torch.randn gives on CUDA for seed 0", () => {
    const known = [
      -0.92466259, -0.42534415, -2.6438457, 0.14518388, -0.12086647, -0.57972564, -0.62285122, -0.32838709, -1.07454231,
      -0.36314407, -1.67105067, 2.26550497,
    ];
    const noise = gaussianNoise(0n, 0, 12);
    known.forEach((value, i) => {
      expect(noise[i]).toBeCloseTo(value, 6);
    });
  });

  it("has mean 0, variance 1 and the tails of a normal distribution", () => {
    const noise = gaussianNoise(2n ** 63n - 1n, 3, 100_000);
    const mean = noise.reduce((sum, value) => sum + value, 0) / noise.length;
    const variance = noise.reduce((sum, value) => sum + (value - mean) ** 2, 0) / noise.length;
    expect(Math.abs(mean)).toBeLessThan(0.015);
    expect(Math.abs(variance - 1)).toBeLessThan(0.02);
    const beyondTwo = noise.filter((value) => Math.abs(value) > 2).length / noise.length;
    expect(Math.abs(beyondTwo - 0.0455)).toBeLessThan(0.003);
  });

  it("differs by every bit of the seed and by draw, and not by length", () => {
    const first = gaussianNoise(5n, 0, 64);
    expect(gaussianNoise(5n, 0, 128).slice(0, 64)).toEqual(first);
    for (const [seed, draw] of [
      [4n, 0],
      [5n + 2n ** 32n, 0],
      [5n + 2n ** 62n, 0],
      [5n, 1],
    ] as const) {
      const other = gaussianNoise(seed, draw, 64);
      expect(other.filter((value, i) => value === first[i])).toHaveLength(0);
    }
  });
});

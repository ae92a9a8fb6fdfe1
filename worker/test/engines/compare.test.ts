import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { comparePictures, encodePng, perceptualHash } from "../../src/engines/index.ts";

const [width, height] = [96, 64];

/** A picture of soft shapes, `change` added to each channel. */
function paint(turn: number, change: (i: number) => number = () => 0): Promise<Uint8Array> {
  const rgb = Uint8Array.from({ length: 3 * width * height }, (_, i) => {
    const [x, y] = [(Math.floor(i / 3) % width) / width, Math.floor(i / 3 / width) / height];
    const value = 128 + 70 * Math.sin(5 * x + turn) + 40 * Math.cos(9 * y * x + 3 * turn + (i % 3));
    return Math.round(value) + change(i);
  });
  return encodePng({ width, height, rgb });
}

describe("comparing pictures", () => {
  it("finds equal files identical", async () => {
    const picture = await paint(0);
    expect(await comparePictures(picture, picture)).toEqual({
      verdict: "identical",
      sameBytes: true,
      sameSize: true,
      maxDifference: 0,
      meanDifference: 0,
      perceptualDistance: 0,
    });
  });

  it("finds equal pixels in another file identical", async () => {
    const picture = await paint(0);
    const again = await sharp(picture).png({ compressionLevel: 1 }).toBuffer();
    expect(await comparePictures(picture, again)).toMatchObject({ verdict: "identical", sameBytes: false });
  });

  it("finds rounding similar", async () => {
    const result = await comparePictures(await paint(0), await paint(0, (i) => (i % 5 === 0 ? 2 : 0)));
    expect(result).toMatchObject({ verdict: "similar", maxDifference: 2 });
    expect(result.meanDifference).toBeCloseTo(0.4, 3);
  });

  it("finds the same picture with other small detail similar", async () => {
    const result = await comparePictures(await paint(0), await paint(0, (i) => (i % 7) - 3));
    expect(result.verdict).toBe("similar");
    expect(result.maxDifference).toBe(3);
  });

  it("finds another picture different, and a much brighter one, and one of another size", async () => {
    const picture = await paint(0);
    expect((await comparePictures(picture, await paint(1.5))).verdict).toBe("different");
    expect((await comparePictures(picture, await paint(0, () => 15))).verdict).toBe("different");
    const small = await sharp(picture).resize(48, 32).png().toBuffer();
    expect(await comparePictures(picture, small)).toMatchObject({
      verdict: "different",
      sameSize: false,
      maxDifference: undefined,
    });
  });

  it("has a perceptual hash that survives scaling and compression", async () => {
    const picture = await paint(0.4);
    const hash = await perceptualHash(picture);
    const jpeg = await sharp(picture).resize(300, 200).jpeg({ quality: 70 }).toBuffer();
    const bits = (value: bigint) => value.toString(2).replaceAll("0", "").length;
    expect(bits(hash ^ (await perceptualHash(jpeg)))).toBeLessThanOrEqual(6);
    expect(bits(hash ^ (await perceptualHash(await paint(2))))).toBeGreaterThan(12);
  });

  it("refuses files that are no pictures, and pictures that claim to be huge", async () => {
    const picture = await paint(0);
    const invalid = expect.objectContaining({ code: "PICTURE_INVALID" });
    await expect(comparePictures(picture, Uint8Array.of(1, 2, 3))).rejects.toEqual(invalid);
    const bomb = await sharp({ create: { width: 12_000, height: 12_000, channels: 3, background: "#000" } })
      .png()
      .toBuffer();
    expect(bomb.length).toBeLessThan(2_000_000);
    await expect(comparePictures(picture, bomb)).rejects.toEqual(invalid);
  });
});

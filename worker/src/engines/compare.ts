import sharp, { type Sharp } from "sharp";
import { EngineError } from "./types.ts";

/** Likeness of two pictures. */
export interface Comparison {
  /**
   * `identical`: every pixel equal. `similar`: a re-run on other hardware could differ so much. `different`: another picture.
   */
  readonly verdict: "identical" | "similar" | "different";
  /** True if the files are equal, metadata included. */
  readonly sameBytes: boolean;
  readonly sameSize: boolean;
  /** Greatest difference of a channel, 0 to 255. Absent when sizes differ. */
  readonly maxDifference: number | undefined;
  /** Mean absolute difference of a channel, 0 to 255. Absent when sizes differ. */
  readonly meanDifference: number | undefined;
  /** Bits of 64 in which the perceptual hashes differ. */
  readonly perceptualDistance: number;
}

/** Levels by which rounding on another processor or thread count may move a channel. */
const ROUNDING = 2;
/** Bits of the perceptual hash, and mean levels, by which two runs of one model at one seed on different hardware may differ. */
const SIMILAR_BITS = 6;
const SIMILAR_MEAN = 10;

/** Pixels that are decoded at most: a file of a few bytes can claim a picture of any size. */
const MAX_PIXELS = 64 * 1024 * 1024;

/**
 * Compares two picture files by bytes, by pixels and by perceptual hash (64 low frequencies of the grey picture against their
 * median, after Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010).
 *
 * @throws {@link EngineError} `PICTURE_INVALID` when one cannot be decoded.
 */
export async function comparePictures(a: Uint8Array, b: Uint8Array): Promise<Comparison> {
  const [first, second] = [await decode(a), await decode(b)];
  const sameBytes = Buffer.compare(a, b) === 0;
  const sameSize = first.width === second.width && first.height === second.height;
  if (sameSize && first.rgb.length !== second.rgb.length) {
    throw new EngineError("PICTURE_INVALID", "The pictures have different channels.");
  }
  const levels = sameSize ? differences(first.rgb, second.rgb) : undefined;
  const perceptualDistance = distance(await perceptualHash(a), await perceptualHash(b));
  const isNear =
    levels !== undefined &&
    (levels.max <= ROUNDING || (perceptualDistance <= SIMILAR_BITS && levels.mean <= SIMILAR_MEAN));
  return {
    verdict: levels?.max === 0 ? "identical" : isNear ? "similar" : "different",
    sameBytes,
    sameSize,
    maxDifference: levels?.max,
    meanDifference: levels?.mean,
    perceptualDistance,
  };
}

async function decode(file: Uint8Array): Promise<{ width: number; height: number; rgb: Uint8Array }> {
  try {
    const { data, info } = await open(file).toColourspace("srgb").raw().toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, rgb: data };
  } catch (cause) {
    throw new EngineError("PICTURE_INVALID", "The file is not a picture that can be decoded.", { cause });
  }
}

function open(file: Uint8Array): Sharp {
  return sharp(file, { limitInputPixels: MAX_PIXELS, failOn: "warning" }).flatten({ background: "#000" });
}

function differences(a: Uint8Array, b: Uint8Array): { max: number; mean: number } {
  let max = 0;
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs((a[i] as number) - (b[i] as number));
    if (difference > max) max = difference;
    sum += difference;
  }
  return { max, mean: sum / a.length };
}

const GRID = 32;
const KEPT = 8;

/** 64-bit perceptual hash of a picture file. */
export async function perceptualHash(file: Uint8Array): Promise<bigint> {
  const grey = await open(file)
    .greyscale()
    .resize(GRID, GRID, { fit: "fill", kernel: "cubic" })
    .raw()
    .toBuffer()
    .catch((cause: unknown) => {
      throw new EngineError("PICTURE_INVALID", "The file is not a picture that can be decoded.", { cause });
    });
  const low: number[] = [];
  for (let v = 0; v < KEPT; v++) {
    for (let u = 0; u < KEPT; u++) {
      let sum = 0;
      for (let y = 0; y < GRID; y++) {
        const row = Math.cos(((2 * y + 1) * v * Math.PI) / (2 * GRID));
        for (let x = 0; x < GRID; x++) {
          sum += (grey[y * GRID + x] as number) * row * Math.cos(((2 * x + 1) * u * Math.PI) / (2 * GRID));
        }
      }
      low.push(sum);
    }
  }
  // The mean brightness is so much greater than the rest that it says nothing.
  const sorted = low.slice(1).sort((a, b) => a - b);
  const median = sorted[sorted.length >> 1] as number;
  return low.reduce((hash, value) => (hash << 1n) | (value > median ? 1n : 0n), 0n);
}

function distance(a: bigint, b: bigint): number {
  let bits = 0;
  for (let rest = a ^ b; rest > 0n; rest >>= 1n) bits += Number(rest & 1n);
  return bits;
}

import { GridError } from "../lib/errors.js";

/** Quantities that a job's price depends on. */
export interface JobSize {
  readonly width: number;
  readonly height: number;
  readonly steps: number;
  /** Images. */
  readonly count: number;
}

/** Rates are per megapixel and step. */
const MEGAPIXEL = 1_000_000n;

/**
 * Price of a job: `ceil(width * height * steps * count * rate / 1,000,000)`, in whole AIPG wei.
 *
 * @param rate AIPG wei per megapixel and step.
 * @throws {@link GridError} `FIELD_INVALID` for a size that is not made of positive whole numbers, or a negative rate.
 *
 * @example
 * jobPrice({ width: 512, height: 512, steps: 30, count: 1 }, 10n ** 15n) // 7864320000000000n: 0.00786432 AIPG
 */
export function jobPrice(size: JobSize, rate: bigint): bigint {
  if (rate < 0n) throw new GridError("FIELD_INVALID", "A rate is not negative.", "rate");
  const work = workOf(size) * rate;
  return (work + MEGAPIXEL - 1n) / MEGAPIXEL;
}

/** Pixels times steps of all images: what a rate is multiplied with, before the division by a million. */
export function workOf(size: JobSize): bigint {
  const { width, height, steps, count } = size;
  return Object.entries({ width, height, steps, count }).reduce((product, [field, value]) => {
    if (!Number.isSafeInteger(value) || value <= 0) {
      throw new GridError("FIELD_INVALID", `${field} must be a positive whole number.`, field);
    }
    return product * BigInt(value);
  }, 1n);
}

/**
 * Price that receipt `index` of a job carries: `floor(price / count)`, and the first one takes the rest, so that the sum is
 * exactly `price`.
 *
 * @param price AIPG wei of the whole job.
 */
export function receiptPrice(price: bigint, count: number, index: number): bigint {
  if (!Number.isInteger(count) || count < 1 || !Number.isInteger(index) || index < 0 || index >= count) {
    throw new GridError("FIELD_INVALID", `There is no receipt ${index} of ${count}.`, "index");
  }
  const share = price / BigInt(count);
  return index === 0 ? price - share * BigInt(count - 1) : share;
}

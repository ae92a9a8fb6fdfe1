// The order "trending": log2(1 + likes + 3 * remixes by others) + time of the mint / half life, in millionths.
//
// Time is a constant of each artwork, so the order never has to be refreshed: an artwork that is a half life younger is as high
// as one with twice the regard. Only integers are computed with, so that a rebuilt index has the very same scores on every machine.
// Pure: no import of Ponder's.

/** Seconds after which the same regard counts half. */
export const HALF_LIFE = 172_800n;

/** A score of 1 in the units in which it is kept. */
export const MICRO = 1_000_000n;

/** Likes that a remix by another artist counts as. */
const LIKES_PER_REMIX = 3;

/** Figures that a score follows from. */
export interface Popularity {
  /** Accounts that like it; 0 as long as no contract states likes. */
  readonly likes?: number;
  /** Versions of other artists' artworks that were made from a picture of it. */
  readonly remixesByOthers: number;
  /** Unix seconds. */
  readonly mintedAt: bigint;
}

/** The score by which `TRENDING` sorts, in millionths. */
export function trendingOf({ likes = 0, remixesByOthers, mintedAt }: Popularity): bigint {
  return log2(1 + likes + LIKES_PER_REMIX * remixesByOthers) + (mintedAt * MICRO) / HALF_LIFE;
}

/** Bits of the mantissa, and of the fraction that is computed: 2^-32 is far below a millionth. */
const MANTISSA = 80n;
const FRACTION = 32n;

const known = new Map<number, bigint>();
const MAX_KNOWN = 10_000;

/**
 * Logarithm to base 2 in millionths, rounded. Bit by bit: the square of a number has twice its logarithm.
 * @param value A whole number from 1 to 2^53.
 */
export function log2(value: number): bigint {
  const before = known.get(value);
  if (before !== undefined) return before;
  if (!Number.isSafeInteger(value) || value < 1)
    throw new RangeError(`log2 takes a whole number from 1, not ${value}.`);
  const whole = BigInt(value.toString(2).length - 1);
  let mantissa = BigInt(value) << (MANTISSA - whole); // from 1 to 2
  let logarithm = whole;
  for (let bit = 0n; bit < FRACTION; bit++) {
    mantissa = (mantissa * mantissa) >> MANTISSA;
    const isTwo = mantissa >> (MANTISSA + 1n);
    mantissa >>= isTwo;
    logarithm = (logarithm << 1n) | isTwo;
  }
  const half = 1n << (FRACTION - 1n);
  const micro = (logarithm * MICRO + half) >> FRACTION;
  if (known.size < MAX_KNOWN) known.set(value, micro);
  return micro;
}

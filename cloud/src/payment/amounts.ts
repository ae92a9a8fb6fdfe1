/** Returns the smaller one of two amounts (Math.min takes no bigints). */
export function minBigInt(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}

/** Returns the larger one of two amounts. */
export function maxBigInt(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

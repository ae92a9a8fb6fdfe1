/** The smaller one of two amounts (Math.min knows no bigints). */
export function lesser(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}

/** The larger one of two amounts. */
export function greater(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

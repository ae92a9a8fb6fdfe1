/** Returns the number of a token's transfers with one more, as `stateOf` counts them. */
export function nextMoves(moves: bigint): bigint {
  return BigInt.asUintN(40, moves + 1n);
}

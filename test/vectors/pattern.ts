/** Bytes that look random and are the same everywhere: a linear congruential generator (32 bits). Names the files of `cids.json`. */
export function patternBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = 1;
  for (let i = 0; i < length; i++) {
    state = lcg(state);
    bytes[i] = state >> 16;
  }
  return bytes;
}

function lcg(state: number): number {
  return (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
}

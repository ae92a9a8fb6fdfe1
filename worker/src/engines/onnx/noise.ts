const MULTIPLIERS = [0xd2511f53, 0xcd9e8d57] as const;
const WEYL = [0x9e3779b9, 0xbb67ae85] as const;
const ROUNDS = 10;

/** 2^-32, and 2 pi times it in single precision as CUDA's Box-Muller has it. */
const UNIT = 2 ** -32;
const TURN = Math.fround(2.3283064e-10 * 6.2831855);

/** Four 32-bit words. */
export type Words = readonly [number, number, number, number];

/**
 * Philox4x32-10, the counter-based generator of Salmon, Moraes, Dror and Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3"
 * (2011). Checked against the known answers of their Random123 library.
 */
export function philox(counter: Words, key: readonly [number, number]): Words {
  let [a, b, c, d] = counter;
  let [left, right] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(a, MULTIPLIERS[0]);
    const low0 = Math.imul(a, MULTIPLIERS[0]);
    const high1 = multiplyHigh(c, MULTIPLIERS[1]);
    const low1 = Math.imul(c, MULTIPLIERS[1]);
    a = high1 ^ b ^ left;
    b = low1;
    c = high0 ^ d ^ right;
    d = low0;
    left = (left + WEYL[0]) | 0;
    right = (right + WEYL[1]) | 0;
  }
  return [a >>> 0, b >>> 0, c >>> 0, d >>> 0];
}

/** Upper half of the product of two 32-bit numbers. */
function multiplyHigh(a: number, b: number): number {
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  const middle = a1 * b0 + ((a0 * b0) >>> 16);
  return (a1 * b1 + Math.floor(middle / 65_536) + Math.floor((a0 * b1 + (middle & 0xffff)) / 65_536)) | 0;
}

/**
 * Standard normal numbers of a seed, number `draw` of them: 0 is the initial noise, 1, 2 ... are the ancestral steps'. Element i
 * comes from the counter (draw, 0, i, 0) and the key (low word of the seed, high word) by Box-Muller, of which the sine is
 * taken. That is what `torch.randn` gives on CUDA, hence what A1111, Forge and sd-server start from by default: a seed begins
 * with the same noise in all of them.
 */
export function gaussianNoise(seed: bigint, draw: number, length: number): Float32Array {
  const key = [Number(seed & 0xffffffffn), Number((seed >> 32n) & 0xffffffffn)] as const;
  const noise = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    const [first, second] = philox([draw, 0, i, 0], key);
    const radius = Math.sqrt(-2 * Math.log(first * UNIT + UNIT / 2));
    noise[i] = radius * Math.sin(second * TURN + TURN / 2);
  }
  return noise;
}

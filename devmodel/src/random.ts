/** A standard normal number (Box and Muller), one per two uniform ones. */
export function normal(next: () => number): number {
  const radius = Math.sqrt(-2 * Math.log(1 - next()));
  return radius * Math.cos(2 * Math.PI * next());
}

/** FNV-1a of a text's UTF-8 bytes, 32 bits: a word's own seed. */
export function textSeed(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

// Words that one edit tells apart. Pure: no import of Ponder's.

/** A word, and what is left of it without one of its characters: two words that one edit tells apart have one of these in common. */
export function deletionsOf(word: string): string[] {
  const characters = [...word];
  return [...new Set([word, ...characters.map((_, i) => characters.filter((__, j) => j !== i).join(""))])];
}

/** Returns whether one character more, less or other, or two that changed places, make one word of the other. */
export function isOneEdit(one: string, other: string): boolean {
  let [a, b] = [[...one], [...other]];
  const from = a.findIndex((character, i) => character !== b[i]);
  if (from === -1) return b.length === a.length + 1;
  [a, b] = [a.slice(from), b.slice(from)];
  while (a.length > 0 && b.length > 0 && a.at(-1) === b.at(-1)) {
    a.pop();
    b.pop();
  }
  if (a.length <= 1 && b.length <= 1) return true;
  return a.length === 2 && b.length === 2 && a[0] === b[1] && a[1] === b[0];
}

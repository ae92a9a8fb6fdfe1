import { MAX_UNKNOWN_WORDS } from "@gridnft/sdk/schemas";

/** Letters of a word that are named at most: writing without spaces is one long word. */
const MAX_LETTERS = 60;

const WORDS = /[\p{L}\p{M}\p{N}]+(?:['\u2019-][\p{L}\p{M}\p{N}]+)*/gu;
const LETTERS = /\p{L}[\p{L}\p{M}]*/gu;
/** Ends that English joins to a word. */
const CONTRACTIONS = new Set(["s", "t", "re", "ve", "m", "ll", "d"]);

/**
 * Words of prompts that a model was not made for, as they are typed, each once, the first {@link MAX_UNKNOWN_WORDS} of them. A
 * compound is known when each of its parts is; numbers are no words.
 *
 * @param knows Says so of a word in lower case.
 */
export function unknownWords(texts: readonly string[], knows: (word: string) => boolean): readonly string[] {
  const found = new Map<string, string>();
  for (const text of texts) {
    for (const [word] of text.normalize("NFC").matchAll(WORDS)) {
      const lower = word.toLowerCase();
      if (found.has(lower) || knows(lower)) continue;
      const parts = lower.match(LETTERS) ?? [];
      if (parts.every((part, i) => knows(part) || (i > 0 && CONTRACTIONS.has(part)))) continue;
      found.set(lower, word.length > MAX_LETTERS ? `${cut(word)}\u2026` : word);
      if (found.size === MAX_UNKNOWN_WORDS) return [...found.values()];
    }
  }
  return [...found.values()];
}

/** Beginning of a word, without half a character at its end. */
function cut(word: string): string {
  return word.slice(0, MAX_LETTERS).replace(/[\uD800-\uDBFF]$/, "");
}

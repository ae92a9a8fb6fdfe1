// Tokenizer of full text: one for what is searched and for what is asked. Postgres's own would read neither Chinese nor prefixes, and text
// and query must be cut into words alike. Pure: no import of Ponder's.
import { cut } from "../keys.ts";

/** Soft hyphens, joiners and variation selectors: they say how a word looks, not which it is. */
const invisible = /\u00ad|\u200c|\u200d|\u2060|\ufeff|\p{Variation_Selector}/gu;

/** Letters whose marks are accents. In other scripts marks are vowels, tones or voicing, and make other words. */
const accented = /([\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Arabic}\p{Script=Hebrew}])(\p{M}+)/gu;

/** Letters that no decomposition takes apart, as they are written without them. The sigma of a word's end is the same letter inside. */
const plain: Readonly<Record<string, string>> = {
  ...{ ß: "ss", æ: "ae", œ: "oe", ø: "o", đ: "d", ð: "d", þ: "th", ł: "l", ħ: "h", ı: "i", ŧ: "t", ς: "σ" },
};
const special = new RegExp(`[${Object.keys(plain).join("")}]`, "gu");

/** Letters and digits of any script with their marks. */
const run = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu;

/** In a run: one character of a script that puts no space between words, or what there is until the next of those. */
const unspaced = String.raw`[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}]`;
const part = new RegExp(String.raw`${unspaced}\p{M}*|(?:(?!${unspaced}).)+`, "gsu");

/** From the first of those scripts, Thai, on. */
const mayBeUnspaced = /[\u0e00-\u{10ffff}]/u;

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
const ascii = /^[\u0000-\u007f]*$/;

/** A word where it stands in a text as `normal` makes it. */
export interface Token {
  readonly word: string;
  readonly start: number;
  readonly end: number;
}

/**
 * The words of a text, in its order: without case, accents and differences of width, each cut.
 * @example tokensOf("Sci-Fi, Café 狐火") // ["sci", "fi", "cafe", "狐", "火"]
 */
export function tokensOf(text: string): string[] {
  return split(normal(text)).map(({ word }) => word);
}

/** A text as words are cut out of it: NFKC, lower case, without accents. */
export function normal(text: string): string {
  if (ascii.test(text)) return text.toLowerCase();
  return text
    .normalize("NFKD")
    .replace(invisible, "")
    .toLowerCase()
    .replace(accented, (_, letter: string, marks: string) => (letter === "и" && marks[0] === "\u0306" ? "й" : letter))
    .normalize("NFC")
    .replace(special, (letter) => plain[letter] ?? letter);
}

/** The first words of a text that `normal` has made. */
export function split(normalised: string, max = Number.POSITIVE_INFINITY): Token[] {
  const tokens: Token[] = [];
  for (const { 0: found, index } of normalised.matchAll(run)) {
    if (tokens.length >= max) break;
    if (mayBeUnspaced.test(found)) {
      for (const { 0: piece, index: at } of found.matchAll(part)) {
        if (tokens.length >= max) break;
        tokens.push(tokenOf(piece, index + at));
      }
    } else tokens.push(tokenOf(found, index));
  }
  return tokens;
}

function tokenOf(text: string, start: number): Token {
  return { word: cut(text), start, end: start + text.length };
}

// Full text: one tokenizer for what is searched and for what is asked. Postgres's own would read neither Chinese nor prefixes, and
// text and question must be cut into words alike. Pure: no import of Ponder's.

import { cut } from "../keys.ts";
import { addressWord, cidWord, tokenIdWord } from "./identifiers.ts";
import { formOf } from "./stems.ts";

/** Most words that a document is found by; what is beyond isn't. */
export const MAX_WORDS = 2_000;

/** Places of one word that Postgres keeps. */
const MAX_POSITIONS = 255;

/** Words of different fields, or of different tags, are no neighbours to a phrase. */
const GAP = 2;

/** Place of identifiers: the last that Postgres knows, next to no word. */
const IDENTIFIER_POSITION = "16383A";

/** Texts that an artwork is found by. */
export interface Document {
  readonly name: string;
  readonly tags: readonly string[];
  readonly models: readonly string[];
  readonly prompt: string;
  /** Identifiers, each a word of its own. */
  readonly tokenId: bigint;
  readonly cid: string;
  /** Address. */
  readonly artist: string;
}

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
export function split(normalised: string, most = Number.POSITIVE_INFINITY): Token[] {
  const tokens: Token[] = [];
  for (const { 0: found, index } of normalised.matchAll(run)) {
    if (tokens.length >= most) break;
    if (mayBeUnspaced.test(found)) {
      for (const { 0: piece, index: at } of found.matchAll(part)) {
        if (tokens.length >= most) break;
        tokens.push(tokenOf(piece, index + at));
      }
    } else tokens.push(tokenOf(found, index));
  }
  return tokens;
}

function tokenOf(text: string, start: number): Token {
  return { word: cut(text), start, end: start + text.length };
}

/**
 * A `tsvector` as Postgres reads it: name and identifiers with weight A, tags B, models C, prompt D; a word with another form (`formOf`) stands
 * under both. Whatever the texts are, it is one that Postgres takes and that fits its index: words have no quotes and no backslashes,
 * and are short and few enough.
 * @example
 * textOf({ name: "Red foxes", tags: [], models: [], prompt: "a fox", tokenId: 1001n, cid: "bafkreif...", artist: "0x14..." })
 * // "'red':1A 'foxes':2A 'fox':2A,6 'a':5 '#1001':16383A '#bafkreif...':16383A '#0x14...':16383A"
 */
export function textOf({ name, tags, models, prompt, tokenId, cid, artist }: Document): string {
  const positions = new Map<string, string[]>();
  let [position, words] = [0, 0];
  const put = (word: string, at: string): void => {
    const known = positions.get(word);
    if (!known) positions.set(word, [at]);
    else if (known.length < MAX_POSITIONS) known.push(at);
  };
  const add = (text: string, weight: string): void => {
    if (text === "") return;
    for (const { word } of split(normal(text), MAX_WORDS - words)) {
      words += 1;
      position += 1;
      put(word, `${position}${weight}`);
      const form = formOf(word);
      if (form !== undefined) put(form, `${position}${weight}`);
    }
    position += GAP;
  };
  add(name, "A");
  for (const tag of tags) add(tag, "B");
  for (const model of models) add(model, "C");
  add(prompt, ""); // D, if nothing is said
  for (const word of [tokenIdWord(tokenId), cidWord(cid), addressWord(artist)]) put(word, IDENTIFIER_POSITION);
  return [...positions].map(([word, at]) => `'${word}':${at.join(",")}`).join(" ");
}

// Texts of artworks as Postgres searches them. Pure: no import of Ponder's.
import { addressWord, cidWord, tokenIdWord } from "./identifiers.ts";
import { formOf } from "./stems.ts";
import { normal, split } from "./tokenizer.ts";

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

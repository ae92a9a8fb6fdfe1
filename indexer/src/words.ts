// Full text: one tokenizer for what is searched and for what is asked. Postgres's own would read neither Chinese nor prefixes, and
// text and question must be cut into words alike. Pure: no import of Ponder's.
import { cut } from "./keys.ts";

/** Most words that a document is found by; what is beyond isn't. */
export const MAX_WORDS = 2_000;

/** Most words of a question; what is beyond isn't asked for. */
export const MAX_QUERY_WORDS = 32;

/** Places of one word that Postgres keeps. */
const MAX_PLACES = 255;

/** Words of different fields, or of different tags, are no neighbours to a phrase. */
const GAP = 2;

/** Characters that a word begins with to be asked for without an end: shorter ones are in too many. */
const SHORTEST_PREFIX = 3;
const SHORTEST_STATED_PREFIX = 2;

/** What an artwork is found by; `artist` is empty as long as no contract states names of artists. */
export interface Document {
  readonly name: string;
  readonly tags: readonly string[];
  readonly models: readonly string[];
  readonly artist: string;
  readonly prompt: string;
}

/** Soft hyphens, joiners and variation selectors: they say how a word looks, not which it is. */
const invisible = /\u00ad|\u200c|\u200d|\u2060|\ufeff|\p{Variation_Selector}/gu;

/** Letters and digits of any script with their marks. */
const run = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu;

/** In a run: one character of a script that puts no space between words, or what there is until the next of those. */
const unspaced = String.raw`[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}]`;
const part = new RegExp(String.raw`${unspaced}\p{M}*|(?:(?!${unspaced}).)+`, "gsu");

/** From the first of those scripts, Thai, on. */
const mayBeUnspaced = /[\u0e00-\u{10ffff}]/u;

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
const ascii = /^[\u0000-\u007f]*$/;

/**
 * The words of a text, in its order: NFKC, lower case, each cut.
 * @example tokensOf("Sci-Fi, 狐火") // ["sci", "fi", "狐", "火"]
 */
export function tokensOf(text: string): string[] {
  return split(normal(text));
}

function normal(text: string): string {
  if (ascii.test(text)) return text.toLowerCase();
  // The small sigma at a word's end would keep "ΟΔΟΣ" from being the beginning of "οδοστρωμα".
  return text.normalize("NFKC").replace(invisible, "").toLowerCase().replaceAll("ς", "σ");
}

function split(normalised: string): string[] {
  const tokens: string[] = [];
  for (const found of normalised.match(run) ?? []) {
    if (mayBeUnspaced.test(found)) for (const piece of found.match(part) ?? []) tokens.push(cut(piece));
    else tokens.push(cut(found));
  }
  return tokens;
}

/**
 * A `tsvector` as Postgres reads it: name with weight A, tags B, models and artist C, prompt D. Whatever the texts are, it is one
 * that Postgres takes and that fits its index: words have no quotes and no backslashes, and are short and few enough.
 * @example textOf({ name: "Red fox", tags: [], models: [], artist: "", prompt: "a fox" }) // "'red':1A 'fox':2A,6 'a':5"
 */
export function textOf({ name, tags, models, artist, prompt }: Document): string {
  const places = new Map<string, string[]>();
  let [place, words] = [0, 0];
  const add = (text: string, weight: string): void => {
    if (text === "") return;
    for (const word of tokensOf(text)) {
      if (words === MAX_WORDS) return;
      words += 1;
      place += 1;
      const known = places.get(word);
      if (!known) places.set(word, [`${place}${weight}`]);
      else if (known.length < MAX_PLACES) known.push(`${place}${weight}`);
    }
    place += GAP;
  };
  add(name, "A");
  for (const tag of tags) add(tag, "B");
  for (const model of models) add(model, "C");
  add(artist, "C");
  add(prompt, ""); // D, if nothing is said
  return [...places].map(([word, at]) => `'${word}':${at.join(",")}`).join(" ");
}

/**
 * A question as people type it, as a `tsquery` to cast (`$1::tsquery`): words that all have to be there, `"a phrase"`, `or`,
 * `-word` and `-"a phrase"` for what must not be there, `word*` for a beginning. The last word is a beginning too as long as no
 * space or quote follows it: it may still be being typed. `and` binds tighter than `or`.
 *
 * @returns Undefined when it asks for nothing: no word, or only what must not be there.
 * @example tsqueryOf('fox -"red snow" or wol') // "'fox' & !('red' <-> 'snow') | 'wol':*"
 */
export function tsqueryOf(query: string): string | undefined {
  const text = normal(query);
  const groups: Group[] = [{ terms: [], asks: false }];
  let left = MAX_QUERY_WORDS;
  for (const match of text.matchAll(/(-*)"([^"]*)"?|([^\s"]+)/gu)) {
    const [all, dashes = "", phrase, word = ""] = match;
    let group = groups.at(-1) as Group;
    if (word === "or") {
      if (group.terms.length > 0) {
        group = { terms: [], asks: false };
        groups.push(group);
      }
      continue;
    }
    const isNot = (phrase === undefined ? word : dashes).startsWith("-");
    const tokens = split(phrase ?? word).slice(0, left);
    if (tokens.length === 0) continue;
    left -= tokens.length;
    const isTyped = match.index + all.length === text.length && !isNot;
    const least = word.endsWith("*") ? SHORTEST_STATED_PREFIX : isTyped ? SHORTEST_PREFIX : Number.POSITIVE_INFINITY;
    const isBeginning = phrase === undefined && [...(tokens.at(-1) ?? "")].length >= least;
    const term = `${tokens.map((token) => `'${token}'`).join(" <-> ")}${isBeginning ? ":*" : ""}`;
    group.terms.push(isNot ? `!(${term})` : term);
    group.asks ||= !isNot;
  }
  const asked = groups.filter(({ terms }) => terms.length > 0);
  if (asked.length === 0 || asked.some(({ asks }) => !asks)) return undefined;
  return asked.map(({ terms }) => terms.join(" & ")).join(" | ");
}

/** What has to be true together. */
interface Group {
  readonly terms: string[];
  /** Something must be there, not only be missing. */
  asks: boolean;
}

// Other forms under which a word is found: singulars of Latin script, and stems of scripts that one language with endings dominates.
// The language of a prompt is unknown: stemmers of single languages would merge words of others. Pure: no import of Ponder's.
import { stemmer as arabic } from "@orama/stemmers/arabic";
import { stemmer as armenian } from "@orama/stemmers/armenian";
import { stemmer as greek } from "@orama/stemmers/greek";
import { stemmer as russian } from "@orama/stemmers/russian";
import { stemmer as tamil } from "@orama/stemmers/tamil";
import pluralize from "pluralize";

/** Characters that a form has at least: shorter ones are other words. */
const SHORTEST_FORM = 3;

/** Forms that are remembered: prompts use the same words again and again. */
const MAX_KNOWN = 20_000;

const latin = /^[a-z]{4,}$/;
/** Endings of plurals; what has another one isn't looked at. "media" and "data" are left out: they stand beside "medium" and "date". */
const plural = /(?:s|men|children|people|mice|lice|teeth|feet|geese|oxen)$/;

/** Stemmers by the script of a word's first letter: those that Postgres has dictionaries of, too. */
const stemmers: readonly (readonly [script: RegExp, stem: (word: string) => string])[] = [
  [/^\p{Script=Cyrillic}/u, russian],
  [/^\p{Script=Greek}/u, greek],
  [/^\p{Script=Arabic}/u, arabic],
  [/^\p{Script=Armenian}/u, armenian],
  [/^\p{Script=Tamil}/u, tamil],
];

const known = new Map<string, string | undefined>();

/**
 * Other form of a word as `tokensOf` makes it: what all words of the same stem have in common. Undefined when there is none, or when it is the
 * word itself.
 * @example formOf("castles") // "castle"
 * @example formOf("кошки") // "кошк"
 */
export function formOf(word: string): string | undefined {
  const code = word.charCodeAt(0);
  if (code < 0x80 && !(plural.test(word) && latin.test(word))) return undefined;
  if (known.has(word)) return known.get(word);
  const form = code < 0x80 ? pluralize.singular(word) : stemOf(word);
  const found = form !== word && [...form].length >= SHORTEST_FORM ? form : undefined;
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(word, found);
  return found;
}

function stemOf(word: string): string {
  const [, stem] = stemmers.find(([script]) => script.test(word)) ?? [];
  return stem ? stem(word) : word;
}

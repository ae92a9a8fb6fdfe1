// A search as people type it, read into what has to be there. By the tokenizer that the rows are made with. Pure: no import of Ponder's.
import { identifierOf, tokenIdWord } from "./identifiers.ts";
import { formOf } from "./stems.ts";
import { isStopWord } from "./stopWords.ts";
import { normal, split } from "./tokenizer.ts";

/** Most words of a search; what is beyond isn't asked for. */
export const MAX_QUERY_WORDS = 32;

/** Characters that a word begins with to be asked for without an end: shorter ones are in too many. */
const SHORTEST_PREFIX = 3;
const SHORTEST_STATED_PREFIX = 2;

/** A word that may stand at a place. */
export interface Alternative {
  readonly word: string;
  /** Words that begin so. */
  readonly isBeginning: boolean;
}

/** Words next to each other, each in one of some forms. */
export interface Term {
  readonly positions: readonly (readonly Alternative[])[];
  /** It must not be there. */
  readonly isNot: boolean;
  /** Quoted: each word as it is written. */
  readonly isPhrase: boolean;
}

/** Alternatives of a search: the terms of one of them all have to be there. */
export type Search = readonly (readonly Term[])[];

/** Other spellings of words, by the word as it was asked for. */
export type Spellings = ReadonlyMap<string, readonly string[]>;

/**
 * Reads a search: words that all have to be there, `"a phrase"`, `or`, `-word` and `-"a phrase"` for what must not be there, `word*` for a
 * beginning, identifiers (`identifierOf`). `and` binds tighter than `or`. The last word is a beginning too as long as no space or quote follows
 * it: it may still be being typed. Words that say nothing (`isStopWord`) don't have to be there, unless there is no other, or they are quoted.
 *
 * @returns Undefined when it asks for nothing: no word, or only what must not be there.
 */
export function parseSearch(text: string): Search | undefined {
  const groups: Term[][] = [[]];
  let left = MAX_QUERY_WORDS;
  for (const { 0: all, 1: dashes = "", 2: phrase, 3: word = "", index } of text.matchAll(
    /(-*)"([^"]*)"?|([^\s"]+)/gu,
  )) {
    if (word.toLowerCase() === "or") {
      if (groups.at(-1)?.length) groups.push([]);
      continue;
    }
    const isNot = (phrase === undefined ? word : dashes).startsWith("-");
    const isLast = index + all.length === text.length && !isNot;
    const tokens = split(normal(phrase ?? word), left).map((token) => token.word);
    if (tokens.length === 0) continue;
    const typed = word.replace(/^-+/, "");
    const identifier = phrase === undefined ? identifierOf(typed) : undefined;
    if (identifier) {
      groups.at(-1)?.push({ positions: [identified(identifier, typed, tokens)], isNot, isPhrase: false });
      left -= 1;
      continue;
    }
    left -= tokens.length;
    const min = word.endsWith("*") ? SHORTEST_STATED_PREFIX : isLast ? SHORTEST_PREFIX : Number.POSITIVE_INFINITY;
    const isPhrase = phrase !== undefined;
    const isBeginning = !isPhrase && [...(tokens.at(-1) ?? "")].length >= min;
    const positions = tokens.map((token, i) =>
      alternatives(token, isBeginning && i === tokens.length - 1, isPhrase || isNot),
    );
    groups.at(-1)?.push({ positions, isNot, isPhrase });
  }
  const asked = groups.filter((terms) => terms.length > 0).map(withoutStopWords);
  if (asked.length === 0 || asked.some((terms) => terms.every(({ isNot }) => isNot))) return undefined;
  return asked;
}

/** An identifier, and the same as a word of a prompt; a number with `#` is no word. */
function identified(identifier: Alternative, typed: string, [word = "", ...more]: readonly string[]): Alternative[] {
  const isWord = more.length === 0 && !typed.startsWith("#");
  return isWord ? [identifier, { word, isBeginning: identifier.isBeginning }] : [identifier];
}

function alternatives(word: string, isBeginning: boolean, isAsWritten: boolean): Alternative[] {
  const found: Alternative[] = [{ word, isBeginning }];
  if (isAsWritten) return found;
  const form = formOf(word);
  // Words that begin with the form are found by it already.
  if (form !== undefined) found.push({ word: form, isBeginning: false });
  if (/^\d{1,78}$/.test(word)) found.push({ word: tokenIdWord(BigInt(word)), isBeginning: false });
  return found;
}

/** The words of a group that say something; all of them, if none does. */
function withoutStopWords(terms: readonly Term[]): readonly Term[] {
  const kept = terms.filter(
    ({ positions, isNot, isPhrase }) =>
      isNot || isPhrase || !positions.every(([first]) => isStopWord(first?.word ?? "")),
  );
  return kept.some(({ isNot }) => !isNot) ? kept : terms;
}

/**
 * A search as a `tsquery` to cast (`$1::tsquery`).
 * @param spellings Words that may stand for others.
 * @example writeTsquery(parseSearch('foxes -"red snow" or wol')) // "('foxes' | 'fox') & !('red' <-> 'snow') | 'wol':*"
 */
export function writeTsquery(search: Search, spellings?: Spellings): string {
  return search.map((terms) => terms.map((term) => writeTerm(term, spellings)).join(" & ")).join(" | ");
}

function writeTerm({ positions, isNot, isPhrase }: Term, spellings: Spellings | undefined): string {
  const written = positions.map((found) => {
    const spelled = isNot || isPhrase ? [] : (spellings?.get(found[0]?.word ?? "") ?? []);
    const words = [
      ...found.map(({ word, isBeginning }) => `'${word}'${isBeginning ? ":*" : ""}`),
      ...spelled.map((word) => `'${word}'`),
    ];
    return words.length === 1 ? `${words[0]}` : `(${words.join(" | ")})`;
  });
  const term = written.join(" <-> ");
  return isNot ? `!(${term})` : term;
}

/** A search as a `tsquery`; undefined when it asks for nothing. */
export function tsqueryOf(text: string): string | undefined {
  const search = parseSearch(text);
  return search && writeTsquery(search);
}

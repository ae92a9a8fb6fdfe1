// The piece of a text that a search found, as HTML. By the same words that Postgres finds it by: its own `ts_headline` would cut the
// text into other words, and find nothing in scripts without spaces.
import type { Alternative, Search, Spellings } from "../../lib/fullText/searchQuery.ts";
import { formOf } from "../../lib/fullText/stems.ts";
import { normal, split, type Token } from "../../lib/fullText/tokenizer.ts";
import { MAX_WORDS } from "../../lib/fullText/tsvector.ts";

/** Words of a piece. */
const LENGTH = 30;

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as HTML shows it. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * The piece with the most of what was searched. It begins and ends between words, and no mark cuts what is read as one character.
 * @param spellings Other spellings that were searched, too.
 * @returns Undefined when the text has nothing of it.
 */
export function snippetOf(text: string, search: Search, spellings?: Spellings): string | undefined {
  const { normalised, startOf, endOf } = mapped(text);
  const tokens = split(normalised, MAX_WORDS);
  const found = foundIn(tokens, search, spellings);
  const begin = bestWindow(found);
  if (begin === undefined) return undefined;
  const whole = wholeCharacters(text);
  const rangeOf = ({ start, end }: Token): Range => whole({ start: startOf(start), end: endOf(end) });
  const shown = tokens.slice(begin, begin + LENGTH).map(rangeOf);
  const isWhole = tokens.length <= LENGTH;
  let index = isWhole ? 0 : (shown[0]?.start ?? 0);
  let html = begin > 0 ? "… " : "";
  for (const { start, end } of joined(shown.filter((_, i) => found[begin + i]))) {
    html += `${escapeHtml(text.slice(index, start))}<mark>${escapeHtml(text.slice(start, end))}</mark>`;
    index = end;
  }
  html += escapeHtml(text.slice(index, isWhole ? text.length : (shown.at(-1)?.end ?? text.length)));
  return begin + LENGTH < tokens.length ? `${html} …` : html;
}

/** Returns the words of a text that a search found: of terms of several words, those that stand together. */
function foundIn(tokens: readonly Token[], search: Search, spellings: Spellings | undefined): boolean[] {
  const found = tokens.map(() => false);
  for (const { positions, isNot, isPhrase } of search.flat()) {
    if (isNot) continue;
    const spelled = isPhrase ? [] : (spellings?.get(positions[0]?.[0]?.word ?? "") ?? []);
    const matches = positions.map((alternatives) => matcherOf(alternatives, spelled));
    for (let i = 0; i + positions.length <= tokens.length; i++) {
      if (matches.every((isMatch, j) => isMatch(tokens[i + j]?.word ?? ""))) found.fill(true, i, i + positions.length);
    }
  }
  return found;
}

function matcherOf(alternatives: readonly Alternative[], spelled: readonly string[]): (word: string) => boolean {
  const whole = alternatives.filter(({ isBeginning }) => !isBeginning).map(({ word }) => word);
  const words = new Set([...whole, ...spelled]);
  const beginnings = alternatives.filter(({ isBeginning }) => isBeginning).map(({ word }) => word);
  const initials = new Set([...words, ...beginnings].map((word) => word[0]));
  const is = (word: string) => words.has(word) || beginnings.some((beginning) => word.startsWith(beginning));
  return (word) => {
    if (is(word)) return true;
    // Forms begin as their words do, but those of Arabic, which lose their article. Making one takes longer than anything else here.
    if (!initials.has(word[0]) && !arabic.test(word)) return false;
    const form = formOf(word);
    return form !== undefined && is(form);
  };
}

const arabic = /^\p{Script=Arabic}/u;

/** Returns the begin of the first window with the most of what was found. */
function bestWindow(found: readonly boolean[]): number | undefined {
  let best: number | undefined;
  let [max, count] = [0, 0];
  for (let i = 0; i < found.length; i++) {
    if (found[i]) count += 1;
    if (i >= LENGTH && found[i - LENGTH]) count -= 1;
    if (count <= max) continue;
    max = count;
    best = Math.max(0, i - LENGTH + 1);
  }
  return best;
}

/** Ranges that touch, as one. */
function joined(ranges: readonly Range[]): Range[] {
  const all: Range[] = [];
  for (const range of ranges) {
    const last = all.at(-1);
    if (last && range.start <= last.end)
      all[all.length - 1] = { start: last.start, end: Math.max(last.end, range.end) };
    else all.push(range);
  }
  return all;
}

// ------------------------------------------------------------------------------------------------- places in the text itself

/** A text as `normal` makes it, and where its places are in the text. */
interface Mapped {
  readonly normalised: string;
  startOf(index: number): number;
  endOf(index: number): number;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
const ascii = /^[\u0000-\u007f]*$/;

/** Characters that are normalised together with the one before them. */
const joins = /^(?:\p{M}|\u00ad|\u200c|\u200d|\u2060|\ufeff|\uff9e|\uff9f)$/u;
/** Letters that Korean syllables are written of, when they stand alone: normalised together, too. */
const jamo = /^[\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb]$/;

/** Properties of a character. */
interface Character {
  readonly normalised: string;
  readonly kind: "joins" | "jamo" | "other";
}

/** Characters that are remembered. */
const MAX_CHARACTERS = 20_000;
const characters = new Map<string, Character>();

function characterOf(text: string): Character {
  const known = characters.get(text);
  if (known) return known;
  const kind = joins.test(text) ? "joins" : jamo.test(text) ? "jamo" : "other";
  const made: Character = { normalised: normal(text), kind };
  if (characters.size >= MAX_CHARACTERS) characters.clear();
  characters.set(text, made);
  return made;
}

function mapped(text: string): Mapped {
  if (ascii.test(text)) return { normalised: text.toLowerCase(), startOf: (index) => index, endOf: (index) => index };
  let normalised = "";
  const [starts, ends]: [number[], number[]] = [[], []];
  // Word that ends when the next character doesn't belong to it.
  let [start, end, kind, alone]: [number, number, Character["kind"], string | undefined] = [0, 0, "other", ""];
  const put = (): void => {
    const made = alone ?? normal(text.slice(start, end));
    for (let i = 0; i < made.length; i++) {
      starts.push(start);
      ends.push(end);
    }
    normalised += made;
  };
  for (const letter of text) {
    const character = characterOf(letter);
    if (character.kind === "joins" || (character.kind === "jamo" && kind === "jamo")) alone = undefined;
    else {
      put();
      [start, kind, alone] = [end, character.kind, character.normalised];
    }
    end += letter.length;
  }
  put();
  return {
    normalised,
    startOf: (index) => starts[index] ?? text.length,
    endOf: (index) => ends[index - 1] ?? text.length,
  };
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Widens ranges of a text until they cut nothing that is read as one character. */
function wholeCharacters(text: string): (range: Range) => Range {
  if (ascii.test(text)) return (range) => range;
  const segments = graphemes.segment(text);
  return ({ start, end }) => {
    const last = segments.containing(end);
    const isCut = last !== undefined && last.index < end;
    return {
      start: segments.containing(start)?.index ?? start,
      end: isCut ? last.index + last.segment.length : end,
    };
  };
}

// Words that a word of a search may be a slip of: those of the vocabulary that one edit makes of it. The vocabulary is made beside the
// indexer (`ops/vocabulary.ts`); without it words are found as they are written.
import { quoted } from "../../../ops/sql.ts";
import { VOCABULARY } from "../../../ops/vocabulary.ts";
import { deletionsOf, isOneEdit } from "../../lib/fullText/edits.ts";
import type { Search, Spellings, Term } from "../../lib/fullText/searchQuery.ts";
import { oncePerBlock, type QueryContext } from "./queryContext.ts";

/** Letters of a word that may be a slip: shorter ones are near to too many others. */
const SHORTEST = 5;
/** Words of a search that are looked up: each takes statements of its own. */
const MAX_LOOKED_UP = 4;
/** Artworks that make a word one that is meant as it is written. */
const KNOWN = 5;
/** Other spellings of a word. */
const MAX_SPELLINGS = 8;

/** Milliseconds after which the vocabulary is looked at again, when no block comes meanwhile. */
const FRESH = 15_000;

/** Letters alone: numbers and names of engines are near to each other, and mean something else. */
const letters = /^[\p{L}\p{M}]+$/u;

interface WordRow {
  readonly word: string;
  readonly artworks: number;
}

/** Other spellings of the words of a search that hardly any artwork has. */
export async function spellingsOf(context: QueryContext, search: Search): Promise<Spellings | undefined> {
  const words = new Map(search.flat().flatMap(wordOf).slice(0, MAX_LOOKED_UP));
  if (words.size === 0) return undefined;
  const found = await Promise.all(
    [...words].map(
      async ([word, asked]): Promise<[string, readonly string[]]> => [word, await near(context, word, asked)],
    ),
  );
  const spellings = new Map(found.filter(([, others]) => others.length > 0));
  return spellings.size > 0 ? spellings : undefined;
}

interface Asked {
  /** The word, and its other form. */
  readonly words: readonly string[];
  readonly isBeginning: boolean;
}

function wordOf({ positions, isNot, isPhrase }: Term): [string, Asked][] {
  const [alternatives = [], ...more] = positions;
  const [first] = alternatives;
  if (isNot || isPhrase || more.length > 0 || !first || !letters.test(first.word)) return [];
  if ([...first.word].length < SHORTEST) return [];
  return [[first.word, { words: alternatives.map(({ word }) => word), isBeginning: first.isBeginning }]];
}

function near(context: QueryContext, word: string, { words, isBeginning }: Asked): Promise<readonly string[]> {
  return forAWhile(context, `spellings/${isBeginning}/${word}`, async () => {
    if (!(await hasVocabulary(context))) return [];
    const table = vocabularyOf(context);
    const [known] = isBeginning
      ? await context.byKey.query<{ artworks: number }>(
          `select coalesce(sum(artworks), 0)::int as artworks from (select artworks from ${table} where word >= $1 and word < $2 limit ${KNOWN}) begun`,
          [word, `${word}\u{10ffff}`],
        )
      : await context.byKey.query<{ artworks: number }>(
          `select coalesce(max(artworks), 0)::int as artworks from ${table} where word = any($1::text[])`,
          [words],
        );
    if (!known || known.artworks >= KNOWN) return [];
    const candidates = await context.byKey.query<WordRow>(
      `select word, artworks from ${table} where deletions && $1::text[]`,
      [deletionsOf(word)],
    );
    return candidates
      .filter((other) => other.artworks >= known.artworks && isOneEdit(word, other.word))
      .sort((a, b) => b.artworks - a.artworks || (a.word < b.word ? -1 : 1))
      .slice(0, MAX_SPELLINGS)
      .map((other) => other.word);
  });
}

/** Returns what `make` answers, once for each block and for some seconds: the vocabulary is made anew between blocks. */
function forAWhile<Value>(context: QueryContext, key: string, make: () => Promise<Value>): Promise<Value> {
  return oncePerBlock(context, `${key}/${Math.floor(Date.now() / FRESH)}`, make);
}

function vocabularyOf({ schema }: QueryContext): string {
  return `${quoted(schema)}.${VOCABULARY}`;
}

/** Returns whether there is a vocabulary that may be read. An error of reading it would end the transaction of a query. */
function hasVocabulary(context: QueryContext): Promise<boolean> {
  return forAWhile(context, "vocabulary", async () => {
    const text = "select coalesce(has_table_privilege(to_regclass($1), 'select'), false) as is";
    const [row] = await context.byKey.query<{ is: boolean }>(text, [vocabularyOf(context)]);
    return row?.is === true;
  });
}

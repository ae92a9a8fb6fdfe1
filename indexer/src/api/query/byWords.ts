// Models and series by words: their ids, found once for each block.
import { setImmediate } from "node:timers/promises";
import { tokensOf } from "../../lib/fullText/tokenizer.ts";
import { artworkCriteria, newestMatches, requireSearch } from "./artworks.ts";
import { oncePerBlock, type QueryContext, readRows, statementOf } from "./queryContext.ts";
import { tableRef } from "./tables.ts";

/** Artworks whose series are looked at: the newest that match. */
const MAX_ARTWORKS = 2_000;
/** Models that are looked at: the newest. */
const MAX_MODELS = 20_000;
/** Names that are split at a time: others are answered in between. */
const PIECE = 200;
/** Letters from which on the last word of a search may be unfinished. */
const SHORTEST_BEGINNING = 3;

/** Returns the ids of the series of which an artwork matches a search, by its newest 2,000 matches; none for a search without a word. */
export async function seriesByWords(context: QueryContext, search: string): Promise<readonly string[]> {
  const criteria = await artworkCriteria(context, undefined, search);
  if (criteria.query === undefined) return [];
  return oncePerBlock(context, `seriesByWords/${criteria.key}`, async () => {
    const statement = statementOf(context);
    const matches = await newestMatches(context, criteria, statement, MAX_ARTWORKS);
    const text = `select distinct trunc(m.token_id / 1000)::text as id from (${matches}) m`;
    const rows = await context.lists.query<{ id: string }>(text, statement.values);
    return rows.map(({ id }) => id);
  });
}

interface ModelWords {
  readonly id: string;
  readonly words: readonly string[];
}

/**
 * Returns the ids of the models in whose name, version or license all words of a search are; the last one may be unfinished. None for
 * a search without a word.
 */
export async function modelsByWords(context: QueryContext, search: string): Promise<readonly string[]> {
  requireSearch(search);
  const asked = tokensOf(search);
  if (asked.length === 0) return [];
  const isOpen = !/[\s"]$/.test(search);
  const models = await oncePerBlock(context, "modelWords", () => readModelWords(context));
  const has = (words: readonly string[], word: string, i: number): boolean => {
    const mayBegin = isOpen && i === asked.length - 1 && [...word].length >= SHORTEST_BEGINNING;
    return words.some((one) => one === word || (mayBegin && one.startsWith(word)));
  };
  return models.filter(({ words }) => asked.every((word, i) => has(words, word, i))).map(({ id }) => id);
}

async function readModelWords(context: QueryContext): Promise<readonly ModelWords[]> {
  const rows = await readRows<{ id: string; text: string }>(
    context,
    "lists",
    (statement) =>
      `select m.model_id::text as id, left(m.name, 200) || ' , ' || left(m.version, 100) || ' , ' || left(m.license, 100) as text from ${tableRef(statement, "model")} m where m.chain_id = ${statement.value(context.chainId)} order by m.seq desc limit ${MAX_MODELS}`,
  );
  const models: ModelWords[] = [];
  for (const [i, { id, text: of }] of rows.entries()) {
    if (i % PIECE === PIECE - 1) await setImmediate();
    models.push({ id, words: wordsOf(of) });
  }
  return models;
}

/** Words of texts that were split before: names of models don't change. */
const known = new Map<string, readonly string[]>();

function wordsOf(text: string): readonly string[] {
  const before = known.get(text);
  if (before) return before;
  const words = tokensOf(text);
  if (known.size >= 2 * MAX_MODELS) known.clear();
  known.set(text, words);
  return words;
}

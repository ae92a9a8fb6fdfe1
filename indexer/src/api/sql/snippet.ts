// The piece of a text that a search found, as HTML. By the same words that Postgres finds it by: its own `ts_headline` would cut the
// text into other words, and find nothing in scripts without spaces.
import { tokensOf } from "../../words.ts";

/** Words of a piece. */
const LENGTH = 30;

const run = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu;

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

/** Words that a question wants there, as `tsqueryOf` writes it. */
interface Wanted {
  readonly words: ReadonlySet<string>;
  readonly beginnings: readonly string[];
}

function wantedOf(query: string): Wanted {
  const words = new Set<string>();
  const beginnings: string[] = [];
  for (const [, word = "", isBeginning] of query.replace(/!\([^)]*\)/g, "").matchAll(/'([^']*)'(:\*)?/g)) {
    if (isBeginning) beginnings.push(word);
    else words.add(word);
  }
  return { words, beginnings };
}

/**
 * The piece with the most of what was searched.
 * @param query What `tsqueryOf` made of the search.
 * @returns Undefined when the text has nothing of it.
 */
export function snippetOf(text: string, query: string): string | undefined {
  const { words, beginnings } = wantedOf(query);
  const isWanted = (word: string) => words.has(word) || beginnings.some((beginning) => word.startsWith(beginning));
  const pieces = [...text.matchAll(run)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
    // A run of a script without spaces is several words.
    isFound: tokensOf(match[0]).some(isWanted),
  }));
  const begin = bestWindow(pieces.map(({ isFound }) => isFound));
  if (begin === undefined) return undefined;
  const shown = pieces.slice(begin, begin + LENGTH);
  const isWhole = pieces.length <= LENGTH;
  let place = isWhole ? 0 : (shown[0]?.start ?? 0);
  let html = begin > 0 ? "… " : "";
  for (const { start, end, isFound } of shown) {
    if (!isFound) continue;
    html += `${escapeHtml(text.slice(place, start))}<mark>${escapeHtml(text.slice(start, end))}</mark>`;
    place = end;
  }
  html += escapeHtml(text.slice(place, isWhole ? text.length : (shown.at(-1)?.end ?? text.length)));
  return begin + LENGTH < pieces.length ? `${html} …` : html;
}

/** Where the first window with the most of what was found begins. */
function bestWindow(found: readonly boolean[]): number | undefined {
  let best: number | undefined;
  let [most, count] = [0, 0];
  for (let i = 0; i < found.length; i++) {
    if (found[i]) count += 1;
    if (i >= LENGTH && found[i - LENGTH]) count -= 1;
    if (count <= most) continue;
    most = count;
    best = Math.max(0, i - LENGTH + 1);
  }
  return best;
}

import { readFileSync } from "node:fs";
import { z } from "zod";
import { type Axis, axesOf, LEAN } from "./axes.ts";

/** "?" leaves it to the seed. */
const weight = z.union([z.number(), z.literal("?")]);
const tableSchema = z.strictObject({
  /** Axes that every picture of this model starts with, whatever the prompt. */
  lean: z.record(z.string(), z.number()).default({}),
  /** Six sRGB colours each: zenith, horizon, light, far, near, accent. */
  palettes: z.record(z.string().regex(/^[a-z]+$/), z.string().regex(/^([0-9a-f]{6} ){5}[0-9a-f]{6}$/)),
  /** Words that mean the same, and how much of each axis. */
  words: z.record(z.string(), z.record(z.string(), weight)),
  stopWords: z.string(),
});

/** Weight of a "?": enough to bring the thing within the seed's reach. */
const MAYBE = 0.1;

/** Words and palettes of one model. */
export interface Table {
  readonly palettes: readonly { readonly name: string; readonly colors: readonly string[] }[];
  readonly axes: readonly Axis[];
  /** Start of each axis, whatever the prompt. */
  readonly lean: readonly number[];
  /** Weights over the axes by word; a later line of the table wins. */
  readonly words: ReadonlyMap<string, readonly number[]>;
  readonly stopWords: readonly string[];
}

/** Reads a table from JSON text. */
function parseTable(json: string): Table {
  const { lean, palettes, words, stopWords } = tableSchema.parse(JSON.parse(json));
  const axes = axesOf(Object.keys(palettes));
  const places = new Map(axes.map(({ name, index }) => [name, index]));
  for (const name of Object.keys(lean)) {
    if (!places.has(name)) throw new RangeError(`The table leans to ${name}, which is no axis.`);
  }
  const weights = new Map<string, readonly number[]>();
  for (const [synonyms, meaning] of Object.entries(words)) {
    const row = new Array<number>(axes.length).fill(0);
    for (const [axis, value] of Object.entries(meaning)) {
      const place = places.get(axis);
      if (place === undefined) throw new RangeError(`"${synonyms}" names ${axis}, which is no axis.`);
      row[place] = value === "?" ? MAYBE : value;
    }
    for (const word of synonyms.split(" ")) weights.set(word, row);
  }
  return {
    palettes: Object.entries(palettes).map(([name, colors]) => ({ name, colors: colors.split(" ") })),
    axes,
    lean: axes.map(({ name }) => (LEAN[name] ?? 0) + (lean[name] ?? 0)),
    words: weights,
    stopWords: stopWords.split(" "),
  };
}

/** Reads a table of the `data` folder. */
export function loadTable(name: string): Table {
  return parseTable(readFileSync(new URL(`./data/${name}.json`, import.meta.url), "utf8"));
}

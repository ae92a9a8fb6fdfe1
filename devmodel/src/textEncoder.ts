import { seededRandom } from "@gridnft/sdk/node";
import { CONTENTS, EMBEDDING, SPELLING, STYLES } from "./axes.ts";
import { GraphBuilder } from "./onnx.ts";
import { normal, textSeed } from "./random.ts";
import type { Table } from "./table.ts";
import { CONTEXT } from "./tokenizer.ts";

const FIRST_SPELLING = EMBEDDING - SPELLING;
/** Scenes that a word nobody explained may lead to, by its letters. */
const UNKNOWN_SCENES = "mountain hills city trees water sun moon stars clouds abstract geometric".split(" ");

/** Embeddings, one row per token: set from the table, not learned. */
function embeddings(tokens: readonly string[], table: Table): Float32Array {
  const rows = new Float32Array(tokens.length * EMBEDDING);
  tokens.forEach((token, id) => {
    rows.set(rowOf(token, table), id * EMBEDDING);
  });
  return rows;
}

function rowOf(token: string, { words, stopWords, axes }: Table): number[] {
  const row = new Array<number>(EMBEDDING).fill(0);
  const next = seededRandom(textSeed(token));
  const spell = (amount: number) => {
    for (let i = FIRST_SPELLING; i < EMBEDDING; i++) row[i] = amount * normal(next);
  };
  const word = token.endsWith("</w>") ? token.slice(0, -4) : undefined;
  const weights = words.get(word ?? token);
  if (weights && (word !== undefined || token.length > 2)) {
    // The start of a longer word ("sun" in "sunlit") counts for less than the word.
    weights.forEach((weight, i) => {
      row[i] = word !== undefined ? weight : 0.6 * weight;
    });
    spell(word !== undefined ? 0.25 : 0.3);
    return row;
  }
  if (token.startsWith("<|") || stopWords.includes(word ?? "") || !/\p{L}/u.test(word ?? token)) return row;
  for (const { name, kind, index } of axes) {
    if (kind === "content" && UNKNOWN_SCENES.includes(name)) row[index] = 0.045 * normal(next);
    if (kind === "palette") row[index] = name === "p_mono" ? -0.1 : 0.12 * normal(next);
  }
  spell(0.5);
  return row;
}

/**
 * The text encoder: a table of embeddings, and one causal convolution that lets the two words before a word move the
 * composition. What a prompt means does not depend on the order of its words; how it is composed does, a little.
 */
export function textEncoder(tokens: readonly string[], table: Table): Uint8Array {
  const graph = new GraphBuilder();
  const table2d = graph.floats(embeddings(tokens, table), [tokens.length, EMBEDDING]);
  const rows = graph.node("Gather", [table2d, { name: "input_ids" }], { axis: 0 });
  const weights = new Float32Array(EMBEDDING * EMBEDDING * 3);
  const next = seededRandom(7);
  for (let out = FIRST_SPELLING; out < EMBEDDING; out++) {
    for (let from = FIRST_SPELLING; from < EMBEDDING; from++) {
      for (let tap = 0; tap < 2; tap++) weights[(out * EMBEDDING + from) * 3 + tap] = (0.5 * normal(next)) / 3;
    }
  }
  const columns = graph.node("Transpose", [rows], { perm: [0, 2, 1] });
  const mixed = graph.node("Conv", [columns, graph.floats(weights, [EMBEDDING, EMBEDDING, 3])], { pads: [2, 0] });
  const bounded = graph.node("Transpose", [graph.node("Tanh", [mixed])], { perm: [0, 2, 1] });
  graph.rename(graph.node("Add", [rows, bounded]), "last_hidden_state");
  return graph.model(
    "text_encoder",
    [{ name: "input_ids", type: "int64", shape: ["batch", CONTEXT] }],
    [{ name: "last_hidden_state", type: "float32", shape: ["batch", CONTEXT, EMBEDDING] }],
    `Authored, not trained: ${CONTENTS.length} contents, ${STYLES.length} styles`,
  );
}

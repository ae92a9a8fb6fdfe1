/** CLIP's byte-level BPE, trained to the end on a fixed list of words so that each becomes one token. */
import { clipNormalizer, clipWords } from "@gridnft/worker/clipText";

export interface Tokenizer {
  /** Text of each token by id. */
  readonly tokens: readonly string[];
  readonly merges: readonly string[];
}

/** Longest input of the text encoder, markers included. */
export const CONTEXT = 77;
const START = "<|startoftext|>";
const END = "<|endoftext|>";

/** CLIP's order of bytes as printable characters (GPT-2's `bytes_to_unicode`). */
function byteAlphabet(): string[] {
  const printable = [...span(33, 126), ...span(161, 172), ...span(174, 255)];
  const others = span(0, 255).filter((byte) => !printable.includes(byte));
  return [
    ...printable.map((byte) => String.fromCodePoint(byte)),
    ...others.map((_, i) => String.fromCodePoint(256 + i)),
  ];
}

function span(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** Trains the tokenizer: the most frequent pair first, ties by text, until every word is one symbol. */
export function trainTokenizer(words: Iterable<string>): Tokenizer {
  const alphabet = byteAlphabet();
  const tokens = [...alphabet, ...alphabet.map((symbol) => `${symbol}</w>`)];
  const known = new Set(tokens);
  const merges: string[] = [];
  let pieces = [...new Set(words)].filter((word) => /^[a-z]+$/.test(word)).map((word) => splitWord(word));
  for (;;) {
    const counts = new Map<string, number>();
    for (const word of pieces) {
      for (let i = 0; i + 1 < word.length; i++) {
        const pair = `${word[i]} ${word[i + 1]}`;
        counts.set(pair, (counts.get(pair) ?? 0) + 1);
      }
    }
    let best: string | undefined;
    for (const [pair, count] of counts) {
      const most = best === undefined ? 0 : (counts.get(best) as number);
      if (best === undefined || count > most || (count === most && pair < best)) best = pair;
    }
    if (best === undefined) break;
    merges.push(best);
    const [left, right] = best.split(" ") as [string, string];
    if (!known.has(left + right)) {
      known.add(left + right);
      tokens.push(left + right);
    }
    pieces = pieces.map((word) => mergePair(word, left, right));
  }
  return { tokens: [...tokens, START, END], merges };
}

function splitWord(word: string): string[] {
  return [...word].map((letter, i) => (i === word.length - 1 ? `${letter}</w>` : letter));
}

function mergePair(word: readonly string[], left: string, right: string): string[] {
  const merged: string[] = [];
  for (let i = 0; i < word.length; i++) {
    if (word[i] === left && word[i + 1] === right) {
      merged.push(left + right);
      i++;
    } else merged.push(word[i] as string);
  }
  return merged;
}

/** Files of the `tokenizer` folder, in the form that transformers writes for a CLIPTokenizer. */
export function tokenizerFiles({ tokens, merges }: Tokenizer): Record<string, string> {
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  const special = (content: string) => ({
    id: vocab[content],
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: true,
    special: true,
  });
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
  const tokenizer = {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [special(START), special(END)],
    normalizer: clipNormalizer,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [clipWords, byteLevel],
    },
    post_processor: {
      type: "RobertaProcessing",
      sep: [END, vocab[END]],
      cls: [START, vocab[START]],
      trim_offsets: false,
      add_prefix_space: false,
    },
    decoder: byteLevel,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: END,
      continuing_subword_prefix: "",
      end_of_word_suffix: "</w>",
      fuse_unk: false,
      vocab,
      merges,
    },
  };
  const config = {
    tokenizer_class: "CLIPTokenizer",
    model_max_length: CONTEXT,
    bos_token: START,
    eos_token: END,
    unk_token: END,
    pad_token: END,
    add_prefix_space: false,
    do_lower_case: true,
    errors: "replace",
  };
  return {
    "tokenizer.json": `${JSON.stringify(tokenizer)}\n`,
    "tokenizer_config.json": `${JSON.stringify(config, null, 2)}\n`,
    "special_tokens_map.json": `${JSON.stringify({ bos_token: START, eos_token: END, unk_token: END, pad_token: END }, null, 2)}\n`,
    "vocab.json": `${JSON.stringify(vocab)}\n`,
    "merges.txt": `#version: 0.2\n${merges.join("\n")}\n`,
  };
}

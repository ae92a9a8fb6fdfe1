import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { clipNormalizer, clipWords } from "../../src/engines/onnx/clipText.ts";
import { createTokenizer } from "../../src/engines/onnx/tokenizer.ts";

/** Ids of transformers' own tokenizers over a small vocabulary, and its padding by a folder's files. */
interface Reference {
  readonly tokens: readonly string[];
  readonly merges: readonly string[];
  readonly rows: readonly { text: string; ids: number[]; fast?: number[]; padded?: number[] }[];
  readonly paddings: readonly { name: string; config: object | null; special: object | null; window: number[] }[];
}

const reference = JSON.parse(readFileSync(new URL("./clipTokenizer.json", import.meta.url), "utf8")) as Reference;
const vocab = Object.fromEntries(reference.tokens.map((token, id) => [token, id]));
const vocabulary = JSON.stringify(vocab);
const merges = `#version: 0.2\n${reference.merges.join("\n")}\n`;
const markers = ["<|startoftext|>", "<|endoftext|>"].map((content) => ({
  id: vocab[content],
  content,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: true,
  special: true,
}));
/** As CLIPTokenizerFast saves it. */
const tokenizer = JSON.stringify({
  added_tokens: markers,
  normalizer: clipNormalizer,
  pre_tokenizer: {
    type: "Sequence",
    pretokenizers: [clipWords, { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true }],
  },
  post_processor: null,
  decoder: null,
  model: {
    type: "BPE",
    unk_token: "<|endoftext|>",
    continuing_subword_prefix: "",
    end_of_word_suffix: "</w>",
    vocab,
    merges: reference.merges.map((pair) => pair.split(" ")),
  },
});

/** Texts whose ids differ. */
const misses = (encode: (text: string) => readonly number[], ids: (row: Reference["rows"][number]) => number[]) =>
  reference.rows
    .map((row) => ({ text: row.text, ids: encode(row.text), theirs: ids(row) }))
    .filter(({ ids, theirs }) => JSON.stringify(ids) !== JSON.stringify(theirs));

describe("prompts become the ids of transformers", () => {
  it("from vocab.json and merges.txt, as CLIPTokenizer reads them", () => {
    expect(reference.rows.length).toBeGreaterThan(75);
    expect(misses(createTokenizer({ vocabulary, merges }, undefined).encode, ({ ids }) => ids)).toEqual([]);
    // Beside them, tokenizer.json is not asked.
    expect(misses(createTokenizer({ vocabulary, merges, tokenizer }, undefined).encode, ({ ids }) => ids)).toEqual([]);
  });

  it("with ! as padding, which is then a token of its own in prompts too", () => {
    const { encode } = createTokenizer({ vocabulary, merges, specialTokens: '{"pad_token":"!"}' }, undefined);
    expect(misses(encode, ({ ids, padded }) => padded ?? ids)).toEqual([]);
  });

  it("from tokenizer.json alone, as CLIPTokenizerFast reads it", () => {
    const { encode } = createTokenizer({ tokenizer }, undefined);
    expect(misses(encode, ({ ids, fast }) => fast ?? ids)).toEqual([]);
  });

  it.each<[string, string, string[]]>([
    ["final sigma", "\u039f\u0394\u039f\u03a3", ["\u03bf\u03b4\u03bf\u03c2"]],
    ["decomposed accents", "CAFE\u0301", ["caf\u00e9"]],
    ["control and format characters", "a\u0007\u200b\u00adb\ufeff", ["ab"]],
    ["HTML entities", "a &amp; b", ["a", "&", "amp", ";", "b"]],
    ["ideographs", "\u591c\u306e\u57ce", ["\u591c", "\u306e", "\u57ce"]],
  ])("%s: the same as these words by themselves", (_, text, words) => {
    const { encode } = createTokenizer({ vocabulary, merges }, undefined);
    expect(encode(text)).toEqual(words.flatMap((word) => encode(word)));
    expect(encode(text)).toEqual(reference.rows.find((row) => row.text === text)?.ids ?? encode(words.join(" ")));
  });
});

describe("windows are padded as transformers pads them", () => {
  it.each(reference.paddings)("with $name", ({ config, special, window }) => {
    const files = {
      vocabulary,
      merges,
      ...(config && { config: JSON.stringify(config) }),
      ...(special && { specialTokens: JSON.stringify(special) }),
    };
    const { encode, windows } = createTokenizer(files, window.length);
    expect(windows(encode("sun! cat"))).toEqual([window]);
  });

  it("with 0 for Stable Diffusion 2.1, whose two files contradict each other", () => {
    const sd21 = reference.paddings[0];
    expect(sd21?.config).toMatchObject({ pad_token: "<|endoftext|>" });
    expect(sd21?.special).toMatchObject({ pad_token: "!" });
    expect(sd21?.window.slice(-3)).toEqual([0, 0, 0]);
  });
});

describe("files that Python wrote", () => {
  it("may have a byte order mark, and numbers that JSON has not", () => {
    const { windowLength } = createTokenizer(
      { vocabulary: `\ufeff${vocabulary}`, merges, config: '\ufeff{"model_max_length": Infinity, "seed": NaN}' },
      undefined,
    );
    expect(windowLength).toBe(77);
  });

  it("are refused by name where they are damaged", () => {
    const damaged = (files: object) => () => createTokenizer({ vocabulary, merges, ...files }, 77);
    expect(damaged({ config: '{"model_max_length": NaN}' })).toThrow("tokenizer_config.json");
    expect(damaged({ config: "Infinity!" })).toThrow("tokenizer_config.json");
    expect(() => createTokenizer({ tokenizer: "{" }, 77)).toThrow("tokenizer.json");
    expect(() => createTokenizer({ tokenizer: "{" }, 77)).toThrow(expect.objectContaining({ code: "FOLDER_INVALID" }));
  });
});

import { Tokenizer } from "@huggingface/tokenizers";
import { z } from "zod";
import { parsePythonJson } from "../pythonJson.ts";
import { EngineError } from "../types.ts";
import { cleanPrompt, clipNormalizer, clipWordsAnyCase } from "./clipText.ts";

/** Texts of the files of a tokenizer folder; `tokenizer.json`, or both `vocab.json` and `merges.txt`. */
export interface TokenizerFiles {
  readonly tokenizer?: string | undefined;
  readonly vocabulary?: string | undefined;
  readonly merges?: string | undefined;
  readonly config?: string | undefined;
  readonly specialTokens?: string | undefined;
}

/** Prompt to windows of token ids, each as long as the text encoder reads. */
export interface PromptTokenizer {
  /** Ids that the text encoder reads at a time, start and end token included. */
  readonly windowLength: number;
  /** Prompt's own tokens. */
  encode(prompt: string): readonly number[];
  /** Ids cut into windows of start, up to `windowLength - 2` tokens, end and padding; at least one. */
  windows(ids: readonly number[]): readonly (readonly number[])[];
  /** 1 for what is read, 0 for padding after the first end. */
  mask(window: readonly number[]): readonly number[];
}

const token = z
  .union([z.string(), z.object({ content: z.string() })])
  .transform((value) => (typeof value === "string" ? value : value.content));
const tokens = z.object({
  bos_token: token.nullish(),
  eos_token: token.nullish(),
  pad_token: token.nullish(),
  unk_token: token.nullish(),
});
const addedToken = z.object({
  content: z.string(),
  lstrip: z.boolean().default(false),
  rstrip: z.boolean().default(false),
});
const config = z.looseObject({
  ...tokens.shape,
  model_max_length: z.union([z.number(), z.literal(Number.POSITIVE_INFINITY)]).nullish(),
  added_tokens_decoder: z.record(z.string(), addedToken).nullish(),
});
type TokenizerConfig = z.output<typeof config>;
const vocabulary = z.record(z.string(), z.int().nonnegative());

/** Longest window of CLIP's text encoders. */
const CLIP_LENGTH = 77;

/**
 * CLIP's tokenizer. A folder with `vocab.json` and `merges.txt` is read as transformers' CLIPTokenizer reads it, of which diffusers'
 * pipelines of Stable Diffusion are made; a folder with `tokenizer.json` alone as that file says.
 *
 * @param maxLength Positions of the text encoder, where its configuration says.
 * @throws {@link EngineError} `FOLDER_INVALID`.
 */
export function createTokenizer(files: TokenizerFiles, maxLength: number | undefined): PromptTokenizer {
  const settings = parse(config, files.config ?? "{}", "tokenizer_config.json");
  const special = parse(tokens, files.specialTokens ?? "{}", "special_tokens_map.json");
  // transformers reads the map unless the configuration lists the added tokens, as it does since version 4.34.
  const named = (name: keyof z.output<typeof tokens>) =>
    settings.added_tokens_decoder ? settings[name] : (special[name] ?? settings[name]);
  const start = named("bos_token") ?? "<|startoftext|>";
  const end = named("eos_token") ?? "<|endoftext|>";
  const padding = named("pad_token") ?? end;
  const unknown = named("unk_token") ?? end;

  const { tokenizer, clean } = build(files, settings, { start, end, padding, unknown });
  const id = (text: string): number => {
    const found = tokenizer.token_to_id(text);
    if (found === undefined) throw new EngineError("FOLDER_INVALID", `The tokenizer does not know its own "${text}".`);
    return found;
  };
  const [startId, endId, paddingId] = [id(start), id(end), id(padding)];

  const limit = settings.model_max_length ?? CLIP_LENGTH;
  // "No limit" is written as a number beyond any length.
  const windowLength = maxLength ?? (limit > 100_000 ? CLIP_LENGTH : limit);
  const room = windowLength - 2;
  return {
    windowLength,
    encode: (prompt) => tokenizer.encode(clean(prompt), { add_special_tokens: false }).ids,
    windows(ids) {
      const windows: number[][] = [];
      for (let at = 0; at === 0 || at < ids.length; at += room) {
        const window = [startId, ...ids.slice(at, at + room), endId];
        while (window.length < windowLength) window.push(paddingId);
        windows.push(window);
      }
      return windows;
    },
    mask(window) {
      const last = window.indexOf(endId, 1);
      return window.map((_, i) => (i <= last ? 1 : 0));
    },
  };
}

interface SpecialTokens {
  readonly start: string;
  readonly end: string;
  readonly padding: string;
  readonly unknown: string;
}

function build(
  files: TokenizerFiles,
  settings: TokenizerConfig,
  special: SpecialTokens,
): { tokenizer: Tokenizer; clean: (prompt: string) => string } {
  const classic = files.vocabulary !== undefined && files.merges !== undefined;
  if (!classic && files.tokenizer === undefined) {
    throw new EngineError(
      "FOLDER_INVALID",
      "The tokenizer folder has neither tokenizer.json nor vocab.json with merges.txt.",
    );
  }
  const description = classic
    ? describe(files.vocabulary ?? "", files.merges ?? "", settings, special)
    : parse(fastTokenizer, files.tokenizer ?? "", "tokenizer.json");
  try {
    return { tokenizer: new Tokenizer(description, settings), clean: classic ? cleanPrompt : (prompt) => prompt };
  } catch (cause) {
    throw new EngineError("FOLDER_INVALID", "The model's tokenizer.json does not load.", { cause });
  }
}

const fastTokenizer = z.looseObject({
  normalizer: z
    .unknown()
    .transform((normalizer) => lowerEachLetter(normalizer))
    .optional(),
});

/** The library that `tokenizer.json` is written for lowers each letter by itself: a sigma at the end of a word is no other one. */
function lowerEachLetter(part: unknown): unknown {
  if (Array.isArray(part)) return part.map((each) => lowerEachLetter(each));
  if (typeof part !== "object" || part === null) return part;
  const same = Object.fromEntries(Object.entries(part).map(([key, value]) => [key, lowerEachLetter(value)]));
  if (same.type !== "Lowercase") return same;
  return {
    type: "Sequence",
    normalizers: [{ type: "Replace", pattern: { String: "\u03a3" }, content: "\u03c3" }, same],
  };
}

/** A `tokenizer.json` as CLIPTokenizer's own converter writes it, with the tokens that are never cut. */
function describe(
  vocabularyText: string,
  mergesText: string,
  settings: TokenizerConfig,
  { start, end, padding, unknown }: SpecialTokens,
): object {
  const vocab = parse(vocabulary, vocabularyText, "vocab.json");
  const merges = mergesText.split(/\r?\n/).filter((line) => line !== "" && !line.startsWith("#version"));
  const whole = new Map<string, object>();
  const keepWhole = (content: string, id: number | undefined, strip: { lstrip?: boolean; rstrip?: boolean } = {}) => {
    if (id === undefined || whole.has(content)) return;
    const { lstrip = false, rstrip = false } = strip;
    whole.set(content, { id, content, single_word: false, lstrip, rstrip, normalized: false, special: true });
  };
  for (const [id, added] of Object.entries(settings.added_tokens_decoder ?? {})) {
    keepWhole(added.content, Number(id), added);
  }
  for (const content of [start, end, unknown, padding]) keepWhole(content, vocab[content]);
  return {
    version: "1.0",
    added_tokens: [...whole.values()],
    normalizer: clipNormalizer,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        clipWordsAnyCase,
        { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: unknown,
      continuing_subword_prefix: "",
      end_of_word_suffix: "</w>",
      fuse_unk: false,
      vocab,
      merges,
    },
  };
}

function parse<schema extends z.ZodType>(schema: schema, text: string, file: string): z.output<schema> {
  let json: unknown;
  try {
    json = parsePythonJson(text);
  } catch (cause) {
    throw new EngineError("FOLDER_INVALID", `${file} is not JSON.`, { cause });
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  throw new EngineError("FOLDER_INVALID", `${file}: ${z.prettifyError(result.error)}`, { cause: result.error });
}

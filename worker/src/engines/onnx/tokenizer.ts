import { Tokenizer } from "@huggingface/tokenizers";
import { z } from "zod";
import { EngineError } from "../types.ts";
import { clipNormalizer, clipWords } from "./clipText.ts";

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
  /** The prompt's own tokens. */
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
const config = tokens.extend({ model_max_length: z.number().nullish() });
const vocabulary = z.record(z.string(), z.int().nonnegative());

/** Longest window of CLIP's text encoders. */
const CLIP_LENGTH = 77;

/**
 * CLIP's tokenizer. Reads `tokenizer.json`; where a folder has only the older `vocab.json` and `merges.txt` it builds the same
 * tokenizer from them.
 *
 * @param maxLength Positions of the text encoder, where its configuration says.
 * @throws {@link EngineError} `FOLDER_INVALID`.
 */
export function createTokenizer(files: TokenizerFiles, maxLength: number | undefined): PromptTokenizer {
  const settings = parse(config, files.config ?? "{}", "tokenizer_config.json");
  const special = parse(tokens, files.specialTokens ?? "{}", "special_tokens_map.json");
  const named = (name: "bos_token" | "eos_token" | "pad_token") => settings[name] ?? special[name];
  const start = named("bos_token") ?? "<|startoftext|>";
  const end = named("eos_token") ?? "<|endoftext|>";
  const padding = named("pad_token") ?? end;

  const tokenizer = build(files, start, end);
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
    encode: (prompt) => tokenizer.encode(prompt, { add_special_tokens: false }).ids,
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

function build(files: TokenizerFiles, start: string, end: string): Tokenizer {
  const description = files.tokenizer === undefined ? describe(files, start, end) : JSON.parse(files.tokenizer);
  try {
    return new Tokenizer(description, files.config === undefined ? {} : JSON.parse(files.config));
  } catch (cause) {
    throw new EngineError("FOLDER_INVALID", "The model's tokenizer.json does not load.", { cause });
  }
}

/** What CLIPTokenizer's own converter writes as `tokenizer.json`. */
function describe(files: TokenizerFiles, start: string, end: string): object {
  if (files.vocabulary === undefined || files.merges === undefined) {
    throw new EngineError(
      "FOLDER_INVALID",
      "The tokenizer folder has neither tokenizer.json nor vocab.json with merges.txt.",
    );
  }
  const vocab = parse(vocabulary, files.vocabulary, "vocab.json");
  const merges = files.merges.split(/\r?\n/).filter((line) => line !== "" && !line.startsWith("#version"));
  const special = (content: string) => ({
    id: vocab[content],
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  });
  return {
    version: "1.0",
    added_tokens: [special(start), special(end)],
    normalizer: clipNormalizer,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [clipWords, { type: "ByteLevel", add_prefix_space: false, trim_offsets: true }],
    },
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: end,
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
    json = JSON.parse(text);
  } catch (cause) {
    throw new EngineError("FOLDER_INVALID", `${file} is not JSON.`, { cause });
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  throw new EngineError("FOLDER_INVALID", `${file}: ${z.prettifyError(result.error)}`, { cause: result.error });
}

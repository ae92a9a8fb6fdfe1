import { EngineError } from "../types.ts";
import { type Feed, joinFloats, type Network, type Port, type Values } from "./session.ts";
import type { PromptTokenizer } from "./tokenizer.ts";

/** Windows of a prompt that are read at most: about 600 tokens. Attention to more would cost memory without end. */
export const MAX_WINDOWS = 8;

/** Prompt and negative prompt for the denoiser: [1, tokens, width] each, of equal length. */
export interface EncodedPrompts {
  readonly prompt: Values;
  /** Absent when guidance does not ask for it. */
  readonly negative: Values | undefined;
  /** True if an end was cut off. */
  readonly cut: boolean;
}

/** Encodes prompts into what the denoiser attends to. */
export interface PromptEncoder {
  encode(prompt: string, negative: string | undefined): Promise<EncodedPrompts>;
}

/**
 * CLIP's text encoder over windows of tokens: a prompt longer than one window is read window by window, each with its own start and
 * end token, and the results stand one after the other (as A1111 does). The shorter prompt is padded with empty windows.
 *
 * @param maxWindows 1 for a denoiser whose attention has a fixed length; the rest of a longer prompt is then cut off.
 * @throws {@link EngineError} `MODEL_UNSUPPORTED` for an encoder with inputs or outputs unknown here.
 */
export function createPromptEncoder(
  network: Network,
  tokenizer: PromptTokenizer,
  options: { readonly masksPadding: boolean; readonly maxWindows: number },
): PromptEncoder {
  const output = hiddenStates(network.outputs);
  return {
    async encode(prompt, negative) {
      const texts = negative === undefined ? [prompt] : [prompt, negative];
      const all = texts.map((text) => tokenizer.windows(tokenizer.encode(text)));
      const needed = Math.max(...all.map((windows) => windows.length));
      const count = Math.min(needed, options.maxWindows);
      const empty = tokenizer.windows([])[0] as readonly number[];
      const [first, second] = await mapInOrder(all, async (windows) => {
        const filled = Array.from({ length: count }, (_, i) => windows[i] ?? empty);
        return joinWindows(
          await mapInOrder(filled, (window) =>
            network.run(feedsOf(network.inputs, window, tokenizer, options), output),
          ),
        );
      });
      return { prompt: first as Values, negative: second, cut: needed > count };
    },
  };
}

/** Maps a list one item after the other: sessions have one thread, and the order must not depend on timing. */
async function mapInOrder<from, to>(list: readonly from[], map: (item: from) => Promise<to>): Promise<to[]> {
  const results: to[] = [];
  for (const item of list) results.push(await map(item));
  return results;
}

function hiddenStates(outputs: readonly Port[]): string {
  const found =
    outputs.find((port) => port.name === "last_hidden_state") ?? outputs.find((port) => port.shape.length === 3);
  if (!found) throw new EngineError("MODEL_UNSUPPORTED", "The text encoder gives no hidden states.");
  return found.name;
}

function feedsOf(
  inputs: readonly Port[],
  window: readonly number[],
  tokenizer: PromptTokenizer,
  options: { readonly masksPadding: boolean },
): Map<string, Feed> {
  const shape = [1, window.length];
  const ones = window.map(() => 1);
  const feeds = new Map<string, Feed>([
    ["input_ids", { values: window, shape }],
    ["attention_mask", { values: options.masksPadding ? tokenizer.mask(window) : ones, shape }],
    ["position_ids", { values: window.map((_, i) => i), shape }],
    ["token_type_ids", { values: window.map(() => 0), shape }],
  ]);
  // An encoder with a single input means the ids, whatever it calls them.
  const [only] = inputs;
  if (only && inputs.length === 1) feeds.set(only.name, { values: window, shape });
  return feeds;
}

function joinWindows(parts: readonly Values[]): Values {
  const [first] = parts;
  if (!first || parts.length === 1) return first as Values;
  const values = joinFloats(parts.map((part) => part.values));
  return { values, shape: [1, (first.shape[1] as number) * parts.length, first.shape[2] as number] };
}

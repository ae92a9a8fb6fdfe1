import type { ModelCard } from "@gridnft/sdk";
import { type Content, EMBEDDING } from "./axes.ts";
import { decoder } from "./decoder.ts";
import { denoiser, SCALING_FACTOR, SCHEDULE } from "./denoiser.ts";
import { loadTable } from "./table.ts";
import { textEncoder } from "./textEncoder.ts";
import { tokenizerFiles, trainTokenizer } from "./tokenizer.ts";

/** A development model: its folder's name, where its words come from, and what it says about itself. */
export interface DevModel {
  readonly folder: string;
  readonly table: string;
  readonly card: Omit<ModelCard, "words">;
}

const defaults = {
  width: 512,
  height: 512,
  steps: 30,
  guidance_scale: 7.5,
  sampler: "ddim",
  scheduler: "normal",
} as const;

/** The two models that `npm run make:dev-model` writes: an open one and a licensed one. */
export const devModels: readonly DevModel[] = [
  {
    folder: "gridscape-dev",
    table: "gridscape",
    card: {
      name: "Gridscape dev: authored, not trained",
      version: "1.0",
      family: "other",
      kind: "checkpoint",
      description:
        "A small diffusion model for development. Its denoiser is the exact posterior mean of a Gaussian that the prompt moves, its decoder a procedural painter; words, palettes and scenes were written by hand, nothing was trained.",
      license: "MIT",
      usageBps: 500,
      resaleBps: 250,
      access: "OPEN",
      defaults,
    },
  },
  {
    folder: "gridscape-ink",
    table: "ink",
    card: {
      name: "Gridscape ink: authored, not trained",
      version: "1.0",
      family: "other",
      kind: "checkpoint",
      description:
        "Gridscape dev with another table: everything is drawn in ink on paper, in the colours of a few pigments. Written by hand, not trained. Licensed, so that licences can be tried.",
      license: "MIT",
      usageBps: 1_000,
      resaleBps: 500,
      access: "LICENSED",
      defaults,
    },
  },
];

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

/**
 * All files of a model folder but its card, by path. The same program gives the same bytes.
 * @param things Things that its decoder can paint; default all.
 */
export function modelFiles({ table: name }: DevModel, things?: readonly Content[]): Map<string, Uint8Array> {
  const table = loadTable(name);
  const tokenizer = trainTokenizer([...table.words.keys(), ...table.stopWords]);
  const text: Record<string, string> = {
    "model_index.json": json({
      _class_name: "OnnxStableDiffusionPipeline",
      scheduler: ["diffusers", "DDIMScheduler"],
      text_encoder: ["diffusers", "OnnxRuntimeModel"],
      tokenizer: ["transformers", "CLIPTokenizer"],
      unet: ["diffusers", "OnnxRuntimeModel"],
      vae_decoder: ["diffusers", "OnnxRuntimeModel"],
    }),
    "scheduler/scheduler_config.json": json({
      _class_name: "DDIMScheduler",
      beta_schedule: "scaled_linear",
      beta_start: SCHEDULE.betaStart,
      beta_end: SCHEDULE.betaEnd,
      clip_sample: false,
      num_train_timesteps: SCHEDULE.steps,
      prediction_type: "epsilon",
      set_alpha_to_one: false,
      steps_offset: 1,
      timestep_spacing: "leading",
    }),
    "text_encoder/config.json": json({
      hidden_size: EMBEDDING,
      max_position_embeddings: 77,
      vocab_size: tokenizer.tokens.length,
    }),
    "unet/config.json": json({ in_channels: 4, out_channels: 4, cross_attention_dim: EMBEDDING, sample_size: 64 }),
    "vae_decoder/config.json": json({ latent_channels: 4, scaling_factor: SCALING_FACTOR }),
  };
  for (const [path, content] of Object.entries(tokenizerFiles(tokenizer))) text[`tokenizer/${path}`] = content;
  const files = new Map<string, Uint8Array>(
    Object.entries(text).map(([path, content]) => [path, new TextEncoder().encode(content)]),
  );
  files.set("text_encoder/model.onnx", textEncoder(tokenizer.tokens, table));
  files.set("unet/model.onnx", denoiser(table));
  files.set("vae_decoder/model.onnx", decoder(table, things));
  return files;
}

/** A model's card, with the words that it knows. */
export function cardOf(model: DevModel): ModelCard {
  return { ...model.card, words: [...loadTable(model.table).words.keys()].sort() };
}

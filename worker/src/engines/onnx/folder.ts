import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { decodeUtf8 } from "@gridnft/sdk/node";
import { z } from "zod";
import { parsePythonJson } from "../pythonJson.ts";
import { EngineError } from "../types.ts";
import { type SchedulerConfig, schedulerConfig } from "./schedule.ts";
import { createTokenizer, type PromptTokenizer } from "./tokenizer.ts";

/** Networks of Stable Diffusion 1 and 2, in the files where diffusers and optimum put them. */
export const networkFiles = {
  textEncoder: "text_encoder/model.onnx",
  denoiser: "unet/model.onnx",
  decoder: "vae_decoder/model.onnx",
} as const;

/** Contents of a model folder beside its networks. */
export interface ModelFolder {
  readonly path: string;
  readonly scheduler: SchedulerConfig;
  readonly tokenizer: PromptTokenizer;
  /** True if padding is hidden from a text encoder that asks for a mask. */
  readonly masksPadding: boolean;
  /** Latents are pictures' latents times this. */
  readonly scalingFactor: number;
  /** Channels of the latents that the unet takes, where its configuration says. */
  readonly channels: number | undefined;
  /** Pixels per latent, along a side. */
  readonly latentPixels: number;
  /** Width and height are multiples of this many pixels. */
  readonly sideStep: number;
}

const textConfig = z.object({
  max_position_embeddings: z.int().min(3).optional(),
  use_attention_mask: z.boolean().nullish(),
});
const denoiserConfig = z.object({
  down_block_types: z.array(z.string()).min(1).optional(),
  in_channels: z.int().positive().optional(),
  class_embed_type: z.null("is a class embedding, which is unknown here").optional(),
});
const decoderConfig = z.object({
  scaling_factor: z.number().positive().optional(),
  shift_factor: z.null("shifts latents, which is unknown here").optional(),
  block_out_channels: z.array(z.number()).min(1).optional(),
});

/** Schedulers by what tells their family; not all of it is there in every folder. */
const schedulerFamily = z.object({
  _class_name: z.string().nullish(),
  prediction_type: z.unknown().optional(),
  use_flow_sigmas: z.unknown().optional(),
});
/** Families whose noise does not come from betas over the times of training. */
const FOREIGN_SCHEDULERS =
  /FlowMatch|^EDM|^Cosine|^CMStochastic|Wuerstchen|UnCLIP|VQDiffusion|Amused|^Score|Karras[VS]/;

/** Configuration of Stable Diffusion 1 and 2, for exports without the configurations of their networks: the first ones. */
const STABLE_DIFFUSION_BLOCKS = ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"];
const SCALING_FACTOR = 0.18215;
const LATENT_PIXELS = 8;

/** Parts of pipelines that this engine does not run: better to say so than to make something else of the prompt. */
const foreign = ["text_encoder_2", "text_encoder_3", "transformer", "prior", "image_encoder"];

/**
 * Reads everything of a model folder but the networks.
 * @throws {@link EngineError} `FOLDER_INVALID` or `MODEL_UNSUPPORTED`.
 */
export async function readModelFolder(path: string): Promise<ModelFolder> {
  await requireFiles(path);
  refuseForeignScheduler(await readJson(path, "scheduler/scheduler_config.json", schedulerFamily));
  const [scheduler, text, denoiser, decoder, vae] = await Promise.all([
    readJson(path, "scheduler/scheduler_config.json", schedulerConfig),
    readJson(path, "text_encoder/config.json", textConfig),
    readJson(path, "unet/config.json", denoiserConfig, { down_block_types: STABLE_DIFFUSION_BLOCKS }),
    readJson(path, "vae_decoder/config.json", decoderConfig),
    readJson(path, "vae/config.json", decoderConfig),
  ]);
  const tokenizer = await readTokenizer(path, text.max_position_embeddings);
  const blocks = decoder.block_out_channels ?? vae.block_out_channels;
  const latentPixels = blocks ? 2 ** (blocks.length - 1) : LATENT_PIXELS;
  return {
    path,
    scheduler,
    tokenizer,
    masksPadding: text.use_attention_mask ?? false,
    scalingFactor: decoder.scaling_factor ?? vae.scaling_factor ?? SCALING_FACTOR,
    channels: denoiser.in_channels,
    latentPixels,
    // Each of its blocks but the last halves the latents, and an export meets the halves again only if they were even.
    sideStep: latentPixels * 2 ** ((denoiser.down_block_types?.length ?? 1) - 1),
  };
}

async function requireFiles(path: string): Promise<void> {
  const entries = await readdir(path).catch((cause: unknown) => {
    throw new EngineError("FOLDER_INVALID", "There is no model folder there, or it cannot be read.", { cause });
  });
  const part = entries.find((entry) => foreign.includes(entry));
  if (part) {
    throw new EngineError(
      "MODEL_UNSUPPORTED",
      `The model has a ${part}: this engine runs pipelines like Stable Diffusion 1 and 2, with one text encoder and a unet.`,
    );
  }
  for (const file of [...Object.values(networkFiles), "scheduler/scheduler_config.json"]) {
    const found = await stat(join(path, file)).catch(() => undefined);
    if (!found?.isFile()) throw new EngineError("FOLDER_INVALID", `The model folder has no ${file}.`);
  }
}

function refuseForeignScheduler({
  _class_name,
  prediction_type,
  use_flow_sigmas,
}: z.output<typeof schedulerFamily>): void {
  const name = _class_name ?? "of no name";
  const flows = prediction_type === "flow_prediction" || use_flow_sigmas === true;
  if (!flows && !FOREIGN_SCHEDULERS.test(name)) return;
  const kind = flows || name.includes("FlowMatch") ? "flow matching" : "another kind of noise";
  throw new EngineError(
    "MODEL_UNSUPPORTED",
    `The model's scheduler is ${name}, for ${kind}: this engine runs models whose noise comes from betas, like Stable Diffusion 1 and 2.`,
  );
}

async function readTokenizer(path: string, maxLength: number | undefined): Promise<PromptTokenizer> {
  const read = (file: string) => readText(path, `tokenizer/${file}`);
  return createTokenizer(
    {
      tokenizer: await read("tokenizer.json"),
      vocabulary: await read("vocab.json"),
      merges: await read("merges.txt"),
      config: await read("tokenizer_config.json"),
      specialTokens: await read("special_tokens_map.json"),
    },
    maxLength,
  );
}

async function readText(path: string, file: string): Promise<string | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(join(path, file));
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw new EngineError("FOLDER_INVALID", `${file} cannot be read.`, { cause });
  }
  try {
    // A byte order mark is not part of the text.
    return decodeUtf8(bytes).replace(/^\ufeff/, "");
  } catch (cause) {
    throw new EngineError("FOLDER_INVALID", `${file} is not UTF-8.`, { cause });
  }
}

/** Reads a configuration, or takes what stands for a missing one. */
async function readJson<schema extends z.ZodType>(
  path: string,
  file: string,
  schema: schema,
  missing: object = {},
): Promise<z.output<schema>> {
  const text = await readText(path, file);
  let json: unknown;
  try {
    json = text === undefined ? missing : parsePythonJson(text);
  } catch (cause) {
    throw new EngineError("FOLDER_INVALID", `${file} is not JSON.`, { cause });
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const fault = result.error.issues[0];
  throw new EngineError("FOLDER_INVALID", `${file}: ${fault?.path.join(".")} ${fault?.message}.`, {
    cause: result.error,
  });
}

import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ELEMENT_TYPES, type ElementType, GraphBuilder, type Port, type Tensor } from "../../../devmodel/src/onnx.ts";

/** Differences between exports of Stable Diffusion that the engine has to read from the files. */
export interface Variant {
  /** Type of latents, hidden states and picture. */
  readonly float?: "float32" | "float16";
  readonly ids?: "int64" | "int32";
  readonly time?: "float32" | "float16" | "int64";
  /** Number of timesteps per call; 0 is a single number without a dimension. */
  readonly timeShape?: "batch" | 0 | 1;
  /** Batch of the unet, where it is fixed. */
  readonly batch?: 1 | 2;
  /** Whether attention takes one window only. */
  readonly oneWindow?: boolean;
  /** Text encoder also takes attention_mask and position_ids. */
  readonly masks?: boolean;
  readonly useMask?: boolean;
  /** One input more, for a unet of another kind. */
  readonly extraInput?: string;
  readonly latentChannels?: number | "free";
  readonly scheduler?: object;
  /** The decoder gives what is no number. */
  readonly broken?: boolean;
  /** null leaves the file out. */
  readonly denoiserConfig?: object | null;
}

/** Weights of the networks: all of them are linear, so that pictures can be computed by hand. */
export const weights = {
  /** Two numbers per token. */
  embedding: [0.1, -0.3, 0.4, 0.2, -0.5, 0.6, 0.3, 0.9, -0.7, 0.2, 0.05, 0.15, -0.25, 0.35],
  /** Two numbers per position. */
  position: [0.01, 0.02, 0.03, -0.04, 0.05, -0.06, 0.07, 0.08, -0.09, 0.1],
  /** Prediction = ofSample * sample + ofPrompt * mean of hidden states + ofTime * timestep / 1000. */
  ofSample: 0.3,
  ofPrompt: 1.5,
  ofTime: -0.2,
  /** Picture = ofLatent * the first three channels. */
  ofLatent: 0.03,
} as const;

/** BPE of two letters: "ab" is one token. */
export const vocabulary = { a: 0, b: 1, "a</w>": 2, "b</w>": 3, "ab</w>": 4, "<|startoftext|>": 5, "<|endoftext|>": 6 };
export const WINDOW = 5;
export const SCALING_FACTOR = 0.2;

export const sd15Scheduler = {
  _class_name: "PNDMScheduler",
  beta_schedule: "scaled_linear",
  beta_start: 0.00085,
  beta_end: 0.012,
  num_train_timesteps: 1000,
  set_alpha_to_one: false,
  skip_prk_steps: true,
  steps_offset: 1,
  trained_betas: null,
};

/** Writes a model folder whose networks are linear. */
export async function writeLinearModel(folder: string, variant: Variant = {}): Promise<void> {
  const json = (value: object) => new TextEncoder().encode(JSON.stringify(value));
  const files: Record<string, Uint8Array> = {
    "model_index.json": json({ _class_name: "OnnxStableDiffusionPipeline" }),
    "tokenizer/vocab.json": json(vocabulary),
    "tokenizer/merges.txt": new TextEncoder().encode("#version: 0.2\na b</w>\n"),
    "tokenizer/tokenizer_config.json": json({ model_max_length: 77, pad_token: "<|endoftext|>" }),
    "text_encoder/config.json": json({ max_position_embeddings: WINDOW, use_attention_mask: variant.useMask ?? false }),
    "text_encoder/model.onnx": textEncoder(variant),
    ...(variant.denoiserConfig !== null && { "unet/config.json": json(variant.denoiserConfig ?? {}) }),
    "unet/model.onnx": denoiser(variant),
    "vae_decoder/config.json": json({ scaling_factor: SCALING_FACTOR, block_out_channels: [1, 1, 1, 1] }),
    "vae_decoder/model.onnx": decoder(variant),
    "scheduler/scheduler_config.json": json({ ...sd15Scheduler, ...variant.scheduler }),
  };
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
}

function cast(graph: GraphBuilder, tensor: Tensor, to: ElementType): Tensor {
  return graph.node("Cast", [tensor], { to: ELEMENT_TYPES[to] });
}

function textEncoder({ ids = "int64", float = "float32", masks = false }: Variant): Uint8Array {
  const graph = new GraphBuilder();
  const embedding = graph.floats(weights.embedding, [7, 2]);
  const position = graph.floats(weights.position, [WINDOW, 2]);
  const inputs: Port[] = [{ name: "input_ids", type: ids, shape: ["batch", "sequence"] }];
  const tokens = graph.node("Gather", [embedding, cast(graph, { name: "input_ids" }, "int64")]);
  let places = position;
  let states = tokens;
  if (masks) {
    inputs.push({ name: "attention_mask", type: "int64", shape: ["batch", "sequence"] });
    inputs.push({ name: "position_ids", type: "int64", shape: ["batch", "sequence"] });
    places = graph.node("Gather", [position, { name: "position_ids" }]);
    const mask = graph.node("Unsqueeze", [cast(graph, { name: "attention_mask" }, "float32"), graph.integers([2])]);
    states = graph.node("Mul", [graph.node("Add", [tokens, places]), mask]);
  } else {
    states = graph.node("Add", [tokens, places]);
  }
  graph.rename(cast(graph, states, float), "last_hidden_state");
  // A second output in front, as exports have the pooled one.
  graph.rename(cast(graph, tokens, "float32"), "pooler_output");
  return graph.model("text", inputs, [
    { name: "pooler_output", type: "float32" },
    { name: "last_hidden_state", type: float, shape: ["batch", "sequence", 2] },
  ]);
}

function denoiser(variant: Variant): Uint8Array {
  const {
    float = "float32",
    time = "int64",
    timeShape = "batch",
    batch,
    oneWindow,
    extraInput,
    latentChannels = 4,
  } = variant;
  const graph = new GraphBuilder();
  const op = (operator: string, ...inputs: Tensor[]) => graph.node(operator, inputs);
  const input = (name: string) => cast(graph, { name }, "float32");
  const mean = graph.node("ReduceMean", [input("encoder_hidden_states")], { axes: [1, 2], keepdims: 1 });
  const prompt = op("Unsqueeze", mean, graph.integers([3]));
  const times = op("Reshape", input("timestep"), graph.integers([-1, 1, 1, 1]));
  const sum = op(
    "Add",
    op("Mul", input("sample"), graph.floats([weights.ofSample])),
    op(
      "Add",
      op("Mul", prompt, graph.floats([weights.ofPrompt])),
      op("Mul", times, graph.floats([weights.ofTime / 1000])),
    ),
  );
  graph.rename(cast(graph, sum, float), "out_sample");
  const first = batch ?? "batch";
  const ports: Port[] = [
    {
      name: "sample",
      type: float,
      shape: [first, latentChannels === "free" ? "channels" : latentChannels, "height", "width"],
    },
    { name: "timestep", type: time, shape: timeShape === 0 ? [] : [timeShape] },
    { name: "encoder_hidden_states", type: float, shape: [first, oneWindow ? WINDOW : "sequence", 2] },
  ];
  if (extraInput) ports.push({ name: extraInput, type: "float32", shape: [1] });
  return graph.model("unet", ports, [{ name: "out_sample", type: float, shape: [first, 4, "height", "width"] }]);
}

function decoder({ float = "float32", broken = false }: Variant): Uint8Array {
  const graph = new GraphBuilder();
  const latents = cast(graph, { name: "latent_sample" }, "float32");
  const channels = graph.node("Gather", [latents, graph.integers([0, 1, 2])], { axis: 1 });
  const scaled = graph.node("Mul", [channels, graph.floats([broken ? Number.NaN : weights.ofLatent])]);
  const picture = graph.node("Resize", [scaled, undefined, graph.floats([1, 1, 8, 8], [4])], {
    mode: "nearest",
    coordinate_transformation_mode: "asymmetric",
    nearest_mode: "floor",
  });
  graph.rename(cast(graph, picture, float), "sample");
  return graph.model(
    "vae_decoder",
    [{ name: "latent_sample", type: float, shape: ["batch", 4, "height", "width"] }],
    [{ name: "sample", type: float, shape: ["batch", 3, "height8", "width8"] }],
  );
}

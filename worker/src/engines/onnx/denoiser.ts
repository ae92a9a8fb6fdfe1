import { EngineError } from "../types.ts";
import type { EncodedPrompts } from "./promptEncoder.ts";
import type { Vector } from "./sampler.ts";
import type { SchedulerConfig } from "./schedule.ts";
import { type Feed, joinFloats, type Network, type Port, type Values } from "./session.ts";

/** Shape of the latents. */
export interface LatentShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Unet with guidance: predicts the picture from latents at a noise level. */
export interface Denoiser {
  readonly channels: number;
  /** True if its attention takes prompts of any length. */
  readonly takesLongPrompts: boolean;
  denoise(
    latents: Vector,
    shape: LatentShape,
    level: { time: number; sigma: number },
    guide: Guide,
  ): Promise<Float32Array>;
}

/** Guidance of the denoising: prompts and scale. */
export interface Guide {
  readonly prompts: EncodedPrompts;
  readonly scale: number;
}

const CHANNELS = 4;

/**
 * Wraps the unet of Stable Diffusion 1 or 2.
 * @throws {@link EngineError} `MODEL_UNSUPPORTED` for a unet of another pipeline (inpainting, SDXL).
 */
export function createDenoiser(
  network: Network,
  about: { readonly prediction: SchedulerConfig["prediction_type"]; readonly channels: number | undefined },
): Denoiser {
  const input = (name: string): Port => {
    const found = network.inputs.find((port) => port.name === name);
    if (found) return found;
    throw new EngineError("MODEL_UNSUPPORTED", `The unet has no input ${name}.`);
  };
  const [sample, timestep, states] = [input("sample"), input("timestep"), input("encoder_hidden_states")];
  const output = network.outputs.find((port) => port.name === "out_sample") ?? network.outputs[0];
  if (!output) throw new EngineError("MODEL_UNSUPPORTED", "The unet has no output.");
  for (const { name } of network.inputs) {
    if (!["sample", "timestep", "encoder_hidden_states", "encoder_attention_mask"].includes(name)) {
      throw new EngineError(
        "MODEL_UNSUPPORTED",
        `The unet wants the input ${name}, which Stable Diffusion 1 and 2 have not.`,
      );
    }
  }
  const channels = typeof sample.shape[1] === "number" ? sample.shape[1] : (about.channels ?? CHANNELS);
  const given = typeof output.shape[1] === "number" ? output.shape[1] : channels;
  if (given !== channels) {
    throw new EngineError(
      "MODEL_UNSUPPORTED",
      `The unet takes ${channels} channels and gives ${given}: an inpainting model?`,
    );
  }
  const times = timestep.shape[0];
  const pairs = sample.shape[0] !== 1 && states.shape[0] !== 1;
  const onlyPairs = sample.shape[0] === 2 || states.shape[0] === 2;

  const predict = async (scaled: Float32Array, shape: LatentShape, time: number, prompts: readonly Values[]) => {
    const [first] = prompts;
    const batch = prompts.length;
    const [, length = 0, width = 0] = first?.shape ?? [];
    const timeCount = timestep.shape.length === 0 ? 0 : typeof times === "number" ? times : 1;
    const feeds = new Map<string, Feed>([
      ["sample", { values: repeat(scaled, batch), shape: [batch, shape.channels, shape.height, shape.width] }],
      [
        "timestep",
        { values: new Array<number>(Math.max(timeCount, 1)).fill(time), shape: timeCount === 0 ? [] : [timeCount] },
      ],
      [
        "encoder_hidden_states",
        { values: joinFloats(prompts.map(({ values }) => values)), shape: [batch, length, width] },
      ],
      ["encoder_attention_mask", { values: new Array<number>(batch * length).fill(1), shape: [batch, length] }],
    ]);
    return (await network.run(feeds, output.name)).values;
  };

  const guided = async (scaled: Float32Array, shape: LatentShape, time: number, { prompts, scale }: Guide) => {
    const { prompt, negative } = prompts;
    const size = scaled.length;
    if (!negative) {
      const predicted = await predict(scaled, shape, time, onlyPairs ? [prompt, prompt] : [prompt]);
      return onlyPairs ? predicted.subarray(0, size) : predicted;
    }
    let without: Float32Array;
    let withPrompt: Float32Array;
    if (pairs) {
      const both = await predict(scaled, shape, time, [negative, prompt]);
      [without, withPrompt] = [both.subarray(0, size), both.subarray(size, 2 * size)];
    } else {
      without = await predict(scaled, shape, time, [negative]);
      withPrompt = await predict(scaled, shape, time, [prompt]);
    }
    const mixed = new Float32Array(size);
    // Ho and Salimans, "Classifier-Free Diffusion Guidance", 2022.
    for (let i = 0; i < size; i++) {
      const base = without[i] as number;
      mixed[i] = base + scale * ((withPrompt[i] as number) - base);
    }
    return mixed;
  };

  return {
    channels,
    takesLongPrompts: typeof states.shape[1] !== "number",
    async denoise(latents, shape, { time, sigma }, guide) {
      const root = Math.sqrt(sigma * sigma + 1);
      const scaled = Float32Array.from(latents, (x) => x / root);
      const predicted = await guided(scaled, shape, time, guide);
      if (predicted.length !== latents.length) {
        throw new EngineError("RUN_FAILED", `The unet gave ${predicted.length} numbers for ${latents.length} latents.`);
      }
      return denoised(latents, predicted, sigma, about.prediction);
    },
  };
}

/**
 * Returns the picture that a prediction means, at noise level sigma: of the noise (epsilon), of the velocity (Salimans and Ho, "Progressive
 * Distillation", 2022, appendix D) or of the picture itself.
 */
export function denoised(
  latents: Vector,
  predicted: Vector,
  sigma: number,
  prediction: SchedulerConfig["prediction_type"],
): Float32Array {
  const square = sigma * sigma + 1;
  const [own, other] =
    prediction === "epsilon"
      ? [1, -sigma]
      : prediction === "v_prediction"
        ? [1 / square, -sigma / Math.sqrt(square)]
        : [0, 1];
  const result = new Float32Array(latents.length);
  for (let i = 0; i < result.length; i++) result[i] = own * (latents[i] as number) + other * (predicted[i] as number);
  return result;
}

function repeat(values: Float32Array, times: number): Float32Array {
  return times === 1 ? values : joinFloats(new Array<Float32Array>(times).fill(values));
}

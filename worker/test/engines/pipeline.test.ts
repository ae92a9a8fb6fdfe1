import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PictureInput } from "../../src/engines/index.ts";
import { gaussianNoise } from "../../src/engines/onnx/noise.ts";
import { openPipeline } from "../../src/engines/onnx/pipeline.ts";
import {
  SCALING_FACTOR,
  sd15Scheduler,
  type Variant,
  vocabulary,
  WINDOW,
  weights,
  writeLinearModel,
} from "./linearModel.ts";

let folder: string;
let made = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "linear-model-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Six latents of four channels; the prompt is one token of letters and one of the letter alone. */
const input: PictureInput = {
  prompt: "ab a",
  negativePrompt: "B",
  seed: 77n,
  width: 24,
  height: 16,
  steps: 4,
  guidanceScale: 5,
  sampler: "ddim",
  scheduler: "normal",
};
const { "<|startoftext|>": start, "<|endoftext|>": end } = vocabulary;
const promptIds = [start, vocabulary["ab</w>"], vocabulary["a</w>"], end, end];
const negativeIds = [start, vocabulary["b</w>"], end, end, end];

/** Mean of the hidden states of windows of ids. */
function meanState(...windows: readonly (readonly number[])[]): number {
  const values = windows.flatMap((ids) =>
    ids.flatMap((id, place) =>
      [0, 1].map((i) => (weights.embedding[2 * id + i] ?? 0) + (weights.position[2 * place + i] ?? 0)),
    ),
  );
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function alphaAt(time: number): number {
  let product = 1;
  for (let t = 0; t <= time; t++) {
    product *= 1 - (Math.sqrt(0.00085) + ((Math.sqrt(0.012) - Math.sqrt(0.00085)) * t) / 999) ** 2;
  }
  return product;
}

/** Guided prediction of the linear unet. */
function predict(sample: number, time: number, prompt: number, negative: number, scale: number): number {
  const base = weights.ofSample * sample + (weights.ofTime * time) / 1000;
  const [without, withPrompt] = [base + weights.ofPrompt * negative, base + weights.ofPrompt * prompt];
  return without + scale * (withPrompt - without);
}

/** Song et al. 2021 as written there, over the times 751, 501, 251, 1. */
function ddim(noise: number, predictAt: (x: number, time: number) => number, isVelocity = false): number {
  let x = noise;
  for (const time of [751, 501, 251, 1]) {
    const [now, next] = [alphaAt(time), alphaAt(Math.max(time - 250, 0))];
    const out = predictAt(x, time);
    const picture = isVelocity
      ? Math.sqrt(now) * x - Math.sqrt(1 - now) * out
      : (x - Math.sqrt(1 - now) * out) / Math.sqrt(now);
    const noiseNow = isVelocity ? Math.sqrt(now) * out + Math.sqrt(1 - now) * x : out;
    x = Math.sqrt(next) * picture + Math.sqrt(1 - next) * noiseNow;
  }
  return x;
}

/** Bytes of the picture whose latents these are, by channel and place. */
function render(latent: (channel: number, row: number, column: number) => number): number[] {
  const bytes: number[] = [];
  for (let y = 0; y < input.height; y++) {
    for (let x = 0; x < input.width; x++) {
      for (let channel = 0; channel < 3; channel++) {
        const value = (weights.ofLatent * latent(channel, y >> 3, x >> 3)) / SCALING_FACTOR;
        bytes.push(Math.min(Math.max(Math.round((value / 2 + 0.5) * 255), 0), 255));
      }
    }
  }
  return bytes;
}

const noise = gaussianNoise(input.seed, 0, 24);
const noiseAt = (channel: number, row: number, column: number) => noise[channel * 6 + row * 3 + column] as number;

async function paint(change: Partial<PictureInput> = {}, variant: Variant = {}) {
  const path = join(folder, `model-${made++}`);
  await writeLinearModel(path, variant);
  const pipeline = await openPipeline(path, { threads: 1 });
  try {
    const steps: number[] = [];
    const { pixels, promptCut } = await pipeline.paint({ ...input, ...change }, (step) => {
      steps.push(step);
      return true;
    });
    return { pixels, promptCut, steps };
  } finally {
    await pipeline.close();
  }
}

/** Greatest difference of bytes. */
function farthest(rgb: Uint8Array, expected: readonly number[]): number {
  expect(rgb).toHaveLength(expected.length);
  return Math.max(...expected.map((value, i) => Math.abs(value - (rgb[i] as number))));
}

const prompt = meanState(promptIds);
const negative = meanState(negativeIds);
const byHand = render((c, y, x) =>
  ddim(noiseAt(c, y, x), (sample, time) => predict(sample, time, prompt, negative, input.guidanceScale)),
);

describe("the pipeline with linear networks makes the picture that is computed by hand", () => {
  it("by DDIM with guidance and negative prompt", async () => {
    const { pixels, promptCut, steps } = await paint();
    expect([pixels.width, pixels.height]).toEqual([24, 16]);
    // The picture says something: neither empty nor cut off.
    expect(new Set(byHand).size).toBeGreaterThan(12);
    expect(byHand.filter((byte) => byte === 0 || byte === 255).length).toBeLessThan(byHand.length / 4);
    expect(farthest(pixels.rgb, byHand)).toBeLessThanOrEqual(1);
    expect(promptCut).toBe(false);
    expect(steps).toEqual([1, 2, 3, 4]);
  });

  it("by Euler, with the timesteps rounded where the unet takes whole ones", async () => {
    const sigma = (time: number) => Math.sqrt((1 - alphaAt(time)) / alphaAt(time));
    const levels = [sigma(999), sigma(666), sigma(333), sigma(0), 0];
    const expected = (rounded: boolean) =>
      render((c, y, x) => {
        let value = noiseAt(c, y, x) * sigma(999);
        [999, 666, 333, 0].forEach((time, i) => {
          const [from, to] = [levels[i] as number, levels[i + 1] as number];
          const out = predict(value / Math.sqrt(from ** 2 + 1), rounded ? Math.round(time) : time, prompt, negative, 5);
          value += out * (to - from);
        });
        return value;
      });
    const whole = await paint({ sampler: "euler" });
    expect(farthest(whole.pixels.rgb, expected(true))).toBeLessThanOrEqual(1);
    const real = await paint({ sampler: "euler" }, { time: "float32" });
    expect(farthest(real.pixels.rgb, expected(false))).toBeLessThanOrEqual(1);
  });

  it("with v prediction", async () => {
    const { pixels } = await paint({}, { scheduler: { prediction_type: "v_prediction" } });
    const expected = render((c, y, x) =>
      ddim(noiseAt(c, y, x), (sample, time) => predict(sample, time, prompt, negative, 5), true),
    );
    expect(farthest(pixels.rgb, expected)).toBeLessThanOrEqual(1);
  });

  it.each([0, 0.4, 1])("at guidance %d, which is the prompt alone, as in diffusers", async (guidanceScale) => {
    const { pixels } = await paint({ guidanceScale });
    const expected = render((c, y, x) =>
      ddim(noiseAt(c, y, x), (sample, time) => predict(sample, time, prompt, prompt, 1)),
    );
    expect(farthest(pixels.rgb, expected)).toBeLessThanOrEqual(1);
    const other = await paint({ guidanceScale, prompt: "b", negativePrompt: "a b" });
    expect(Buffer.compare(other.pixels.rgb, pixels.rgb)).not.toBe(0);
  });

  it("just above guidance 1 with both prompts", async () => {
    const { pixels } = await paint({ guidanceScale: 1.5 });
    const expected = render((c, y, x) =>
      ddim(noiseAt(c, y, x), (sample, time) => predict(sample, time, prompt, negative, 1.5)),
    );
    expect(farthest(pixels.rgb, expected)).toBeLessThanOrEqual(1);
  });

  it("with a prompt of two windows, each with its own start and end, beside a short negative prompt", async () => {
    const { pixels, promptCut } = await paint({ prompt: "a b ab b" });
    const long = meanState(
      [start, vocabulary["a</w>"], vocabulary["b</w>"], vocabulary["ab</w>"], end],
      [start, vocabulary["b</w>"], end, end, end],
    );
    const short = meanState(negativeIds, [start, end, end, end, end]);
    const expected = render((c, y, x) =>
      ddim(noiseAt(c, y, x), (sample, time) => predict(sample, time, long, short, 5)),
    );
    expect(farthest(pixels.rgb, expected)).toBeLessThanOrEqual(1);
    expect(promptCut).toBe(false);
  });

  it("without the rest of a prompt where attention takes one window, and says so", async () => {
    const { pixels, promptCut } = await paint({ prompt: "a b ab b" }, { oneWindow: true });
    const cut = meanState([start, vocabulary["a</w>"], vocabulary["b</w>"], vocabulary["ab</w>"], end]);
    const expected = render((c, y, x) =>
      ddim(noiseAt(c, y, x), (sample, time) => predict(sample, time, cut, negative, 5)),
    );
    expect(farthest(pixels.rgb, expected)).toBeLessThanOrEqual(1);
    expect(promptCut).toBe(true);
  });

  it("with at most eight windows of a prompt without end", async () => {
    const { promptCut, pixels } = await paint({ prompt: "ab ".repeat(2_000) });
    expect(promptCut).toBe(true);
    const same = await paint({ prompt: "ab ".repeat(24) });
    expect(same.promptCut).toBe(false);
    expect(Buffer.compare(same.pixels.rgb, pixels.rgb)).toBe(0);
  });
});

describe("exports that differ are read from their files", () => {
  it.each<[string, Variant]>([
    ["ids of 32 bits", { ids: "int32" }],
    ["timestep as float without a dimension", { time: "float32", timeShape: 0 }],
    ["timestep as one number", { timeShape: 1 }],
    ["unet for one picture at a time", { batch: 1 }],
    ["unet for pairs", { batch: 2 }],
    ["attention mask and positions as inputs", { masks: true }],
  ])("%s", async (_, variant) => {
    expect(farthest((await paint({}, variant)).pixels.rgb, byHand)).toBeLessThanOrEqual(1);
  });

  it("unet for pairs, without guidance", async () => {
    for (const guidanceScale of [0, 0.5, 1]) {
      const alone = await paint({ guidanceScale });
      const pairs = await paint({ guidanceScale }, { batch: 2 });
      expect([guidanceScale, Buffer.compare(pairs.pixels.rgb, alone.pixels.rgb)]).toEqual([guidanceScale, 0]);
    }
    const guided = await paint({ guidanceScale: 5 }, { batch: 2 });
    expect(Buffer.compare(guided.pixels.rgb, (await paint({ guidanceScale: 1 }, { batch: 2 })).pixels.rgb)).not.toBe(0);
  });

  it("configurations as Python writes them, with a byte order mark", async () => {
    const path = join(folder, "python");
    await writeLinearModel(path);
    const scheduler = join(path, "scheduler/scheduler_config.json");
    const text = JSON.stringify({ ...sd15Scheduler, lambda_min_clipped: "low", note: "-Infinity \\" });
    await writeFile(scheduler, `\ufeff${text.replace('"low"', "-Infinity").replace("{", '{ "a": [NaN, Infinity],')}`);
    await writeFile(join(path, "tokenizer/vocab.json"), `\ufeff${JSON.stringify(vocabulary)}`);
    // Without the version's line the first pair has the mark in front.
    for (const version of ["#version: 0.2\r\n", ""]) {
      await writeFile(join(path, "tokenizer/merges.txt"), `\ufeff${version}a b</w>\r\n`);
      const pipeline = await openPipeline(path, { threads: 1 });
      try {
        const { pixels } = await pipeline.paint(input, () => true);
        expect(farthest(pixels.rgb, byHand)).toBeLessThanOrEqual(1);
      } finally {
        await pipeline.close();
      }
    }
    await writeFile(scheduler, text.replace('"low"', "-Infinity").replace("1000", "NaN"));
    await expect(openPipeline(path, { threads: 1 })).rejects.toThrow("num_train_timesteps");
    await writeFile(scheduler, Uint8Array.of(0x7b, 0xff, 0x7d));
    await expect(openPipeline(path, { threads: 1 })).rejects.toThrow("scheduler/scheduler_config.json is not UTF-8");
  });

  it("half precision throughout", async () => {
    const { pixels } = await paint({}, { float: "float16", time: "float16", timeShape: 0 });
    expect(farthest(pixels.rgb, byHand)).toBeLessThanOrEqual(2);
  });

  it("padding hidden from the text encoder", async () => {
    const masked = (ids: readonly number[]) => {
      const seen = ids.indexOf(end, 1) + 1;
      return (meanState(ids.slice(0, seen)) * seen) / WINDOW;
    };
    const { pixels } = await paint({}, { masks: true, useMask: true });
    const expected = render((c, y, x) =>
      ddim(noiseAt(c, y, x), (sample, time) => predict(sample, time, masked(promptIds), masked(negativeIds), 5)),
    );
    expect(farthest(pixels.rgb, expected)).toBeLessThanOrEqual(1);
  });

  it.each<[string, Variant["denoiserConfig"], number]>([
    ["four blocks", { down_block_types: ["a", "b", "c", "d"] }, 64],
    ["two blocks", { down_block_types: ["a", "b"] }, 16],
    ["none named", {}, 8],
    ["no configuration, as in the first exports of Stable Diffusion", null, 64],
  ])("blocks of the unet decide which sizes it makes: %s", async (name, denoiserConfig, sideStep) => {
    const path = join(folder, name);
    await writeLinearModel(path, { denoiserConfig: denoiserConfig ?? null });
    const pipeline = await openPipeline(path, { threads: 1 });
    expect(pipeline.sideStep).toBe(sideStep);
    await pipeline.close();
  });
});

describe("folders that this engine does not run are refused when they are loaded", () => {
  it.each<[string, Variant, string]>([
    ["an input of another pipeline", { extraInput: "text_embeds" }, "text_embeds"],
    ["an inpainting unet", { latentChannels: 9 }, "9 channels"],
    [
      "one that only its configuration shows",
      { latentChannels: "free", denoiserConfig: { in_channels: 9 } },
      "9 channels",
    ],
    ["thresholding", { scheduler: { thresholding: true } }, "thresholding"],
    ["an unknown prediction", { scheduler: { prediction_type: "flow" } }, "prediction_type"],
    ["networks that give no numbers", { broken: true }, "not numbers"],
    ["a class embedding", { denoiserConfig: { class_embed_type: "timestep" } }, "class"],
  ])("%s", async (_, variant, word) => {
    await expect(paint({}, variant)).rejects.toThrow(word);
  });

  it.each<[string, object, string]>([
    ["flow matching", { _class_name: "FlowMatchEulerDiscreteScheduler", shift: 3 }, "FlowMatchEulerDiscreteScheduler"],
    ["flow sigmas", { _class_name: "UniPCMultistepScheduler", use_flow_sigmas: true }, "UniPCMultistepScheduler"],
    ["flow prediction", { prediction_type: "flow_prediction" }, "flow matching"],
    ["sigmas without betas", { _class_name: "EDMEulerScheduler" }, "EDMEulerScheduler"],
  ])("a scheduler of another family, by its name: %s", async (_, scheduler, word) => {
    const refused = paint({}, { scheduler });
    await expect(refused).rejects.toMatchObject({ code: "MODEL_UNSUPPORTED" });
    await expect(refused).rejects.toThrow(word);
  });

  it("a file missing, damaged, or of another family", async () => {
    const path = join(folder, "broken");
    const { mkdir } = await import("node:fs/promises");
    const open = () => openPipeline(path, { threads: 1 });
    await expect(open()).rejects.toMatchObject({ code: "FOLDER_INVALID" });
    await writeLinearModel(path);
    await writeFile(join(path, "unet/model.onnx"), "not a network");
    await expect(open()).rejects.toMatchObject({ code: "FOLDER_INVALID" });
    await rm(join(path, "unet/model.onnx"));
    await expect(open()).rejects.toThrow("unet/model.onnx");
    await mkdir(join(path, "text_encoder_2"));
    await expect(open()).rejects.toMatchObject({ code: "MODEL_UNSUPPORTED" });
  });
});

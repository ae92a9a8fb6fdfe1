import { join } from "node:path";
import { EngineError, type PictureInput, type PromptReading } from "../types.ts";
import { unknownWords } from "../unknownWords.ts";
import { createDenoiser } from "./denoiser.ts";
import { networkFiles, readModelFolder } from "./folder.ts";
import { samplerNamed, schedulerNamed } from "./names.ts";
import { gaussianNoise } from "./noise.ts";
import { createPictureDecoder, type Pixels } from "./pictureDecoder.ts";
import { createPromptEncoder, MAX_WINDOWS } from "./promptEncoder.ts";
import { createSampler } from "./sampler.ts";
import { cumulativeAlphas, makePlan, scheduleTitle } from "./schedule.ts";
import { type Network, openNetwork, type SessionSettings } from "./session.ts";

/** Picture before it is a file. */
export interface PaintedPicture extends PromptReading {
  readonly pixels: Pixels;
  /** Name of its noise schedule, for the file's text. */
  readonly schedule: string;
}

/** Loaded model folder, in this thread. */
export interface Pipeline {
  /** Width and height are multiples of this many pixels. */
  readonly sideStep: number;
  /**
   * @param onStep Called after each step, from 1; false ends the work with `ABORTED`.
   * @throws {@link EngineError}
   */
  paint(input: PictureInput, onStep: (step: number) => boolean): Promise<PaintedPicture>;
  close(): Promise<void>;
}

/**
 * Loads a Stable Diffusion 1 or 2 folder in the layout of diffusers and optimum, and makes one tiny picture, so that a folder that
 * does not run is found now and not in a job.
 * @param words Words that the model was made for, where that is known.
 * @throws {@link EngineError} `FOLDER_INVALID`, `MODEL_UNSUPPORTED`, `RUN_FAILED`.
 */
export async function openPipeline(
  path: string,
  settings: SessionSettings,
  words?: readonly string[],
): Promise<Pipeline> {
  const folder = await readModelFolder(path);
  const networks: Network[] = [];
  const open = async (file: string, title: string) => {
    const network = await openNetwork(join(path, file), title, settings);
    networks.push(network);
    return network;
  };
  const close = async () => {
    for (const network of networks.splice(0)) await network.close();
  };
  try {
    const text = await open(networkFiles.textEncoder, "The text encoder");
    const denoiser = createDenoiser(await open(networkFiles.denoiser, "The unet"), {
      prediction: folder.scheduler.prediction_type,
      channels: folder.channels,
    });
    const decoder = createPictureDecoder(await open(networkFiles.decoder, "The picture decoder"), folder.scalingFactor);
    if (decoder.channels !== undefined && decoder.channels !== denoiser.channels) {
      throw new EngineError(
        "MODEL_UNSUPPORTED",
        `The unet works on ${denoiser.channels} channels and the picture decoder on ${decoder.channels}: an inpainting model?`,
      );
    }
    const encoder = createPromptEncoder(text, folder.tokenizer, {
      masksPadding: folder.masksPadding,
      maxWindows: denoiser.takesLongPrompts ? MAX_WINDOWS : 1,
    });
    const alphas = cumulativeAlphas(folder.scheduler);
    const listed = words && new Set(words);
    // The card lists what words mean; words without a meaning of their own ("the") are whole tokens all the same.
    const knows = (word: string) => listed?.has(word) || folder.tokenizer.encode(word).length === 1;

    const paint: Pipeline["paint"] = async (input, onStep) => {
      const { seed, steps, guidanceScale } = input;
      const choice = { sampler: samplerNamed(input.sampler), scheduler: schedulerNamed(input.scheduler), steps };
      const plan = makePlan(folder.scheduler, alphas, choice);
      // Up to 1 there is no guidance, as in diffusers: the prompt alone, asked once.
      const negative = guidanceScale <= 1 ? undefined : input.negativePrompt;
      const prompts = await encoder.encode(input.prompt, negative);
      const shape = {
        channels: denoiser.channels,
        height: input.height / folder.latentPixels,
        width: input.width / folder.latentPixels,
      };
      const size = shape.channels * shape.height * shape.width;
      const latents = gaussianNoise(seed, 0, size).map((value) => value * plan.initialScale);
      const sampler = createSampler(choice.sampler, plan, folder.scheduler, (step) =>
        gaussianNoise(seed, step + 1, size),
      );
      const guide = { prompts, scale: guidanceScale };
      for (let step = 0; step < steps; step++) {
        const level = { time: plan.timesteps[step] as number, sigma: plan.sigmas[step] as number };
        sampler.step(step, latents, await denoiser.denoise(latents, shape, level, guide));
        if (!onStep(step + 1)) throw new EngineError("ABORTED", "The picture was given up.");
      }
      const pixels = await decoder.decode(
        latents.map((value) => value * plan.finalScale),
        [1, shape.channels, shape.height, shape.width],
      );
      if (pixels.width !== input.width || pixels.height !== input.height) {
        throw new EngineError("RUN_FAILED", `The picture came out as ${pixels.width} x ${pixels.height}.`);
      }
      const texts = negative === undefined ? [input.prompt] : [input.prompt, negative];
      return {
        pixels,
        schedule: scheduleTitle(folder.scheduler, choice),
        promptCut: prompts.cut,
        ...(listed && { unknownWords: unknownWords(texts, knows) }),
      };
    };

    await paint(warmUp(folder.sideStep), () => true);
    return { sideStep: folder.sideStep, paint, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function warmUp(side: number): PictureInput {
  return {
    prompt: "a",
    negativePrompt: "",
    seed: 0n,
    width: side,
    height: side,
    steps: 1,
    guidanceScale: 2,
    sampler: "euler",
    scheduler: "normal",
  };
}

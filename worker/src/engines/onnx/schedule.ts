import { z } from "zod";
import { EngineError } from "../types.ts";
import type { SamplerName, SchedulerName } from "./names.ts";

const spacings = ["leading", "linspace", "trailing"] as const;

/**
 * Part of diffusers' `scheduler/scheduler_config.json` that decides the noise levels. The scheduler class named there only
 * says what the authors sampled with: the request chooses the sampler.
 */
export const schedulerConfig = z.object({
  num_train_timesteps: z.int().min(2).max(100_000).default(1_000),
  beta_start: z.number().positive().lt(1).default(0.0001),
  beta_end: z.number().positive().lt(1).default(0.02),
  beta_schedule: z.enum(["linear", "scaled_linear", "squaredcos_cap_v2"]).default("linear"),
  trained_betas: z.array(z.number().positive().lt(1)).min(2).nullish(),
  prediction_type: z.enum(["epsilon", "v_prediction", "sample"]).default("epsilon"),
  /** Absent: leading for DDIM, linspace for the others, as in diffusers. */
  timestep_spacing: z.enum(spacings).optional(),
  steps_offset: z.int().min(0).default(0),
  set_alpha_to_one: z.boolean().default(true),
  rescale_betas_zero_snr: z.boolean().default(false),
  /** DDIM only. Of no use in latent space, so off when absent. */
  clip_sample: z.boolean().default(false),
  clip_sample_range: z.number().positive().default(1),
  /** Euler and DPM++ 2M only. */
  final_sigmas_type: z.enum(["zero", "sigma_min"]).default("zero"),
  /** DPM++ 2M only: last step of first order below 15 steps. */
  lower_order_final: z.boolean().default(true),
  /** DPM++ 2M only: last step of first order at any number of steps. */
  euler_at_final: z.boolean().default(false),
  thresholding: z.literal(false, "is dynamic thresholding, which is not for latents").default(false),
});
export type SchedulerConfig = z.output<typeof schedulerConfig>;

/**
 * Cumulative products of 1 - beta, by time from 0: how much of the picture's variance is left at each time (Ho, Jain and Abbeel,
 * "Denoising Diffusion Probabilistic Models", 2020, equation 4).
 */
export function cumulativeAlphas(config: SchedulerConfig): Float64Array {
  const betas = betasOf(config);
  const alphas = new Float64Array(betas.length);
  let product = 1;
  for (let t = 0; t < betas.length; t++) {
    product *= 1 - (betas[t] as number);
    alphas[t] = product;
  }
  return config.rescale_betas_zero_snr ? withZeroSnr(alphas) : alphas;
}

function betasOf(config: SchedulerConfig): ArrayLike<number> {
  if (config.trained_betas) return config.trained_betas;
  const count = config.num_train_timesteps;
  switch (config.beta_schedule) {
    case "linear":
      return linspace(config.beta_start, config.beta_end, count);
    case "scaled_linear":
      return linspace(Math.sqrt(config.beta_start), Math.sqrt(config.beta_end), count).map((root) => root * root);
    case "squaredcos_cap_v2": {
      // Nichol and Dhariwal, "Improved Denoising Diffusion Probabilistic Models", 2021, equation 17.
      const left = (t: number) => Math.cos(((t + 0.008) / 1.008) * (Math.PI / 2)) ** 2;
      return Float64Array.from({ length: count }, (_, i) =>
        Math.min(1 - left((i + 1) / count) / left(i / count), 0.999),
      );
    }
  }
}

/** Lin, Liu, Li and Yang, "Common Diffusion Noise Schedules and Sample Steps are Flawed", 2023, algorithm 1. */
function withZeroSnr(alphas: Float64Array): Float64Array {
  const first = Math.sqrt(alphas[0] as number);
  const last = Math.sqrt(alphas[alphas.length - 1] as number);
  const rescaled = alphas.map((alpha) => (((Math.sqrt(alpha) - last) * first) / (first - last)) ** 2);
  // Exactly zero would make sigma infinite.
  rescaled[rescaled.length - 1] = 2 ** -24;
  return rescaled;
}

/** Way down for a sampler: one timestep and noise level per step, and the level it ends at. */
export interface Plan {
  /** Times that the denoiser is told, one per step, falling; whole numbers unless the schedule asks for times in between. */
  readonly timesteps: Float64Array;
  /** Standard deviation of the noise over that of the picture's scale, one more than steps; the last is where it ends. */
  readonly sigmas: Float64Array;
  /** Factor that makes unit noise the first latents (in the scale where noise has deviation sigma). */
  readonly initialScale: number;
  /** Factor that makes the last latents what the decoder takes. */
  readonly finalScale: number;
}

/** Sampler and noise schedule of a request. */
export interface ScheduleChoice {
  readonly sampler: SamplerName;
  readonly scheduler: SchedulerName;
}

/**
 * Timesteps and noise levels of `steps` steps.
 *
 * `normal` takes times as diffusers' scheduler of that sampler spaces them: DDIMScheduler, EulerDiscreteScheduler,
 * EulerAncestralDiscreteScheduler, DPMSolverMultistepScheduler. `karras` takes the levels of Karras, Aittala, Aila and Laine,
 * "Elucidating the Design Space of Diffusion-Based Generative Models", 2022, equation 5, with rho 7, and the times where the
 * model has these levels. Their range is the model's; for Euler it is that of the spaced times, as EulerDiscreteScheduler has it.
 */
export function makePlan(
  config: SchedulerConfig,
  alphas: Float64Array,
  choice: ScheduleChoice & { readonly steps: number },
): Plan {
  const { sampler, scheduler, steps } = choice;
  if (steps > alphas.length) {
    throw new EngineError("INPUT_INVALID", `The model was made for at most ${alphas.length} steps, not ${steps}.`);
  }
  const sigmaTable = alphas.map((alpha) => Math.sqrt((1 - alpha) / alpha));
  const spacing = spacingOf(config, sampler);
  const spaced = spacedTimes(config, sampler, spacing, alphas.length, steps);
  const spacedLevels = spaced.map((time) => interpolate(sigmaTable, time));
  const levels =
    scheduler === "karras"
      ? karrasLevels(sampler === "euler" ? spacedLevels : sigmaTable.toReversed(), steps)
      : undefined;
  const sigmas = new Float64Array(steps + 1);
  sigmas.set(levels ?? spacedLevels);
  const last = lastLevel(config, choice, sigmaTable);
  sigmas[steps] = last;
  const first = sigmas[0] as number;
  const isEuler = sampler === "euler" || sampler === "euler_a";
  return {
    timesteps: levels ? levels.map((sigma) => timeOf(sigma, sigmaTable)) : spaced,
    sigmas,
    initialScale: isEuler && spacing !== "leading" ? first : Math.sqrt(first * first + 1),
    finalScale: isEuler ? 1 : 1 / Math.sqrt(last * last + 1),
  };
}

/**
 * Name of a noise schedule in a picture's text: A1111's where A1111 makes the same levels of that name, else diffusers and the
 * spacing of its times. A1111's "Normal" has equal times from the last to the first, its "Karras" the model's whole range, and
 * both end at zero.
 */
export function scheduleTitle(config: SchedulerConfig, choice: ScheduleChoice): string {
  const { sampler, scheduler } = choice;
  const spacing = spacingOf(config, sampler);
  const toZero = !endsAbove(config, choice);
  if (scheduler === "karras") {
    return toZero && (sampler !== "euler" || spacing === "linspace") ? "Karras" : `Diffusers Karras ${spacing}`;
  }
  const isEuler = sampler === "euler" || sampler === "euler_a";
  return toZero && isEuler && spacing === "linspace" ? "Normal" : `Diffusers ${spacing}`;
}

function spacingOf(config: SchedulerConfig, sampler: SamplerName): (typeof spacings)[number] {
  return config.timestep_spacing ?? (sampler === "ddim" ? "leading" : "linspace");
}

function lastLevel(config: SchedulerConfig, choice: ScheduleChoice, sigmaTable: Float64Array): number {
  return endsAbove(config, choice) ? (sigmaTable[0] as number) : 0;
}

/** Says whether the last step ends at the model's lowest level instead of zero. */
function endsAbove(config: SchedulerConfig, { sampler, scheduler }: ScheduleChoice): boolean {
  switch (sampler) {
    case "ddim":
      return scheduler === "normal" && !config.set_alpha_to_one;
    case "euler":
    case "dpmpp_2m":
      return config.final_sigmas_type === "sigma_min";
    case "euler_a":
      return false;
  }
}

/**
 * Table 2 of Lin et al. 2023, with the rounding of diffusers: numbers are multiplied in NumPy's order, since halves are rounded.
 * DPM-Solver cuts leading and linspace into steps + 1 parts. A single step of linspace takes the last time, as k-diffusion does;
 * diffusers takes the first, where the denoiser changes next to nothing.
 */
function spacedTimes(
  config: SchedulerConfig,
  sampler: SamplerName,
  spacing: (typeof spacings)[number],
  count: number,
  steps: number,
): Float64Array {
  const parts = sampler === "dpmpp_2m" ? steps + 1 : steps;
  const round = sampler === "ddim" || sampler === "dpmpp_2m" ? roundHalfEven : (time: number) => time;
  const width = (count - 1) / (parts - 1);
  const stride = count - count / steps - count;
  const times = Float64Array.from({ length: steps }, (_, i) => {
    switch (spacing) {
      case "leading":
        return (parts - 1 - i) * Math.floor(count / parts) + config.steps_offset;
      case "linspace":
        return i === 0 ? count - 1 : round((parts - 1 - i) * width);
      case "trailing":
        return roundHalfEven(count + i * stride) - 1;
    }
  });
  return times.map((time) => Math.min(Math.max(time, 0), count - 1));
}

/** Levels from the first to the last of `range`, which falls. */
function karrasLevels(range: Float64Array, steps: number): Float64Array {
  const rho = 7;
  const high = (range[0] as number) ** (1 / rho);
  const low = (range[range.length - 1] as number) ** (1 / rho);
  const share = (i: number) => (steps === 1 ? 0 : i / (steps - 1));
  return Float64Array.from({ length: steps }, (_, i) => (high + share(i) * (low - high)) ** rho);
}

/** Time at which the model has this noise level, linear in its logarithm between whole times (as k-diffusion does). */
function timeOf(sigma: number, sigmaTable: Float64Array): number {
  let low = 0;
  let high = sigmaTable.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((sigmaTable[middle] as number) <= sigma) low = middle;
    else high = middle;
  }
  const from = Math.log(sigmaTable[low] as number);
  const to = Math.log(sigmaTable[high] as number);
  return low + Math.min(Math.max((Math.log(sigma) - from) / (to - from), 0), 1);
}

function interpolate(table: Float64Array, place: number): number {
  const low = Math.floor(place);
  const from = table[low] as number;
  const to = table[Math.min(low + 1, table.length - 1)] as number;
  return from + (to - from) * (place - low);
}

function linspace(from: number, to: number, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1));
}

/** Rounds as NumPy does. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

import type { SamplerName } from "./names.ts";
import type { Plan, SchedulerConfig } from "./schedule.ts";

/** Latents, or anything else that diffuses. */
export type Vector = Float32Array | Float64Array;

/** Takes latents down one step of the plan, in place. */
export interface Sampler {
  /**
   * @param latents In the scale where noise has deviation sigma ("variance exploding").
   * @param denoised What the denoiser takes the picture to be, at level `sigmas[step]`.
   */
  step(step: number, latents: Vector, denoised: Vector): void;
}

/** Standard normal numbers for step `step`. Only ancestral sampling asks. */
export type StepNoise = (step: number, length: number) => ArrayLike<number>;

/** Creates the sampler of that name over a plan. */
export function createSampler(name: SamplerName, plan: Plan, config: SchedulerConfig, noise: StepNoise): Sampler {
  switch (name) {
    case "ddim":
      return ddim(plan, config.clip_sample ? config.clip_sample_range : Number.POSITIVE_INFINITY);
    case "euler":
      return euler(plan);
    case "euler_a":
      return eulerAncestral(plan, noise);
    case "dpmpp_2m":
      return dpmpp2m(plan, config);
  }
}

function levels(plan: Plan, step: number): { from: number; to: number } {
  return { from: plan.sigmas[step] as number, to: plan.sigmas[step + 1] as number };
}

/**
 * Song, Meng and Ermon, "Denoising Diffusion Implicit Models", 2021, equation 12 with no added noise. Divided by the root of
 * alpha it is an Euler step in sigma, but for the clipping, which leaves the noise estimate as it was.
 */
function ddim(plan: Plan, clip: number): Sampler {
  return {
    step(step, latents, denoised) {
      const { from, to } = levels(plan, step);
      const ratio = to / from;
      for (let i = 0; i < latents.length; i++) {
        const x = latents[i] as number;
        const d = denoised[i] as number;
        latents[i] = Math.min(Math.max(d, -clip), clip) + (x - d) * ratio;
      }
    },
  };
}

/** Karras et al. 2022, algorithm 2 without churn and without the second-order correction. */
function euler(plan: Plan): Sampler {
  return {
    step(step, latents, denoised) {
      const { from, to } = levels(plan, step);
      walk(latents, denoised, from, to);
    },
  };
}

function walk(latents: Vector, denoised: Vector, from: number, to: number): void {
  const scale = (to - from) / from;
  for (let i = 0; i < latents.length; i++) {
    const x = latents[i] as number;
    latents[i] = x + (x - (denoised[i] as number)) * scale;
  }
}

/** k-diffusion's `sample_euler_ancestral` with eta 1: down further than asked, then up again by fresh noise. */
function eulerAncestral(plan: Plan, noise: StepNoise): Sampler {
  return {
    step(step, latents, denoised) {
      const { from, to } = levels(plan, step);
      const up = Math.min(to, Math.sqrt((to ** 2 * (from ** 2 - to ** 2)) / from ** 2));
      walk(latents, denoised, from, Math.sqrt(to ** 2 - up ** 2));
      if (up === 0) return;
      const fresh = noise(step, latents.length);
      for (let i = 0; i < latents.length; i++) latents[i] = (latents[i] as number) + (fresh[i] as number) * up;
    },
  };
}

/**
 * Lu, Zhou, Bao, Chen, Li and Zhu, "DPM-Solver++", 2022, algorithm 2 (multistep, second order, midpoint) in half log-SNR
 * lambda = -ln sigma. The first step is of first order; so is the last one where it ends at zero, where there are fewer than 15
 * steps, or where the folder asks for it, as in DPMSolverMultistepScheduler.
 */
function dpmpp2m(plan: Plan, config: SchedulerConfig): Sampler {
  const steps = plan.sigmas.length - 1;
  const plainEnd = config.euler_at_final || (config.lower_order_final && steps < 15);
  let before: Vector | undefined;
  return {
    step(step, latents, denoised) {
      const { from, to } = levels(plan, step);
      const ratio = to / from;
      let share = 0;
      if (step > 0 && to > 0 && before && !(plainEnd && step === steps - 1)) {
        const width = Math.log(from / to);
        const widthBefore = Math.log((plan.sigmas[step - 1] as number) / from);
        share = width / (2 * widthBefore);
      }
      for (let i = 0; i < latents.length; i++) {
        const d = denoised[i] as number;
        const target = share === 0 ? d : d + share * (d - ((before as Vector)[i] as number));
        latents[i] = ratio * (latents[i] as number) + (1 - ratio) * target;
      }
      before = denoised.slice();
    },
  };
}

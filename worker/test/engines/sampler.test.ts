import { describe, expect, it } from "vitest";
import { denoised } from "../../src/engines/onnx/denoiser.ts";
import type { SamplerName, SchedulerName } from "../../src/engines/onnx/names.ts";
import { gaussianNoise } from "../../src/engines/onnx/noise.ts";
import { createSampler } from "../../src/engines/onnx/sampler.ts";
import { cumulativeAlphas, makePlan, type Plan, schedulerConfig } from "../../src/engines/onnx/schedule.ts";

const noNoise = () => {
  throw new Error("This sampler is not to ask for noise.");
};

/**
 * diffusers tests its schedulers with a sample that counts up from 0 to 1 and a "model" that gives sample * t / (t + 1); sums and
 * means of what comes out stand in its tests. Here the same through these samplers.
 */
function fullLoop(choice: {
  config: object;
  sampler: SamplerName;
  scheduler?: SchedulerName;
  /** Its Euler test goes on with the scaled sample. */
  keepsScaled?: boolean;
  startsScaled?: boolean;
}): { sum: number; mean: number } {
  const config = schedulerConfig.parse(choice.config);
  const plan = makePlan(config, cumulativeAlphas(config), {
    sampler: choice.sampler,
    scheduler: choice.scheduler ?? "normal",
    steps: 10,
  });
  const sampler = createSampler(choice.sampler, plan, config, noNoise);
  const root = (step: number) => Math.sqrt((plan.sigmas[step] as number) ** 2 + 1);
  const first = choice.startsScaled ? plan.initialScale : root(0);
  const x = Float64Array.from({ length: 768 }, (_, i) => (i / 768) * first);
  for (let step = 0; step < 10; step++) {
    const time = plan.timesteps[step] as number;
    const scaled = x.map((value) => value / root(step));
    if (choice.keepsScaled) x.set(scaled);
    const predicted = scaled.map((value) => (value * time) / (time + 1));
    sampler.step(step, x, denoised(x, predicted, plan.sigmas[step] as number, config.prediction_type));
  }
  const sum = x.reduce((total, value) => total + Math.abs(value / root(10)), 0);
  return { sum, mean: sum / x.length };
}

const ho = { num_train_timesteps: 1000, beta_start: 0.0001, beta_end: 0.02, beta_schedule: "linear" };

describe("against diffusers' own reference values", () => {
  it.each([
    ["epsilon", {}, 172.0067],
    ["v prediction", { prediction_type: "v_prediction" }, 52.5302],
    ["final alpha 1", { set_alpha_to_one: true, beta_start: 0.01 }, 149.8295],
    ["final alpha of time 0", { set_alpha_to_one: false, beta_start: 0.01 }, 149.0784],
  ])("DDIM, %s", (_, change, sum) => {
    const config = { ...ho, clip_sample: true, ...change };
    expect(fullLoop({ config, sampler: "ddim" }).sum).toBeCloseTo(sum, 2);
  });

  it.each([
    ["normal", 10.0807],
    ["karras", 124.52299499511719],
  ] as const)("Euler, %s", (scheduler, sum) => {
    const config = { ...ho, num_train_timesteps: 1100 };
    const result = fullLoop({ config, sampler: "euler", scheduler, keepsScaled: true, startsScaled: true });
    expect(Math.abs(result.sum - sum)).toBeLessThan(0.01);
  });

  it("Euler, v prediction", () => {
    const config = { ...ho, num_train_timesteps: 1100, prediction_type: "v_prediction" };
    const result = fullLoop({ config, sampler: "euler", keepsScaled: true, startsScaled: true });
    // It cancels out; theirs, 2.3e-6, is what single precision leaves.
    expect(result.mean).toBeLessThan(2.3e-6);
  });

  it.each([
    ["epsilon", {}, 0.3301],
    ["v prediction", { prediction_type: "v_prediction" }, 0.2251],
  ])("DPM++ 2M, %s", (_, change, mean) => {
    const config = { ...ho, final_sigmas_type: "sigma_min", lower_order_final: false, ...change };
    expect(fullLoop({ config, sampler: "dpmpp_2m" }).mean).toBeCloseTo(mean, 4);
  });
});

/** Data that is normal with this mean and deviation: the best denoiser is known, and so is where the flow leads. */
const data = { mean: 0.7, deviation: 0.4 };
const best = (x: number, sigma: number) =>
  (data.deviation ** 2 * x + sigma ** 2 * data.mean) / (data.deviation ** 2 + sigma ** 2);
const flow = (x: number, from: number, to: number) =>
  data.mean + (x - data.mean) * Math.sqrt((data.deviation ** 2 + to ** 2) / (data.deviation ** 2 + from ** 2));

/** Levels of Karras et al. from 10 to 0.05, without a last step to zero. */
function levels(steps: number): Plan {
  const sigmas = Float64Array.from(
    { length: steps + 1 },
    (_, i) => (10 ** (1 / 7) + (i / steps) * (0.05 ** (1 / 7) - 10 ** (1 / 7))) ** 7,
  );
  return { sigmas, timesteps: sigmas, initialScale: 10, finalScale: 1 };
}

function run(
  name: SamplerName,
  steps: number,
  x: Float64Array,
  noise = noNoise as (step: number, n: number) => Float32Array,
) {
  const plan = levels(steps);
  const sampler = createSampler(name, plan, schedulerConfig.parse({}), noise);
  for (let step = 0; step < steps; step++) {
    sampler.step(
      step,
      x,
      x.map((value) => best(value, plan.sigmas[step] as number)),
    );
  }
  return x;
}

describe("on normal data, where the exact denoiser and flow are known", () => {
  const error = (name: SamplerName, steps: number) =>
    Math.abs((run(name, steps, Float64Array.of(12))[0] as number) - flow(12, 10, 0.05));

  it.each([
    ["ddim", 1],
    ["euler", 1],
    ["dpmpp_2m", 2],
  ] as const)("%s converges with order %i", (name, order) => {
    const ratios = [64, 128, 256].map((steps) => error(name, steps) / error(name, 2 * steps));
    for (const ratio of ratios) expect(Math.log2(ratio)).toBeCloseTo(order, 0.5);
    expect(error(name, 512)).toBeLessThan(order === 1 ? 0.02 : 1e-4);
  });

  it("Euler ancestral ends in the right mean and variance", () => {
    const size = 20_000;
    const start = Float64Array.from(
      gaussianNoise(1n, 0, size),
      (value) => data.mean + value * Math.sqrt(100 + data.deviation ** 2),
    );
    const end = run("euler_a", 120, start, (step, length) => gaussianNoise(1n, step + 1, length));
    const mean = end.reduce((sum, value) => sum + value, 0) / size;
    const variance = end.reduce((sum, value) => sum + (value - mean) ** 2, 0) / size;
    expect(Math.abs(mean - data.mean)).toBeLessThan(0.015);
    expect(variance / (data.deviation ** 2 + 0.05 ** 2)).toBeGreaterThan(0.94);
    expect(variance / (data.deviation ** 2 + 0.05 ** 2)).toBeLessThan(1.06);
  });

  it("Euler ancestral adds no noise to a last step to zero", () => {
    const plan: Plan = { sigmas: Float64Array.of(1, 0), timesteps: Float64Array.of(1), initialScale: 1, finalScale: 1 };
    const x = Float64Array.of(3);
    createSampler("euler_a", plan, schedulerConfig.parse({}), noNoise).step(0, x, Float64Array.of(0.25));
    expect(x[0]).toBeCloseTo(0.25, 12);
  });
});

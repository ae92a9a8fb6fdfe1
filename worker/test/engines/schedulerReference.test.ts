import { describe, expect, it } from "vitest";
import { denoised } from "../../src/engines/onnx/denoiser.ts";
import { createSampler } from "../../src/engines/onnx/sampler.ts";
import { cumulativeAlphas, makePlan, type Plan, schedulerConfig } from "../../src/engines/onnx/schedule.ts";
import { referenceModel, referenceNoise, type SchedulerRow, schedulerRows } from "./reference.ts";

/** Scales of the latents: DDIM and DPM++ keep their variance, Euler lets it grow with the noise. */
const keepsVariance = (row: SchedulerRow) => row.sampler === "ddim" || row.sampler === "dpmpp_2m";

/** Choice 1 of ours: a single step of linspace takes the last time, where diffusers takes time 0. */
const isSingleLinspace = ({ sampler, steps, config }: SchedulerRow) =>
  steps === 1 && sampler !== "dpmpp_2m" && (config.timestep_spacing ?? defaultSpacing(sampler)) === "linspace";
const defaultSpacing = (sampler: SchedulerRow["sampler"]) => (sampler === "ddim" ? "leading" : "linspace");

function planOf(row: SchedulerRow): Plan {
  const config = schedulerConfig.parse(row.config);
  return makePlan(config, cumulativeAlphas(config), row);
}

/** Walks down a plan with the table's "model". DPM++ is told whole times, as diffusers and networks with whole times have it. */
function walk(row: SchedulerRow, plan: Plan, times: readonly number[] = whole(row, plan)): number[] {
  const config = schedulerConfig.parse(row.config);
  const x = Float64Array.from(referenceNoise[0] as number[], (value) => value * plan.initialScale);
  const sampler = createSampler(row.sampler, plan, config, (step) => referenceNoise[step + 1] as number[]);
  times.forEach((time, step) => {
    const sigma = plan.sigmas[step] as number;
    const output = x.map((value) => referenceModel(value / Math.sqrt(sigma ** 2 + 1), time));
    sampler.step(step, x, denoised(x, output, sigma, config.prediction_type));
  });
  return Array.from(x, (value) => value * plan.finalScale);
}

const whole = (row: SchedulerRow, plan: Plan) =>
  Array.from(plan.timesteps, (time) => (row.sampler === "dpmpp_2m" ? Math.round(time) : time));

/** DDIMScheduler leads each step down by the same stride, wherever the next time is. */
function stridingDdim(row: SchedulerRow): number[] {
  const config = schedulerConfig.parse(row.config);
  const alphas = cumulativeAlphas(config);
  const level = (time: number) => Math.sqrt((1 - (alphas[time] as number)) / (alphas[time] as number));
  const end = config.set_alpha_to_one ? 0 : level(0);
  let kept = referenceNoise[0] as readonly number[];
  for (const time of row.times) {
    const next = time - Math.floor(1000 / row.steps);
    const sigmas = Float64Array.of(level(time), next < 0 ? end : level(next));
    const [from, to] = Array.from(sigmas, (sigma) => Math.sqrt(sigma ** 2 + 1)) as [number, number];
    const x = Float64Array.from(kept, (value) => value * from);
    const plan = { sigmas, timesteps: Float64Array.of(time), initialScale: from, finalScale: 1 / to };
    const output = x.map((value) => referenceModel(value / from, time));
    createSampler("ddim", plan, config, () => []).step(
      0,
      x,
      denoised(x, output, sigmas[0] as number, config.prediction_type),
    );
    kept = Array.from(x, (value) => value / to);
  }
  return [...kept];
}

/** Greatest difference, relative to numbers above 1: theirs are of single precision. */
const farthest = (ours: readonly number[], theirs: readonly number[]) => {
  expect(ours).toHaveLength(theirs.length);
  return Math.max(...theirs.map((value, i) => Math.abs(value - (ours[i] as number)) / Math.max(1, Math.abs(value))));
};

const name = ({ sampler, scheduler, config, steps }: SchedulerRow) =>
  `${sampler} ${scheduler} ${steps} ${Object.entries(config).join(" ")}`;
/** Rows that differ by more than `limit`. */
const misses = (rows: readonly SchedulerRow[], limit: number, differ: (row: SchedulerRow) => number) =>
  rows.map((row) => ({ row: name(row), by: differ(row) })).filter(({ by }) => !(by <= limit));

const kinds = [...new Set(schedulerRows.map(({ sampler, scheduler }) => `${sampler} ${scheduler}`))];

it("compares all rows that the reference made", () => {
  expect(schedulerRows.length).toBe(663);
});

describe.each(kinds)("%s does as diffusers", (kind) => {
  const rows = schedulerRows.filter((row) => `${row.sampler} ${row.scheduler}` === kind && !isSingleLinspace(row));

  it("in its times", () => {
    expect(rows.length).toBeGreaterThan(60);
    expect(misses(rows, 0.001, (row) => farthest(whole(row, planOf(row)), row.times))).toEqual([]);
  });

  it("in its noise levels and the first of them", () => {
    expect(
      misses(rows, 0.001, (row) => farthest([...planOf(row).sigmas], row.levels ?? [...planOf(row).sigmas])),
    ).toEqual([]);
    const initial = (row: SchedulerRow) => (keepsVariance(row) ? 1 : planOf(row).initialScale);
    expect(misses(rows, 0.001, (row) => farthest([initial(row)], [row.initial]))).toEqual([]);
  });

  it("in where it leads", () => {
    const ours = (row: SchedulerRow) => (row.sampler === "ddim" ? stridingDdim(row) : walk(row, planOf(row)));
    expect(misses(rows, 0.001, (row) => farthest(ours(row), row.latents))).toEqual([]);
  });
});

describe("choices of ours", () => {
  it("a single step of linspace is the one of trailing, from pure noise, and not one at time 0", () => {
    const single = schedulerRows.filter(isSingleLinspace);
    expect(single.length).toBeGreaterThan(20);
    for (const row of single) {
      expect(row.times).toEqual([0]);
      expect([name(row), ...planOf(row).timesteps]).toEqual([name(row), 999]);
      const { timestep_spacing: _, ...rest } = row.config;
      const config = JSON.stringify({ ...rest, timestep_spacing: "trailing" });
      const trailing = schedulerRows.find((other) => {
        const same = other.sampler === row.sampler && other.scheduler === row.scheduler && other.steps === 1;
        return same && JSON.stringify(other.config) === config;
      });
      // The table leaves out DDIM from zero signal, where the reference divides by zero.
      if (trailing) expect(farthest(walk(row, planOf(row)), trailing.latents)).toBeLessThan(0.001);
      else expect([row.sampler, row.config.prediction_type]).toEqual(["ddim", "epsilon"]);
    }
  });

  it("each step of DDIM leads to the next of its times, which is diffusers' stride unless they are uneven", () => {
    const ddim = schedulerRows.filter((row) => row.sampler === "ddim" && row.steps > 1);
    const evenly = (row: SchedulerRow) =>
      row.times.slice(1).every((time, i) => (row.times[i] as number) - time === Math.floor(1000 / row.steps));
    const even = ddim.filter(evenly);
    expect(even.length).toBeGreaterThan(40);
    expect(even.length).toBeLessThan(ddim.length);
    expect(misses(even, 0.001, (row) => farthest(walk(row, planOf(row)), row.latents))).toEqual([]);
    const uneven = ddim.filter((row) => !evenly(row));
    for (const row of uneven) {
      const config = schedulerConfig.parse(row.config);
      const alphas = cumulativeAlphas(config);
      const levels = row.times.map((time) => Math.sqrt(1 / (alphas[time] as number) - 1));
      expect(farthest([...planOf(row).sigmas.subarray(0, row.steps)], levels)).toBeLessThan(1e-9);
    }
  });

  it("Karras levels of DPM++ are told at times between whole ones, as in k-diffusion", () => {
    const karras = schedulerRows.filter((row) => row.sampler === "dpmpp_2m" && row.scheduler === "karras");
    const between = karras.filter((row) => planOf(row).timesteps.some((time) => time % 1 > 0.01 && time % 1 < 0.99));
    expect(between.length).toBeGreaterThan(60);
    // A network that takes whole times is told diffusers' ones; others end next to them.
    expect(
      misses(karras, 0.001, (row) => farthest(walk(row, planOf(row), [...planOf(row).timesteps]), row.latents)),
    ).toEqual([]);
  });
});

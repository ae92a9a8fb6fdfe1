import { describe, expect, it } from "vitest";
import type { SamplerName, SchedulerName } from "../../src/engines/onnx/names.ts";
import {
  cumulativeAlphas,
  makePlan,
  type SchedulerConfig,
  schedulerConfig,
  scheduleTitle,
} from "../../src/engines/onnx/schedule.ts";

/** Stable Diffusion 1.5's own. */
const sd15 = {
  beta_schedule: "scaled_linear",
  beta_start: 0.00085,
  beta_end: 0.012,
  num_train_timesteps: 1000,
  set_alpha_to_one: false,
  steps_offset: 1,
} as const;

function plan(config: object, sampler: SamplerName, scheduler: SchedulerName, steps: number) {
  const parsed: SchedulerConfig = schedulerConfig.parse(config);
  return makePlan(parsed, cumulativeAlphas(parsed), { sampler, scheduler, steps });
}
const sigma = (alpha: number) => Math.sqrt((1 - alpha) / alpha);

/** The noise schedule again, straight from the definition. */
function alphaAt(time: number): number {
  let product = 1;
  for (let t = 0; t <= time; t++) {
    const root = Math.sqrt(0.00085) + ((Math.sqrt(0.012) - Math.sqrt(0.00085)) * t) / 999;
    product *= 1 - root ** 2;
  }
  return product;
}

describe("the noise schedule", () => {
  it("of Stable Diffusion 1.5 has its known values", () => {
    const alphas = cumulativeAlphas(schedulerConfig.parse(sd15));
    expect(alphas).toHaveLength(1000);
    expect(alphas[0]).toBeCloseTo(0.99915, 8);
    expect(alphas[999]).toBeCloseTo(0.00466, 5);
    expect(sigma(alphas[0] as number)).toBeCloseTo(0.0291675, 6);
    expect(sigma(alphas[999] as number)).toBeCloseTo(14.6146, 4);
    for (const time of [1, 250, 500, 998]) expect(alphas[time]).toBeCloseTo(alphaAt(time), 12);
  });

  it("of Ho et al. 2020 is linear from 0.0001 to 0.02", () => {
    const alphas = cumulativeAlphas(schedulerConfig.parse({}));
    // Variances of the posterior between two times, as diffusers' own tests have them.
    const variance = (t: number, before: number) => {
      const [now, then] = [alphas[t] as number, alphas[before] as number];
      return ((1 - then) / (1 - now)) * (1 - now / then);
    };
    expect(variance(420, 400)).toBeCloseTo(0.14771, 4);
    expect(variance(980, 960)).toBeCloseTo(0.3246, 4);
    expect(variance(487, 486)).toBeCloseTo(0.00979, 4);
    expect(variance(999, 998)).toBeCloseTo(0.02, 4);
  });

  it("by cosine follows Nichol and Dhariwal 2021 up to its cap", () => {
    const alphas = cumulativeAlphas(schedulerConfig.parse({ beta_schedule: "squaredcos_cap_v2" }));
    const left = (t: number) => Math.cos(((t / 1000 + 0.008) / 1.008) * (Math.PI / 2)) ** 2;
    for (const time of [0, 100, 500, 990]) expect(alphas[time]).toBeCloseTo(left(time + 1) / left(0), 9);
    expect(alphas[999]).toBeGreaterThan(0);
  });

  it("can be given as betas", () => {
    expect([...cumulativeAlphas(schedulerConfig.parse({ trained_betas: [0.5, 0.5] }))]).toEqual([0.5, 0.25]);
  });

  it("rescaled to zero terminal SNR keeps its first value and ends in noise alone", () => {
    const alphas = cumulativeAlphas(schedulerConfig.parse({ ...sd15, rescale_betas_zero_snr: true }));
    expect(alphas[0]).toBeCloseTo(0.99915, 8);
    expect(alphas[999]).toBe(2 ** -24);
    const middle = (Math.sqrt(alphaAt(500)) - Math.sqrt(alphaAt(999))) * Math.sqrt(0.99915);
    expect(Math.sqrt(alphas[500] as number)).toBeCloseTo(middle / (Math.sqrt(0.99915) - Math.sqrt(alphaAt(999))), 10);
  });

  it("refuses thresholding and betas that are none", () => {
    expect(schedulerConfig.safeParse({ thresholding: true }).success).toBe(false);
    expect(schedulerConfig.safeParse({ beta_end: 1 }).success).toBe(false);
    expect(schedulerConfig.safeParse({ prediction_type: "flow" }).success).toBe(false);
  });
});

describe("timesteps", () => {
  it("of DDIM are spaced as diffusers spaces them", () => {
    const times = (spacing: string, steps: number) =>
      Array.from(plan({ ...sd15, timestep_spacing: spacing }, "ddim", "normal", steps).timesteps);
    expect(times("leading", 5)).toEqual([801, 601, 401, 201, 1]);
    expect(times("trailing", 5)).toEqual([999, 799, 599, 399, 199]);
    expect(times("linspace", 5)).toEqual([999, 749, 500, 250, 0]);
    // Table 2 of Lin et al. 2023, moved by their count from 1.
    expect(times("trailing", 3)).toEqual([999, 666, 332]);
    expect(Array.from(plan(sd15, "ddim", "normal", 50).timesteps.slice(0, 3))).toEqual([981, 961, 941]);
  });

  it("of Euler lie between whole times, those of DPM++ 2M leave out the end", () => {
    const euler = plan(sd15, "euler", "normal", 5);
    expect(Array.from(euler.timesteps)).toEqual([999, 749.25, 499.5, 249.75, 0]);
    const between = sigma(alphaAt(749)) + (sigma(alphaAt(750)) - sigma(alphaAt(749))) * 0.25;
    expect(euler.sigmas[1]).toBeCloseTo(between, 10);
    expect(Array.from(plan(sd15, "dpmpp_2m", "normal", 4).timesteps)).toEqual([999, 749, 500, 250]);
    const leading = plan({ ...sd15, timestep_spacing: "leading" }, "dpmpp_2m", "normal", 4);
    expect(Array.from(leading.timesteps)).toEqual([801, 601, 401, 201]);
  });

  it("never leave the model's range", () => {
    for (const sampler of ["ddim", "euler", "euler_a", "dpmpp_2m"] as const) {
      for (const scheduler of ["normal", "karras"] as const) {
        for (const timestep_spacing of ["leading", "linspace", "trailing"] as const) {
          for (const steps of [1, 2, 7, 150, 1000]) {
            const { timesteps, sigmas } = plan({ ...sd15, timestep_spacing }, sampler, scheduler, steps);
            expect(timesteps).toHaveLength(steps);
            expect(sigmas).toHaveLength(steps + 1);
            expect(Math.max(...timesteps)).toBeLessThanOrEqual(999);
            expect(Math.min(...timesteps)).toBeGreaterThanOrEqual(0);
            expect(sigmas.every((level, i) => i === 0 || level <= (sigmas[i - 1] as number))).toBe(true);
          }
        }
      }
    }
  });

  it("are refused beyond the number that the model was made for", () => {
    expect(() => plan(sd15, "ddim", "normal", 1001)).toThrow(expect.objectContaining({ code: "INPUT_INVALID" }));
  });
});

describe("noise levels", () => {
  it("of Karras et al. 2022 follow their equation 5 over the model's range", () => {
    const { sigmas, timesteps } = plan(sd15, "dpmpp_2m", "karras", 10);
    const [high, low] = [sigma(alphaAt(999)), sigma(alphaAt(0))];
    for (let i = 0; i < 10; i++) {
      expect(sigmas[i]).toBeCloseTo((high ** (1 / 7) + (i / 9) * (low ** (1 / 7) - high ** (1 / 7))) ** 7, 10);
    }
    expect(sigmas[10]).toBe(0);
    expect(timesteps[0]).toBe(999);
    expect(timesteps[9]).toBeCloseTo(0, 9);
    // The model has this level at that time.
    const time = timesteps[4] as number;
    const [below, above] = [sigma(alphaAt(Math.floor(time))), sigma(alphaAt(Math.ceil(time)))];
    const share = time - Math.floor(time);
    expect(Math.log(sigmas[4] as number)).toBeCloseTo((1 - share) * Math.log(below) + share * Math.log(above), 9);
  });

  it("end where the scheduler says, with Karras's levels too", () => {
    const atLowest = { ...sd15, final_sigmas_type: "sigma_min" };
    for (const scheduler of ["normal", "karras"] as const) {
      for (const sampler of ["euler", "dpmpp_2m"] as const) {
        expect(plan(atLowest, sampler, scheduler, 5).sigmas[5]).toBeCloseTo(0.0291675, 6);
      }
      expect(plan(atLowest, "euler_a", scheduler, 5).sigmas[5]).toBe(0);
    }
    // Euler hands its latents over as they are, the others in the scale of the data.
    expect(plan(atLowest, "euler", "normal", 5).finalScale).toBe(1);
    expect(plan(atLowest, "dpmpp_2m", "normal", 5).finalScale).toBeCloseTo(Math.sqrt(0.99915), 9);
    expect(plan(sd15, "ddim", "normal", 5).sigmas[5]).toBeCloseTo(0.0291675, 6);
    expect(plan({ ...sd15, set_alpha_to_one: true }, "ddim", "normal", 5).sigmas[5]).toBe(0);
    expect(plan(sd15, "euler", "normal", 5).sigmas[5]).toBe(0);
  });

  it("of Karras et al. for Euler span its spaced times, for the others the model's range", () => {
    const leading = { ...sd15, timestep_spacing: "leading" };
    const euler = plan(leading, "euler", "karras", 20).sigmas;
    expect(euler[0]).toBeCloseTo(sigma(alphaAt(951)), 9);
    expect(euler[19]).toBeCloseTo(sigma(alphaAt(1)), 9);
    for (const sampler of ["ddim", "euler_a", "dpmpp_2m"] as const) {
      expect(plan(leading, sampler, "karras", 20).sigmas[0]).toBeCloseTo(sigma(alphaAt(999)), 9);
    }
  });

  it("begin with noise of the variance that the sampler expects", () => {
    const high = sigma(alphaAt(999));
    expect(plan(sd15, "euler", "normal", 5).initialScale).toBeCloseTo(high, 9);
    expect(plan(sd15, "dpmpp_2m", "karras", 5).initialScale).toBeCloseTo(Math.sqrt(high ** 2 + 1), 9);
    const leading = plan({ ...sd15, timestep_spacing: "leading" }, "euler_a", "normal", 5);
    expect(leading.initialScale).toBeCloseTo(Math.sqrt(sigma(alphaAt(801)) ** 2 + 1), 9);
  });
});

describe("the name of a schedule in a picture's text", () => {
  const title = (config: object, sampler: SamplerName, scheduler: SchedulerName) =>
    scheduleTitle(schedulerConfig.parse({ ...sd15, ...config }), { sampler, scheduler });

  it("is A1111's where A1111 makes the same levels", () => {
    expect(title({}, "euler", "normal")).toBe("Normal");
    expect(title({}, "euler_a", "normal")).toBe("Normal");
    expect(title({}, "euler", "karras")).toBe("Karras");
    for (const sampler of ["ddim", "euler_a", "dpmpp_2m"] as const) {
      expect(title({ timestep_spacing: "leading" }, sampler, "karras")).toBe("Karras");
    }
  });

  it("is diffusers' with the spacing where A1111 makes others", () => {
    expect(title({}, "dpmpp_2m", "normal")).toBe("Diffusers linspace");
    expect(title({}, "ddim", "normal")).toBe("Diffusers leading");
    expect(title({ timestep_spacing: "trailing" }, "euler", "normal")).toBe("Diffusers trailing");
    expect(title({ timestep_spacing: "leading" }, "euler", "karras")).toBe("Diffusers Karras leading");
    expect(title({ final_sigmas_type: "sigma_min" }, "dpmpp_2m", "karras")).toBe("Diffusers Karras linspace");
    expect(title({ final_sigmas_type: "sigma_min" }, "euler", "normal")).toBe("Diffusers linspace");
  });
});

import { readFileSync } from "node:fs";

/** One row of diffusers' own schedulers: what they make of a config, and where a known "model" then ends. */
export interface SchedulerRow {
  readonly sampler: "ddim" | "euler" | "euler_a" | "dpmpp_2m";
  readonly scheduler: "normal" | "karras";
  readonly config: SchedulerRowConfig;
  readonly steps: number;
  readonly times: readonly number[];
  /** Absent for DDIM, whose scheduler has none. */
  readonly levels?: readonly number[];
  /** Factor of the initial noise, in the scale of that scheduler. */
  readonly initial: number;
  readonly latents: readonly number[];
}

export interface SchedulerRowConfig {
  readonly prediction_type: "epsilon" | "v_prediction";
  readonly timestep_spacing?: "leading" | "linspace" | "trailing";
  readonly final_sigmas_type?: "sigma_min";
}

interface Table {
  readonly noiseValues: readonly (readonly number[])[];
  readonly configs: readonly SchedulerRowConfig[];
  readonly paths: readonly Pick<SchedulerRow, "times" | "levels" | "initial">[];
  readonly rows: readonly [SchedulerRow["sampler"], SchedulerRow["scheduler"], number, number, number, ...number[]][];
}

const table = JSON.parse(readFileSync(new URL("./schedulers.json", import.meta.url), "utf8")) as Table;

/** Noise 0 is the initial one, noise k the k-th draw of an ancestral sampler. */
export const referenceNoise = table.noiseValues;

export const schedulerRows: readonly SchedulerRow[] = table.rows.map(
  ([sampler, scheduler, config, steps, path, ...latents]) => ({
    sampler,
    scheduler,
    config: table.configs[config] as SchedulerRowConfig,
    steps,
    ...(table.paths[path] as Table["paths"][number]),
    latents,
  }),
);

/** The "model" of the table: its output for a scaled input at a time, whatever that output means. */
export function referenceModel(scaled: number, time: number): number {
  return 0.6 * scaled + 0.4 * Math.tanh(1.7 * scaled + time / 500 - 1);
}

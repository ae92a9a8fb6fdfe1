import { EngineError } from "../types.ts";

/** Samplers of this engine, by the names that requests carry. */
export const samplers = ["ddim", "euler", "euler_a", "dpmpp_2m"] as const;
export type SamplerName = (typeof samplers)[number];

/** Noise schedules of this engine, by the names that requests carry. */
export const schedulers = ["normal", "karras"] as const;
export type SchedulerName = (typeof schedulers)[number];

/** @throws {@link EngineError} `INPUT_INVALID` for a sampler that this engine does not have. */
export function samplerNamed(name: string): SamplerName {
  return oneOf(samplers, name, "sampler");
}

/** @throws {@link EngineError} `INPUT_INVALID` for a noise schedule that this engine does not have. */
export function schedulerNamed(name: string): SchedulerName {
  return oneOf(schedulers, name, "noise schedule");
}

function oneOf<Name extends string>(names: readonly Name[], name: string, title: string): Name {
  const found = names.find((one) => one === name);
  if (found !== undefined) return found;
  throw new EngineError("INPUT_INVALID", `The ${title} "${name}" is unknown; there are ${names.join(", ")}.`);
}

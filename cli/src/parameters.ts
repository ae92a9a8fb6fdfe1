import { newSalt } from "@gridnft/sdk";
import { type GenerationParameters, generationParameters } from "@gridnft/sdk/schemas";
import type { z } from "zod";
import { usageError } from "./failure.ts";
import { readDecimal, readWhole } from "./values.ts";

/** Options that describe a picture, as typed. */
export interface PictureOptions {
  readonly model?: string;
  readonly negative?: string;
  readonly seed?: string;
  readonly steps?: string;
  readonly width?: string;
  readonly height?: string;
  readonly guidance?: string;
  readonly sampler?: string;
  readonly scheduler?: string;
  readonly count?: string;
  readonly private?: boolean;
}

/** Options as the API takes them, checked by its own schema. */
export function readParameters(prompt: string, options: PictureOptions): GenerationParameters {
  const parameters = {
    prompt,
    model: options.model ?? "-",
    ...(options.negative !== undefined && { negative_prompt: options.negative }),
    ...(options.seed !== undefined && { seed: options.seed }),
    ...(options.steps !== undefined && { steps: readWhole("--steps", options.steps) }),
    ...(options.width !== undefined && { width: readWhole("--width", options.width) }),
    ...(options.height !== undefined && { height: readWhole("--height", options.height) }),
    ...(options.guidance !== undefined && { guidance_scale: readDecimal("--guidance", options.guidance) }),
    ...(options.sampler !== undefined && { sampler: options.sampler }),
    ...(options.scheduler !== undefined && { scheduler: options.scheduler }),
    ...(options.count !== undefined && { n: readWhole("--count", options.count) }),
    ...(options.private && { salt: newSalt() }),
  };
  const checked = generationParameters.safeParse(parameters);
  if (checked.success) return parameters as GenerationParameters;
  const [issue] = checked.error.issues;
  const field = String(issue?.path[0] ?? "");
  const option = { negative_prompt: "--negative", guidance_scale: "--guidance", n: "--count", prompt: "The prompt" }[
    field
  ];
  throw usageError(`${option ?? `--${field}`} ${sentenceOf(issue)}`, "FIELD_INVALID");
}

/** Demands of the schema in the words of a command line. */
function sentenceOf(issue: z.core.$ZodIssue | undefined): string {
  switch (issue?.code) {
    case "too_big":
      return issue.origin === "string" ? `is longer than ${issue.maximum} characters.` : `is at most ${issue.maximum}.`;
    case "too_small":
      return issue.origin === "string" ? "is empty." : `is at least ${issue.minimum}.`;
    case "not_multiple_of":
      return issue.divisor < 1 ? "has at most 3 decimals." : `is a multiple of ${issue.divisor}.`;
    case "invalid_value":
      return `is ${issue.values.join(" or ")}.`;
    case "invalid_union":
      return "is a whole number from 0 to 2^63-1.";
    default:
      return `${issue?.message ?? "is not valid"}.`;
  }
}

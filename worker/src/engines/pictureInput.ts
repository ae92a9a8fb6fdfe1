import { createHash } from "node:crypto";
import type { GenerationRequest } from "@gridnft/sdk";
import { EngineError, type ImageFile, type InputPart, type PictureInput } from "./types.ts";

/** Files of an input, and the parts that its engine takes: those of {@link PictureInput} that a request does not hold itself. */
export interface InputFiles {
  readonly takes?: readonly InputPart[] | undefined;
  /** File whose sha256 is the request's `sourceHash`. */
  readonly source?: ImageFile | undefined;
  readonly mask?: ImageFile | undefined;
}

/**
 * Returns an engine's input for a request, with the seed that a receipt names.
 *
 * @throws {@link EngineError} `MODEL_UNSUPPORTED` when the request has a part that the engine does not take, `INPUT_INVALID` when the
 * source image is absent or not the request's.
 */
export function pictureInput(
  request: GenerationRequest,
  seed: bigint,
  { takes = [], source, mask }: InputFiles = {},
): PictureInput {
  const hasSource = BigInt(request.sourceHash) !== 0n;
  requireTaken({ extras: request.extras !== "", source: hasSource, mask: mask !== undefined }, takes);
  if (hasSource && sha256Of(source) !== request.sourceHash.toLowerCase()) {
    throw new EngineError("INPUT_INVALID", "The source image is not the one that the request names.");
  }
  return {
    prompt: request.prompt,
    negativePrompt: request.negativePrompt,
    seed,
    width: request.width,
    height: request.height,
    steps: request.steps,
    guidanceScale: request.guidanceMilli / 1_000,
    sampler: request.sampler,
    scheduler: request.scheduler,
    ...(hasSource && source && { source }),
    ...(mask && { mask }),
    ...(request.extras !== "" && { extras: request.extras }),
  };
}

/**
 * Checks the parts that an input has against those that an engine takes.
 * @throws {@link EngineError} `MODEL_UNSUPPORTED` with the names of those that it does not take.
 */
export function requireTaken(parts: Readonly<Record<InputPart, boolean>>, takes: readonly InputPart[]): void {
  const titles = { source: "source image", mask: "mask", extras: "extras (LoRAs, ControlNet ...)" } as const;
  const refused = (["source", "mask", "extras"] as const).filter((part) => parts[part] && !takes.includes(part));
  if (refused.length === 0) return;
  throw new EngineError(
    "MODEL_UNSUPPORTED",
    `This engine takes no ${refused.map((part) => titles[part]).join(", no ")}: it makes pictures from prompts.`,
  );
}

function sha256Of(source: ImageFile | undefined): string | undefined {
  return source && `0x${createHash("sha256").update(source.file).digest("hex")}`;
}

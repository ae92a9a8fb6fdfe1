import type { GenerationRequest } from "@gridnft/sdk";
import { type Comparison, comparePictures } from "./compare.ts";
import { loadOnnxEngine, threadsOf } from "./onnx/engine.ts";
import { type Engine, EngineError, type PictureInput, type PictureOptions } from "./types.ts";

/** What came out of making a picture again. */
export interface Rerun extends Comparison {
  /** Engine string of the run now. */
  readonly engine: string;
  /** Whether it is the one that the receipt names. If not, the initial noise may differ, and `different` proves nothing. */
  readonly sameEngine: boolean;
  /** The picture made now. */
  readonly png: Uint8Array;
}

/** A picture's claim about how it was made, and where the model is. */
export interface RerunClaim extends PictureOptions {
  readonly request: GenerationRequest;
  /** The receipt's. */
  readonly seed: bigint;
  /** Engine string that the artwork names. */
  readonly engine: string;
  /** The picture's file. */
  readonly picture: Uint8Array;
  /** A folder to load, or an engine that is loaded. */
  readonly model: string | Engine;
}

/**
 * Makes the picture of a receipt again and compares: the check that a receipt cannot give, that this model with this prompt and
 * seed really makes this picture.
 *
 * @throws {@link EngineError} `MODEL_CHANGED` when the folder is not the request's model, `MODEL_UNSUPPORTED` for a request this
 * engine cannot fulfil (an input image, extras), and those of {@link Engine.generate}.
 */
export async function rerun(claim: RerunClaim): Promise<Rerun> {
  const { request, model, picture } = claim;
  const input = pictureInput(request, claim.seed);
  const loaded = typeof model === "string";
  const threads = threadsOf(claim.engine);
  const engine = loaded ? await loadOnnxEngine({ folder: model, ...(threads && { threads }) }) : model;
  try {
    if (engine.modelHash !== request.modelHash.toLowerCase()) {
      throw new EngineError(
        "MODEL_CHANGED",
        `The model here has hash ${engine.modelHash}, the request names ${request.modelHash}.`,
      );
    }
    const { png } = await engine.generate(input, claim);
    return {
      ...(await comparePictures(picture, png)),
      engine: engine.name,
      sameEngine: engine.name === claim.engine,
      png,
    };
  } finally {
    if (loaded) await engine.close();
  }
}

/**
 * What an engine needs of a request, with the seed that a receipt names.
 * @throws {@link EngineError} `MODEL_UNSUPPORTED` when the request asks for more than a prompt can say.
 */
export function pictureInput(request: GenerationRequest, seed: bigint): PictureInput {
  if (request.extras !== "" || BigInt(request.sourceHash) !== 0n) {
    throw new EngineError(
      "MODEL_UNSUPPORTED",
      "This engine makes pictures from prompts only: no input image, no extras.",
    );
  }
  return {
    prompt: request.prompt,
    negativePrompt: request.negativePrompt,
    seed,
    width: request.width,
    height: request.height,
    steps: request.steps,
    guidanceScale: request.guidanceMilli / 1_000,
    // Names that are unknown are refused by the engine.
    sampler: request.sampler as PictureInput["sampler"],
    scheduler: request.scheduler as PictureInput["scheduler"],
  };
}

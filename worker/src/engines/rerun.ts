import type { GenerationRequest } from "@gridnft/sdk";
import { type Comparison, comparePictures } from "./compare.ts";
import { loadOnnxEngine, threadsOf } from "./onnx/engine.ts";
import { pictureInput } from "./pictureInput.ts";
import { type Engine, EngineError, type ImageFile, type PictureOptions } from "./types.ts";

/** Outcome of making a picture again. */
export interface Rerun extends Comparison {
  /** Engine string of the run now. */
  readonly engine: string;
  /** True if it is the one that the receipt names. If not, the initial noise may differ, and `different` proves nothing. */
  readonly sameEngine: boolean;
  /** File of the picture made now. */
  readonly file: Uint8Array;
}

/** Picture's claim about how it was made, and where the model is. */
export interface RerunClaim extends PictureOptions {
  readonly request: GenerationRequest;
  /** Seed of the receipt. */
  readonly seed: bigint;
  /** Engine string that the artwork names. */
  readonly engine: string;
  /** File of the picture. */
  readonly picture: Uint8Array;
  /** Folder to load, or an engine that is loaded. */
  readonly model: string | Engine;
  /** File that the request's `sourceHash` names, and its mask. */
  readonly source?: ImageFile;
  readonly mask?: ImageFile;
}

/**
 * Makes the picture of a receipt again and compares: the check that a receipt cannot give, that this model with this prompt and
 * seed really makes this picture.
 *
 * @throws {@link EngineError} `MODEL_CHANGED` when the folder is not the request's model, `MODEL_UNSUPPORTED` for a request this
 * engine cannot fulfil (an input image, extras), and those of {@link Engine.generate}.
 */
export async function rerun(claim: RerunClaim): Promise<Rerun> {
  const { request, model, picture, source, mask } = claim;
  const loaded = typeof model === "string";
  const takes = loaded ? [] : model.inputs;
  const input = pictureInput(request, claim.seed, { takes, source, mask });
  const threads = threadsOf(claim.engine);
  const engine = loaded ? await loadOnnxEngine({ folder: model, ...(threads && { threads }) }) : model;
  try {
    if (engine.modelHash !== request.modelHash.toLowerCase()) {
      throw new EngineError(
        "MODEL_CHANGED",
        `The model here has hash ${engine.modelHash}, the request names ${request.modelHash}.`,
      );
    }
    const { file } = await engine.generate(input, claim);
    return {
      ...(await comparePictures(picture, file)),
      engine: engine.name,
      sameEngine: engine.name === claim.engine,
      file,
    };
  } finally {
    if (loaded) await engine.close();
  }
}

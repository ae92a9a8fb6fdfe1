import type { Hex } from "viem";

/** Media type of the files that artworks are made of. */
export const PNG = "image/png";

/** Picture as a file. */
export interface ImageFile {
  readonly file: Uint8Array;
  /** Media type, such as `image/png`. */
  readonly mediaType: string;
}

/** Parts of an input that not every engine takes. */
export type InputPart = "source" | "mask" | "extras";

/** Input that decides a picture, given engine and model. */
export interface PictureInput {
  readonly prompt: string;
  readonly negativePrompt: string;
  /** 0 to 2^64-1. */
  readonly seed: bigint;
  /** Pixels; a multiple of the engine's `sideStep`. */
  readonly width: number;
  readonly height: number;
  readonly steps: number;
  /** Classifier-free guidance; 0 to 1 is the prompt alone, without guidance and negative prompt, as in diffusers. */
  readonly guidanceScale: number;
  /** Name in the engine's `samplers`. */
  readonly sampler: string;
  /** Name in the engine's `schedulers`. */
  readonly scheduler: string;
  /** Picture that the new one begins from. */
  readonly source?: ImageFile;
  /** Mask of the source: its white parts are made anew. */
  readonly mask?: ImageFile;
  /** LoRAs, ControlNet and the like, as the request states them. */
  readonly extras?: string;
}

/** Unfinished picture after a step, from 1. */
export interface Preview extends ImageFile {
  readonly step: number;
}

/** Options of making a picture. They do not change it. */
export interface PictureOptions {
  /** Called after each step, from 1. */
  readonly onStep?: (step: number, steps: number) => void;
  /** Called with unfinished pictures, by engines that show them. */
  readonly onPreview?: (preview: Preview) => void;
  /** Read between steps; once aborted, `generate` rejects with {@link EngineError} `ABORTED`. */
  readonly signal?: AbortSignal;
}

/** Reading of a picture's prompts by its engine. */
export interface PromptReading {
  /** True when prompt or negative prompt was longer than the engine reads, so that its end had no influence. */
  readonly promptCut: boolean;
  /**
   * Words of prompt and negative prompt that the model was not made for, as typed: they only vary the picture. Absent where the
   * model's card does not say which words it was made for.
   */
  readonly unknownWords?: readonly string[];
}

/** Finished picture. The file has its metadata in it: hash its bytes. */
export interface Picture extends PromptReading, ImageFile {}

/** Loaded model. Pictures are made one at a time; calls wait for each other. */
export interface Engine {
  /**
   * Engine string: software, version, runtime and every setting that changes bytes. Its keccak256 is the receipt's engineHash,
   * so it has at most 255 bytes.
   */
  readonly name: string;
  /** sha256 of the canonical manifest of the model folder; must be the chain's weightsHash. */
  readonly modelHash: Hex;
  /** Names of the samplers that requests may carry. */
  readonly samplers: readonly string[];
  /** Names of the noise schedules that requests may carry. */
  readonly schedulers: readonly string[];
  /** Width and height are multiples of this. */
  readonly sideStep: number;
  /** Parts of an input that it takes beside the prompt and numbers. Absent: none. */
  readonly inputs?: readonly InputPart[];
  /** @throws {@link EngineError} `INPUT_INVALID`, `MODEL_UNSUPPORTED` (a part that it does not take), `ABORTED`, `RUN_FAILED`, `CLOSED`. */
  generate(input: PictureInput, options?: PictureOptions): Promise<Picture>;
  /** Ends the running picture, and frees the memory. */
  close(): Promise<void>;
}

/** Code of an {@link EngineError}, stable across versions. */
export type EngineErrorCode =
  | "FOLDER_INVALID"
  | "MODEL_UNSUPPORTED"
  | "MODEL_CHANGED"
  | "INPUT_INVALID"
  | "PICTURE_INVALID"
  | "RUN_FAILED"
  | "ABORTED"
  | "CLOSED";

/** Error of the engines. */
export class EngineError extends Error {
  override readonly name = "EngineError";

  /**
   * @param code Stable code.
   * @param message A sentence for the user.
   */
  constructor(
    readonly code: EngineErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

import type { PictureOrigin } from "../parameters.ts";
import type { EngineErrorCode, Picture, PictureInput } from "../types.ts";
import type { SessionSettings } from "./session.ts";

/** Data that the engine's thread is started with. */
export interface ThreadData {
  readonly folder: string;
  readonly settings: SessionSettings;
  readonly origin: Omit<PictureOrigin, "schedule">;
  /** Words that the model was made for, where its card says. */
  readonly words?: readonly string[];
  /** One shared 32-bit number: the id of the picture to give up. Messages would wait for the work to end. */
  readonly stop: SharedArrayBuffer;
}

/** To the thread. */
export type ThreadOrder =
  | { readonly kind: "paint"; readonly id: number; readonly input: PictureInput }
  | { readonly kind: "close" };

/** From the thread: `ready` or `failed` once, then for each picture any number of `step` and one `done` or `failed`. */
export type ThreadAnswer =
  | { readonly kind: "ready"; readonly sideStep: number }
  | { readonly kind: "step"; readonly step: number }
  | { readonly kind: "done"; readonly picture: Picture }
  | { readonly kind: "failed"; readonly code: EngineErrorCode; readonly message: string };

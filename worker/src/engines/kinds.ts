/** Engines of this program, by the names that `GRID_WORKER_MODELS` has for them. */
export const engineKinds = ["onnx"] as const;
export type EngineKind = (typeof engineKinds)[number];

/** Model as an operator names it: `engine:locator`. */
export interface ModelSource {
  readonly engine: EngineKind;
  /** Place where the engine finds the model. For `onnx`: an absolute path of a folder. */
  readonly locator: string;
}

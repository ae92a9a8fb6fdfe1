import type { EngineKind } from "./kinds.ts";
import { loadOnnxEngine } from "./onnx/engine.ts";
import type { Engine } from "./types.ts";

/** Loads a model into an engine. `modelName` stands in the metadata of its pictures. */
type Loader = (locator: string, modelName: string | undefined) => Promise<Engine>;

/** Loaders by the engines' names. */
export const engineLoaders: Readonly<Record<EngineKind, Loader>> = {
  onnx: (folder, modelName) => loadOnnxEngine({ folder, ...(modelName !== undefined && { modelName }) }),
};

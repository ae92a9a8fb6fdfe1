export * from "./compare.ts";
export { hashModelFolder, readModelCard } from "./modelFolder.ts";
export { engineName, loadOnnxEngine, type OnnxEngineOptions } from "./onnx/engine.ts";
export type { SamplerName, SchedulerName } from "./onnx/names.ts";
export {
  DIGITAL_SOURCE_TYPE,
  encodePicture,
  type ParametersText,
  type PictureOrigin,
  type PictureTexts,
  parseParameters,
  readPictureTexts,
  samplerTitles,
} from "./parameters.ts";
export { type InputFiles, pictureInput } from "./pictureInput.ts";
export { encodePng, type PngText, readPngTexts } from "./png.ts";
export * from "./rerun.ts";
export * from "./types.ts";
export * from "./unknownWords.ts";

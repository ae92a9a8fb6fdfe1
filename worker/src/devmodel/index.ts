export { type MadeModel, makeDevModels } from "./make.ts";
export { hashModelFolder, readModelCard } from "./modelFolder.ts";
export { devModels } from "./models.ts";

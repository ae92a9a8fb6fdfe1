export type { Content } from "./axes.ts";
export { type MadeModel, makeDevModels } from "./make.ts";
export { devModels } from "./models.ts";

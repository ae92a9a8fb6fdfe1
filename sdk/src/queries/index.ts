export * from "./client.js";
export * from "./documents.js";
export { GalleryError, type GalleryFailure } from "./errors.js";
export type * from "./fields.js";
export * as fields from "./fields.js";
export { type Filter, type FilterName, filters, type Order, type OrderName, orders } from "./filters.js";
export * from "./options.js";

export type * from "../generated/gallery.js";
/** Readers of what the queries answer, to build one's own from. */
export * as fields from "../generated/gallery.js";
export { documents, enums } from "../generated/gallery.js";
export * from "./changes.js";
export * from "./client.js";
export * from "./document.js";
export { GalleryError, type GalleryFailure } from "./errors.js";
export * from "./live.js";
export * from "./options.js";
export * from "./queries.js";
export * as scalars from "./scalars.js";

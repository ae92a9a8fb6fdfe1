export * from "./common.js";
export * from "./errors.js";
export * from "./generate.js";
export * from "./jobs.js";
export * from "./session.js";
export * from "./work.js";

export * from "./client.js";
export { CloudError, type CloudFailure, type CloudFailureDetails, PaymentRequiredError } from "./errors.js";
export type { CloudCall } from "./http.js";
export { isFinal, type WatchOptions } from "./watch.js";

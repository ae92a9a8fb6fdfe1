// Machinery that the programs share and no browser needs.
export { type Connection, clientOf, networkOf } from "./clientAddress.js";
export { namesEveryTag, namesTag } from "./entityTag.js";
export { createRateLimit, type RateLimit } from "./rateLimit.js";
export { readSearchParameters, SearchParameterError, type SearchParameters } from "./searchParameters.js";

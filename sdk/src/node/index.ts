// Machinery that the programs share and no browser needs.
export { type Connection, clientOf, networkOf } from "./clientAddress.js";
export {
  errnoOf,
  type FileHandle,
  type FileStatus,
  type FileSystem,
  machineFiles,
  makeFolder,
  syncFolder,
  writeDurably,
} from "./durable.js";
export { namesEveryTag, namesTag } from "./entityTag.js";
export {
  type FileLayout,
  type FileStore,
  FileStoreError,
  type FileStoreErrorCode,
  type FileStoreOptions,
  openFileStore,
  type StoredEntry,
} from "./fileStore.js";
export { createRateLimit, type RateLimit } from "./rateLimit.js";
export { readSearchParameters, SearchParameterError, type SearchParameters } from "./searchParameters.js";

// Machinery that the programs share and no browser needs.
export { type SuccessOptions, waitForSuccess } from "../chain/transact.js";
export { concatBytes } from "../lib/bytes.js";
export { isPng, PNG_SIGNATURE, type PngChunk, pngChunks } from "../lib/png.js";
export { sleep, trySleep } from "../lib/sleep.js";
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
  isHttpUrl,
  readDeployment,
  readDeploymentFile,
  readSettingTables,
  readVariables,
  type SettingsOf,
  type SettingTable,
  type Variables,
  type VariablesReading,
} from "./environment.js";
export {
  type FileLayout,
  type FileStore,
  FileStoreError,
  type FileStoreErrorCode,
  type FileStoreOptions,
  openFileStore,
  type StoredEntry,
} from "./fileStore.js";
export {
  type FolderLock,
  FolderLockError,
  type FolderLockErrorCode,
  type FolderLockTerms,
  lockFolder,
} from "./folderLock.js";
export { createMutex, createNamedMutex, type Mutex, type NamedMutex } from "./mutex.js";
export { openProgramOutput, type ProgramOutput } from "./programOutput.js";
export { createRateLimit, type RateLimit } from "./rateLimit.js";
export { type BackoffTerms, backoff, retry } from "./retry.js";
export { readSearchParameters, SearchParameterError, type SearchParameters } from "./searchParameters.js";
export { seededRandom } from "./seededRandom.js";
export { closeServer, serveUntilSignal } from "./serve.js";
export { decodeUtf8, readTextFile, Utf8Error, unicodeFault } from "./unicode.js";

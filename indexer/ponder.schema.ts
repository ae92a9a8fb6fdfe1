// Tables of the gallery and of the protocol's accounting, one for each noun. They stand with the features that write them.
//
// - `chainId` is part of every primary key.
// - AIPG amounts (wei) and ids are numeric; block numbers, times (Unix seconds) and whatever else a contract keeps in up to 48 bits are
//   int8: none of them can be made to overflow by somebody who registers, signs or mints something odd.
// - `seq` orders everything that happened: block number * 1,000,000 + log index.
// - No index covers text that a stranger can make long: B-tree and GIN refuse what is above a third of a page, and would stop the indexer.
//   What is indexed of such text is a key: cut to a length (`src/lib/keys.ts`).
//
// Ponder's build id has the text of this file, and that of all files of `src` without `src/api`: the features' tables too.
export * from "./src/features/accounts/schema.ts";
export * from "./src/features/activity/schema.ts";
export * from "./src/features/artworks/schema.ts";
export * from "./src/features/governance/schema.ts";
export * from "./src/features/models/schema.ts";
export * from "./src/features/registry/schema.ts";
export * from "./src/features/settlement/schema.ts";
export * from "./src/features/statistics/schema.ts";
export * from "./src/features/tokens/schema.ts";

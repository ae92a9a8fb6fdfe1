// Tables of GridNFT: series, artworks, their versions and attributes.
import { customType } from "drizzle-orm/pg-core";
import { index, onchainTable, primaryKey } from "ponder";

/** Postgres's searchable text, as its input syntax has it: `'fox':3D 'red':1A,2D`. */
const tsvector = customType<{ data: string }>({ dataType: () => "tsvector" });

/** Series: artworks of one mint. */
export const series = onchainTable(
  "series",
  (t) => ({
    chainId: t.integer().notNull(),
    seriesId: t.bigint().notNull(),
    artist: t.hex().notNull(),
    firstOwner: t.hex().notNull(),
    count: t.integer().notNull(),
    /** Artworks that are not burnt. */
    supply: t.integer().notNull(),
    /** Accounts that own one of them. */
    holders: t.integer().notNull(),
    /** Changes of owner of all of them, mints left out. */
    transfers: t.integer().notNull(),
    policy: t.integer().notNull(),
    royaltyBps: t.integer().notNull(),
    /** The artist until they name another. */
    royaltyReceiver: t.hex().notNull(),
    title: t.text().notNull(),
    description: t.text().notNull(),
    /** Tags as stated in the body. */
    tagText: t.text().notNull(),
    /** At most 32, each of at most 64 characters: what is beyond stands in `tagText` alone. */
    tags: t.text().array().notNull(),
    bodyHash: t.hex().notNull(),
    mintedAt: t.int8({ mode: "bigint" }).notNull(),
    mintedBlock: t.int8({ mode: "bigint" }).notNull(),
    mintTx: t.hex().notNull(),
    seq: t.int8({ mode: "bigint" }).notNull(),
    /** Last event that changed a column of this row. */
    updatedSeq: t.int8({ mode: "bigint" }).notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.seriesId] }),
    updated: index().on(table.chainId, table.updatedSeq),
    seq: index().on(table.chainId, table.seq),
    artist: index().on(table.chainId, table.artist, table.seq),
  }),
);

/** Number of artworks of a series that an account owns; 0 when it has owned one. */
export const seriesHolder = onchainTable(
  "series_holder",
  (t) => ({
    chainId: t.integer().notNull(),
    seriesId: t.bigint().notNull(),
    owner: t.hex().notNull(),
    artworks: t.integer().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.seriesId, table.owner] }),
    most: index().on(table.chainId, table.seriesId, table.artworks, table.owner),
  }),
);

/** A GridNFT, as it is now: what it shows, and of its latest version what lists are sorted and filtered by. */
export const artwork = onchainTable(
  "artwork",
  (t) => ({
    chainId: t.integer().notNull(),
    tokenId: t.bigint().notNull(),
    seriesId: t.bigint().notNull(),
    number: t.integer().notNull(),
    artist: t.hex().notNull(),
    /** Zero address once burnt. */
    owner: t.hex().notNull(),
    burned: t.boolean().notNull(),
    /** As `tokenURI` names it: its title or "Untitled", with its number when the series has several. */
    name: t.text().notNull(),
    title: t.text().notNull(),
    description: t.text().notNull(),
    animationUrl: t.text().notNull(),
    /** The artist gave up editing it. */
    frozen: t.boolean().notNull(),
    /** It has left the artist's hands, if only for a time. The escrow's hands don't count until it gives it to somebody else. */
    moved: t.boolean().notNull(),
    // `stateOf`: transfers after the mint, those to oneself included, and versions added and edits of the display.
    moves: t.int8({ mode: "bigint" }).notNull(),
    nonce: t.bigint().notNull(),
    versions: t.integer().notNull(),
    policy: t.integer().notNull(),
    royaltyBps: t.integer().notNull(),
    tags: t.text().array().notNull(),
    /** Artwork whose picture it was made from at the mint. 0: none. */
    remixOf: t.bigint().notNull(),
    /** Versions of other artworks that were made from a picture of this one. */
    remixes: t.integer().notNull(),
    /** Remixes by others, of their own artworks: neither artwork nor request is of its artist. They count for `trending`. */
    remixesByOthers: t.integer().notNull(),
    /** Of a market; none is indexed yet, so nothing is listed. */
    listed: t.boolean().notNull(),
    /** AIPG wei; `NOT_LISTED` (lib/keys.ts), which is above every price, when it isn't listed. */
    listPrice: t.bigint().notNull(),
    // Keys that lists are sorted and filtered by.
    /** Micro-units, see trending.ts: grows with the time of the mint and with the logarithm of its remixes. */
    trending: t.int8({ mode: "bigint" }).notNull(),
    /** Its name as it is sorted: without case and accents, cut. */
    nameKey: t.text().notNull(),
    /** Its attributes as filters ask for them, see lib/keys.ts: `sampler:euler_a`, `size:512x768`, `tag:fox` ... */
    attributes: t.text().array().notNull(),
    // Of the latest version.
    modelId: t.bigint().notNull(),
    /** Of the model, which never changes it. */
    family: t.integer().notNull(),
    samplerKey: t.text().notNull(),
    worker: t.hex().notNull(),
    prompt: t.text().notNull(),
    seed: t.bigint().notNull(),
    width: t.int8({ mode: "bigint" }).notNull(),
    height: t.int8({ mode: "bigint" }).notNull(),
    steps: t.int8({ mode: "bigint" }).notNull(),
    guidanceMilli: t.int8({ mode: "bigint" }).notNull(),
    sampler: t.text().notNull(),
    scheduler: t.text().notNull(),
    imageHash: t.hex().notNull(),
    cid: t.text().notNull(),
    receiptId: t.hex().notNull(),
    /** Time of the mint. */
    mintedAt: t.int8({ mode: "bigint" }).notNull(),
    mintedBlock: t.int8({ mode: "bigint" }).notNull(),
    mintTx: t.hex().notNull(),
    /** Last event that changed a column of this row. */
    updatedAt: t.int8({ mode: "bigint" }).notNull(),
    updatedSeq: t.int8({ mode: "bigint" }).notNull(),
    transfers: t.integer().notNull(),
    seq: t.int8({ mode: "bigint" }).notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.tokenId] }),
    // One for each order ...
    updated: index().on(table.chainId, table.updatedSeq, table.tokenId),
    trending: index().on(table.chainId, table.trending, table.tokenId),
    name: index().on(table.chainId, table.nameKey, table.tokenId),
    remixes: index().on(table.chainId, table.remixes, table.tokenId),
    listPrice: index().on(table.chainId, table.listPrice, table.tokenId),
    versions: index().on(table.chainId, table.versions, table.tokenId),
    transfers: index().on(table.chainId, table.transfers, table.tokenId),
    // ... and for each filter that picks few of many; models, artists and workers are asked for in the order of the front page, too.
    minted: index().on(table.chainId, table.mintedAt, table.tokenId),
    owner: index().on(table.chainId, table.owner, table.tokenId),
    artist: index().on(table.chainId, table.artist, table.tokenId),
    artistTrending: index().on(table.chainId, table.artist, table.trending, table.tokenId),
    worker: index().on(table.chainId, table.worker, table.tokenId),
    workerTrending: index().on(table.chainId, table.worker, table.trending, table.tokenId),
    model: index().on(table.chainId, table.modelId, table.tokenId),
    modelTrending: index().on(table.chainId, table.modelId, table.trending, table.tokenId),
    remixOf: index().on(table.chainId, table.remixOf, table.tokenId),
    imageHash: index().on(table.chainId, table.imageHash),
    attributes: index().using("gin", table.attributes).with({ fastupdate: false }),
    // Facets are counted from this index alone; ids stand for times.
    facets: index().on(
      table.chainId,
      table.modelId,
      table.family,
      table.samplerKey,
      table.width,
      table.height,
      table.policy,
      table.burned,
      table.tokenId,
    ),
  }),
);

/**
 * Search text of an artwork: name (A), tags (B), names of its model and artist (C), prompt (D). No row once it is burnt.
 * A table of its own, so that what changes often doesn't rewrite what is long.
 */
export const artworkText = onchainTable(
  "artwork_text",
  (t) => ({
    chainId: t.integer().notNull(),
    tokenId: t.bigint().notNull(),
    words: tsvector().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.tokenId] }),
    words: index().using("gin", table.words).with({ fastupdate: false }),
  }),
);

/** Number of artworks that aren't burnt and have an attribute; 0 when one has had it. */
export const attribute = onchainTable(
  "attribute",
  (t) => ({
    chainId: t.integer().notNull(),
    /** Attribute as in `artwork.attributes`: field and value with a colon between. */
    attribute: t.text().notNull(),
    field: t.text().notNull(),
    value: t.text().notNull(),
    artworks: t.integer().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.attribute] }),
    most: index().on(table.chainId, table.field, table.artworks, table.value),
  }),
);

/** Provenance of one version of an artwork: written once. */
export const artworkVersion = onchainTable(
  "artwork_version",
  (t) => ({
    chainId: t.integer().notNull(),
    tokenId: t.bigint().notNull(),
    version: t.integer().notNull(),
    // The request.
    modelId: t.bigint().notNull(),
    modelHash: t.hex().notNull(),
    prompt: t.text().notNull(),
    negativePrompt: t.text().notNull(),
    /** 2^64-1: any. */
    requestedSeed: t.bigint().notNull(),
    width: t.int8({ mode: "bigint" }).notNull(),
    height: t.int8({ mode: "bigint" }).notNull(),
    steps: t.int8({ mode: "bigint" }).notNull(),
    guidanceMilli: t.int8({ mode: "bigint" }).notNull(),
    sampler: t.text().notNull(),
    scheduler: t.text().notNull(),
    sourceHash: t.hex().notNull(),
    extras: t.text().notNull(),
    salt: t.hex().notNull(),
    requestHash: t.hex().notNull(),
    // The receipt.
    receiptId: t.hex().notNull(),
    orderHash: t.hex().notNull(),
    index: t.integer().notNull(),
    seed: t.bigint().notNull(),
    engine: t.text().notNull(),
    imageHash: t.hex().notNull(),
    cidDigest: t.hex().notNull(),
    cid: t.text().notNull(),
    worker: t.hex().notNull(),
    requester: t.hex().notNull(),
    payer: t.hex().notNull(),
    price: t.bigint().notNull(),
    completedAt: t.int8({ mode: "bigint" }).notNull(),
    // The anchor.
    source: t.integer().notNull(),
    anchorTime: t.int8({ mode: "bigint" }).notNull(),
    anchorBlock: t.int8({ mode: "bigint" }).notNull(),
    /** 0: none. */
    parentId: t.bigint().notNull(),
    parentVersion: t.int8({ mode: "bigint" }).notNull(),
    bodyHash: t.hex().notNull(),
    addedAt: t.int8({ mode: "bigint" }).notNull(),
    addedBlock: t.int8({ mode: "bigint" }).notNull(),
    addedTx: t.hex().notNull(),
    seq: t.int8({ mode: "bigint" }).notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.tokenId, table.version] }),
    receipt: index().on(table.chainId, table.receiptId),
    imageHash: index().on(table.chainId, table.imageHash),
    // Asked for whole: a hash index takes a new row in a fifth of a B-tree's time.
    cid: index().using("hash", table.cid),
    parent: index().on(table.chainId, table.parentId),
    model: index().on(table.chainId, table.modelId),
    worker: index().on(table.chainId, table.worker),
  }),
);

/** A version that an owner announced. */
export const evolution = onchainTable(
  "evolution",
  (t) => ({
    chainId: t.integer().notNull(),
    tokenId: t.bigint().notNull(),
    version: t.integer().notNull(),
    account: t.hex().notNull(),
    bodyHash: t.hex().notNull(),
    readyAt: t.bigint().notNull(),
    expiresAt: t.bigint().notNull(),
    used: t.boolean().notNull(),
    announcedAt: t.int8({ mode: "bigint" }).notNull(),
    seq: t.int8({ mode: "bigint" }).notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.tokenId, table.version, table.account, table.bodyHash] }),
  }),
);

/** Contracts whose anchors GridNFT accepts; bodies name them by index. */
export const anchorSource = onchainTable(
  "anchor_source",
  (t) => ({
    chainId: t.integer().notNull(),
    index: t.integer().notNull(),
    source: t.hex().notNull(),
    addedAt: t.int8({ mode: "bigint" }).notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.chainId, table.index] }) }),
);

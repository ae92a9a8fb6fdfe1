// What the gallery and the protocol's accounting can be asked about, one table for each noun.
//
// - `chainId` is part of every primary key.
// - AIPG amounts (wei) and ids are numeric; block numbers, times (Unix seconds) and whatever else a contract keeps in up to 48 bits are
//   int8: none of them can be made to overflow by somebody who registers, signs or mints something odd.
// - `seq` orders everything that happened: block number * 1,000,000 + log index.
// - No index covers text that a stranger can make long: B-tree and GIN refuse what is above a third of a page, and would stop the indexer.
//   What is indexed of such text is a key: cut to a length (`src/lib/keys.ts`).
import { customType } from "drizzle-orm/pg-core";
import { index, onchainTable, primaryKey } from "ponder";

/** Postgres's searchable text, as its input syntax has it: `'fox':3D 'red':1A,2D`. */
const tsvector = customType<{ data: string }>({ dataType: () => "tsvector" });

// ------------------------------------------------------------------------------------------------------------ models

/** An AIGC token. */
export const model = onchainTable(
  "model",
  (t) => ({
    chainId: t.integer().notNull(),
    modelId: t.bigint().notNull(),
    creator: t.hex().notNull(),
    owner: t.hex().notNull(),
    registrant: t.hex().notNull(),
    name: t.text().notNull(),
    version: t.text().notNull(),
    family: t.integer().notNull(),
    kind: t.integer().notNull(),
    /** 0: none. */
    baseModelId: t.bigint().notNull(),
    weightsHash: t.hex().notNull(),
    weightsUri: t.text().notNull(),
    license: t.text().notNull(),
    previewCid: t.text().notNull(),
    access: t.integer().notNull(),
    /** In force until `nextUsageFrom`, then `nextUsageBps`. */
    usageBps: t.integer().notNull(),
    nextUsageBps: t.integer().notNull(),
    /** 0: nothing announced. */
    nextUsageFrom: t.int8({ mode: "bigint" }).notNull(),
    resaleBps: t.integer().notNull(),
    royaltyReceiver: t.hex().notNull(),
    /** AIPG wei for each period. */
    licensePrice: t.bigint().notNull(),
    /** Seconds; 0: not for sale. */
    licensePeriod: t.int8({ mode: "bigint" }).notNull(),
    verified: t.boolean().notNull(),
    deprecated: t.boolean().notNull(),
    /** ERC-4907; meaningful until `userExpires`. */
    user: t.hex().notNull(),
    userExpires: t.bigint().notNull(),
    // `stateOf`: transfers after the mint, and changes that a buyer has to know of.
    moves: t.int8({ mode: "bigint" }).notNull(),
    nonce: t.int8({ mode: "bigint" }).notNull(),
    /** What the direct rail pays it, and since when it goes by that (0: never asked). */
    directRoyaltyBps: t.integer().notNull(),
    directRoyaltyReadAt: t.int8({ mode: "bigint" }).notNull(),
    registrationFee: t.bigint().notNull(),
    registeredAt: t.int8({ mode: "bigint" }).notNull(),
    registeredBlock: t.int8({ mode: "bigint" }).notNull(),
    registeredTx: t.hex().notNull(),
    seq: t.int8({ mode: "bigint" }).notNull(),
    /** Last event that changed a column of this row. */
    updatedSeq: t.int8({ mode: "bigint" }).notNull(),
    // Counters.
    artworks: t.integer().notNull(),
    versions: t.integer().notNull(),
    payments: t.integer().notNull(),
    volume: t.bigint().notNull(),
    royaltyEarned: t.bigint().notNull(),
    royaltyUnclaimed: t.bigint().notNull(),
    licensesSold: t.integer().notNull(),
    licenseRevenue: t.bigint().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.modelId] }),
    updated: index().on(table.chainId, table.updatedSeq),
    seq: index().on(table.chainId, table.seq),
    owner: index().on(table.chainId, table.owner),
    creator: index().on(table.chainId, table.creator),
    artworks: index().on(table.chainId, table.artworks, table.modelId),
    volume: index().on(table.chainId, table.volume, table.modelId),
    weightsHash: index().on(table.chainId, table.weightsHash),
  }),
);

/** Each announcement of a usage royalty. */
export const modelRate = onchainTable(
  "model_rate",
  (t) => ({
    chainId: t.integer().notNull(),
    modelId: t.bigint().notNull(),
    seq: t.int8({ mode: "bigint" }).notNull(),
    bps: t.integer().notNull(),
    nextBps: t.integer().notNull(),
    nextFrom: t.int8({ mode: "bigint" }).notNull(),
    announcedAt: t.int8({ mode: "bigint" }).notNull(),
    tx: t.hex().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.chainId, table.modelId, table.seq] }) }),
);

/** Who may use a LICENSED model, until when. */
export const license = onchainTable(
  "license",
  (t) => ({
    chainId: t.integer().notNull(),
    modelId: t.bigint().notNull(),
    account: t.hex().notNull(),
    /** Inclusive. */
    expires: t.int8({ mode: "bigint" }).notNull(),
    purchases: t.integer().notNull(),
    paid: t.bigint().notNull(),
    lastBuyer: t.hex().notNull(),
    lastSeller: t.hex().notNull(),
    boughtAt: t.int8({ mode: "bigint" }).notNull(),
    seq: t.int8({ mode: "bigint" }).notNull(),
    /** Last event that changed a column of this row. */
    updatedSeq: t.int8({ mode: "bigint" }).notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.modelId, table.account] }),
    updated: index().on(table.chainId, table.updatedSeq),
    account: index().on(table.chainId, table.account),
    seq: index().on(table.chainId, table.seq),
    expires: index().on(table.chainId, table.expires, table.seq),
  }),
);

// ---------------------------------------------------------------------------------------------------------- artworks

/** What one mint created. */
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
    /** As stated in the body. */
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

/** How many artworks of a series an account owns; 0 when it has owned one. */
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
    /** What the picture was made from, if that was another artwork at the mint; 0: nothing. */
    remixOf: t.bigint().notNull(),
    /** Versions of other artworks that were made from a picture of this one. */
    remixes: t.integer().notNull(),
    /** Those made by others, of their own artworks: neither artwork nor request is of its artist. They count for `trending`. */
    remixesByOthers: t.integer().notNull(),
    /** Of a market; none is indexed yet, so nothing is listed. */
    listed: t.boolean().notNull(),
    /** AIPG wei; `NOT_LISTED` (src/lib/keys.ts), which is above every price, when it isn't listed. */
    listPrice: t.bigint().notNull(),
    // Keys that lists are sorted and filtered by.
    /** Micro-units, see src/features/artworks/trending.ts: grows with the time of the mint and with the logarithm of its remixes. */
    trending: t.int8({ mode: "bigint" }).notNull(),
    /** Its name as it is sorted: without case and accents, cut. */
    nameKey: t.text().notNull(),
    /** Its attributes as filters ask for them, see src/lib/keys.ts: `sampler:euler_a`, `size:512x768`, `tag:fox` ... */
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
 * What an artwork is found by in a search: name (A), tags (B), names of its model and artist (C), prompt (D). No row once it is burnt.
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

/** How many artworks that aren't burnt have an attribute; 0 when one has had it. */
export const attribute = onchainTable(
  "attribute",
  (t) => ({
    chainId: t.integer().notNull(),
    /** As in `artwork.attributes`: field and value with a colon between. */
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

/** Each change of owner of a token, its mint and its end included. */
export const transfer = onchainTable(
  "transfer",
  (t) => ({
    chainId: t.integer().notNull(),
    seq: t.int8({ mode: "bigint" }).notNull(),
    /** `ARTWORK` or `MODEL`. */
    collection: t.text().notNull(),
    tokenId: t.bigint().notNull(),
    from: t.hex().notNull(),
    to: t.hex().notNull(),
    time: t.int8({ mode: "bigint" }).notNull(),
    block: t.int8({ mode: "bigint" }).notNull(),
    tx: t.hex().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.seq] }),
    token: index().on(table.chainId, table.collection, table.tokenId, table.seq),
    from: index().on(table.chainId, table.from, table.seq),
    to: index().on(table.chainId, table.to, table.seq),
  }),
);

/** Who may move one token (ERC-721 `approve`). */
export const approval = onchainTable(
  "approval",
  (t) => ({
    chainId: t.integer().notNull(),
    collection: t.text().notNull(),
    tokenId: t.bigint().notNull(),
    owner: t.hex().notNull(),
    /** Zero address: nobody any more. No row once the token has changed hands. */
    approved: t.hex().notNull(),
    time: t.int8({ mode: "bigint" }).notNull(),
    tx: t.hex().notNull(),
    seq: t.int8({ mode: "bigint" }).notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.collection, table.tokenId] }),
    seq: index().on(table.chainId, table.seq),
    owner: index().on(table.chainId, table.owner, table.seq),
    approved: index().on(table.chainId, table.approved, table.seq),
  }),
);

/** Who may move all tokens of an owner (ERC-721 `setApprovalForAll`). */
export const operatorApproval = onchainTable(
  "operator_approval",
  (t) => ({
    chainId: t.integer().notNull(),
    collection: t.text().notNull(),
    owner: t.hex().notNull(),
    operator: t.hex().notNull(),
    /** False: taken back. */
    approved: t.boolean().notNull(),
    time: t.int8({ mode: "bigint" }).notNull(),
    tx: t.hex().notNull(),
    seq: t.int8({ mode: "bigint" }).notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.collection, table.owner, table.operator] }),
    seq: index().on(table.chainId, table.seq),
    owner: index().on(table.chainId, table.owner, table.seq),
    operator: index().on(table.chainId, table.operator, table.seq),
  }),
);

// ----------------------------------------------------------------------------------------------- workers and receipts

/** An account with a bond, or with earnings. */
export const worker = onchainTable(
  "worker",
  (t) => ({
    chainId: t.integer().notNull(),
    address: t.hex().notNull(),
    registered: t.boolean().notNull(),
    /** 0: never registered. */
    registeredAt: t.int8({ mode: "bigint" }).notNull(),
    profileUri: t.text().notNull(),
    bond: t.bigint().notNull(),
    unbonding: t.bigint().notNull(),
    /** 0: nothing unbonds. */
    releaseAt: t.int8({ mode: "bigint" }).notNull(),
    slashed: t.bigint().notNull(),
    /** Not taken out yet. */
    earned: t.bigint().notNull(),
    earnedTotal: t.bigint().notNull(),
    /** The protocol's cut beside its earnings, not swept yet. */
    protocolAccrued: t.bigint().notNull(),
    volume: t.bigint().notNull(),
    payments: t.integer().notNull(),
    /** Receipts that were anchored. */
    receipts: t.int8({ mode: "bigint" }).notNull(),
    /** Versions of artworks it made. */
    versions: t.integer().notNull(),
    lanes: t.integer().notNull(),
    lastActiveAt: t.int8({ mode: "bigint" }).notNull(),
    seq: t.int8({ mode: "bigint" }).notNull(),
    /** Last event that changed a column of this row. */
    updatedSeq: t.int8({ mode: "bigint" }).notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.address] }),
    updated: index().on(table.chainId, table.updatedSeq),
    seq: index().on(table.chainId, table.seq),
    bond: index().on(table.chainId, table.bond, table.address),
    earned: index().on(table.chainId, table.earnedTotal, table.address),
    receipts: index().on(table.chainId, table.receipts, table.address),
  }),
);

/** A hot key and what it may sign. */
export const signer = onchainTable(
  "signer",
  (t) => ({
    chainId: t.integer().notNull(),
    signer: t.hex().notNull(),
    account: t.hex().notNull(),
    role: t.integer().notNull(),
    addedAt: t.int8({ mode: "bigint" }).notNull(),
    /** 0: not revoked. */
    revokedAt: t.int8({ mode: "bigint" }).notNull(),
    validUntil: t.int8({ mode: "bigint" }).notNull(),
    // Of a TREASURER.
    cap: t.bigint().notNull(),
    spent: t.bigint().notNull(),
    windowStart: t.int8({ mode: "bigint" }).notNull(),
    seq: t.int8({ mode: "bigint" }).notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.signer] }),
    account: index().on(table.chainId, table.account),
  }),
);

/** A funded channel from a payer to a worker or a gateway. */
export const lane = onchainTable(
  "lane",
  (t) => ({
    chainId: t.integer().notNull(),
    laneId: t.hex().notNull(),
    kind: t.integer().notNull(),
    payer: t.hex().notNull(),
    payerSigner: t.hex().notNull(),
    worker: t.hex().notNull(),
    feeConfigId: t.integer().notNull(),
    protocolBps: t.integer().notNull(),
    thawDelay: t.int8({ mode: "bigint" }).notNull(),
    salt: t.hex().notNull(),
    free: t.bigint().notNull(),
    thawing: t.bigint().notNull(),
    /** 0: nothing thaws. */
    thawReadyAt: t.int8({ mode: "bigint" }).notNull(),
    thawLapsesAt: t.int8({ mode: "bigint" }).notNull(),
    /** Vouchers of a payerSigner that was revoked count through this time, if that is later than its own; 0: no thaw has prolonged them. */
    vouchersUntil: t.int8({ mode: "bigint" }).notNull(),
    funded: t.bigint().notNull(),
    collected: t.bigint().notNull(),
    thawed: t.bigint().notNull(),
    anchors: t.integer().notNull(),
    receipts: t.int8({ mode: "bigint" }).notNull(),
    openedAt: t.int8({ mode: "bigint" }).notNull(),
    openedTx: t.hex().notNull(),
    seq: t.int8({ mode: "bigint" }).notNull(),
    /** Last event that changed a column of this row. */
    updatedSeq: t.int8({ mode: "bigint" }).notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.laneId] }),
    updated: index().on(table.chainId, table.updatedSeq),
    seq: index().on(table.chainId, table.seq),
    payer: index().on(table.chainId, table.payer, table.seq),
    worker: index().on(table.chainId, table.worker, table.seq),
  }),
);

/** What a lane has paid for one model in all. */
export const laneModelTotal = onchainTable(
  "lane_model_total",
  (t) => ({
    chainId: t.integer().notNull(),
    laneId: t.hex().notNull(),
    modelId: t.bigint().notNull(),
    cumulative: t.bigint().notNull(),
    /** As last read, and when; 0: never read. */
    royaltyBps: t.integer().notNull(),
    royaltyReadAt: t.int8({ mode: "bigint" }).notNull(),
    toWorker: t.bigint().notNull(),
    royalty: t.bigint().notNull(),
    protocolFee: t.bigint().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.chainId, table.laneId, table.modelId] }) }),
);

/** A root of receipts that a worker attested and its payer acknowledged. */
export const anchor = onchainTable(
  "anchor",
  (t) => ({
    chainId: t.integer().notNull(),
    /** Zero: the direct rail. */
    laneId: t.hex().notNull(),
    payer: t.hex().notNull(),
    root: t.hex().notNull(),
    worker: t.hex().notNull(),
    receiptCount: t.int8({ mode: "bigint" }).notNull(),
    time: t.int8({ mode: "bigint" }).notNull(),
    block: t.int8({ mode: "bigint" }).notNull(),
    tx: t.hex().notNull(),
    seq: t.int8({ mode: "bigint" }).notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.laneId, table.payer, table.root] }),
    seq: index().on(table.chainId, table.seq),
    worker: index().on(table.chainId, table.worker, table.seq),
  }),
);

/**
 * A root of the direct rail whose worker wasn't bonded when its order was settled. A confirmation names the root alone: the rest is
 * looked up here. The row stays.
 */
export const waitingAnchor = onchainTable(
  "waiting_anchor",
  (t) => ({
    chainId: t.integer().notNull(),
    root: t.hex().notNull(),
    payer: t.hex().notNull(),
    worker: t.hex().notNull(),
    receiptCount: t.int8({ mode: "bigint" }).notNull(),
    orderHash: t.hex().notNull(),
    modelId: t.bigint().notNull(),
    /** Of the settlement. */
    settlementSeq: t.int8({ mode: "bigint" }).notNull(),
    /** 0: it waits. */
    confirmedSeq: t.int8({ mode: "bigint" }).notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.root] }),
    waiting: index().on(table.chainId, table.confirmedSeq),
  }),
);

/** Each payment to a worker: an order settled, or one model's row of a voucher collected. */
export const settlement = onchainTable(
  "settlement",
  (t) => ({
    chainId: t.integer().notNull(),
    seq: t.int8({ mode: "bigint" }).notNull(),
    /** Last event that changed a column of this row. */
    updatedSeq: t.int8({ mode: "bigint" }).notNull(),
    /** `DIRECT`, `LANE`, or `HOP` for what a requester paid a gateway, which pays on. */
    rail: t.text().notNull(),
    /** Direct rail only. */
    orderHash: t.hex(),
    /** Lanes only. */
    laneId: t.hex(),
    payer: t.hex().notNull(),
    worker: t.hex().notNull(),
    /** Direct rail only: a collect does not name requesters. */
    requester: t.hex(),
    modelId: t.bigint().notNull(),
    // Direct rail only; a collect anchors by an `anchor` of its own.
    nonce: t.bigint(),
    root: t.hex(),
    receiptCount: t.int8({ mode: "bigint" }),
    /** False while its anchor waits for the worker's bond. */
    anchored: t.boolean(),
    // Of the anchor: this log's, or the confirmation's. Null while it waits.
    anchorTime: t.int8({ mode: "bigint" }),
    anchorBlock: t.int8({ mode: "bigint" }),
    anchorTx: t.hex(),
    gross: t.bigint().notNull(),
    toWorker: t.bigint().notNull(),
    royalty: t.bigint().notNull(),
    protocolFee: t.bigint().notNull(),
    time: t.int8({ mode: "bigint" }).notNull(),
    block: t.int8({ mode: "bigint" }).notNull(),
    tx: t.hex().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.seq] }),
    updated: index().on(table.chainId, table.updatedSeq),
    order: index().on(table.chainId, table.orderHash),
    payer: index().on(table.chainId, table.payer, table.seq),
    worker: index().on(table.chainId, table.worker, table.seq),
    requester: index().on(table.chainId, table.requester, table.seq),
    model: index().on(table.chainId, table.modelId, table.seq),
    lane: index().on(table.chainId, table.laneId, table.seq),
  }),
);

/** A receipt that was seen whole: in a settlement's call, or in the body of a mint. */
export const receipt = onchainTable(
  "receipt",
  (t) => ({
    chainId: t.integer().notNull(),
    receiptId: t.hex().notNull(),
    orderHash: t.hex().notNull(),
    index: t.integer().notNull(),
    requester: t.hex().notNull(),
    worker: t.hex().notNull(),
    payer: t.hex().notNull(),
    modelId: t.bigint().notNull(),
    requestHash: t.hex().notNull(),
    seed: t.bigint().notNull(),
    engineHash: t.hex().notNull(),
    imageHash: t.hex().notNull(),
    cidDigest: t.hex().notNull(),
    cid: t.text().notNull(),
    completedAt: t.int8({ mode: "bigint" }).notNull(),
    price: t.bigint().notNull(),
    /** Root it was settled under; null when it was first seen in a mint. */
    root: t.hex(),
    /** 0: not minted. */
    tokenId: t.bigint().notNull(),
    version: t.integer().notNull(),
    seenAt: t.int8({ mode: "bigint" }).notNull(),
    seenBlock: t.int8({ mode: "bigint" }).notNull(),
    seenTx: t.hex().notNull(),
    /** One log can show several receipts: `seq` of the log * 1,000 + position. */
    place: t.bigint().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.receiptId] }),
    place: index().on(table.chainId, table.place),
    order: index().on(table.chainId, table.orderHash, table.index),
    requester: index().on(table.chainId, table.requester, table.place),
    worker: index().on(table.chainId, table.worker, table.place),
    model: index().on(table.chainId, table.modelId, table.place),
    imageHash: index().on(table.chainId, table.imageHash),
    token: index().on(table.chainId, table.tokenId, table.version),
  }),
);

/** An item of a batch that was refused. */
export const settlementFailure = onchainTable(
  "settlement_failure",
  (t) => ({
    chainId: t.integer().notNull(),
    seq: t.int8({ mode: "bigint" }).notNull(),
    position: t.bigint().notNull(),
    orderHash: t.hex().notNull(),
    reason: t.hex().notNull(),
    time: t.int8({ mode: "bigint" }).notNull(),
    block: t.int8({ mode: "bigint" }).notNull(),
    tx: t.hex().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.seq] }),
    order: index().on(table.chainId, table.orderHash),
  }),
);

/** A payer's nonce that was used, cancelled or announced to be. */
export const orderNonce = onchainTable(
  "order_nonce",
  (t) => ({
    chainId: t.integer().notNull(),
    payer: t.hex().notNull(),
    nonce: t.bigint().notNull(),
    /** No order with it can be settled any more. */
    used: t.boolean().notNull(),
    cancelled: t.boolean().notNull(),
    /** 0: no cancellation announced. */
    cancelReadyAt: t.int8({ mode: "bigint" }).notNull(),
    orderHash: t.hex(),
    seq: t.int8({ mode: "bigint" }).notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.chainId, table.payer, table.nonce] }) }),
);

/** A worker that signed two images for one job. */
export const equivocation = onchainTable(
  "equivocation",
  (t) => ({
    chainId: t.integer().notNull(),
    worker: t.hex().notNull(),
    orderHash: t.hex().notNull(),
    index: t.int8({ mode: "bigint" }).notNull(),
    reporter: t.hex().notNull(),
    receiptA: t.hex().notNull(),
    receiptB: t.hex().notNull(),
    amount: t.bigint().notNull(),
    time: t.int8({ mode: "bigint" }).notNull(),
    block: t.int8({ mode: "bigint" }).notNull(),
    tx: t.hex().notNull(),
    seq: t.int8({ mode: "bigint" }).notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.chainId, table.worker, table.orderHash, table.index] }) }),
);

// ---------------------------------------------------------------------------------------- accounts, history, protocol

/** Anybody who ever held, made, paid or signed something. */
export const account = onchainTable(
  "account",
  (t) => ({
    chainId: t.integer().notNull(),
    address: t.hex().notNull(),
    // Balance in the settlement, AIPG wei.
    balance: t.bigint().notNull(),
    thawing: t.bigint().notNull(),
    thawReadyAt: t.int8({ mode: "bigint" }).notNull(),
    deposited: t.bigint().notNull(),
    withdrawn: t.bigint().notNull(),
    /** Paid for pictures on both rails. */
    spent: t.bigint().notNull(),
    /** Rewards for reports, not claimed yet. */
    reward: t.bigint().notNull(),
    // Counters.
    artworksOwned: t.integer().notNull(),
    artworksCreated: t.integer().notNull(),
    seriesCreated: t.integer().notNull(),
    modelsOwned: t.integer().notNull(),
    modelsCreated: t.integer().notNull(),
    firstSeenAt: t.int8({ mode: "bigint" }).notNull(),
    lastSeenAt: t.int8({ mode: "bigint" }).notNull(),
    seq: t.int8({ mode: "bigint" }).notNull(),
    /** Last event that changed a column of this row. */
    updatedSeq: t.int8({ mode: "bigint" }).notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.address] }),
    updated: index().on(table.chainId, table.updatedSeq),
    seq: index().on(table.chainId, table.seq),
    owned: index().on(table.chainId, table.artworksOwned, table.address),
    models: index().on(table.chainId, table.modelsOwned, table.address),
    created: index().on(table.chainId, table.artworksCreated, table.address),
    spent: index().on(table.chainId, table.spent, table.address),
  }),
);

/** Everything that happened, in one order. */
export const activity = onchainTable(
  "activity",
  (t) => ({
    chainId: t.integer().notNull(),
    seq: t.int8({ mode: "bigint" }).notNull(),
    kind: t.text().notNull(),
    /** Who did it, as far as the log says. */
    actor: t.hex().notNull(),
    /** The other side, if there is one. */
    counterparty: t.hex(),
    tokenId: t.bigint(),
    seriesId: t.bigint(),
    modelId: t.bigint(),
    worker: t.hex(),
    laneId: t.hex(),
    orderHash: t.hex(),
    /** AIPG wei. */
    amount: t.bigint(),
    /** What else the log says. */
    detail: t.jsonb(),
    time: t.int8({ mode: "bigint" }).notNull(),
    block: t.int8({ mode: "bigint" }).notNull(),
    logIndex: t.integer().notNull(),
    tx: t.hex().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.seq] }),
    token: index().on(table.chainId, table.tokenId, table.seq),
    model: index().on(table.chainId, table.modelId, table.seq),
    actor: index().on(table.chainId, table.actor, table.seq),
    counterparty: index().on(table.chainId, table.counterparty, table.seq),
    worker: index().on(table.chainId, table.worker, table.seq),
    lane: index().on(table.chainId, table.laneId, table.seq),
    kind: index().on(table.chainId, table.kind, table.seq),
    time: index().on(table.chainId, table.time, table.seq),
    series: index().on(table.chainId, table.seriesId, table.seq),
    // Every row of other tables that a transaction has written is found by its row here.
    tx: index().using("hash", table.tx),
  }),
);

/** Sums of one day (UTC). */
export const dailyStatistics = onchainTable(
  "daily_statistics",
  (t) => ({
    chainId: t.integer().notNull(),
    /** Days since 1970-01-01. */
    day: t.integer().notNull(),
    artworks: t.integer().notNull(),
    series: t.integer().notNull(),
    evolutions: t.integer().notNull(),
    transfers: t.integer().notNull(),
    models: t.integer().notNull(),
    licenses: t.integer().notNull(),
    payments: t.integer().notNull(),
    receipts: t.int8({ mode: "bigint" }).notNull(),
    newAccounts: t.integer().notNull(),
    volume: t.bigint().notNull(),
    toWorkers: t.bigint().notNull(),
    royalties: t.bigint().notNull(),
    protocolFees: t.bigint().notNull(),
    licenseRevenue: t.bigint().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.chainId, table.day] }) }),
);

/** Sums of one model on one day (UTC). */
export const modelDay = onchainTable(
  "model_day",
  (t) => ({
    chainId: t.integer().notNull(),
    modelId: t.bigint().notNull(),
    day: t.integer().notNull(),
    artworks: t.integer().notNull(),
    payments: t.integer().notNull(),
    volume: t.bigint().notNull(),
    royalties: t.bigint().notNull(),
    licenses: t.integer().notNull(),
    licenseRevenue: t.bigint().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.modelId, table.day] }),
    day: index().on(table.chainId, table.day),
  }),
);

/** Sums of one worker on one day (UTC). */
export const workerDay = onchainTable(
  "worker_day",
  (t) => ({
    chainId: t.integer().notNull(),
    worker: t.hex().notNull(),
    day: t.integer().notNull(),
    versions: t.integer().notNull(),
    payments: t.integer().notNull(),
    receipts: t.int8({ mode: "bigint" }).notNull(),
    volume: t.bigint().notNull(),
    earned: t.bigint().notNull(),
  }),
  (table) => ({
    pk: primaryKey({ columns: [table.chainId, table.worker, table.day] }),
    day: index().on(table.chainId, table.day),
  }),
);

/** Sums of one worker and one model in one week (UTC, from Monday on). */
export const workerModelWeek = onchainTable(
  "worker_model_week",
  (t) => ({
    chainId: t.integer().notNull(),
    worker: t.hex().notNull(),
    /** Weeks since Monday, 1969-12-29. */
    week: t.integer().notNull(),
    modelId: t.bigint().notNull(),
    payments: t.integer().notNull(),
    volume: t.bigint().notNull(),
    earned: t.bigint().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.chainId, table.worker, table.week, table.modelId] }) }),
);

/** Terms of new orders and lanes. */
export const feeConfig = onchainTable(
  "fee_config",
  (t) => ({
    chainId: t.integer().notNull(),
    feeConfigId: t.integer().notNull(),
    protocolBps: t.integer().notNull(),
    since: t.int8({ mode: "bigint" }).notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.chainId, table.feeConfigId] }) }),
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

/** What governance has set; one row for a chain. */
export const protocol = onchainTable(
  "protocol",
  (t) => ({
    chainId: t.integer().notNull(),
    registrationFee: t.bigint().notNull(),
    modelTreasury: t.hex().notNull(),
    modelsPaused: t.boolean().notNull(),
    modelUpgradesSealed: t.boolean().notNull(),
    mintFee: t.bigint().notNull(),
    mintTreasury: t.hex().notNull(),
    mintPaused: t.boolean().notNull(),
    /** With upgrades end the list of anchor sources and the choice of an escrow. */
    nftUpgradesSealed: t.boolean().notNull(),
    renderer: t.hex().notNull(),
    rendererSealed: t.boolean().notNull(),
    /** Zero: none. Set once. */
    escrow: t.hex().notNull(),
    collectionOwner: t.hex().notNull(),
    feeConfigId: t.integer().notNull(),
    protocolBps: t.integer().notNull(),
    settlementTreasury: t.hex().notNull(),
    settlementPaused: t.boolean().notNull(),
    /** In force until `nextMinBondFrom`, then `nextMinBond`. */
    minBond: t.bigint().notNull(),
    nextMinBond: t.bigint().notNull(),
    /** 0: no raise announced. */
    nextMinBondFrom: t.int8({ mode: "bigint" }).notNull(),
    registryTreasury: t.hex().notNull(),
    treasuryPot: t.bigint().notNull(),
    totalBonded: t.bigint().notNull(),
    totalRewards: t.bigint().notNull(),
    // Totals.
    artworks: t.integer().notNull(),
    /** Artworks that are not burnt. */
    supply: t.integer().notNull(),
    /** Accounts that own an artwork. */
    holders: t.integer().notNull(),
    /** Accounts that minted one. */
    artists: t.integer().notNull(),
    /** Changes of owner of artworks, mints left out. */
    transfers: t.integer().notNull(),
    evolutions: t.integer().notNull(),
    series: t.integer().notNull(),
    models: t.integer().notNull(),
    workers: t.integer().notNull(),
    accounts: t.integer().notNull(),
    payments: t.integer().notNull(),
    receipts: t.int8({ mode: "bigint" }).notNull(),
    volume: t.bigint().notNull(),
    // The newest block from which a row comes: if the chain still has it, all rows are of that chain.
    lastEventBlock: t.int8({ mode: "bigint" }).notNull(),
    lastEventHash: t.hex().notNull(),
    lastEventTime: t.int8({ mode: "bigint" }).notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.chainId] }) }),
);

/** Each act of governance, with all that its log says. */
export const governanceEvent = onchainTable(
  "governance_event",
  (t) => ({
    chainId: t.integer().notNull(),
    seq: t.int8({ mode: "bigint" }).notNull(),
    contract: t.text().notNull(),
    name: t.text().notNull(),
    detail: t.jsonb().notNull(),
    time: t.int8({ mode: "bigint" }).notNull(),
    block: t.int8({ mode: "bigint" }).notNull(),
    tx: t.hex().notNull(),
  }),
  (table) => ({ pk: primaryKey({ columns: [table.chainId, table.seq] }) }),
);

// Tables of AIGC: models, their rates, licenses and days.
import { index, onchainTable, primaryKey } from "ponder";

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
    /** Rate that the direct rail pays it, and since when. 0: never asked. */
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

/** Right of an account to use a LICENSED model, and its end. */
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

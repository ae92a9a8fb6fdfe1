// Tables of governance: what it has set, and each of its acts. The totals of the chain stand beside its settings.
import { onchainTable, primaryKey } from "ponder";

/** Settings of governance, and totals: one row for a chain. */
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

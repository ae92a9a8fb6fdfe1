// Table of accounts.
import { index, onchainTable, primaryKey } from "ponder";

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

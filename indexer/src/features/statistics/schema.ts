// Table of sums by day. Those of models and workers stand with them.
import { onchainTable, primaryKey } from "ponder";

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

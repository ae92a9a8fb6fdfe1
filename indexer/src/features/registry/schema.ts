// Tables of workers: bonds of WorkerRegistry, earnings, days and weeks.
import { index, onchainTable, primaryKey } from "ponder";

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

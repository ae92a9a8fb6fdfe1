// Table of history.
import { index, onchainTable, primaryKey } from "ponder";

/** Everything that happened, in one order. */
export const activity = onchainTable(
  "activity",
  (t) => ({
    chainId: t.integer().notNull(),
    seq: t.int8({ mode: "bigint" }).notNull(),
    kind: t.text().notNull(),
    /** Account that did it, as far as the log says. */
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
    /** Everything else that the log says. */
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

// Tables of GridSettlement: keys, lanes, anchors, orders, receipts and fees.
import { index, onchainTable, primaryKey } from "ponder";

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

/** Sum that a lane has paid for one model. */
export const laneModelTotal = onchainTable(
  "lane_model_total",
  (t) => ({
    chainId: t.integer().notNull(),
    laneId: t.hex().notNull(),
    modelId: t.bigint().notNull(),
    cumulative: t.bigint().notNull(),
    /** Rate as it was last read, and when. 0: never read. */
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

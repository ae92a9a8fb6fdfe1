// Tables of both collections of tokens, artworks and models: who had them, and who may move them.
import { index, onchainTable, primaryKey } from "ponder";

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

/** Right to move one token (ERC-721 `approve`). */
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

/** Right to move all tokens of an owner (ERC-721 `setApprovalForAll`). */
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

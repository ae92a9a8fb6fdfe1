import { index, onchainTable, relations } from "ponder";

export const artwork = onchainTable(
  "artwork",
  (t) => ({
    tokenId: t.bigint().primaryKey(),
    seriesId: t.bigint().notNull(),
    artist: t.hex().notNull(),
    owner: t.hex().notNull(),
    title: t.text().notNull(),
    prompt: t.text().notNull(),
    modelId: t.integer().notNull(),
    worker: t.hex().notNull(),
    width: t.integer().notNull(),
    height: t.integer().notNull(),
    sampler: t.text().notNull(),
    imageHash: t.hex().notNull(),
    mintedAt: t.integer().notNull(),
    versions: t.integer().notNull(),
  }),
  (table) => ({
    minted: index().on(table.mintedAt),
    artist: index().on(table.artist),
    owner: index().on(table.owner),
    model: index().on(table.modelId),
  }),
);

export const transfer = onchainTable(
  "transfer",
  (t) => ({
    id: t.text().primaryKey(),
    tokenId: t.bigint().notNull(),
    from: t.hex().notNull(),
    to: t.hex().notNull(),
    time: t.integer().notNull(),
  }),
  (table) => ({ token: index().on(table.tokenId) }),
);

/** Everything that is not about artworks. */
export const occurrence = onchainTable(
  "occurrence",
  (t) => ({
    id: t.text().primaryKey(),
    name: t.text().notNull(),
    account: t.hex().notNull(),
    amount: t.bigint().notNull(),
    time: t.integer().notNull(),
  }),
  (table) => ({ account: index().on(table.account) }),
);

export const artworkRelations = relations(artwork, ({ many }) => ({ transfers: many(transfer) }));

export const transferRelations = relations(transfer, ({ one }) => ({
  artwork: one(artwork, { fields: [transfer.tokenId], references: [artwork.tokenId] }),
}));

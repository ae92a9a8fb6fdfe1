// What lists can be asked by: filters, orders, and the vocabulary of both in SQL.
import type { Statement } from "../sql/builder.ts";
import { enums } from "./types.ts";

/** SQL of a condition. `column` names a column of the list's table. */
export type Condition = (value: never, column: (key: string) => string, statement: Statement) => string;

export interface Order {
  readonly column: string;
  readonly descending: boolean;
  /** Tells rows apart whose `column` is equal. */
  readonly tie?: string;
}

export interface List {
  /** Object type of the nodes. */
  readonly type: string;
  readonly orders: Readonly<Record<string, Order>>;
  readonly filters: Readonly<Record<string, Condition>>;
  /** Holds unless the filter of that name is given. */
  readonly unless?: Readonly<Record<string, (column: (key: string) => string) => string>>;
}

type Value = string | number | boolean;

const is =
  (key: string): Condition =>
  (value: Value, column, statement) =>
    `${column(key)} = ${statement.value(value)}`;

const isOneOf =
  (key: string, type: "numeric[]" | "text[]"): Condition =>
  (values: readonly Value[], column, statement) =>
    `${column(key)} = any(${statement.value(values, type)})`;

const isNumbered =
  (key: string, names: readonly string[]): Condition =>
  (name: string, column, statement) =>
    `${column(key)} = ${statement.value(names.indexOf(name))}`;

const compares =
  (key: string, operator: ">" | "<"): Condition =>
  (value: Value, column, statement) =>
    `${column(key)} ${operator} ${statement.value(value)}`;

const holds =
  (sql: (column: (key: string) => string) => string): Condition =>
  (value: boolean, column) =>
    value ? `(${sql(column)})` : `not (${sql(column)})`;

const bySeq: Readonly<Record<string, Order>> = {
  NEWEST: { column: "seq", descending: true },
  OLDEST: { column: "seq", descending: false },
};
const most = (column: string, tie: string): Order => ({ column, descending: true, tie });

/** All lists, by the name of the root field. */
export const lists: Readonly<Record<string, List>> = {
  artworks: {
    type: "Artwork",
    orders: {
      NEWEST: { column: "tokenId", descending: true },
      OLDEST: { column: "tokenId", descending: false },
      RECENTLY_CHANGED: most("updatedSeq", "tokenId"),
      MOST_VERSIONS: most("versions", "tokenId"),
      MOST_TRANSFERRED: most("transfers", "tokenId"),
    },
    filters: {
      tokenIds: isOneOf("tokenId", "numeric[]"),
      seriesId: is("seriesId"),
      artist: is("artist"),
      owner: is("owner"),
      modelIds: isOneOf("modelId", "numeric[]"),
      worker: is("worker"),
      imageHash: is("imageHash"),
      tags: (tags: readonly string[], column, statement) => `${column("tags")} && ${statement.value(tags, "text[]")}`,
      sampler: is("sampler"),
      scheduler: is("scheduler"),
      width: is("width"),
      height: is("height"),
      steps: is("steps"),
      mintedAfter: compares("mintedAt", ">"),
      mintedBefore: compares("mintedAt", "<"),
      evolved: holds((column) => `${column("versions")} > 1`),
      burned: holds((column) => column("burned")),
      search: (words: string, column, statement) =>
        `to_tsvector('simple', ${column("name")} || ' ' || ${column("prompt")}) @@ websearch_to_tsquery('simple', ${statement.value(words)})`,
    },
    unless: { burned: (column) => `not ${column("burned")}` },
  },
  seriesList: { type: "Series", orders: bySeq, filters: { artist: is("artist") } },
  models: {
    type: "Model",
    orders: {
      ...bySeq,
      MOST_ARTWORKS: most("artworks", "modelId"),
      MOST_VOLUME: most("volume", "modelId"),
    },
    filters: {
      modelIds: isOneOf("modelId", "numeric[]"),
      owner: is("owner"),
      creator: is("creator"),
      family: isNumbered("family", enums.family),
      kind: isNumbered("kind", enums.kind),
      access: isNumbered("access", enums.access),
      baseModelId: is("baseModelId"),
      weightsHash: is("weightsHash"),
      name: is("name"),
      verified: is("verified"),
      deprecated: is("deprecated"),
    },
  },
  licenses: {
    type: "License",
    orders: bySeq,
    filters: { modelId: is("modelId"), account: is("account"), expiresAfter: compares("expires", ">") },
  },
  workers: {
    type: "Worker",
    orders: {
      NEWEST: { column: "seq", descending: true, tie: "address" },
      OLDEST: { column: "seq", descending: false, tie: "address" },
      MOST_BOND: most("bond", "address"),
      MOST_EARNED: most("earnedTotal", "address"),
      MOST_RECEIPTS: most("receipts", "address"),
    },
    filters: {
      addresses: isOneOf("address", "text[]"),
      registered: is("registered"),
      bonded: holds((column) => column("bonded")),
    },
  },
  accounts: {
    type: "Account",
    orders: {
      NEWEST: { column: "seq", descending: true, tie: "address" },
      OLDEST: { column: "seq", descending: false, tie: "address" },
      MOST_OWNED: most("artworksOwned", "address"),
      MOST_CREATED: most("artworksCreated", "address"),
      MOST_SPENT: most("spent", "address"),
    },
    filters: { addresses: isOneOf("address", "text[]") },
  },
  receipts: {
    type: "Receipt",
    orders: {
      NEWEST: { column: "place", descending: true },
      OLDEST: { column: "place", descending: false },
    },
    filters: {
      requester: is("requester"),
      worker: is("worker"),
      modelId: is("modelId"),
      orderHash: is("orderHash"),
      imageHash: is("imageHash"),
      minted: holds((column) => `${column("tokenId")} <> 0`),
    },
  },
  settlements: {
    type: "Settlement",
    orders: bySeq,
    filters: {
      rail: is("rail"),
      payer: is("payer"),
      worker: is("worker"),
      requester: is("requester"),
      modelId: is("modelId"),
      laneId: is("laneId"),
      orderHash: is("orderHash"),
    },
  },
  lanes: {
    type: "Lane",
    orders: bySeq,
    filters: { payer: is("payer"), worker: is("worker"), kind: isNumbered("kind", enums.lane) },
  },
  anchors: {
    type: "Anchor",
    orders: bySeq,
    filters: { laneId: is("laneId"), payer: is("payer"), worker: is("worker"), root: is("root") },
  },
  transfers: {
    type: "Transfer",
    orders: bySeq,
    filters: { collection: is("collection"), tokenId: is("tokenId"), from: is("from"), to: is("to") },
  },
  activity: {
    type: "Activity",
    orders: bySeq,
    filters: {
      kinds: isOneOf("kind", "text[]"),
      actor: is("actor"),
      counterparty: is("counterparty"),
      tokenId: is("tokenId"),
      seriesId: is("seriesId"),
      modelId: is("modelId"),
      worker: is("worker"),
      laneId: is("laneId"),
    },
  },
  governanceEvents: { type: "GovernanceEvent", orders: bySeq, filters: {} },
};

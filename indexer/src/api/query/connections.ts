// Connections: filters and orders of all lists but that of artworks, in SQL.
import { zeroAddress } from "viem";
import { firstSeqOf, MAX_SEQ } from "../../lib/keys.ts";
import { weekOf } from "../../lib/weeks.ts";
import { modelsByWords, seriesByWords } from "./byWords.ts";
import { QueryError } from "./errors.ts";
import { MAX_DAYS } from "./limits.ts";
import { enums, isInForce } from "./objectTypes.ts";
import type { QueryContext } from "./queryContext.ts";
import { countOf } from "./selectList.ts";
import type { Statement } from "./statement.ts";
import { tableRef } from "./tables.ts";

/** SQL of a condition. `column` names a column of the list's table. */
export type Condition = (value: never, column: (key: string) => string, statement: Statement) => string;

export interface Order {
  readonly column: string;
  readonly descending: boolean;
  /** Tells rows apart whose `column` is equal. */
  readonly tie?: string;
}

export interface List {
  /** Entry of `objectTypes` that the nodes come from. */
  readonly type: string;
  readonly orders: Readonly<Record<string, Order>>;
  readonly filters: Readonly<Record<string, Condition>>;
  /**
   * Filters by many values, each of which an index has in the order of `seq`: pages are merged from a few rows of each value. A filter by several
   * columns holds when one of them has one of the values.
   */
  readonly merged?: Readonly<Record<string, Merged>>;
  /** Ids that a search finds, and the column that they are of. */
  readonly search?: {
    readonly column: string;
    readonly find: (context: QueryContext, search: string) => Promise<readonly string[]>;
  };
  /** Holds always. */
  readonly only?: (column: (key: string) => string) => string;
  /** Total of `protocol` that counts all of it. */
  readonly counter?: string;
}

/** Columns, and the type of the list of values. */
export interface Merged {
  readonly columns: readonly string[];
  readonly type: "numeric[]" | "text[]";
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
const mostFirst = (column: string, tie: string): Order => ({ column, descending: true, tie });

/**
 * Times are asked of the index that has rows in the order in which they came: of history, which every row of these lists is part of.
 */
const happened =
  (operator: ">" | "<"): Condition =>
  (time: Value, column, statement) => {
    const at = statement.value(time);
    const [reached, direction, none] = operator === ">" ? ["<=", "desc", "0"] : [">=", "asc", MAX_SEQ];
    const history = tableRef(statement, "activity");
    const bound = `select h.seq from ${history} h where h.chain_id = ${statement.value(statement.chainId)} and h.time ${reached} ${at} order by h.time ${direction}, h.seq ${direction} limit 1`;
    return `${column("time")} ${operator} ${at} and ${column("seq")} ${operator} coalesce((${bound}), ${none})`;
  };

/** Condition on anchors that wait. They are rare, so that they are found by their own table and a key. */
const isAnchored =
  (key: string, waitingKey: string): Condition =>
  (value: boolean, column, statement) => {
    if (value) return column("anchored");
    const waiting = tableRef(statement, "waitingAnchor");
    const keys = `select w.${waitingKey} from ${waiting} w where w.chain_id = ${statement.value(statement.chainId)} and w.confirmed_seq = 0`;
    return `${column(key)} = any(array(${keys})) and not ${column("anchored")}`;
  };

/** Condition: the row changed in a block or later. */
const since =
  (key: "updatedSeq" | "seq"): Condition =>
  (block: number, column, statement) =>
    `${column(key)} >= ${statement.value(`${firstSeqOf(block)}`, "bigint")}`;

/** Of rows that change. */
const updatedSince = { updatedSinceBlock: since("updatedSeq") };
/** Of rows that are written once. */
const addedSince = { updatedSinceBlock: since("seq") };
/** Of the rows that one transaction wrote: history has one with the same `seq` for each. */
const inTransaction: Condition = (hash: Value, column, statement) => {
  const history = tableRef(statement, "activity");
  return `${column("seq")} = any(array(select h.seq from ${history} h where h.tx = ${statement.value(hash)} and h.chain_id = ${statement.value(statement.chainId)}))`;
};

/** Last change of owner of its token up to a block. Each row looks for a later one by the token's index. */
const heldAtBlock: Condition = (block: number, column, statement) => {
  if (block > statement.block) {
    throw new QueryError("BAD_INPUT", `heldAtBlock is at most ${statement.block}, the block of this answer.`);
  }
  const end = statement.value(`${firstSeqOf(block + 1)}`, "bigint");
  const transfers = tableRef(statement, "transfer");
  const later = `select l.seq from ${transfers} l where l.chain_id = ${column("chainId")} and l.collection = ${column("collection")} and l.token_id = ${column("tokenId")} and l.seq > ${column("seq")} and l.seq < ${end} order by l.seq limit 1`;
  return `${column("seq")} < ${end} and ${column("to")} <> ${statement.value(zeroAddress)} and (${later}) is null`;
};

/** Rights that end in some days from the answer's block on. */
const expiresWithinDays: Condition = (days: number, column, statement) => {
  const now = statement.now();
  const seconds = countOf("expiresWithinDays", days, MAX_DAYS) * 86_400;
  return `${column("expires")} >= ${now} and ${column("expires")} <= ${now} + ${statement.value(seconds, "bigint")}`;
};

/** Weeks from, or up to, that of a time. */
const inWeek =
  (operator: ">=" | "<="): Condition =>
  (time: number, column, statement) =>
    `${column("week")} ${operator} ${statement.value(weekOf(time), "int")}`;

const times = { timeAfter: happened(">"), timeBefore: happened("<") };

/** All lists but that of artworks, which has a file of its own, by the name of the root field. */
export const lists: Readonly<Record<string, List>> = {
  seriesList: {
    type: "Series",
    orders: bySeq,
    filters: { artist: is("artist"), ...updatedSince },
    search: { column: "seriesId", find: seriesByWords },
    counter: "series",
  },
  models: {
    type: "Model",
    orders: {
      ...bySeq,
      MOST_ARTWORKS: mostFirst("artworks", "modelId"),
      MOST_VOLUME: mostFirst("volume", "modelId"),
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
      ...updatedSince,
    },
    search: { column: "modelId", find: modelsByWords },
    counter: "models",
  },
  licenses: {
    type: "License",
    orders: { ...bySeq, EXPIRES_FIRST: { column: "expires", descending: false, tie: "seq" } },
    filters: {
      modelId: is("modelId"),
      account: is("account"),
      expiresAfter: compares("expires", ">"),
      ...updatedSince,
      expiresBefore: compares("expires", "<"),
      expiresWithinDays,
    },
  },
  workers: {
    type: "Worker",
    orders: {
      NEWEST: { column: "seq", descending: true, tie: "address" },
      OLDEST: { column: "seq", descending: false, tie: "address" },
      MOST_BOND: mostFirst("bond", "address"),
      MOST_EARNED: mostFirst("earnedTotal", "address"),
      MOST_RECEIPTS: mostFirst("receipts", "address"),
    },
    filters: {
      addresses: isOneOf("address", "text[]"),
      registered: is("registered"),
      bonded: holds((column) => column("bonded")),
      ...updatedSince,
    },
  },
  accounts: {
    type: "Account",
    orders: {
      NEWEST: { column: "seq", descending: true, tie: "address" },
      OLDEST: { column: "seq", descending: false, tie: "address" },
      MOST_OWNED: mostFirst("artworksOwned", "address"),
      MOST_CREATED: mostFirst("artworksCreated", "address"),
      MOST_SPENT: mostFirst("spent", "address"),
    },
    filters: { addresses: isOneOf("address", "text[]"), ...updatedSince },
    counter: "accounts",
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
      anchored: isAnchored("orderHash", "order_hash"),
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
      anchored: isAnchored("seq", "settlement_seq"),
      ...times,
      ...updatedSince,
    },
  },
  lanes: {
    type: "Lane",
    orders: bySeq,
    filters: { payer: is("payer"), worker: is("worker"), kind: isNumbered("kind", enums.lane), ...updatedSince },
  },
  anchors: {
    type: "Anchor",
    orders: bySeq,
    filters: { laneId: is("laneId"), payer: is("payer"), worker: is("worker"), root: is("root"), ...addedSince },
  },
  transfers: {
    type: "Transfer",
    orders: bySeq,
    filters: {
      collection: is("collection"),
      tokenId: is("tokenId"),
      from: is("from"),
      to: is("to"),
      tx: inTransaction,
      heldAtBlock,
      ...times,
      ...addedSince,
    },
    merged: {
      tokenIds: { columns: ["tokenId"], type: "numeric[]" },
      accounts: { columns: ["from", "to"], type: "text[]" },
    },
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
      tx: is("tx"),
      ...times,
      ...addedSince,
    },
    merged: {
      tokenIds: { columns: ["tokenId"], type: "numeric[]" },
      seriesIds: { columns: ["seriesId"], type: "numeric[]" },
      modelIds: { columns: ["modelId"], type: "numeric[]" },
      actors: { columns: ["actor"], type: "text[]" },
      accounts: { columns: ["actor", "counterparty"], type: "text[]" },
      workers: { columns: ["worker"], type: "text[]" },
    },
  },
  tokenApprovals: {
    type: "TokenApproval",
    orders: bySeq,
    filters: { collection: is("collection"), owner: is("owner"), approved: is("approved"), tokenId: is("tokenId") },
    only: isInForce.token,
  },
  operatorApprovals: {
    type: "OperatorApproval",
    orders: bySeq,
    filters: { collection: is("collection"), owner: is("owner"), operator: is("operator") },
    only: isInForce.operator,
  },
  workerEarnings: {
    type: "WorkerWeek",
    orders: {
      NEWEST: { column: "week", descending: true, tie: "modelId" },
      OLDEST: { column: "week", descending: false, tie: "modelId" },
    },
    filters: {
      worker: is("worker"),
      modelId: is("modelId"),
      weekFrom: inWeek(">="),
      weekTo: inWeek("<="),
    },
  },
  governanceEvents: { type: "GovernanceEvent", orders: bySeq, filters: addedSince },
};

/** Lists of `holders`, by what is held. */
export const holderLists = {
  series: {
    type: "Holder",
    orders: { MOST: mostFirst("artworks", "owner") },
    filters: { seriesId: is("seriesId") },
    only: (column) => `${column("artworks")} > 0`,
  },
  artworks: {
    type: "ArtworkHolder",
    orders: { MOST: mostFirst("artworksOwned", "address") },
    filters: {},
    only: (column) => `${column("artworksOwned")} > 0`,
    counter: "holders",
  },
  models: {
    type: "ModelHolder",
    orders: { MOST: mostFirst("modelsOwned", "address") },
    filters: {},
    only: (column) => `${column("modelsOwned")} > 0`,
  },
} as const satisfies Record<string, List>;

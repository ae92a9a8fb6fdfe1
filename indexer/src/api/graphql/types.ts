import type { TableName } from "../sql/tables.ts";

/** A row, or what was asked of it, keyed by column; to-one and to-many children are keyed by `childKey`. */
export type Row = Readonly<Record<string, unknown>>;

/** A field that is made from columns. */
export interface ColumnField {
  readonly columns: readonly string[];
  readonly of: (row: Row) => unknown;
}

/** A field that is a row, or rows, of another table. */
export interface ChildField {
  readonly type: string;
  /** Pairs of the child's column and the parent's. */
  readonly on: readonly (readonly [child: string, parent: string])[];
  /** Left out: one row. */
  readonly order?: { readonly column: string; readonly descending: boolean };
  /** More conditions; both functions give SQL. */
  readonly where?: (
    child: (column: string) => string,
    parent: (column: string) => string,
    argument: (name: string) => string,
  ) => string;
  /** The row is known to exist, so that its key alone needs no look at the table. */
  readonly exists?: { readonly key: string; readonly from: string };
}

/** Where the fields of an object type come from. A field that isn't named here is the column of its name. */
export interface ObjectType {
  readonly table: TableName;
  readonly fields: Readonly<Record<string, ColumnField | ChildField | string>>;
}

const zero = "0x0000000000000000000000000000000000000000";

const isZero = (value: unknown): boolean => String(value) === "0" || value === zero;

/** Null for 0 and for the zero address. */
const unlessZero = (column: string): ColumnField => ({
  columns: [column],
  of: (row) => (isZero(row[column]) ? null : row[column]),
});

const named = (column: string, names: readonly string[]): ColumnField => ({
  columns: [column],
  of: (row) => names[Number(row[column])] ?? null,
});

export const enums = {
  family: ["SD15", "SD21", "SDXL", "FLUX1_SCHNELL", "FLUX1_DEV", "FLUX_KREA", "CHROMA", "SVD", "OTHER"],
  kind: ["CHECKPOINT", "LORA", "CONTROLNET", "UPSCALER", "EMBEDDING", "VAE", "PIPELINE"],
  access: ["OPEN", "LICENSED", "PRIVATE"],
  policy: ["NONE", "ARTIST", "OWNER"],
  role: ["", "PAYER_SIGNER", "ORDER_SIGNER", "TREASURER", "WORKER_SIGNER"],
  lane: ["WORK", "HOP"],
} as const;

const ARTIST_POLICY = enums.policy.indexOf("ARTIST");

const accountBy = (column: string): ChildField => ({
  type: "Account",
  on: [["address", column]],
  exists: { key: "address", from: column },
});
const workerBy = (column: string): ChildField => ({ type: "Worker", on: [["address", column]] });
const modelBy = (column: string): ChildField => ({ type: "Model", on: [["modelId", column]] });
const artworkBy = (column: string): ChildField => ({ type: "Artwork", on: [["tokenId", column]] });

const newest = (column: string) => ({ column, descending: true });
const oldest = (column: string) => ({ column, descending: false });

/** Newest first by default; those that are burnt are left out. */
const artworksOf = (column: string, parent: string): ChildField => ({
  type: "Artwork",
  on: [[column, parent]],
  order: newest("tokenId"),
  where: (child) => `not ${child("burned")}`,
});
const activityOf = (column: string, parent: string): ChildField => ({
  type: "Activity",
  on: [[column, parent]],
  order: newest("seq"),
});

const guidanceScale: ColumnField = {
  columns: ["guidanceMilli"],
  of: (row) => Number(row.guidanceMilli) / 1_000,
};
const image: ColumnField = { columns: ["cid"], of: (row) => `ipfs://${row.cid}` };

const ANY_SEED = (2n ** 64n - 1n).toString();

/** All object types that come out of tables. */
export const objectTypes: Readonly<Record<string, ObjectType>> = {
  Artwork: {
    table: "artwork",
    fields: {
      series: { type: "Series", on: [["seriesId", "seriesId"]] },
      image,
      artist: accountBy("artist"),
      owner: { type: "Account", on: [["address", "owner"]] },
      versionCount: "versions",
      policy: named("policy", enums.policy),
      displayLocked: {
        columns: ["frozen", "moved", "policy"],
        of: (row) => row.frozen === true || (row.moved === true && row.policy !== ARTIST_POLICY),
      },
      model: modelBy("modelId"),
      worker: workerBy("worker"),
      guidanceScale,
      receipt: { type: "Receipt", on: [["receiptId", "receiptId"]] },
      latest: {
        type: "ArtworkVersion",
        on: [
          ["tokenId", "tokenId"],
          ["version", "versions"],
        ],
      },
      version: {
        type: "ArtworkVersion",
        on: [["tokenId", "tokenId"]],
        where: (child, _, argument) => `${child("version")} = ${argument("number")}`,
      },
      versions: { type: "ArtworkVersion", on: [["tokenId", "tokenId"]], order: oldest("version") },
      remixes: { type: "ArtworkVersion", on: [["parentId", "tokenId"]], order: oldest("seq") },
      transfers: {
        type: "Transfer",
        on: [["tokenId", "tokenId"]],
        order: newest("seq"),
        where: (child) => `${child("collection")} = 'ARTWORK'`,
      },
      transferCount: "transfers",
      activity: activityOf("tokenId", "tokenId"),
    },
  },
  ArtworkVersion: {
    table: "artworkVersion",
    fields: {
      artwork: artworkBy("tokenId"),
      model: modelBy("modelId"),
      requestedSeed: {
        columns: ["requestedSeed"],
        of: (row) => (String(row.requestedSeed) === ANY_SEED ? null : row.requestedSeed),
      },
      guidanceScale,
      image,
      worker: workerBy("worker"),
      requester: accountBy("requester"),
      payer: accountBy("payer"),
      parent: {
        type: "ArtworkVersion",
        on: [
          ["tokenId", "parentId"],
          ["version", "parentVersion"],
        ],
      },
      parentId: unlessZero("parentId"),
      parentVersion: unlessZero("parentVersion"),
    },
  },
  Series: {
    table: "series",
    fields: {
      artist: accountBy("artist"),
      firstOwner: accountBy("firstOwner"),
      policy: named("policy", enums.policy),
      artworks: { type: "Artwork", on: [["seriesId", "seriesId"]], order: oldest("tokenId") },
    },
  },
  Transfer: {
    table: "transfer",
    fields: {
      artwork: { ...artworkBy("tokenId"), where: (_, parent) => `${parent("collection")} = 'ARTWORK'` },
      model: { ...modelBy("tokenId"), where: (_, parent) => `${parent("collection")} = 'MODEL'` },
    },
  },
  Model: {
    table: "model",
    fields: {
      family: named("family", enums.family),
      kind: named("kind", enums.kind),
      access: named("access", enums.access),
      baseModel: modelBy("baseModelId"),
      baseModelId: unlessZero("baseModelId"),
      nextUsageBps: {
        columns: ["nextUsageBps", "nextUsageFrom"],
        of: (row) => (isZero(row.nextUsageFrom) ? null : row.nextUsageBps),
      },
      nextUsageFrom: unlessZero("nextUsageFrom"),
      rates: { type: "ModelRate", on: [["modelId", "modelId"]], order: newest("seq") },
      licensePrice: {
        columns: ["licensePrice", "licensePeriod"],
        of: (row) => (isZero(row.licensePeriod) ? null : row.licensePrice),
      },
      licensePeriod: unlessZero("licensePeriod"),
      creator: accountBy("creator"),
      owner: accountBy("owner"),
      user: unlessZero("user"),
      userExpires: unlessZero("userExpires"),
      artworkCount: "artworks",
      versionCount: "versions",
      paymentCount: "payments",
      artworks: artworksOf("modelId", "modelId"),
      licenses: { type: "License", on: [["modelId", "modelId"]], order: newest("boughtAt") },
      activity: activityOf("modelId", "modelId"),
    },
  },
  ModelRate: { table: "modelRate", fields: {} },
  License: { table: "license", fields: { model: modelBy("modelId"), account: accountBy("account") } },
  Worker: {
    table: "worker",
    fields: {
      account: accountBy("address"),
      bonded: { columns: ["bonded"], of: (row) => row.bonded },
      registeredAt: unlessZero("registeredAt"),
      releaseAt: unlessZero("releaseAt"),
      paymentCount: "payments",
      receiptCount: "receipts",
      versionCount: "versions",
      laneCount: "lanes",
      signers: { type: "Signer", on: [["account", "address"]], order: oldest("seq") },
      lanes: { type: "Lane", on: [["worker", "address"]], order: newest("seq") },
      settlements: { type: "Settlement", on: [["worker", "address"]], order: newest("seq") },
      artworks: artworksOf("worker", "address"),
      activity: activityOf("worker", "address"),
    },
  },
  Receipt: {
    table: "receipt",
    fields: {
      requester: accountBy("requester"),
      worker: workerBy("worker"),
      payer: accountBy("payer"),
      model: modelBy("modelId"),
      settlement: { type: "Settlement", on: [["orderHash", "orderHash"]] },
      artwork: artworkBy("tokenId"),
      tokenId: unlessZero("tokenId"),
      version: unlessZero("version"),
    },
  },
  Settlement: {
    table: "settlement",
    fields: {
      lane: { type: "Lane", on: [["laneId", "laneId"]] },
      payer: accountBy("payer"),
      worker: workerBy("worker"),
      requester: { type: "Account", on: [["address", "requester"]] },
      model: modelBy("modelId"),
      receipts: { type: "Receipt", on: [["orderHash", "orderHash"]], order: oldest("index") },
    },
  },
  Lane: {
    table: "lane",
    fields: {
      kind: named("kind", enums.lane),
      payer: accountBy("payer"),
      worker: workerBy("worker"),
      thawReadyAt: unlessZero("thawReadyAt"),
      thawLapsesAt: unlessZero("thawLapsesAt"),
      totals: { type: "LaneModelTotal", on: [["laneId", "laneId"]], order: oldest("modelId") },
      anchorCount: "anchors",
      receiptCount: "receipts",
      anchors: { type: "Anchor", on: [["laneId", "laneId"]], order: newest("seq") },
      settlements: { type: "Settlement", on: [["laneId", "laneId"]], order: newest("seq") },
    },
  },
  LaneModelTotal: { table: "laneModelTotal", fields: { model: modelBy("modelId") } },
  Anchor: {
    table: "anchor",
    fields: {
      lane: { type: "Lane", on: [["laneId", "laneId"]] },
      payer: accountBy("payer"),
      worker: workerBy("worker"),
    },
  },
  Signer: {
    table: "signer",
    fields: {
      account: accountBy("account"),
      role: named("role", enums.role),
      revokedAt: unlessZero("revokedAt"),
      validUntil: unlessZero("validUntil"),
      windowStart: unlessZero("windowStart"),
    },
  },
  Account: {
    table: "account",
    fields: {
      thawReadyAt: unlessZero("thawReadyAt"),
      worker: workerBy("address"),
      owned: artworksOf("owner", "address"),
      created: artworksOf("artist", "address"),
      models: { type: "Model", on: [["owner", "address"]], order: newest("modelId") },
      licenses: { type: "License", on: [["account", "address"]], order: newest("boughtAt") },
      signers: { type: "Signer", on: [["account", "address"]], order: oldest("seq") },
      lanes: { type: "Lane", on: [["payer", "address"]], order: newest("seq") },
      activity: activityOf("actor", "address"),
    },
  },
  Activity: {
    table: "activity",
    fields: {
      artwork: artworkBy("tokenId"),
      series: { type: "Series", on: [["seriesId", "seriesId"]] },
      model: modelBy("modelId"),
      worker: workerBy("worker"),
    },
  },
  DayStatistics: {
    table: "dailyStatistics",
    fields: { start: { columns: ["day"], of: (row) => Number(row.day) * 86_400 } },
  },
  FeeConfig: { table: "feeConfig", fields: {} },
  Protocol: {
    table: "protocol",
    fields: { feeConfigs: { type: "FeeConfig", on: [], order: oldest("feeConfigId") } },
  },
  GovernanceEvent: { table: "governanceEvent", fields: {} },
};

/** Columns that are no columns: SQL over a table's alias. */
export const computedColumns: Readonly<
  Record<string, (column: (key: string) => string, table: (name: TableName) => string) => string>
> = {
  "worker.bonded": (column, table) =>
    `(${column("bond")} >= (select min_bond from ${table("protocol")} p where p.chain_id = ${column("chainId")}))`,
};

/** The entry of a field, whether it is named or not. */
export function fieldOf(type: ObjectType, name: string): ColumnField | ChildField {
  const field = type.fields[name] ?? name;
  return typeof field === "string" ? { columns: [field], of: (row) => row[field] } : field;
}

export function isChild(field: ColumnField | ChildField): field is ChildField {
  return "type" in field;
}

/** Where the rows of a child are kept in their parent's row: by the name that the question gives the field. */
export function childKey(responseName: string): string {
  return `>${responseName}`;
}

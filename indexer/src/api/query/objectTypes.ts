import { settlementDomain, settlementTypes } from "@gridnft/sdk";
import { type Address, keccak256, toBytes, zeroAddress, zeroHash } from "viem";
import { NOT_LISTED, SEQ_PER_BLOCK } from "../../lib/keys.ts";
import { startOfWeek } from "../../lib/weeks.ts";
import { idOf } from "./globalIds.ts";
import { childKey, type FieldArguments } from "./selection.ts";
import { type TableName, tableOf } from "./tables.ts";
import { attributesOf, type TraitSource } from "./traits.ts";

/** A row, or what was asked of it, keyed by column; to-one and to-many children are keyed by `childKey`. */
export type Row = Readonly<Record<string, unknown>>;

/** A field that is made from columns. */
export interface ColumnField {
  readonly columns: readonly string[];
  readonly of: (row: Row) => unknown;
}

/** Names that conditions are written with: each function gives SQL. */
export interface Names {
  readonly child: (column: string) => string;
  readonly parent: (column: string) => string;
  readonly argument: (name: string) => string;
  readonly table: (name: TableName) => string;
}

/** A field that is a row, or rows, of another table. */
export interface ChildField {
  /** Name of its entry below. */
  readonly type: string;
  /** Pairs of the child's column and the parent's. */
  readonly on: readonly (readonly [child: string, parent: string])[];
  /** Left out: one row. */
  readonly order?: { readonly column: string; readonly descending: boolean; readonly tie?: string };
  /** More conditions. */
  readonly where?: (names: Names) => string;
  /** The row is known to exist, so that its key and its id alone need no look at the table. */
  readonly exists?: { readonly key: string; readonly from: string };
}

/** Source of the fields of an object type. A field that isn't named here is the column of its name. */
export interface ObjectType {
  readonly table: TableName;
  /** Its name in the schema, if that isn't the name of this entry. */
  readonly schemaType?: string;
  /** Column that tells rows of this entry from those of others with the same `schemaType`. */
  readonly mark?: { readonly column: string };
  readonly fields: Readonly<Record<string, ColumnField | ChildField | string>>;
}

const isZero = (value: unknown): boolean => String(value) === "0" || value === zeroAddress;

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
  where: ({ child }) => `not ${child("burned")}`,
});
const activityOf = (column: string, parent: string): ChildField => ({
  type: "Activity",
  on: [[column, parent]],
  order: newest("seq"),
});

/** Conditions of approvals that hold: others were taken back. */
export const isInForce = {
  token: (column: (key: string) => string): string => `${column("approved")} <> '${zeroAddress}'`,
  operator: (column: (key: string) => string): string => column("approved"),
} as const;

const guidanceScale: ColumnField = {
  columns: ["guidanceMilli"],
  of: (row) => Number(row.guidanceMilli) / 1_000,
};
const image: ColumnField = { columns: ["cid"], of: (row) => `ipfs://${row.cid}` };

const ANY_SEED = (2n ** 64n - 1n).toString();

/** Block of the last event that changed the row. */
const updatedBlock: ColumnField = {
  columns: ["updatedSeq"],
  of: (row) => Number(BigInt(String(row.updatedSeq)) / SEQ_PER_BLOCK),
};

/** Midnight at which a day began. */
const start: ColumnField = { columns: ["day"], of: (row) => Number(row.day) * 86_400 };

/** A holder by an account's counter. */
const holder = (tokens: string): ObjectType => ({
  table: "account",
  schemaType: "Holder",
  mark: { column: tokens },
  fields: { address: "address", account: accountBy("address"), tokens },
});

/** Columns of JobReceipt, in its order; `engineHash` is kept by `receipt` alone. */
const receiptColumns = [
  "orderHash",
  "index",
  "requester",
  "worker",
  "modelId",
  "requestHash",
  "seed",
  "imageHash",
  "cidDigest",
  "completedAt",
  "price",
];

let domain = settlementDomain(0, zeroAddress);

/** Says in which contract's domain receipts are signed. */
export function setSettlement(chainId: number, address: Address): void {
  domain = settlementDomain(chainId, address);
}

function rawReceipt(row: Row): unknown {
  const message: Record<string, unknown> = {};
  for (const { name, type } of settlementTypes.JobReceipt) {
    // As wallets take them: what may be beyond 2^53 as a decimal string.
    message[name] = type.startsWith("uint") && type !== "uint32" ? String(row[name]) : row[name];
  }
  return { domain, primaryType: "JobReceipt", message };
}

const isEscrowSealed = (row: Row): boolean => row.nftUpgradesSealed === true || !isZero(row.escrow);

/** All object types that come out of tables. */
export const objectTypes: Readonly<Record<string, ObjectType>> = withIds({
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
        where: ({ child, argument }) => `${child("version")} = ${argument("number")}`,
      },
      versions: { type: "ArtworkVersion", on: [["tokenId", "tokenId"]], order: oldest("version") },
      family: named("family", enums.family),
      remixOf: artworkBy("remixOf"),
      remixOfId: { columns: ["remixOf"], of: (row) => (isZero(row.remixOf) ? null : row.remixOf) },
      remixes: {
        type: "ArtworkVersion",
        on: [["parentId", "tokenId"]],
        order: oldest("seq"),
        // A version that its own artwork evolved from is no remix.
        where: ({ child, parent }) => `${child("tokenId")} <> ${parent("tokenId")}`,
      },
      remixCount: "remixes",
      listPrice: {
        columns: ["listPrice"],
        of: (row) => (String(row.listPrice) === NOT_LISTED.toString() ? null : row.listPrice),
      },
      transfers: {
        type: "Transfer",
        on: [["tokenId", "tokenId"]],
        order: newest("seq"),
        where: ({ child }) => `${child("collection")} = 'ARTWORK'`,
      },
      transferCount: "transfers",
      updatedBlock,
      attributes: { columns: ["traits"], of: (row) => attributesOf(row.traits as TraitSource) },
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
      rawReceipt: {
        columns: [...receiptColumns, "engine"],
        of: (row) => rawReceipt({ ...row, engineHash: keccak256(toBytes(String(row.engine))) }),
      },
      anchor: {
        type: "Anchor",
        on: [
          ["payer", "payer"],
          ["worker", "worker"],
        ],
        // The root that its receipt was settled under; else the root that is alone in its block: `seq` begins with the block's number.
        where: ({ child, parent, table }) => {
          const settled = `select a.seq from ${table("receipt")} r join ${table("anchor")} a on a.chain_id = r.chain_id and a.lane_id = '${zeroHash}' and a.payer = r.payer and a.root = r.root where r.chain_id = ${parent("chainId")} and r.receipt_id = ${parent("receiptId")} and a.block = ${parent("anchorBlock")}`;
          const alone = `select min(o.seq) from ${table("anchor")} o where o.chain_id = ${parent("chainId")} and o.worker = ${parent("worker")} and o.payer = ${parent("payer")} and o.seq >= ${parent("anchorBlock")} * ${SEQ_PER_BLOCK} and o.seq < (${parent("anchorBlock")} + 1) * ${SEQ_PER_BLOCK} having count(*) = 1`;
          return `${child("seq")} = coalesce((${settled}), (${alone}))`;
        },
      },
    },
  },
  Series: {
    table: "series",
    fields: {
      artist: accountBy("artist"),
      firstOwner: accountBy("firstOwner"),
      policy: named("policy", enums.policy),
      artworks: { type: "Artwork", on: [["seriesId", "seriesId"]], order: oldest("tokenId") },
      holderCount: "holders",
      holders: {
        type: "Holder",
        on: [["seriesId", "seriesId"]],
        order: { column: "artworks", descending: true, tie: "owner" },
        where: ({ child }) => `${child("artworks")} > 0`,
      },
      transferCount: "transfers",
      updatedBlock,
    },
  },
  Holder: {
    table: "seriesHolder",
    mark: { column: "seriesId" },
    fields: {
      // Read from rows of the sources below, too.
      address: { columns: ["owner"], of: (row) => row.owner ?? row.address },
      account: accountBy("owner"),
      tokens: { columns: ["artworks"], of: (row) => row.artworks ?? row.artworksOwned ?? row.modelsOwned },
    },
  },
  ArtworkHolder: holder("artworksOwned"),
  ModelHolder: holder("modelsOwned"),
  Transfer: {
    table: "transfer",
    fields: {
      artwork: { ...artworkBy("tokenId"), where: ({ parent }) => `${parent("collection")} = 'ARTWORK'` },
      model: { ...modelBy("tokenId"), where: ({ parent }) => `${parent("collection")} = 'MODEL'` },
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
      usageBps: "usageBpsNow",
      nextUsageBps: "announcedUsageBps",
      nextUsageFrom: "announcedUsageFrom",
      rates: { type: "ModelRate", on: [["modelId", "modelId"]], order: newest("seq") },
      licensePrice: {
        columns: ["licensePrice", "licensePeriod"],
        of: (row) => (isZero(row.licensePeriod) ? null : row.licensePrice),
      },
      licensePeriod: unlessZero("licensePeriod"),
      creator: accountBy("creator"),
      owner: accountBy("owner"),
      user: "userNow",
      userExpires: unlessZero("userExpires"),
      updatedBlock,
      artworkCount: "artworks",
      versionCount: "versions",
      paymentCount: "payments",
      artworks: artworksOf("modelId", "modelId"),
      licenses: { type: "License", on: [["modelId", "modelId"]], order: newest("boughtAt") },
      activity: activityOf("modelId", "modelId"),
      statistics: { type: "ModelDay", on: [["modelId", "modelId"]], order: newest("day") },
    },
  },
  ModelRate: { table: "modelRate", fields: {} },
  License: { table: "license", fields: { model: modelBy("modelId"), account: accountBy("account"), updatedBlock } },
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
      updatedBlock,
      signers: { type: "Signer", on: [["account", "address"]], order: oldest("seq") },
      lanes: { type: "Lane", on: [["worker", "address"]], order: newest("seq") },
      settlements: { type: "Settlement", on: [["worker", "address"]], order: newest("seq") },
      artworks: artworksOf("worker", "address"),
      activity: activityOf("worker", "address"),
      statistics: { type: "WorkerDay", on: [["worker", "address"]], order: newest("day") },
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
      rawReceipt: { columns: [...receiptColumns, "engineHash"], of: rawReceipt },
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
      updatedBlock,
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
      vouchersUntil: unlessZero("vouchersUntil"),
      totals: { type: "LaneModelTotal", on: [["laneId", "laneId"]], order: oldest("modelId") },
      anchorCount: "anchors",
      receiptCount: "receipts",
      updatedBlock,
      anchors: { type: "Anchor", on: [["laneId", "laneId"]], order: newest("seq") },
      settlements: { type: "Settlement", on: [["laneId", "laneId"]], order: newest("seq") },
    },
  },
  LaneModelTotal: {
    table: "laneModelTotal",
    fields: { model: modelBy("modelId"), royaltyReadAt: unlessZero("royaltyReadAt") },
  },
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
      updatedBlock,
      thawReadyAt: unlessZero("thawReadyAt"),
      worker: workerBy("address"),
      owned: artworksOf("owner", "address"),
      created: artworksOf("artist", "address"),
      models: { type: "Model", on: [["owner", "address"]], order: newest("modelId") },
      licenses: { type: "License", on: [["account", "address"]], order: newest("boughtAt") },
      signers: { type: "Signer", on: [["account", "address"]], order: oldest("seq") },
      lanes: { type: "Lane", on: [["payer", "address"]], order: newest("seq") },
      tokenApprovals: {
        type: "TokenApproval",
        on: [["owner", "address"]],
        order: newest("seq"),
        where: ({ child }) => isInForce.token(child),
      },
      operatorApprovals: {
        type: "OperatorApproval",
        on: [["owner", "address"]],
        order: newest("seq"),
        where: ({ child }) => isInForce.operator(child),
      },
      activity: activityOf("actor", "address"),
    },
  },
  TokenApproval: {
    table: "approval",
    fields: {
      artwork: { ...artworkBy("tokenId"), where: ({ parent }) => `${parent("collection")} = 'ARTWORK'` },
      model: { ...modelBy("tokenId"), where: ({ parent }) => `${parent("collection")} = 'MODEL'` },
    },
  },
  OperatorApproval: { table: "operatorApproval", fields: {} },
  Activity: {
    table: "activity",
    fields: {
      artwork: artworkBy("tokenId"),
      series: { type: "Series", on: [["seriesId", "seriesId"]] },
      model: modelBy("modelId"),
      worker: workerBy("worker"),
    },
  },
  DayStatistics: { table: "dailyStatistics", fields: { start } },
  ModelDay: { table: "modelDay", fields: { start } },
  WorkerDay: { table: "workerDay", fields: { start, address: "worker" } },
  WorkerWeek: {
    table: "workerModelWeek",
    fields: {
      start: { columns: ["week"], of: (row) => startOfWeek(Number(row.week)) },
      address: "worker",
      worker: workerBy("worker"),
      model: modelBy("modelId"),
    },
  },
  FeeConfig: { table: "feeConfig", fields: {} },
  Protocol: {
    table: "protocol",
    fields: {
      sourcesSealed: "nftUpgradesSealed",
      escrow: unlessZero("escrow"),
      escrowSealed: { columns: ["nftUpgradesSealed", "escrow"], of: isEscrowSealed },
      minBond: "minBondNow",
      nextMinBond: "raisedMinBond",
      nextMinBondFrom: "raisedMinBondFrom",
      feeConfigs: { type: "FeeConfig", on: [], order: oldest("feeConfigId") },
    },
  },
  GovernanceEvent: { table: "governanceEvent", fields: {} },
});

/** Gives each type its `id`. A row that is read as another entry's type, as holders are, has the id of what it was read as. */
function withIds(types: Readonly<Record<string, ObjectType>>): Readonly<Record<string, ObjectType>> {
  return Object.fromEntries(
    Object.entries(types).map(([entry, type]) => {
      const { key } = tableOf(type.table);
      const sources = Object.entries(types).filter(([name, { schemaType }]) => (schemaType ?? name) === entry);
      const id: ColumnField = {
        columns: ["chainId", ...key, ...Object.values(type.mark ?? {})],
        of: (row) => {
          const [name = entry, source = type] =
            sources.find(([, { mark }]) => !mark || row[mark.column] !== undefined) ?? [];
          const values = tableOf(source.table).key.map((column) => String(row[column]));
          return idOf({ entry: name, chainId: Number(row.chainId), values });
        },
      };
      return [entry, { ...type, fields: { ...type.fields, id } }];
    }),
  );
}

/** The entry of a field, whether it is named or not. */
export function fieldOf(type: ObjectType, name: string): ColumnField | ChildField {
  const field = type.fields[name] ?? name;
  return typeof field === "string" ? { columns: [field], of: (row) => row[field] } : field;
}

export function isChild(field: ColumnField | ChildField): field is ChildField {
  return "type" in field;
}

/** Returns the reader of a field, from the row or the object that it belongs to. */
export function reader(typeName: string, asked: FieldArguments): (row: Row) => unknown {
  const type = objectTypes[typeName];
  const { name } = asked;
  if (!type) return (row) => row[name];
  const field = fieldOf(type, name);
  if (!isChild(field)) return field.of;
  const key = childKey(asked);
  return (row) => row[key];
}

/** Type of a row where several are possible: it says so itself. */
export function typeNameOf(row: Row): string {
  const { __typename: name } = row;
  if (typeof name !== "string") throw new Error("A row does not say which type it is of.");
  return name;
}

import { z } from "zod";
import {
  address,
  bigInt,
  enumeration,
  evolutionPolicies,
  hex,
  integer,
  laneKinds,
  modelAccess,
  modelFamilies,
  modelKinds,
  rails,
  timestamp,
} from "./scalars.js";
import { withArguments } from "./selection.js";

/** Cursors of a page. */
export const pageInfo = z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() });

/** The block that an answer is true at. */
export const block = z.object({ chainId: integer, number: integer, timestamp });
export type Block = z.output<typeof block>;

const accountName = z.object({ address });
const workerName = z.object({ address });
const modelName = z.object({ modelId: bigInt, name: z.string() });

/** An artwork in a list. */
export const artworkCard = z.object({
  tokenId: bigInt,
  seriesId: bigInt,
  number: integer,
  name: z.string(),
  image: z.string(),
  cid: z.string(),
  prompt: z.string(),
  artist: accountName,
  owner: accountName.nullable(),
  model: modelName.nullable(),
  versionCount: integer,
  mintedAt: timestamp,
});
export type ArtworkCard = z.output<typeof artworkCard>;

/** One version of an artwork with its whole provenance. */
export const artworkVersion = z.object({
  version: integer,
  modelId: bigInt,
  modelHash: hex,
  prompt: z.string(),
  negativePrompt: z.string(),
  /** Null: left to the worker. */
  requestedSeed: bigInt.nullable(),
  seed: bigInt,
  width: integer,
  height: integer,
  steps: integer,
  guidanceMilli: integer,
  sampler: z.string(),
  scheduler: z.string(),
  sourceHash: hex,
  extras: z.string(),
  salt: hex,
  requestHash: hex,
  receiptId: hex,
  orderHash: hex,
  index: integer,
  engine: z.string(),
  imageHash: hex,
  cidDigest: hex,
  cid: z.string(),
  worker: workerName.nullable(),
  requester: accountName,
  payer: accountName,
  /** AIPG wei. */
  price: bigInt,
  completedAt: timestamp,
  anchorTime: timestamp,
  anchorBlock: integer,
  parentId: bigInt.nullable(),
  parentVersion: integer.nullable(),
  addedAt: timestamp,
  addedBlock: integer,
  addedTx: hex,
});
export type ArtworkVersionRow = z.output<typeof artworkVersion>;

/** An artwork by itself. */
export const artwork = z.object({
  ...artworkCard.shape,
  title: z.string(),
  description: z.string(),
  tags: z.array(z.string()),
  animationUrl: z.string(),
  burned: z.boolean(),
  frozen: z.boolean(),
  policy: enumeration(evolutionPolicies).nullable(),
  royaltyBps: integer,
  transferCount: integer,
  versions: withArguments(z.array(artworkVersion), "(first: 100)"),
  mintTx: hex,
  mintedBlock: integer,
  updatedAt: timestamp,
});
export type Artwork = z.output<typeof artwork>;

/** A series with its first artworks. */
export const series = z.object({
  seriesId: bigInt,
  title: z.string(),
  description: z.string(),
  tags: z.array(z.string()),
  count: integer,
  supply: integer,
  policy: enumeration(evolutionPolicies).nullable(),
  royaltyBps: integer,
  artist: accountName,
  artworks: withArguments(z.array(artworkCard), "(first: 100)"),
  mintedAt: timestamp,
  mintTx: hex,
});
export type GallerySeries = z.output<typeof series>;

/** A model. Amounts in AIPG wei. */
export const model = z.object({
  modelId: bigInt,
  name: z.string(),
  version: z.string(),
  family: enumeration(modelFamilies).nullable(),
  kind: enumeration(modelKinds).nullable(),
  access: enumeration(modelAccess).nullable(),
  license: z.string(),
  weightsHash: hex,
  weightsUri: z.string(),
  usageBps: integer,
  licensePrice: bigInt.nullable(),
  licensePeriod: integer.nullable(),
  verified: z.boolean(),
  deprecated: z.boolean(),
  creator: accountName,
  owner: accountName,
  artworkCount: integer,
  volume: bigInt,
  registeredAt: timestamp,
});
export type GalleryModel = z.output<typeof model>;

/** A worker. Amounts in AIPG wei. */
export const worker = z.object({
  address,
  registered: z.boolean(),
  bonded: z.boolean(),
  profileUri: z.string(),
  bond: bigInt,
  slashed: bigInt,
  earned: bigInt,
  earnedTotal: bigInt,
  receiptCount: integer,
  versionCount: integer,
  lastActiveAt: timestamp,
});
export type GalleryWorker = z.output<typeof worker>;

/** An account. Amounts in AIPG wei, of its settlement account. */
export const account = z.object({
  address,
  balance: bigInt,
  thawing: bigInt,
  thawReadyAt: timestamp.nullable(),
  deposited: bigInt,
  spent: bigInt,
  artworksOwned: integer,
  artworksCreated: integer,
  modelsOwned: integer,
});
export type GalleryAccount = z.output<typeof account>;

/** A receipt that was seen whole. */
export const receipt = z.object({
  receiptId: hex,
  orderHash: hex,
  index: integer,
  requester: accountName,
  worker: workerName.nullable(),
  payer: accountName,
  modelId: bigInt,
  requestHash: hex,
  seed: bigInt,
  engineHash: hex,
  imageHash: hex,
  cidDigest: hex,
  cid: z.string(),
  completedAt: timestamp,
  price: bigInt,
  tokenId: bigInt.nullable(),
  version: integer.nullable(),
  seenAt: timestamp,
  seenTx: hex,
});
export type GalleryReceipt = z.output<typeof receipt>;

/** A payment to a worker. Amounts in AIPG wei. */
export const settlement = z.object({
  rail: enumeration(rails),
  orderHash: hex.nullable(),
  laneId: hex.nullable(),
  payer: accountName,
  worker: workerName.nullable(),
  modelId: bigInt,
  receiptCount: integer.nullable(),
  anchored: z.boolean().nullable(),
  gross: bigInt,
  toWorker: bigInt,
  royalty: bigInt,
  protocolFee: bigInt,
  time: timestamp,
  tx: hex,
});
export type GallerySettlement = z.output<typeof settlement>;

/** A lane. Amounts in AIPG wei. */
export const lane = z.object({
  laneId: hex,
  kind: enumeration(laneKinds).nullable(),
  payer: accountName,
  payerSigner: address,
  worker: workerName.nullable(),
  free: bigInt,
  thawing: bigInt,
  funded: bigInt,
  collected: bigInt,
  receiptCount: integer,
  openedAt: timestamp,
});
export type GalleryLane = z.output<typeof lane>;

/** One event of the history. */
export const activity = z.object({
  kind: z.string(),
  actor: address,
  counterparty: address.nullable(),
  tokenId: bigInt.nullable(),
  seriesId: bigInt.nullable(),
  modelId: bigInt.nullable(),
  amount: bigInt.nullable(),
  time: timestamp,
  block: integer,
  logIndex: integer,
  tx: hex,
});
export type GalleryActivity = z.output<typeof activity>;

/** A page of a list. */
export function connection<node extends z.ZodType>(node: node) {
  return z.object({ totalCount: integer, pageInfo, nodes: z.array(node) });
}

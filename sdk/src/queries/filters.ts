import type { Address, Hex } from "viem";
import { z } from "zod";
import { laneKinds, modelAccess, modelFamilies, modelKinds, rails } from "./scalars.js";

const id = z.union([z.bigint(), z.int(), z.string()]);
const someone = z.custom<Address>((value) => typeof value === "string");
const hash = z.custom<Hex>((value) => typeof value === "string");
const time = z.int();

/** Filters of the lists, by the name of their GraphQL input. Every field may be left out. */
export const filters = {
  ArtworkFilter: z
    .object({
      tokenIds: z.array(id),
      seriesId: id,
      artist: someone,
      owner: someone,
      modelIds: z.array(id),
      worker: someone,
      imageHash: hash,
      tags: z.array(z.string()),
      sampler: z.string(),
      scheduler: z.string(),
      width: z.int(),
      height: z.int(),
      steps: z.int(),
      mintedAfter: time,
      mintedBefore: time,
      evolved: z.boolean(),
      burned: z.boolean(),
    })
    .partial(),
  SeriesFilter: z.object({ artist: someone }).partial(),
  ModelFilter: z
    .object({
      modelIds: z.array(id),
      owner: someone,
      creator: someone,
      family: z.enum(modelFamilies),
      kind: z.enum(modelKinds),
      access: z.enum(modelAccess),
      baseModelId: id,
      weightsHash: hash,
      name: z.string(),
      verified: z.boolean(),
      deprecated: z.boolean(),
    })
    .partial(),
  WorkerFilter: z.object({ addresses: z.array(someone), registered: z.boolean(), bonded: z.boolean() }).partial(),
  ReceiptFilter: z
    .object({
      requester: someone,
      worker: someone,
      modelId: id,
      orderHash: hash,
      imageHash: hash,
      minted: z.boolean(),
    })
    .partial(),
  SettlementFilter: z
    .object({
      rail: z.enum(rails),
      payer: someone,
      worker: someone,
      requester: someone,
      modelId: id,
      laneId: hash,
      orderHash: hash,
    })
    .partial(),
  LaneFilter: z.object({ payer: someone, worker: someone, kind: z.enum(laneKinds) }).partial(),
  ActivityFilter: z
    .object({
      kinds: z.array(z.string()),
      actor: someone,
      counterparty: someone,
      tokenId: id,
      seriesId: id,
      modelId: id,
      worker: someone,
      laneId: hash,
    })
    .partial(),
} as const;
export type FilterName = keyof typeof filters;
export type Filter<name extends FilterName> = z.input<(typeof filters)[name]>;

/** Orders of the lists, by the name of their GraphQL enum. The first is the default. */
export const orders = {
  ArtworkOrder: ["NEWEST", "OLDEST", "RECENTLY_CHANGED", "MOST_VERSIONS", "MOST_TRANSFERRED"],
  SeriesOrder: ["NEWEST", "OLDEST"],
  ModelOrder: ["NEWEST", "OLDEST", "MOST_ARTWORKS", "MOST_VOLUME"],
  WorkerOrder: ["NEWEST", "OLDEST", "MOST_BOND", "MOST_EARNED", "MOST_RECEIPTS"],
  TimeOrder: ["NEWEST", "OLDEST"],
} as const;
export type OrderName = keyof typeof orders;
export type Order<name extends OrderName> = (typeof orders)[name][number];

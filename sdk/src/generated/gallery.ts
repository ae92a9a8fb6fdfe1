// Generated from the gallery's schema and src/gallery/documents by scripts/gallery.ts: npm run generate -w sdk

import type { Address, Hex } from "viem";
import * as z from "zod/mini";
import { galleryDocument } from "../gallery/document.js";
import { address, type BigIntInput, bigInt, enumeration, hex, integer, timestamp } from "../gallery/scalars.js";

/** Enums of the schema, with all values that it has. */
export const enums = {
  ModelFamily: ["SD15","SD21","SDXL","FLUX1_SCHNELL","FLUX1_DEV","FLUX_KREA","CHROMA","SVD","OTHER"],
  ModelKind: ["CHECKPOINT","LORA","CONTROLNET","UPSCALER","EMBEDDING","VAE","PIPELINE"],
  ModelAccess: ["OPEN","LICENSED","PRIVATE"],
  EvolutionPolicy: ["NONE","ARTIST","OWNER"],
  Rail: ["DIRECT","LANE","HOP"],
  LaneKind: ["WORK","HOP"],
  Collection: ["ARTWORK","MODEL"],
  ActivityKind: ["MODEL_REGISTERED","MODEL_TRANSFERRED","MODEL_CHANGED","LICENSE_BOUGHT","SERIES_MINTED","SERIES_CHANGED","ARTWORK_MINTED","ARTWORK_TRANSFERRED","ARTWORK_BURNED","EVOLUTION_ANNOUNCED","ARTWORK_EVOLVED","DISPLAY_EDITED","DISPLAY_FROZEN","DEPOSITED","WITHDRAWAL_ANNOUNCED","WITHDRAWAL_CANCELLED","WITHDRAWN","SIGNER_ADDED","SIGNER_REVOKED","TREASURER_CAP_SET","LANE_OPENED","LANE_TOPPED_UP","LANE_THAW_STARTED","LANE_THAW_CANCELLED","LANE_THAWED","LANE_COLLECTED","RECEIPTS_ANCHORED","ORDER_SETTLED","ORDER_CANCEL_ANNOUNCED","ORDER_CANCELLED","EARNINGS_CLAIMED","EARNINGS_MOVED","ROYALTY_CLAIMED","PROTOCOL_SWEPT","WORKER_REGISTERED","WORKER_PROFILE_SET","BOND_ADDED","UNBOND_ANNOUNCED","UNBOND_CANCELLED","BOND_WITHDRAWN","BOND_SLASHED","WORKER_EQUIVOCATED","REWARD_CLAIMED"],
  ArtworkOrder: ["NEWEST","OLDEST","RECENTLY_UPDATED","TRENDING","MOST_REMIXED","MOST_VERSIONS","MOST_TRANSFERRED","TITLE","TITLE_DESCENDING","PRICE_LOWEST","PRICE_HIGHEST","RELEVANCE"],
  SeriesOrder: ["NEWEST","OLDEST"],
  ModelOrder: ["NEWEST","OLDEST","MOST_ARTWORKS","MOST_VOLUME"],
  WorkerOrder: ["NEWEST","OLDEST","MOST_BOND","MOST_EARNED","MOST_RECEIPTS"],
  AccountOrder: ["NEWEST","OLDEST","MOST_OWNED","MOST_CREATED","MOST_SPENT"],
  TimeOrder: ["NEWEST","OLDEST"],
} as const;

/** Architecture of a model. */
export type ModelFamily = (typeof enums)["ModelFamily"][number];

/** What part of a pipeline a model is. */
export type ModelKind = (typeof enums)["ModelKind"][number];

/** Who may use a model. */
export type ModelAccess = (typeof enums)["ModelAccess"][number];

/** Who may add versions to an artwork. */
export type EvolutionPolicy = (typeof enums)["EvolutionPolicy"][number];

/** How a worker was paid. */
export type Rail = (typeof enums)["Rail"][number];

/** What a lane leads to. */
export type LaneKind = (typeof enums)["LaneKind"][number];

/** Collection of the token. */
export type Collection = (typeof enums)["Collection"][number];

/** What happened. */
export type ActivityKind = (typeof enums)["ActivityKind"][number];

/** Orders of artworks. */
export type ArtworkOrder = (typeof enums)["ArtworkOrder"][number];

/** Orders of series. */
export type SeriesOrder = (typeof enums)["SeriesOrder"][number];

/** Orders of models. */
export type ModelOrder = (typeof enums)["ModelOrder"][number];

/** Orders of workers. */
export type WorkerOrder = (typeof enums)["WorkerOrder"][number];

/** Orders of accounts. */
export type AccountOrder = (typeof enums)["AccountOrder"][number];

/** By the order in which things happened. */
export type TimeOrder = (typeof enums)["TimeOrder"][number];

/** All conditions that are given must hold; a list holds when one of its values does, and takes at most 200. One value may be given without brackets. Burnt artworks are left out unless asked for. */
export interface ArtworkFilter {
  /** These tokens. */
  readonly tokenIds?: BigIntInput | readonly BigIntInput[] | undefined;
  /** sha256 of the picture's file. */
  readonly imageHash?: Hex | undefined;
  /** CID of the picture of any of its versions: version 1 or 0, or an `ipfs://` address. */
  readonly cid?: string | undefined;
  /** Something happened to it in this transaction: its mint, a transfer, a version ... Hash of the transaction. */
  readonly tx?: Hex | undefined;
  /** Sent to one of these accounts at some time, by its mint or later; who owns it now is `owner`. */
  readonly everOwnedBy?: Address | readonly Address[] | undefined;
  /** Of this series. */
  readonly seriesId?: BigIntInput | undefined;
  /** Asked for by one of these accounts. */
  readonly artist?: Address | readonly Address[] | undefined;
  /** Owned by one of these accounts. */
  readonly owner?: Address | readonly Address[] | undefined;
  /** Latest version made by one of these workers. */
  readonly worker?: Address | readonly Address[] | undefined;
  /** Latest version made with one of these models. */
  readonly modelIds?: BigIntInput | readonly BigIntInput[] | undefined;
  /** Latest version made with a model of one of these architectures. */
  readonly families?: ModelFamily | readonly ModelFamily[] | undefined;
  /** Whether a curator has verified the model. */
  readonly verifiedModel?: boolean | undefined;
  /** Has one of these tags. In lower case. */
  readonly tags?: string | readonly string[] | undefined;
  /** Has all of these tags. In lower case. */
  readonly allTags?: string | readonly string[] | undefined;
  /** Sampler by name, compared by its first 64 characters. */
  readonly samplers?: string | readonly string[] | undefined;
  /** Noise schedule by name, compared by its first 64 characters. */
  readonly schedulers?: string | readonly string[] | undefined;
  /** Pixels. */
  readonly width?: number | undefined;
  /** Pixels. */
  readonly height?: number | undefined;
  /** Width and height in pixels, as `512x768`. */
  readonly sizes?: string | readonly string[] | undefined;
  /** Sampler steps. */
  readonly steps?: number | undefined;
  /** Who may add versions. */
  readonly policy?: EvolutionPolicy | undefined;
  /** Minted later than this. */
  readonly mintedAfter?: number | undefined;
  /** Minted earlier than this. */
  readonly mintedBefore?: number | undefined;
  /** Changed later than this: `updatedAt` is greater. */
  readonly updatedAfter?: number | undefined;
  /** Unchanged since this time: `updatedAt` is less. */
  readonly updatedBefore?: number | undefined;
  /** Changed in this block or later: `updatedBlock` is at least this. */
  readonly updatedSinceBlock?: number | undefined;
  /** Whether it was made from a picture of another artwork. */
  readonly hasParent?: boolean | undefined;
  /** Made from a picture of this artwork at its mint. */
  readonly remixOf?: BigIntInput | undefined;
  /** Whether it has more than one version. */
  readonly evolved?: boolean | undefined;
  /** Whether it is offered for sale. No market is indexed yet, so nothing is. */
  readonly listed?: boolean | undefined;
  /** Offered for this or more, AIPG wei. */
  readonly minPrice?: BigIntInput | undefined;
  /** Offered for this or less, AIPG wei. */
  readonly maxPrice?: BigIntInput | undefined;
  /** `true`: burnt ones alone; `false`, as when left out: those that exist. */
  readonly burned?: boolean | undefined;
}

/** All conditions that are given must hold. */
export interface SeriesFilter {
  /** Who asked for its artworks. */
  readonly artist?: Address | undefined;
  /** Changed in this block or later: `updatedBlock` is at least this. */
  readonly updatedSinceBlock?: number | undefined;
}

/** All conditions that are given must hold. */
export interface ModelFilter {
  /** Any of these. */
  readonly modelIds?: BigIntInput | readonly BigIntInput[] | undefined;
  /** Who owns it. */
  readonly owner?: Address | undefined;
  /** Who it was registered to. */
  readonly creator?: Address | undefined;
  /** Of this architecture. */
  readonly family?: ModelFamily | undefined;
  /** This part of a pipeline. */
  readonly kind?: ModelKind | undefined;
  /** Who may use it. */
  readonly access?: ModelAccess | undefined;
  /** Derives from or works with this model. */
  readonly baseModelId?: BigIntInput | undefined;
  /** sha256 of the weights. */
  readonly weightsHash?: Hex | undefined;
  /** Name. */
  readonly name?: string | undefined;
  /** Whether a curator says that it is what it says. */
  readonly verified?: boolean | undefined;
  /** Whether a curator advises against it. */
  readonly deprecated?: boolean | undefined;
  /** Changed in this block or later: `updatedBlock` is at least this. */
  readonly updatedSinceBlock?: number | undefined;
}

/** All conditions that are given must hold. */
export interface WorkerFilter {
  /** Any of these. */
  readonly addresses?: Address | readonly Address[] | undefined;
  /** Whether it registered. */
  readonly registered?: boolean | undefined;
  /** Whether the bond is at least the minimum. */
  readonly bonded?: boolean | undefined;
  /** Changed in this block or later: `updatedBlock` is at least this. */
  readonly updatedSinceBlock?: number | undefined;
}

/** All conditions that are given must hold. */
export interface AccountFilter {
  /** Any of these. */
  readonly addresses?: Address | readonly Address[] | undefined;
  /** Changed in this block or later: `updatedBlock` is at least this. */
  readonly updatedSinceBlock?: number | undefined;
}

/** All conditions that are given must hold. */
export interface ReceiptFilter {
  /** Who asked, and may mint. */
  readonly requester?: Address | undefined;
  /** The worker. */
  readonly worker?: Address | undefined;
  /** AIGC token id of the model. */
  readonly modelId?: BigIntInput | undefined;
  /** EIP-712 hash of the order. */
  readonly orderHash?: Hex | undefined;
  /** sha256 of the picture's file. */
  readonly imageHash?: Hex | undefined;
  /** True when it is anchored, and can be minted. */
  readonly anchored?: boolean | undefined;
  /** Whether an artwork was minted with it. */
  readonly minted?: boolean | undefined;
}

/** All conditions that are given must hold. */
export interface SettlementFilter {
  /** How the worker was paid. */
  readonly rail?: Rail | undefined;
  /** Who paid. */
  readonly payer?: Address | undefined;
  /** The worker. */
  readonly worker?: Address | undefined;
  /** Who asked, and may mint. */
  readonly requester?: Address | undefined;
  /** AIGC token id of the model. */
  readonly modelId?: BigIntInput | undefined;
  /** Id of the lane: EIP-712 digest of its terms. */
  readonly laneId?: Hex | undefined;
  /** EIP-712 hash of the order. */
  readonly orderHash?: Hex | undefined;
  /** Of the direct rail alone: `false` those whose anchor waits for the worker's bond. */
  readonly anchored?: boolean | undefined;
  /** Later than this. */
  readonly timeAfter?: number | undefined;
  /** Earlier than this. */
  readonly timeBefore?: number | undefined;
  /** Changed in this block or later: `updatedBlock` is at least this. */
  readonly updatedSinceBlock?: number | undefined;
}

/** All conditions that are given must hold. */
export interface LaneFilter {
  /** Who paid. */
  readonly payer?: Address | undefined;
  /** The worker. */
  readonly worker?: Address | undefined;
  /** What it leads to. */
  readonly kind?: LaneKind | undefined;
  /** Changed in this block or later: `updatedBlock` is at least this. */
  readonly updatedSinceBlock?: number | undefined;
}

/** All conditions that are given must hold. */
export interface TransferFilter {
  /** Collection of the token. */
  readonly collection?: Collection | undefined;
  /** Token id. */
  readonly tokenId?: BigIntInput | undefined;
  /** Who had it. */
  readonly from?: Address | undefined;
  /** Who has it since. */
  readonly to?: Address | undefined;
  /** Of one of these tokens. */
  readonly tokenIds?: BigIntInput | readonly BigIntInput[] | undefined;
  /** One of these accounts had it, or has it since. */
  readonly accounts?: Address | readonly Address[] | undefined;
  /** Hash of the transaction. */
  readonly tx?: Hex | undefined;
  /** Those by which `to` owned the token at the end of this block: the last change of owner of each token up to it. With `to` it is an account's portfolio at that block, with `tokenId` a token's owner. At most the block of this answer. */
  readonly heldAtBlock?: number | undefined;
  /** Later than this. */
  readonly timeAfter?: number | undefined;
  /** Earlier than this. */
  readonly timeBefore?: number | undefined;
  /** Happened in this block or later. */
  readonly updatedSinceBlock?: number | undefined;
}

/** All conditions that are given must hold. */
export interface ActivityFilter {
  /** Any of these. */
  readonly kinds?: ActivityKind | readonly ActivityKind[] | undefined;
  /** Who did it. */
  readonly actor?: Address | undefined;
  /** The other side. */
  readonly counterparty?: Address | undefined;
  /** Token id. */
  readonly tokenId?: BigIntInput | undefined;
  /** Series id. */
  readonly seriesId?: BigIntInput | undefined;
  /** AIGC token id of the model. */
  readonly modelId?: BigIntInput | undefined;
  /** The worker. */
  readonly worker?: Address | undefined;
  /** Id of the lane: EIP-712 digest of its terms. */
  readonly laneId?: Hex | undefined;
  /** Hash of the transaction. */
  readonly tx?: Hex | undefined;
  /** Of one of these tokens. */
  readonly tokenIds?: BigIntInput | readonly BigIntInput[] | undefined;
  /** Of one of these series. */
  readonly seriesIds?: BigIntInput | readonly BigIntInput[] | undefined;
  /** With one of these models. AIGC token ids. */
  readonly modelIds?: BigIntInput | readonly BigIntInput[] | undefined;
  /** Done by one of these accounts. */
  readonly actors?: Address | readonly Address[] | undefined;
  /** Done by one of these accounts, or one of them is the other side. */
  readonly accounts?: Address | readonly Address[] | undefined;
  /** By one of these workers. */
  readonly workers?: Address | readonly Address[] | undefined;
  /** Later than this. */
  readonly timeAfter?: number | undefined;
  /** Earlier than this. */
  readonly timeBefore?: number | undefined;
  /** Happened in this block or later. */
  readonly updatedSinceBlock?: number | undefined;
}

/** An artwork in a list. */
export const artworkCard = z.object({
  /** Token id: series id * 1,000 + number. */
  tokenId: bigInt,
  /** Series id. */
  seriesId: bigInt,
  /** Place in its series, from 1. */
  number: integer,
  /** Name as `GridNFT.tokenURI` has it: the title or `Untitled`, with its number when the series was minted with several artworks. */
  name: z.string(),
  /** `ipfs://` address of the picture of its latest version. */
  image: z.string(),
  /** CID of that picture. */
  cid: z.string(),
  /** Prompt of the latest version. */
  prompt: z.string(),
  /** Tags of its series: trimmed, in lower case. */
  tags: z.array(z.string()),
  /** Who asked for it. */
  artist: z.object({
    /** Address. */
    address: address,
  }),
  /** Who owns it; null once burnt. */
  owner: z.nullable(z.object({
    /** Address. */
    address: address,
  })),
  /** Model of the latest version. */
  model: z.nullable(z.object({
    /** AIGC token id of the model. */
    modelId: bigInt,
    /** Name. */
    name: z.string(),
    /** A curator says that it is what it says. */
    verified: z.boolean(),
  })),
  /** Worker that made the latest version. */
  worker: z.nullable(z.object({
    /** Address. */
    address: address,
  })),
  /** Pixels. */
  width: integer,
  /** Pixels. */
  height: integer,
  /** Number of versions; 1 unless it evolved. */
  versionCount: integer,
  /** Token id of that artwork; null when it was made from none. */
  remixOfId: z.nullable(bigInt),
  /** Number of `remixes`. */
  remixCount: integer,
  /** Transfers from one account to another: mint, burn and transfers to oneself left out. An escrow is an account. */
  transferCount: integer,
  /** Whether it is offered for sale. No market is indexed yet, so nothing is. */
  listed: z.boolean(),
  /** AIPG wei; null unless it is listed. */
  listPrice: z.nullable(bigInt),
  /** Time of the mint. */
  mintedAt: timestamp,
  /** Time of the last event that changed a field of it, other objects and `royaltyReceiver` left out: a transfer, version, edit, freeze or remix. */
  updatedAt: timestamp,
  /** Block of that event. `updatedSinceBlock` of lists goes by it. */
  updatedBlock: integer,
});
/** An artwork in a list. */
export type ArtworkCard = z.output<typeof artworkCard>;

/** One version of an artwork with its whole provenance. */
export const artworkVersion = z.object({
  /** 1 is the mint. */
  version: integer,
  /** AIGC token id of the model. */
  modelId: bigInt,
  /** sha256 of the model's weights, as requested. */
  modelHash: hex,
  /** What was asked for. */
  prompt: z.string(),
  /** What was to be avoided; may be empty. */
  negativePrompt: z.string(),
  /** Seed asked for; null when the worker was free to choose. */
  requestedSeed: z.nullable(bigInt),
  /** Seed used. */
  seed: bigInt,
  /** Pixels. */
  width: integer,
  /** Pixels. */
  height: integer,
  /** Sampler steps. */
  steps: integer,
  /** Guidance scale * 1,000, as on chain. */
  guidanceMilli: integer,
  /** Sampler by name. */
  sampler: z.string(),
  /** Noise schedule by name. */
  scheduler: z.string(),
  /** sha256 of the input image; zero when there was none. */
  sourceHash: hex,
  /** Everything else of the request as canonical JSON; empty when there is nothing else. */
  extras: z.string(),
  /** Salt that hid the request until its mint; zero when it was not hidden. */
  salt: hex,
  /** EIP-712 hash of the request. */
  requestHash: hex,
  /** EIP-712 digest that the worker signed. */
  receiptId: hex,
  /** EIP-712 hash of the order. */
  orderHash: hex,
  /** Which of the order's images it is, from 0. */
  index: integer,
  /** Software that made it. */
  engine: z.string(),
  /** sha256 of the picture's file. */
  imageHash: hex,
  /** Digest inside the CID. */
  cidDigest: hex,
  /** CID of the picture. */
  cid: z.string(),
  /** The worker. */
  worker: z.nullable(z.object({
    /** Address. */
    address: address,
  })),
  /** Who asked for this version. */
  requester: z.object({
    /** Address. */
    address: address,
  }),
  /** Who paid for it. */
  payer: z.object({
    /** Address. */
    address: address,
  }),
  /** AIPG wei. */
  price: bigInt,
  /** By the worker's clock. */
  completedAt: timestamp,
  /** Index of the contract that anchored the receipt (`GridNFT.anchorSource`). */
  source: integer,
  /** Time of the anchor. */
  anchorTime: timestamp,
  /** Block of the anchor. */
  anchorBlock: integer,
  /** Token id of the parent. */
  parentId: z.nullable(bigInt),
  /** Version of the parent. */
  parentVersion: z.nullable(integer),
  /** keccak256 of the packed body that holds all this on chain. */
  bodyHash: hex,
  /** When it was added. */
  addedAt: timestamp,
  /** Block in which it was added. */
  addedBlock: integer,
  /** Transaction that added it. */
  addedTx: hex,
});
/** One version of an artwork with its whole provenance. */
export type ArtworkVersion = z.output<typeof artworkVersion>;

/** An artwork by itself. */
export const artwork = z.object({
  ...artworkCard.shape,
  /** Title, without a number; may be empty. */
  title: z.string(),
  /** Description; may be empty. */
  description: z.string(),
  /** Animation that the artist added; empty when there is none. */
  animationUrl: z.string(),
  /** sha256 of that picture's file. */
  imageHash: hex,
  /** Whether it was burnt. */
  burned: z.boolean(),
  /** Whether the artist has given up editing what it shows. */
  frozen: z.boolean(),
  /** True when it has left the artist's hands, if only for a time. An auction's escrow counts as their hands until it gives the token to somebody else. */
  moved: z.boolean(),
  /** Whether what it shows can't be edited: it is frozen, or it has moved and only the artist's evolutions would allow it. */
  displayLocked: z.boolean(),
  /** Transfers so far, those to oneself included: `moves` of `GridNFT.stateOf`, which market orders name. */
  moves: bigInt,
  /** Presentation nonce: versions added and edits of the display so far. `shown` of `GridNFT.stateOf`, which market orders name. */
  nonce: bigInt,
  /** Who may add versions. */
  policy: z.nullable(enumeration<EvolutionPolicy>()),
  /** ERC-2981 royalty, basis points. */
  royaltyBps: integer,
  /** Receives the ERC-2981 royalty: the artist, or whom they named for the series, whose `updatedBlock` says when. */
  royaltyReceiver: address,
  /** Score by which TRENDING sorts: it grows with the time of the mint and with the logarithm of remixes by others. Micro-units. */
  trending: bigInt,
  /** Provenance of all versions, the mint first. */
  versions: z.array(artworkVersion),
  /** Transaction of the mint. */
  mintTx: hex,
  /** Block of the mint. */
  mintedBlock: integer,
});
/** An artwork by itself. */
export type Artwork = z.output<typeof artwork>;

/** All that is needed to check by oneself where the versions of an artwork came from. */
export const provenance = z.object({
  /** Token id: series id * 1,000 + number. */
  tokenId: bigInt,
  /** Its series. */
  series: z.object({
    /** Series id. */
    seriesId: bigInt,
    /** keccak256 of its packed body. */
    bodyHash: hex,
  }),
  /** Provenance of all versions, the mint first. */
  versions: z.array(z.object({
    ...artworkVersion.shape,
    /** The receipt as its worker signed it, as EIP-712 typed data: `{domain, primaryType, message}` with the fields of JobReceipt. Hashing it gives `receiptId`. */
    rawReceipt: z.unknown(),
    /** The root of receipts that it was anchored under. Null where neither its settlement nor its block tells which of several it was. */
    anchor: z.nullable(z.object({
      /** Zero on the direct rail. */
      laneId: hex,
      /** Who paid. */
      payer: z.object({
        /** Address. */
        address: address,
      }),
      /** Merkle root of the receipts. */
      root: hex,
      /** Receipts under the root. */
      receiptCount: integer,
      /** Number of the block. */
      block: integer,
      /** Hash of the transaction. */
      tx: hex,
    })),
  })),
});
/** All that is needed to check by oneself where the versions of an artwork came from. */
export type Provenance = z.output<typeof provenance>;

/** How many artworks have what. */
export const facets = z.object({
  /** Artworks that were counted. */
  total: integer,
  /** Whether only the newest 2,000 matches of a search, or the newest 250,000 of a filter, were counted. */
  isApproximate: z.boolean(),
  /** By model of the latest version. */
  models: z.array(z.object({
    /** AIGC token id of the model. */
    modelId: bigInt,
    /** The model. */
    model: z.nullable(z.object({
      /** Name. */
      name: z.string(),
    })),
    /** How many artworks. */
    count: integer,
  })),
  /** By architecture of that model. */
  families: z.array(z.object({
    /** The architecture. Null: newer than this index. */
    family: z.nullable(enumeration<ModelFamily>()),
    /** How many artworks. */
    count: integer,
  })),
  /** By whether a curator has verified that model. */
  verified: z.array(z.object({
    /** Whether a curator has verified the model. */
    verified: z.boolean(),
    /** How many artworks. */
    count: integer,
  })),
  /** By sampler. */
  samplers: z.array(z.object({
    /** The value, as filters take it. */
    value: z.string(),
    /** How many artworks. */
    count: integer,
  })),
  /** By noise schedule. */
  schedulers: z.array(z.object({
    /** The value, as filters take it. */
    value: z.string(),
    /** How many artworks. */
    count: integer,
  })),
  /** By size in pixels, as `512x768`. */
  sizes: z.array(z.object({
    /** The value, as filters take it. */
    value: z.string(),
    /** How many artworks. */
    count: integer,
  })),
  /** By number of sampler steps. */
  steps: z.array(z.object({
    /** The value, as filters take it. */
    value: z.string(),
    /** How many artworks. */
    count: integer,
  })),
  /** By tag. */
  tags: z.array(z.object({
    /** The value, as filters take it. */
    value: z.string(),
    /** How many artworks. */
    count: integer,
  })),
  /** By worker. */
  workers: z.array(z.object({
    /** Address of the worker. */
    address: address,
    /** How many artworks. */
    count: integer,
  })),
  /** By who may add versions. */
  policies: z.array(z.object({
    /** The policy. Null: newer than this index. */
    policy: z.nullable(enumeration<EvolutionPolicy>()),
    /** How many artworks. */
    count: integer,
  })),
});
/** How many artworks have what. */
export type Facets = z.output<typeof facets>;

/** A series in a list. */
export const seriesCard = z.object({
  /** Series id. */
  seriesId: bigInt,
  /** Title. */
  title: z.string(),
  /** Description; may be empty. */
  description: z.string(),
  /** Tags, trimmed and in lower case. */
  tags: z.array(z.string()),
  /** Artworks minted. */
  count: integer,
  /** Artworks that are not burnt. */
  supply: integer,
  /** Accounts that own one of them. An escrow is an account. */
  holderCount: integer,
  /** Transfers of all of them from one account to another: mints, burns and transfers to oneself left out. */
  transferCount: integer,
  /** Who may add versions to its artworks. */
  policy: z.nullable(enumeration<EvolutionPolicy>()),
  /** ERC-2981 royalty, basis points. */
  royaltyBps: integer,
  /** Receives the ERC-2981 royalty: the artist, or whom they named. */
  royaltyReceiver: address,
  /** Who asked for its artworks. */
  artist: z.object({
    /** Address. */
    address: address,
  }),
  /** Time of the mint. */
  mintedAt: timestamp,
  /** Transaction of the mint. */
  mintTx: hex,
});
/** A series in a list. */
export type SeriesCard = z.output<typeof seriesCard>;

/** A series with its first artworks. */
export const series = z.object({
  ...seriesCard.shape,
  /** Its artworks, burnt ones included. The first one comes first. */
  artworks: z.array(artworkCard),
});
/** A series with its first artworks. */
export type Series = z.output<typeof series>;

/** A model. Amounts in AIPG wei. */
export const model = z.object({
  /** AIGC token id of the model. */
  modelId: bigInt,
  /** Name. */
  name: z.string(),
  /** Version. */
  version: z.string(),
  /** Architecture. Null: newer than this index. */
  family: z.nullable(enumeration<ModelFamily>()),
  /** Part of a pipeline. Null: newer than this index. */
  kind: z.nullable(enumeration<ModelKind>()),
  /** Who may use it. Null: newer than this index. */
  access: z.nullable(enumeration<ModelAccess>()),
  /** SPDX identifier or URI. */
  license: z.string(),
  /** sha256 of the weights, or of the manifest of their files. */
  weightsHash: hex,
  /** Where the weights are; may be empty. */
  weightsUri: z.string(),
  /** Share of each job's price in force at the block of this answer. Basis points. */
  usageBps: integer,
  /** AIPG wei for each period; null when licenses are not for sale. */
  licensePrice: z.nullable(bigInt),
  /** Seconds; null when licenses are not for sale. */
  licensePeriod: z.nullable(integer),
  /** A curator says that it is what it says. */
  verified: z.boolean(),
  /** A curator advises against it. */
  deprecated: z.boolean(),
  /** Transfers so far, those to oneself included: `moves` of `AIGC.stateOf`, which market orders name. */
  moves: bigInt,
  /** Presentation nonce: changes so far of weights' address, access, usage royalty, license terms and a curator's marks. `shown` of `AIGC.stateOf`, which market orders name. */
  nonce: bigInt,
  /** Who it was registered to. */
  creator: z.object({
    /** Address. */
    address: address,
  }),
  /** Who owns it. */
  owner: z.object({
    /** Address. */
    address: address,
  }),
  /** Artworks that aren't burnt and whose latest version it made. */
  artworkCount: integer,
  /** Versions of artworks it made, those of burnt artworks and earlier ones included. */
  versionCount: integer,
  /** AIPG wei paid for its use, all shares together, hops left out. */
  volume: bigInt,
  /** AIPG wei of usage royalty so far. */
  royaltyEarned: bigInt,
  /** Purchases of licenses, prolongations included: one each, for however many periods. */
  licensesSold: integer,
  /** AIPG wei paid for licenses. */
  licenseRevenue: bigInt,
  /** Time of the registration. */
  registeredAt: timestamp,
});
/** A model. Amounts in AIPG wei. */
export type Model = z.output<typeof model>;

/** Sums of a model on one day. Amounts in AIPG wei. */
export const modelDay = z.object({
  /** Midnight at which the day began. */
  start: timestamp,
  /** Artworks minted with it, burnt ones included. */
  artworks: integer,
  /** Payments for its use, hops left out. */
  payments: integer,
  /** Paid for its use, all shares together, hops left out. */
  volume: bigInt,
  /** Of which its owner got this. */
  royalties: bigInt,
  /** Licenses bought or prolonged. */
  licenses: integer,
  /** Paid for licenses. */
  licenseRevenue: bigInt,
});
/** Sums of a model on one day. Amounts in AIPG wei. */
export type ModelDay = z.output<typeof modelDay>;

/** A worker. Amounts in AIPG wei. */
export const worker = z.object({
  /** Address. */
  address: address,
  /** Whether it registered in the WorkerRegistry. */
  registered: z.boolean(),
  /** True when its bond is at least the minimum at the block of this answer: only then are its receipts anchored, and can be minted. */
  bonded: z.boolean(),
  /** Where its profile is; may be empty. */
  profileUri: z.string(),
  /** Active bond, AIPG wei. */
  bond: bigInt,
  /** Lost by slashing, AIPG wei. */
  slashed: bigInt,
  /** Earned and not taken out yet, AIPG wei. */
  earned: bigInt,
  /** Earned in all, AIPG wei. */
  earnedTotal: bigInt,
  /** Payments to it, hops left out. */
  paymentCount: integer,
  /** Receipts anchored, on both rails. On lanes a payer's word. */
  receiptCount: integer,
  /** Versions of artworks it made, those of burnt artworks and earlier ones included. */
  versionCount: integer,
  /** Last payment, registration or change of profile; before any of these, when it was first heard of. */
  lastActiveAt: timestamp,
});
/** A worker. Amounts in AIPG wei. */
export type Worker = z.output<typeof worker>;

/** Sums of a worker on one day. Amounts in AIPG wei. */
export const workerDay = z.object({
  /** Midnight at which the day began. */
  start: timestamp,
  /** Versions of artworks it made. */
  versions: integer,
  /** Payments to it, hops left out. */
  payments: integer,
  /** Receipts anchored. */
  receipts: integer,
  /** AIPG wei that payers paid for its work, all shares together, hops left out. */
  volume: bigInt,
  /** AIPG wei that it earned, hops included. */
  earned: bigInt,
});
/** Sums of a worker on one day. Amounts in AIPG wei. */
export type WorkerDay = z.output<typeof workerDay>;

/** An account. Amounts in AIPG wei, of its settlement account. */
export const account = z.object({
  /** Address. */
  address: address,
  /** Balance in GridSettlement, AIPG wei. */
  balance: bigInt,
  /** Announced for withdrawal, AIPG wei. */
  thawing: bigInt,
  /** From when it can be taken back; null when nothing is asked back. */
  thawReadyAt: z.nullable(timestamp),
  /** Paid in so far, AIPG wei. */
  deposited: bigInt,
  /** Taken out so far, AIPG wei. */
  withdrawn: bigInt,
  /** Paid for pictures on both rails, to gateways included, AIPG wei. */
  spent: bigInt,
  /** Rewards for reports, not claimed yet, AIPG wei. */
  reward: bigInt,
  /** Artworks it owns: `GridNFT.balanceOf`. */
  artworksOwned: integer,
  /** Artworks it asked for and minted, burnt ones included. */
  artworksCreated: integer,
  /** Series it minted. */
  seriesCreated: integer,
  /** Models it owns: `AIGC.balanceOf`. */
  modelsOwned: integer,
  /** Models registered to it. */
  modelsCreated: integer,
  /** When it was first heard of. */
  firstSeenAt: timestamp,
  /** When it was last heard of in an event of money, tokens, licenses, keys or bonds: the time of `updatedBlock`. */
  lastSeenAt: timestamp,
});
/** An account. Amounts in AIPG wei, of its settlement account. */
export type Account = z.output<typeof account>;

/** An account that owns something, and how much. */
export const holder = z.object({
  /** Address of the account. */
  address: address,
  /** How many it owns. */
  tokens: integer,
});
/** An account that owns something, and how much. */
export type Holder = z.output<typeof holder>;

/** What is known of a whole collection. */
export const collectionTotals = z.object({
  /** Tokens ever minted, burnt ones included. */
  items: integer,
  /** Tokens that are not burnt. */
  supply: integer,
  /** Accounts that own one. An escrow is an account. */
  holders: integer,
  /** Accounts that created one: artists, or those to whom a model was registered. */
  creators: integer,
  /** Transfers from one account to another: mints, burns and transfers to oneself left out. */
  transfers: integer,
  /** Series minted; null for models. */
  series: z.nullable(integer),
  /** Versions added after the mint; null for models. */
  evolutions: z.nullable(integer),
  /** Tokens minted within the 24 hours before the block of this answer. */
  mintedLastDay: integer,
  /** Tokens minted within the 7 days before the block of this answer. */
  mintedLastWeek: integer,
  /** Usage royalties that models earned, AIPG wei; null for artworks. */
  usageRoyalties: z.nullable(bigInt),
  /** Paid for licenses, AIPG wei; null for artworks. */
  licenseRevenue: z.nullable(bigInt),
});
/** What is known of a whole collection. */
export type CollectionTotals = z.output<typeof collectionTotals>;

/** Sums of one day. Amounts in AIPG wei. */
export const day = z.object({
  /** Midnight at which it began. */
  start: timestamp,
  /** Artworks minted. */
  artworks: integer,
  /** Series minted. */
  series: integer,
  /** Versions added after the mint. */
  evolutions: integer,
  /** Transfers of artworks and models from one account to another: mints, burns and transfers to oneself left out. */
  transfers: integer,
  /** Models registered. */
  models: integer,
  /** Licenses bought or prolonged. */
  licenses: integer,
  /** Payments to workers, hops left out. */
  payments: integer,
  /** Receipts anchored. */
  receipts: integer,
  /** Accounts first heard of. */
  newAccounts: integer,
  /** Paid for work, all shares together, hops left out. */
  volume: bigInt,
  /** To workers. */
  toWorkers: bigInt,
  /** To models. */
  royalties: bigInt,
  /** To the protocol. */
  protocolFees: bigInt,
  /** Paid for licenses, AIPG wei. */
  licenseRevenue: bigInt,
});
/** Sums of one day. Amounts in AIPG wei. */
export type Day = z.output<typeof day>;

/** A receipt that was seen whole. */
export const receipt = z.object({
  /** Digest of the receipt. */
  receiptId: hex,
  /** EIP-712 hash of the order. */
  orderHash: hex,
  /** Which of the order's images, from 0. */
  index: integer,
  /** Who asked, and may mint. */
  requester: z.object({
    /** Address. */
    address: address,
  }),
  /** The worker. */
  worker: z.nullable(z.object({
    /** Address. */
    address: address,
  })),
  /** Who paid. */
  payer: z.object({
    /** Address. */
    address: address,
  }),
  /** AIGC token id of the model. */
  modelId: bigInt,
  /** EIP-712 hash of the request. */
  requestHash: hex,
  /** Seed used. */
  seed: bigInt,
  /** keccak256 of the engine string. */
  engineHash: hex,
  /** sha256 of the picture's file. */
  imageHash: hex,
  /** Digest inside the CID. */
  cidDigest: hex,
  /** CID of the picture. */
  cid: z.string(),
  /** When it was made, by the worker's clock. */
  completedAt: timestamp,
  /** AIPG wei. */
  price: bigInt,
  /** True when it is anchored, and can be minted. False while the anchor of its order waits for the worker's bond. */
  anchored: z.boolean(),
  /** Token id of that artwork. */
  tokenId: z.nullable(bigInt),
  /** Version of that artwork. */
  version: z.nullable(integer),
  /** Time at which it was first seen. */
  seenAt: timestamp,
  /** Transaction in which it was first seen. */
  seenTx: hex,
});
/** A receipt that was seen whole. */
export type Receipt = z.output<typeof receipt>;

/** A payment to a worker. Amounts in AIPG wei. */
export const settlement = z.object({
  /** How the worker was paid. */
  rail: enumeration<Rail>(),
  /** Direct rail only. */
  orderHash: z.nullable(hex),
  /** Id of the lane: EIP-712 digest of its terms. */
  laneId: z.nullable(hex),
  /** Who paid. */
  payer: z.object({
    /** Address. */
    address: address,
  }),
  /** The worker. */
  worker: z.nullable(z.object({
    /** Address. */
    address: address,
  })),
  /** AIGC token id of the model. */
  modelId: bigInt,
  /** Direct rail only. */
  receiptCount: z.nullable(integer),
  /** True when the receipts are anchored, and can be minted. False while their anchor waits: the worker wasn't bonded at the settlement, and anyone can confirm the anchor once it is (`GridSettlement.confirmAnchor`). Direct rail only. */
  anchored: z.nullable(z.boolean()),
  /** Time of the anchor: of the settlement, or of the confirmation of an anchor that waited. Null while it waits. Direct rail only. */
  anchorTime: z.nullable(timestamp),
  /** Block of the anchor. Null while it waits. Direct rail only. */
  anchorBlock: z.nullable(integer),
  /** All shares together, AIPG wei. */
  gross: bigInt,
  /** To the worker, AIPG wei. */
  toWorker: bigInt,
  /** To the model. */
  royalty: bigInt,
  /** To the protocol, AIPG wei. */
  protocolFee: bigInt,
  /** Time of the block. */
  time: timestamp,
  /** Number of the block. */
  block: integer,
  /** Hash of the transaction. */
  tx: hex,
});
/** A payment to a worker. Amounts in AIPG wei. */
export type Settlement = z.output<typeof settlement>;

/** A lane. Amounts in AIPG wei. */
export const lane = z.object({
  /** Id of the lane: EIP-712 digest of its terms. */
  laneId: hex,
  /** What it leads to. */
  kind: z.nullable(enumeration<LaneKind>()),
  /** Who paid. */
  payer: z.object({
    /** Address. */
    address: address,
  }),
  /** The key that signs its vouchers. */
  payerSigner: address,
  /** The worker. */
  worker: z.nullable(z.object({
    /** Address. */
    address: address,
  })),
  /** Not promised by any collected voucher, AIPG wei. */
  free: bigInt,
  /** Asked back by the payer, AIPG wei. */
  thawing: bigInt,
  /** After its payerSigner was revoked, vouchers count through the revocation's time plus `thawDelay`, or through this time if it is later. Null: no thaw has prolonged them. */
  vouchersUntil: z.nullable(timestamp),
  /** Put in so far, AIPG wei. */
  funded: bigInt,
  /** Paid out so far, AIPG wei. */
  collected: bigInt,
  /** Receipts under its anchors, by its payer's and worker's word. */
  receiptCount: integer,
  /** Time of its opening. */
  openedAt: timestamp,
});
/** A lane. Amounts in AIPG wei. */
export type Lane = z.output<typeof lane>;

/** A change of owner of a token. */
export const transfer = z.object({
  /** Collection of the token. */
  collection: enumeration<Collection>(),
  /** Token id. */
  tokenId: bigInt,
  /** Who had it. */
  from: address,
  /** Who has it since. */
  to: address,
  /** Time of the block. */
  time: timestamp,
  /** Number of the block. */
  block: integer,
  /** Hash of the transaction. */
  tx: hex,
});
/** A change of owner of a token. */
export type Transfer = z.output<typeof transfer>;

/** One event of the history. */
export const activity = z.object({
  /** What happened. */
  kind: enumeration<ActivityKind>(),
  /** Who did it, as far as the log says. */
  actor: address,
  /** The other side, if there is one. */
  counterparty: z.nullable(address),
  /** Token id. */
  tokenId: z.nullable(bigInt),
  /** Series id. */
  seriesId: z.nullable(bigInt),
  /** AIGC token id of the model. */
  modelId: z.nullable(bigInt),
  /** The worker. */
  worker: z.nullable(z.object({
    /** Address. */
    address: address,
  })),
  /** Id of the lane: EIP-712 digest of its terms. */
  laneId: z.nullable(hex),
  /** EIP-712 hash of the order. */
  orderHash: z.nullable(hex),
  /** AIPG wei. */
  amount: z.nullable(bigInt),
  /** What else the log says. */
  detail: z.nullable(z.unknown()),
  /** Time of the block. */
  time: timestamp,
  /** Number of the block. */
  block: integer,
  /** Place of the log in its block. */
  logIndex: integer,
  /** Hash of the transaction. */
  tx: hex,
});
/** One event of the history. */
export type Activity = z.output<typeof activity>;

/** Where a page ends. */
export const pageInfo = z.object({
  /** Whether there is more after this page. */
  hasNextPage: z.boolean(),
  /** Cursor of the last edge: pass it as `after` to go on. */
  endCursor: z.nullable(z.string()),
});
/** Where a page ends. */
export type PageInfo = z.output<typeof pageInfo>;

/** Variables of `documents.block`. */
export type BlockVariables = Record<never, never>;

/** Variables of `documents.artwork`. */
export type ArtworkVariables = {
  readonly tokenId: BigIntInput;
};

/** Variables of `documents.provenance`. */
export type ProvenanceVariables = {
  readonly tokenId: BigIntInput;
};

/** Variables of `documents.series`. */
export type SeriesVariables = {
  readonly seriesId: BigIntInput;
};

/** Variables of `documents.model`. */
export type ModelVariables = {
  readonly modelId: BigIntInput;
};

/** Variables of `documents.worker`. */
export type WorkerVariables = {
  readonly address: Address;
};

/** Variables of `documents.account`. */
export type AccountVariables = {
  readonly address: Address;
};

/** Variables of `documents.receipt`. */
export type ReceiptVariables = {
  readonly receiptId: Hex;
};

/** Variables of `documents.collectionStatistics`. */
export type CollectionStatisticsVariables = {
  readonly collection: Collection;
};

/** Variables of `documents.modelStatistics`. */
export type ModelStatisticsVariables = {
  readonly modelId: BigIntInput;
  readonly days?: number | undefined;
};

/** Variables of `documents.workerStatistics`. */
export type WorkerStatisticsVariables = {
  readonly worker: Address;
  readonly days?: number | undefined;
};

/** Variables of `documents.statistics`. */
export type StatisticsVariables = {
  readonly days?: number | undefined;
};

/** Variables of `documents.artworkFacets`. */
export type ArtworkFacetsVariables = {
  readonly filter?: ArtworkFilter | undefined;
  readonly search?: string | undefined;
  /** How many, 1 to 100. */
  readonly first?: number | undefined;
};

/** Variables of `documents.artworks`. */
export type ArtworksVariables = {
  /** How many, 1 to 100. */
  readonly first?: number | undefined;
  /** `endCursor` of the page before. */
  readonly after?: string | undefined;
  readonly filter?: ArtworkFilter | undefined;
  readonly orderBy?: ArtworkOrder | undefined;
  readonly search?: string | undefined;
  /** Whether to count how many there are in all; left out: yes. */
  readonly withTotal?: boolean | undefined;
};

/** Variables of `documents.seriesList`. */
export type SeriesListVariables = {
  /** How many, 1 to 100. */
  readonly first?: number | undefined;
  /** `endCursor` of the page before. */
  readonly after?: string | undefined;
  readonly filter?: SeriesFilter | undefined;
  readonly orderBy?: SeriesOrder | undefined;
  /** Whether to count how many there are in all; left out: yes. */
  readonly withTotal?: boolean | undefined;
};

/** Variables of `documents.models`. */
export type ModelsVariables = {
  /** How many, 1 to 100. */
  readonly first?: number | undefined;
  /** `endCursor` of the page before. */
  readonly after?: string | undefined;
  readonly filter?: ModelFilter | undefined;
  readonly orderBy?: ModelOrder | undefined;
  /** Whether to count how many there are in all; left out: yes. */
  readonly withTotal?: boolean | undefined;
};

/** Variables of `documents.workers`. */
export type WorkersVariables = {
  /** How many, 1 to 100. */
  readonly first?: number | undefined;
  /** `endCursor` of the page before. */
  readonly after?: string | undefined;
  readonly filter?: WorkerFilter | undefined;
  readonly orderBy?: WorkerOrder | undefined;
  /** Whether to count how many there are in all; left out: yes. */
  readonly withTotal?: boolean | undefined;
};

/** Variables of `documents.accounts`. */
export type AccountsVariables = {
  /** How many, 1 to 100. */
  readonly first?: number | undefined;
  /** `endCursor` of the page before. */
  readonly after?: string | undefined;
  readonly filter?: AccountFilter | undefined;
  readonly orderBy?: AccountOrder | undefined;
  /** Whether to count how many there are in all; left out: yes. */
  readonly withTotal?: boolean | undefined;
};

/** Variables of `documents.receipts`. */
export type ReceiptsVariables = {
  /** How many, 1 to 100. */
  readonly first?: number | undefined;
  /** `endCursor` of the page before. */
  readonly after?: string | undefined;
  readonly filter?: ReceiptFilter | undefined;
  readonly orderBy?: TimeOrder | undefined;
  /** Whether to count how many there are in all; left out: yes. */
  readonly withTotal?: boolean | undefined;
};

/** Variables of `documents.settlements`. */
export type SettlementsVariables = {
  /** How many, 1 to 100. */
  readonly first?: number | undefined;
  /** `endCursor` of the page before. */
  readonly after?: string | undefined;
  readonly filter?: SettlementFilter | undefined;
  readonly orderBy?: TimeOrder | undefined;
  /** Whether to count how many there are in all; left out: yes. */
  readonly withTotal?: boolean | undefined;
};

/** Variables of `documents.lanes`. */
export type LanesVariables = {
  /** How many, 1 to 100. */
  readonly first?: number | undefined;
  /** `endCursor` of the page before. */
  readonly after?: string | undefined;
  readonly filter?: LaneFilter | undefined;
  readonly orderBy?: TimeOrder | undefined;
  /** Whether to count how many there are in all; left out: yes. */
  readonly withTotal?: boolean | undefined;
};

/** Variables of `documents.transfers`. */
export type TransfersVariables = {
  /** How many, 1 to 100. */
  readonly first?: number | undefined;
  /** `endCursor` of the page before. */
  readonly after?: string | undefined;
  readonly filter?: TransferFilter | undefined;
  readonly orderBy?: TimeOrder | undefined;
  /** Whether to count how many there are in all; left out: yes. */
  readonly withTotal?: boolean | undefined;
};

/** Variables of `documents.activity`. */
export type ActivityVariables = {
  /** How many, 1 to 100. */
  readonly first?: number | undefined;
  /** `endCursor` of the page before. */
  readonly after?: string | undefined;
  readonly filter?: ActivityFilter | undefined;
  readonly orderBy?: TimeOrder | undefined;
  /** Whether to count how many there are in all; left out: yes. */
  readonly withTotal?: boolean | undefined;
};

/** Variables of `documents.holders`. */
export type HoldersVariables = {
  /** How many, 1 to 100. */
  readonly first?: number | undefined;
  /** `endCursor` of the page before. */
  readonly after?: string | undefined;
  readonly collection: Collection;
  readonly seriesId?: BigIntInput | undefined;
  /** Whether to count how many there are in all; left out: yes. */
  readonly withTotal?: boolean | undefined;
};

/** Variables of `documents.search`. */
export type SearchVariables = {
  readonly search: string;
  /** How many, 1 to 100. */
  readonly first?: number | undefined;
  /** `endCursor` of the page before. */
  readonly after?: string | undefined;
  readonly filter?: ArtworkFilter | undefined;
  readonly orderBy?: ArtworkOrder | undefined;
  /** Whether to count how many there are in all; left out: yes. */
  readonly withTotal?: boolean | undefined;
};

/** Every query of the SDK by name. */
export const documents = {
  /** The block up to which everything is in an answer: it comes with every one. */
  block: galleryDocument<BlockVariables>()(
    "Block",
    "query Block { __typename }",
    z.object({}),
  ),
  /** An artwork with all its versions; null when there is none. */
  artwork: galleryDocument<ArtworkVariables>()(
    "Artwork",
    "query Artwork($tokenId: BigInt!) { artwork(tokenId: $tokenId) { ...Artwork } } fragment Artwork on Artwork { ...ArtworkCard title description animationUrl imageHash burned frozen moved displayLocked moves nonce policy royaltyBps royaltyReceiver trending versions(first: 100) { ...ArtworkVersion } mintTx mintedBlock } fragment ArtworkCard on Artwork { tokenId seriesId number name image cid prompt tags artist { address } owner { address } model { modelId name verified } worker { address } width height versionCount remixOfId remixCount transferCount listed listPrice mintedAt updatedAt updatedBlock } fragment ArtworkVersion on ArtworkVersion { version modelId modelHash prompt negativePrompt requestedSeed seed width height steps guidanceMilli sampler scheduler sourceHash extras salt requestHash receiptId orderHash index engine imageHash cidDigest cid worker { address } requester { address } payer { address } price completedAt source anchorTime anchorBlock parentId parentVersion bodyHash addedAt addedBlock addedTx }",
    z.object({
      /** An artwork by token id; null when there is none. */
      artwork: z.nullable(artwork),
    }),
  ),
  /** An artwork's provenance with the receipts as they were signed; null when there is none. */
  provenance: galleryDocument<ProvenanceVariables>()(
    "Provenance",
    "query Provenance($tokenId: BigInt!) { artwork(tokenId: $tokenId) { ...Provenance } } fragment Provenance on Artwork { tokenId series { seriesId bodyHash } versions(first: 100) { ...ArtworkVersion rawReceipt anchor { laneId payer { address } root receiptCount block tx } } } fragment ArtworkVersion on ArtworkVersion { version modelId modelHash prompt negativePrompt requestedSeed seed width height steps guidanceMilli sampler scheduler sourceHash extras salt requestHash receiptId orderHash index engine imageHash cidDigest cid worker { address } requester { address } payer { address } price completedAt source anchorTime anchorBlock parentId parentVersion bodyHash addedAt addedBlock addedTx }",
    z.object({
      /** An artwork by token id; null when there is none. */
      artwork: z.nullable(provenance),
    }),
  ),
  /** A series with its artworks; null when there is none. */
  series: galleryDocument<SeriesVariables>()(
    "Series",
    "query Series($seriesId: BigInt!) { series(seriesId: $seriesId) { ...Series } } fragment Series on Series { ...SeriesCard artworks(first: 100) { ...ArtworkCard } } fragment SeriesCard on Series { seriesId title description tags count supply holderCount transferCount policy royaltyBps royaltyReceiver artist { address } mintedAt mintTx } fragment ArtworkCard on Artwork { tokenId seriesId number name image cid prompt tags artist { address } owner { address } model { modelId name verified } worker { address } width height versionCount remixOfId remixCount transferCount listed listPrice mintedAt updatedAt updatedBlock }",
    z.object({
      /** A series by id; null when there is none. */
      series: z.nullable(series),
    }),
  ),
  /** A model; null when there is none. */
  model: galleryDocument<ModelVariables>()(
    "Model",
    "query Model($modelId: BigInt!) { model(modelId: $modelId) { ...Model } } fragment Model on Model { modelId name version family kind access license weightsHash weightsUri usageBps licensePrice licensePeriod verified deprecated moves nonce creator { address } owner { address } artworkCount versionCount volume royaltyEarned licensesSold licenseRevenue registeredAt }",
    z.object({
      /** A model by AIGC token id; null when there is none. */
      model: z.nullable(model),
    }),
  ),
  /** A worker; null when it never appeared. */
  worker: galleryDocument<WorkerVariables>()(
    "Worker",
    "query Worker($address: Address!) { worker(address: $address) { ...Worker } } fragment Worker on Worker { address registered bonded profileUri bond slashed earned earnedTotal paymentCount receiptCount versionCount lastActiveAt }",
    z.object({
      /** A worker by address; null when it never had a bond, a lane or earnings. */
      worker: z.nullable(worker),
    }),
  ),
  /** An account; null when it never appeared. */
  account: galleryDocument<AccountVariables>()(
    "Account",
    "query Account($address: Address!) { account(address: $address) { ...Account } } fragment Account on Account { address balance thawing thawReadyAt deposited withdrawn spent reward artworksOwned artworksCreated seriesCreated modelsOwned modelsCreated firstSeenAt lastSeenAt }",
    z.object({
      /** An account by address; null when it was never heard of. */
      account: z.nullable(account),
    }),
  ),
  /** A receipt that was seen whole; null otherwise. */
  receipt: galleryDocument<ReceiptVariables>()(
    "Receipt",
    "query Receipt($receiptId: Hex!) { receipt(receiptId: $receiptId) { ...Receipt } } fragment Receipt on Receipt { receiptId orderHash index requester { address } worker { address } payer { address } modelId requestHash seed engineHash imageHash cidDigest cid completedAt price anchored tokenId version seenAt seenTx }",
    z.object({
      /** A receipt by id; null when it was never seen whole. */
      receipt: z.nullable(receipt),
    }),
  ),
  /** What is known of a whole collection. */
  collectionStatistics: galleryDocument<CollectionStatisticsVariables>()(
    "CollectionStatistics",
    "query CollectionStatistics($collection: Collection!) { statistics: collection(collection: $collection) { ...CollectionTotals } } fragment CollectionTotals on CollectionStatistics { items supply holders creators transfers series evolutions mintedLastDay mintedLastWeek usageRoyalties licenseRevenue }",
    z.object({
      /** What is known of a whole collection. */
      statistics: collectionTotals,
    }),
  ),
  /** Sums of a model by day, the latest first. */
  modelStatistics: galleryDocument<ModelStatisticsVariables>()(
    "ModelStatistics",
    "query ModelStatistics($modelId: BigInt!, $days: Int) { days: modelStatistics(modelId: $modelId, days: $days) { ...ModelDay } } fragment ModelDay on ModelDay { start artworks payments volume royalties licenses licenseRevenue }",
    z.object({
      /** Sums of a model by day, the latest day first; days on which nothing happened are left out. */
      days: z.array(modelDay),
    }),
  ),
  /** Sums of a worker by day, the latest first. */
  workerStatistics: galleryDocument<WorkerStatisticsVariables>()(
    "WorkerStatistics",
    "query WorkerStatistics($worker: Address!, $days: Int) { days: workerStatistics(worker: $worker, days: $days) { ...WorkerDay } } fragment WorkerDay on WorkerDay { start versions payments receipts volume earned }",
    z.object({
      /** Sums of a worker by day, the latest day first; days on which nothing happened are left out. */
      days: z.array(workerDay),
    }),
  ),
  /** Sums by day, the latest first. */
  statistics: galleryDocument<StatisticsVariables>()(
    "Statistics",
    "query Statistics($days: Int) { days: statistics(days: $days) { ...Day } } fragment Day on DayStatistics { start artworks series evolutions transfers models licenses payments receipts newAccounts volume toWorkers royalties protocolFees licenseRevenue }",
    z.object({
      /** Sums by day, the latest day first; days on which nothing happened are left out. */
      days: z.array(day),
    }),
  ),
  /** How many of some artworks have what. */
  artworkFacets: galleryDocument<ArtworkFacetsVariables>()(
    "ArtworkFacets",
    "query ArtworkFacets($filter: ArtworkFilter, $search: String, $first: Int) { facets: artworkFacets(filter: $filter, search: $search, first: $first) { ...Facets } } fragment Facets on ArtworkFacets { total isApproximate models { modelId model { name } count } families { family count } verified { verified count } samplers { value count } schedulers { value count } sizes { value count } steps { value count } tags { value count } workers { address count } policies { policy count } }",
    z.object({
      /** How many of some artworks have what, to narrow a list down. */
      facets: facets,
    }),
  ),
  /** A page of artworks: filtered, searched, ordered. */
  artworks: galleryDocument<ArtworksVariables>()(
    "Artworks",
    "query Artworks($first: Int, $after: String, $filter: ArtworkFilter, $orderBy: ArtworkOrder, $search: String, $withTotal: Boolean = true) { page: artworks( first: $first after: $after filter: $filter orderBy: $orderBy search: $search ) { nodes { ...ArtworkCard } pageInfo { ...PageInfo } totalCount @include(if: $withTotal) totalIsExact @include(if: $withTotal) } } fragment ArtworkCard on Artwork { tokenId seriesId number name image cid prompt tags artist { address } owner { address } model { modelId name verified } worker { address } width height versionCount remixOfId remixCount transferCount listed listPrice mintedAt updatedAt updatedBlock } fragment PageInfo on PageInfo { hasNextPage endCursor }",
    z.object({
      /** Artworks. */
      page: z.object({
        /** The items. */
        nodes: z.array(artworkCard),
        /** Where the page begins and ends. */
        pageInfo: pageInfo,
        /** How many there are in all: counted up to 10,000, unless it is known without counting. */
        totalCount: z.optional(integer),
        /** False when there are more than `totalCount`. */
        totalIsExact: z.optional(z.boolean()),
      }),
    }),
  ),
  /** A page of series. */
  seriesList: galleryDocument<SeriesListVariables>()(
    "SeriesList",
    "query SeriesList($first: Int, $after: String, $filter: SeriesFilter, $orderBy: SeriesOrder, $withTotal: Boolean = true) { page: seriesList( first: $first after: $after filter: $filter orderBy: $orderBy ) { nodes { ...SeriesCard } pageInfo { ...PageInfo } totalCount @include(if: $withTotal) totalIsExact @include(if: $withTotal) } } fragment SeriesCard on Series { seriesId title description tags count supply holderCount transferCount policy royaltyBps royaltyReceiver artist { address } mintedAt mintTx } fragment PageInfo on PageInfo { hasNextPage endCursor }",
    z.object({
      /** Series. */
      page: z.object({
        /** The items. */
        nodes: z.array(seriesCard),
        /** Where the page begins and ends. */
        pageInfo: pageInfo,
        /** How many there are in all: counted up to 10,000, unless it is known without counting. */
        totalCount: z.optional(integer),
        /** False when there are more than `totalCount`. */
        totalIsExact: z.optional(z.boolean()),
      }),
    }),
  ),
  /** A page of models. */
  models: galleryDocument<ModelsVariables>()(
    "Models",
    "query Models($first: Int, $after: String, $filter: ModelFilter, $orderBy: ModelOrder, $withTotal: Boolean = true) { page: models(first: $first, after: $after, filter: $filter, orderBy: $orderBy) { nodes { ...Model } pageInfo { ...PageInfo } totalCount @include(if: $withTotal) totalIsExact @include(if: $withTotal) } } fragment Model on Model { modelId name version family kind access license weightsHash weightsUri usageBps licensePrice licensePeriod verified deprecated moves nonce creator { address } owner { address } artworkCount versionCount volume royaltyEarned licensesSold licenseRevenue registeredAt } fragment PageInfo on PageInfo { hasNextPage endCursor }",
    z.object({
      /** Models. */
      page: z.object({
        /** The items. */
        nodes: z.array(model),
        /** Where the page begins and ends. */
        pageInfo: pageInfo,
        /** How many there are in all: counted up to 10,000, unless it is known without counting. */
        totalCount: z.optional(integer),
        /** False when there are more than `totalCount`. */
        totalIsExact: z.optional(z.boolean()),
      }),
    }),
  ),
  /** A page of workers. */
  workers: galleryDocument<WorkersVariables>()(
    "Workers",
    "query Workers($first: Int, $after: String, $filter: WorkerFilter, $orderBy: WorkerOrder, $withTotal: Boolean = true) { page: workers(first: $first, after: $after, filter: $filter, orderBy: $orderBy) { nodes { ...Worker } pageInfo { ...PageInfo } totalCount @include(if: $withTotal) totalIsExact @include(if: $withTotal) } } fragment Worker on Worker { address registered bonded profileUri bond slashed earned earnedTotal paymentCount receiptCount versionCount lastActiveAt } fragment PageInfo on PageInfo { hasNextPage endCursor }",
    z.object({
      /** Workers. */
      page: z.object({
        /** The items. */
        nodes: z.array(worker),
        /** Where the page begins and ends. */
        pageInfo: pageInfo,
        /** How many there are in all: counted up to 10,000, unless it is known without counting. */
        totalCount: z.optional(integer),
        /** False when there are more than `totalCount`. */
        totalIsExact: z.optional(z.boolean()),
      }),
    }),
  ),
  /** A page of accounts. */
  accounts: galleryDocument<AccountsVariables>()(
    "Accounts",
    "query Accounts($first: Int, $after: String, $filter: AccountFilter, $orderBy: AccountOrder, $withTotal: Boolean = true) { page: accounts(first: $first, after: $after, filter: $filter, orderBy: $orderBy) { nodes { ...Account } pageInfo { ...PageInfo } totalCount @include(if: $withTotal) totalIsExact @include(if: $withTotal) } } fragment Account on Account { address balance thawing thawReadyAt deposited withdrawn spent reward artworksOwned artworksCreated seriesCreated modelsOwned modelsCreated firstSeenAt lastSeenAt } fragment PageInfo on PageInfo { hasNextPage endCursor }",
    z.object({
      /** Accounts. */
      page: z.object({
        /** The items. */
        nodes: z.array(account),
        /** Where the page begins and ends. */
        pageInfo: pageInfo,
        /** How many there are in all: counted up to 10,000, unless it is known without counting. */
        totalCount: z.optional(integer),
        /** False when there are more than `totalCount`. */
        totalIsExact: z.optional(z.boolean()),
      }),
    }),
  ),
  /** A page of receipts that were seen whole. */
  receipts: galleryDocument<ReceiptsVariables>()(
    "Receipts",
    "query Receipts($first: Int, $after: String, $filter: ReceiptFilter, $orderBy: TimeOrder, $withTotal: Boolean = true) { page: receipts(first: $first, after: $after, filter: $filter, orderBy: $orderBy) { nodes { ...Receipt } pageInfo { ...PageInfo } totalCount @include(if: $withTotal) totalIsExact @include(if: $withTotal) } } fragment Receipt on Receipt { receiptId orderHash index requester { address } worker { address } payer { address } modelId requestHash seed engineHash imageHash cidDigest cid completedAt price anchored tokenId version seenAt seenTx } fragment PageInfo on PageInfo { hasNextPage endCursor }",
    z.object({
      /** Receipts that were seen whole. */
      page: z.object({
        /** The items. */
        nodes: z.array(receipt),
        /** Where the page begins and ends. */
        pageInfo: pageInfo,
        /** How many there are in all: counted up to 10,000, unless it is known without counting. */
        totalCount: z.optional(integer),
        /** False when there are more than `totalCount`. */
        totalIsExact: z.optional(z.boolean()),
      }),
    }),
  ),
  /** A page of payments to workers. */
  settlements: galleryDocument<SettlementsVariables>()(
    "Settlements",
    "query Settlements($first: Int, $after: String, $filter: SettlementFilter, $orderBy: TimeOrder, $withTotal: Boolean = true) { page: settlements( first: $first after: $after filter: $filter orderBy: $orderBy ) { nodes { ...Settlement } pageInfo { ...PageInfo } totalCount @include(if: $withTotal) totalIsExact @include(if: $withTotal) } } fragment Settlement on Settlement { rail orderHash laneId payer { address } worker { address } modelId receiptCount anchored anchorTime anchorBlock gross toWorker royalty protocolFee time block tx } fragment PageInfo on PageInfo { hasNextPage endCursor }",
    z.object({
      /** Payments to workers. */
      page: z.object({
        /** The items. */
        nodes: z.array(settlement),
        /** Where the page begins and ends. */
        pageInfo: pageInfo,
        /** How many there are in all: counted up to 10,000, unless it is known without counting. */
        totalCount: z.optional(integer),
        /** False when there are more than `totalCount`. */
        totalIsExact: z.optional(z.boolean()),
      }),
    }),
  ),
  /** A page of lanes. */
  lanes: galleryDocument<LanesVariables>()(
    "Lanes",
    "query Lanes($first: Int, $after: String, $filter: LaneFilter, $orderBy: TimeOrder, $withTotal: Boolean = true) { page: lanes(first: $first, after: $after, filter: $filter, orderBy: $orderBy) { nodes { ...Lane } pageInfo { ...PageInfo } totalCount @include(if: $withTotal) totalIsExact @include(if: $withTotal) } } fragment Lane on Lane { laneId kind payer { address } payerSigner worker { address } free thawing vouchersUntil funded collected receiptCount openedAt } fragment PageInfo on PageInfo { hasNextPage endCursor }",
    z.object({
      /** Lanes. */
      page: z.object({
        /** The items. */
        nodes: z.array(lane),
        /** Where the page begins and ends. */
        pageInfo: pageInfo,
        /** How many there are in all: counted up to 10,000, unless it is known without counting. */
        totalCount: z.optional(integer),
        /** False when there are more than `totalCount`. */
        totalIsExact: z.optional(z.boolean()),
      }),
    }),
  ),
  /** A page of changes of owner. */
  transfers: galleryDocument<TransfersVariables>()(
    "Transfers",
    "query Transfers($first: Int, $after: String, $filter: TransferFilter, $orderBy: TimeOrder, $withTotal: Boolean = true) { page: transfers( first: $first after: $after filter: $filter orderBy: $orderBy ) { nodes { ...Transfer } pageInfo { ...PageInfo } totalCount @include(if: $withTotal) totalIsExact @include(if: $withTotal) } } fragment Transfer on Transfer { collection tokenId from to time block tx } fragment PageInfo on PageInfo { hasNextPage endCursor }",
    z.object({
      /** Changes of owner. */
      page: z.object({
        /** The items. */
        nodes: z.array(transfer),
        /** Where the page begins and ends. */
        pageInfo: pageInfo,
        /** How many there are in all: counted up to 10,000, unless it is known without counting. */
        totalCount: z.optional(integer),
        /** False when there are more than `totalCount`. */
        totalIsExact: z.optional(z.boolean()),
      }),
    }),
  ),
  /** A page of the history. */
  activity: galleryDocument<ActivityVariables>()(
    "Activity",
    "query Activity($first: Int, $after: String, $filter: ActivityFilter, $orderBy: TimeOrder, $withTotal: Boolean = true) { page: activity(first: $first, after: $after, filter: $filter, orderBy: $orderBy) { nodes { ...Activity } pageInfo { ...PageInfo } totalCount @include(if: $withTotal) totalIsExact @include(if: $withTotal) } } fragment Activity on Activity { kind actor counterparty tokenId seriesId modelId worker { address } laneId orderHash amount detail time block logIndex tx } fragment PageInfo on PageInfo { hasNextPage endCursor }",
    z.object({
      /** Everything that happened. */
      page: z.object({
        /** The items. */
        nodes: z.array(activity),
        /** Where the page begins and ends. */
        pageInfo: pageInfo,
        /** How many there are in all: counted up to 10,000, unless it is known without counting. */
        totalCount: z.optional(integer),
        /** False when there are more than `totalCount`. */
        totalIsExact: z.optional(z.boolean()),
      }),
    }),
  ),
  /** A page of who owns how much of a collection, or of a series; most first. */
  holders: galleryDocument<HoldersVariables>()(
    "Holders",
    "query Holders($first: Int, $after: String, $collection: Collection!, $seriesId: BigInt, $withTotal: Boolean = true) { page: holders( first: $first after: $after collection: $collection seriesId: $seriesId ) { nodes { ...Holder } pageInfo { ...PageInfo } totalCount @include(if: $withTotal) totalIsExact @include(if: $withTotal) } } fragment Holder on Holder { address tokens } fragment PageInfo on PageInfo { hasNextPage endCursor }",
    z.object({
      /** Who owns how many tokens of a collection, or artworks of one series; most first. */
      page: z.object({
        /** The items. */
        nodes: z.array(holder),
        /** Where the page begins and ends. */
        pageInfo: pageInfo,
        /** How many there are in all: counted up to 10,000, unless it is known without counting. */
        totalCount: z.optional(integer),
        /** False when there are more than `totalCount`. */
        totalIsExact: z.optional(z.boolean()),
      }),
    }),
  ),
  /** A page of artworks that words find, the best first: each with the place in its prompt that matches. */
  search: galleryDocument<SearchVariables>()(
    "Search",
    "query Search($search: String!, $first: Int, $after: String, $filter: ArtworkFilter, $orderBy: ArtworkOrder, $withTotal: Boolean = true) { page: artworks( search: $search first: $first after: $after filter: $filter orderBy: $orderBy ) { edges { snippet rank node { ...ArtworkCard } } pageInfo { ...PageInfo } totalCount @include(if: $withTotal) totalIsExact @include(if: $withTotal) } } fragment ArtworkCard on Artwork { tokenId seriesId number name image cid prompt tags artist { address } owner { address } model { modelId name verified } worker { address } width height versionCount remixOfId remixCount transferCount listed listPrice mintedAt updatedAt updatedBlock } fragment PageInfo on PageInfo { hasNextPage endCursor }",
    z.object({
      /** Artworks. */
      page: z.object({
        /** The items, each with its cursor. */
        edges: z.array(z.object({
          /** With `search` alone, and null where only its name, tags, model or identifiers match: the best piece of the prompt as HTML, with what was found in `<mark>` and everything else escaped. */
          snippet: z.nullable(z.string()),
          /** With `search` alone: how well it matches; higher is better, and comparable within one search only. */
          rank: z.nullable(z.number()),
          /** The item. */
          node: artworkCard,
        })),
        /** Where the page begins and ends. */
        pageInfo: pageInfo,
        /** How many there are in all: counted up to 10,000, unless it is known without counting. */
        totalCount: z.optional(integer),
        /** False when there are more than `totalCount`. */
        totalIsExact: z.optional(z.boolean()),
      }),
    }),
  ),
} as const;

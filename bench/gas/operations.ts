/** What is compared with what: one line of the table for each operation of the protocol. */
import type { Floor } from "./costs.ts";
import {
  collectFloor,
  mint,
  plainMintFloor,
  royaltyFloor,
  settleAndMintFloor,
  settleFloor,
  transferFloor,
} from "./floors.ts";

/** A figure that was published, or measured outside of this run. */
export interface PublishedPeer {
  readonly name: string;
  readonly gas: number;
  /** Contract and repository it is of. */
  readonly source: string;
}

export interface Operation {
  readonly name: string;
  /** Snapshot file below `test/gas/snapshots`, without `.json`, and the key in it. */
  readonly ours?: readonly [file: string, key: string];
  /** Keys of `peers.json`. */
  readonly peers?: readonly string[];
  readonly published?: readonly PublishedPeer[];
  /** Several transactions of ours that this one replaces. */
  readonly sums?: readonly {
    readonly name: string;
    readonly keys: readonly (readonly [file: string, key: string])[];
  }[];
  /** Ours must be below the first of `sums` by so much. */
  readonly below?: number;
  readonly floor?: () => Floor;
  /** The snapshot covers so many: figures are for each. */
  readonly each?: number;
  /** Highest gas (each) that we accept. */
  readonly target?: number;
  /** Highest ratio to the floor that we accept. */
  readonly ratio?: number;
}

const plain = (what: string) => ["OpenZeppelin", "solady", "ERC721A"].map((peer) => `${what}: ${peer}`);

/** Blocks of Base take no transaction above this. */
export const BASE_TRANSACTION_CAP = 16_777_216;

export const operations: readonly Operation[] = [
  {
    name: "plain ERC-721 mint behind a proxy, fresh holder (base line)",
    peers: plain("plain mint behind a proxy, fresh holder"),
    floor: plainMintFloor,
  },
  {
    name: "transfer, both hold already",
    ours: ["nft", "transfer, both hold already, first out of a series"],
    peers: plain("transfer, both hold already"),
    floor: transferFloor,
    target: 48_000,
  },
  {
    name: "first transfer out of a series of ten",
    ours: ["nft", "transfer, both hold already, first out of a series"],
    peers: plain("first transfer out of a series of ten, ninth"),
    floor: transferFloor,
    target: 48_000,
  },
  {
    name: "first transfer out of the artist's hands",
    ours: ["nft", "transfer, both hold already, first out of the artist's hands"],
    peers: [],
    floor: transferFloor,
    target: 50_200,
  },
  {
    name: "mint 1",
    ours: ["nft", "mint 1, from a lane's root of 1,024 receipts"],
    peers: ["mint 1: textbook series on OpenZeppelin", "mint 1: ERC-7007 reference, no proof checked"],
    floor: mint.one,
    target: 365_000,
    ratio: 1.1,
  },
  {
    name: "mint 10, unique prompts and orders, each",
    ours: ["nft", "mint 10, unique prompts and orders, spread over the tree"],
    peers: ["mint 10: textbook series on OpenZeppelin"],
    floor: mint.tenUnique,
    each: 10,
    target: 162_000,
    ratio: 1.1,
  },
  {
    name: "mint 10, one prompt and order, each",
    ours: ["nft", "mint 10, one prompt, one order, 10 seeds"],
    peers: ["mint 10: textbook series on OpenZeppelin"],
    floor: mint.tenShared,
    each: 10,
    target: 84_000,
    ratio: 1.13,
  },
  {
    name: "mint 50, unique prompts and orders, each",
    ours: ["nft", "mint 50, unique prompts and orders, spread over the tree"],
    peers: ["mint 50: textbook series on OpenZeppelin"],
    floor: mint.fiftyUnique,
    each: 50,
    target: 145_000,
    ratio: 1.1,
  },
  {
    name: "mint 50, one prompt and order, each",
    ours: ["nft", "mint 50, one prompt, one order, 50 seeds"],
    peers: ["mint 50: textbook series on OpenZeppelin"],
    floor: mint.fiftyShared,
    each: 50,
    target: 58_000,
    ratio: 1.13,
  },
  {
    name: "mint 1, settled directly before",
    ours: ["nft", "mint 1, settled directly before"],
    peers: ["mint 1: textbook series on OpenZeppelin", "mint 1: ERC-7007 reference, no proof checked"],
    floor: mint.direct,
  },
  {
    name: "settle and mint 1, one transaction",
    ours: ["nft", "settle and mint 1, one transaction"],
    sums: [
      {
        name: "settle, then mint (ours)",
        keys: [
          ["settlement", "direct settle of 1 job, with royalty, cold keys"],
          ["nft", "mint 1, settled directly before"],
        ],
      },
    ],
    below: 15_000,
    floor: settleAndMintFloor,
  },
  {
    name: "royaltyInfo, inside a call",
    ours: ["nft", "royaltyInfo, inside a call"],
    floor: royaltyFloor,
    target: 14_300,
  },
  {
    name: "tokenURI, 200 B prompt, inside a call",
    ours: ["nft", "tokenURI, prompt of 200 bytes, inside a call"],
    target: 350_000,
  },
  {
    name: "lane collect of any number of jobs, anchoring their root",
    ours: ["settlement", "lane collect, one model with royalty, anchoring a root, by the worker"],
    published: [
      {
        name: "TAP redeem (no receipts anchored)",
        gas: 114_800,
        source: "semiotic-ai/timeline-aggregation-protocol-contracts, Escrow.redeem",
      },
      {
        name: "GraphTally collect (no receipts anchored)",
        gas: 135_200,
        source: "graphprotocol/contracts, GraphTallyCollector.collect",
      },
      { name: "x402 batch claim and settle (no receipts anchored)", gas: 109_000, source: "x402-foundation/x402" },
    ],
    floor: collectFloor,
    target: 95_500,
  },
  {
    name: "lane collect, per job at 1,000 jobs",
    ours: ["settlement", "lane collect, one model with royalty, anchoring a root, by the worker"],
    floor: collectFloor,
    each: 1_000,
    target: 96,
  },
  {
    name: "direct settle of 1 job",
    ours: ["settlement", "direct settle of 1 job, with royalty, cold keys"],
    published: [{ name: "Boundless fulfil", gas: 116_700, source: "boundless-xyz/boundless, BoundlessMarket.fulfill" }],
    floor: () => settleFloor(1),
    target: 105_000,
  },
  {
    name: "direct settle, batch of 100, each",
    ours: ["settlement", "direct settle of 100 jobs in a batch, one payer"],
    published: [
      {
        name: "Boundless fulfil, batch of 8, each",
        gas: 54_900,
        source: "boundless-xyz/boundless, BoundlessMarket.fulfill",
      },
    ],
    floor: () => settleFloor(100),
    each: 100,
    target: 50_000,
  },
];

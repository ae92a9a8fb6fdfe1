/** A gallery of made-up artworks, as rows of the indexer's tables: as many as wanted, always the same. */
import { cidOf } from "@gridnft/sdk";
import type { Hex } from "viem";
import { trendingOf } from "../../indexer/src/features/artworks/trending.ts";
import { textOf } from "../../indexer/src/lib/fullText/tsvector.ts";
import { attributesOf, cut, NOT_LISTED, nameKey } from "../../indexer/src/lib/keys.ts";
import { weekOf } from "../../indexer/src/lib/weeks.ts";
import { seededRandom } from "../../sdk/src/node/index.ts";
import type { TableRow } from "./tables.ts";

export const CHAIN_ID = 31_337;
const BEGAN = 1_760_000_000;
const zero = "0x0000000000000000000000000000000000000000";

/** An artwork with what tests compare. */
export interface MadeArtwork {
  readonly tokenId: bigint;
  readonly seriesId: bigint;
  readonly artist: string;
  readonly owner: string;
  readonly burned: boolean;
  readonly name: string;
  readonly nameKey: string;
  readonly prompt: string;
  readonly tags: readonly string[];
  readonly modelId: bigint;
  readonly family: number;
  readonly worker: string;
  readonly sampler: string;
  readonly scheduler: string;
  readonly width: bigint;
  readonly height: bigint;
  readonly steps: bigint;
  readonly policy: number;
  readonly versions: number;
  readonly transfers: number;
  readonly remixOf: bigint;
  readonly remixes: number;
  readonly remixesByOthers: number;
  readonly trending: bigint;
  readonly listed: boolean;
  readonly listPrice: bigint;
  readonly imageHash: string;
  readonly cid: string;
  readonly mintedAt: bigint;
  readonly updatedAt: bigint;
  readonly updatedSeq: bigint;
  readonly attributes: readonly string[];
}

export interface MadeModel {
  readonly modelId: bigint;
  readonly name: string;
  readonly family: number;
  readonly verified: boolean;
}

export interface Catalogue {
  readonly artworks: readonly MadeArtwork[];
  readonly models: readonly MadeModel[];
  readonly words: readonly string[];
  /** Unix time of the last block. */
  readonly now: number;
  readonly rows: Readonly<Record<string, readonly TableRow[]>>;
}

const hex = (value: number | bigint, digits: number): string => `0x${value.toString(16).padStart(digits, "0")}`;
const address = (kind: string, i: number): string =>
  `0x${Buffer.from(kind).toString("hex")}${i.toString(16).padStart(36, "0")}`;

const samplers = ["euler_a", "euler", "dpmpp_2m", "ddim", "dpmpp_sde", "lms", "heun", "unipc"];
const schedulers = ["normal", "karras", "exponential", "simple"];
const sizes: readonly (readonly [number, number])[] = [
  [512, 512],
  [512, 768],
  [768, 512],
  [1024, 1024],
  [640, 640],
  [832, 1216],
];
const tagNames = [
  "fox",
  "sea",
  "city",
  "night",
  "portrait",
  "forest",
  "robot",
  "ink",
  "dream",
  "winter",
  "gold",
  "bird",
];

/** A word for each number, the same each time: only lower-case letters, so that every collation sorts it alike. */
function wordOf(i: number): string {
  const [consonants, vowels] = ["bdfgklmnprstvz", "aeiou"];
  let [word, rest] = ["", i + 60];
  while (rest > 0) {
    word += `${consonants[rest % 14]}${vowels[Math.floor(rest / 14) % 5]}`;
    rest = Math.floor(rest / 70);
  }
  return word;
}

/** Makes `count` artworks. About one in fifty is burnt, one in ten listed. */
export function makeCatalogue(count: number): Catalogue {
  const random = seededRandom(7);
  const below = (limit: number): number => Math.floor(random() * limit);
  /** Few are in many, many in few. */
  const skewed = (limit: number): number => Math.min(limit - 1, Math.floor(limit * random() ** 3));
  const words = Array.from({ length: 5_000 }, (_, i) => wordOf(i));
  const models: MadeModel[] = Array.from({ length: 40 }, (_, i) => ({
    modelId: BigInt(i + 1),
    name: `model ${words[4_900 - i]}`,
    family: i % 9,
    verified: i % 3 === 0,
  }));
  const artists = Array.from({ length: 300 }, (_, i) => address("ar", i));
  const workers = Array.from({ length: 40 }, (_, i) => address("wo", i));
  const artworks: MadeArtwork[] = [];
  let [time, block, seriesId] = [BEGAN, 1_000, 0];
  const remixes = new Map<bigint, { all: number; byOthers: number }>();
  const history: { seq: bigint; time: bigint; tokenId: bigint | null; kind: string }[] = [];
  const drafts: Omit<MadeArtwork, "remixes" | "remixesByOthers" | "trending" | "attributes">[] = [];
  while (drafts.length < count) {
    time += 2 * (1 + below(30));
    block += 1 + below(15);
    seriesId += 1;
    const artist = artists[skewed(artists.length)] as string;
    const size = Math.min(count - drafts.length, random() < 0.8 ? 1 : 1 + below(6));
    const model = models[skewed(models.length)] as MadeModel;
    const tags = [...new Set(Array.from({ length: below(4) }, () => tagNames[skewed(tagNames.length)] as string))];
    if (random() < 0.002) tags.push("rare");
    const [width, height] = sizes[skewed(sizes.length)] as readonly [number, number];
    const title = `${words[skewed(5_000)]} ${words[below(5_000)]}`;
    const seq = BigInt(block) * 1_000_000n;
    history.push({ seq, time: BigInt(time), tokenId: null, kind: "SERIES_MINTED" });
    for (let number = 1; number <= size; number++) {
      const tokenId = BigInt(seriesId) * 1_000n + BigInt(number);
      const parent = drafts.length > 10 && random() < 0.1 ? drafts[below(drafts.length)] : undefined;
      if (parent) {
        const known = remixes.get(parent.tokenId) ?? { all: 0, byOthers: 0 };
        known.all += 1;
        if (parent.artist !== artist) known.byOthers += 1;
        remixes.set(parent.tokenId, known);
      }
      const isBurned = random() < 0.02;
      const isListed = !isBurned && random() < 0.1;
      const name = size > 1 ? `${title} ${wordOf(number)}` : title;
      const text = Array.from({ length: 8 + below(25) }, () => words[skewed(5_000)] as string).join(" ");
      drafts.push({
        ...{ tokenId, seriesId: BigInt(seriesId), artist, name, tags },
        owner: isBurned ? zero : (artists[below(artists.length)] as string),
        burned: isBurned,
        nameKey: nameKey(name),
        prompt: random() < 0.5 ? `a study of ${text}` : text,
        ...{ modelId: model.modelId, family: model.family },
        worker: workers[skewed(workers.length)] as string,
        sampler: samplers[skewed(samplers.length)] as string,
        scheduler: schedulers[skewed(schedulers.length)] as string,
        ...{ width: BigInt(width), height: BigInt(height), steps: BigInt(10 + 5 * skewed(8)) },
        policy: skewed(3),
        versions: random() < 0.05 ? 2 + below(3) : 1,
        transfers: skewed(6),
        remixOf: parent?.tokenId ?? 0n,
        listed: isListed,
        listPrice: isListed ? BigInt(1 + below(1_000)) * 10n ** 15n : NOT_LISTED,
        imageHash: hex(tokenId, 64),
        // One in three is a tree of blocks.
        cid: cidOf({
          imageHash: hex(tokenId, 64) as Hex,
          cidDigest: hex(tokenId % 3n === 0n ? tokenId + 1n : tokenId, 64) as Hex,
        }),
        ...{ mintedAt: BigInt(time), updatedAt: BigInt(time), updatedSeq: seq },
      });
    }
  }
  // Some of them change later.
  for (let i = 0; i < count / 4; i++) {
    time += 2;
    block += 1;
    const at = below(drafts.length);
    const seq = BigInt(block) * 1_000_000n;
    const draft = drafts[at] as (typeof drafts)[number];
    drafts[at] = { ...draft, updatedAt: BigInt(time), updatedSeq: seq };
    history.push({ seq, time: BigInt(time), tokenId: draft.tokenId, kind: "ARTWORK_TRANSFERRED" });
  }
  for (const draft of drafts) {
    const { all, byOthers } = remixes.get(draft.tokenId) ?? { all: 0, byOthers: 0 };
    const counted = { ...draft, remixes: all, remixesByOthers: byOthers };
    artworks.push({
      ...counted,
      trending: trendingOf({ remixesByOthers: byOthers, mintedAt: draft.mintedAt }),
      attributes: attributesOf(counted),
    });
  }
  return { artworks, models, words, now: time, rows: rowsOf(artworks, models, artists, workers, history, time, block) };
}

interface Move {
  readonly seq: bigint;
  readonly tokenId: bigint;
  readonly from: string;
  readonly to: string;
  readonly time: bigint;
  readonly block: bigint;
  readonly tx: string;
}

/** Changes of owner that lead from each artwork's mint to its owner. Several in one transaction, as sales of bundles are. */
function movesOf(
  artworks: readonly MadeArtwork[],
  artists: readonly string[],
  history: readonly { seq: bigint; time: bigint; kind: string }[],
): Move[] {
  const random = seededRandom(11);
  const blocks = [...history].sort((a, b) => (a.seq < b.seq ? -1 : 1));
  const places = new Map(blocks.map(({ time }, i) => [time, i]));
  const logs = new Map<bigint, number>();
  const moves: Move[] = [];
  for (const { tokenId, artist, owner, transfers, mintedAt } of artworks) {
    let at = places.get(mintedAt) ?? 0;
    let from = zero;
    const held =
      owner === artist && transfers === 0 ? [artist] : [artist, ...Array(Math.max(0, transfers - 1)).fill(""), owner];
    for (const next of held) {
      const { seq, time } = blocks[at] as { seq: bigint; time: bigint };
      const block = seq / 1_000_000n;
      const log = (logs.get(block) ?? 0) + 1;
      logs.set(block, log);
      const to = next === "" ? (artists[Math.floor(random() * 40)] as string) : next;
      moves.push({
        ...{ seq: seq + BigInt(log), tokenId, from, to, time, block },
        tx: hex(block * 2n + BigInt(log & 1), 64),
      });
      from = to;
      at = Math.min(blocks.length - 1, at + Math.floor(random() ** 2 * (blocks.length - at)));
    }
  }
  return moves;
}

function rowsOf(
  artworks: readonly MadeArtwork[],
  models: readonly MadeModel[],
  artists: readonly string[],
  workers: readonly string[],
  history: readonly { seq: bigint; time: bigint; tokenId: bigint | null; kind: string }[],
  time: number,
  block: number,
): Catalogue["rows"] {
  const chainId = CHAIN_ID;
  const [hash, tx] = [hex(1, 64), hex(2, 64)];
  const living = artworks.filter(({ burned }) => !burned);
  const count = <Key>(keys: readonly Key[]): Map<Key, number> => {
    const counts = new Map<Key, number>();
    for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
    return counts;
  };
  const attributes = count(living.flatMap((artwork) => artwork.attributes));
  const owned = count(living.map(({ owner }) => owner));
  const created = count(artworks.map(({ artist }) => artist));
  const byModel = count(living.map(({ modelId }) => modelId));
  const modelNames = new Map(models.map(({ modelId, name }) => [modelId, name]));
  const series = new Map<bigint, MadeArtwork[]>();
  for (const artwork of artworks) series.set(artwork.seriesId, [...(series.get(artwork.seriesId) ?? []), artwork]);
  const minted = new Map(history.flatMap(({ kind, time: at, seq }) => (kind === "SERIES_MINTED" ? [[at, seq]] : [])));
  const moves = movesOf(artworks, artists, history);
  const common = (artwork: MadeArtwork) => ({
    ...{ seed: 42n, guidanceMilli: 7_500n, cid: artwork.cid, receiptId: hex(artwork.tokenId, 64) },
  });
  return {
    artwork: artworks.map((artwork) => ({
      ...artwork,
      ...common(artwork),
      chainId,
      number: Number(artwork.tokenId % 1_000n),
      title: artwork.name,
      ...{ description: "", animationUrl: "", frozen: false, moved: artwork.transfers > 0 },
      ...{ moves: BigInt(artwork.transfers), nonce: 0n, royaltyBps: 500 },
      samplerKey: cut(artwork.sampler),
      ...{ mintedBlock: artwork.updatedSeq / 1_000_000n, mintTx: tx, seq: artwork.updatedSeq },
    })),
    artworkText: living.map((artwork) => ({
      chainId,
      tokenId: artwork.tokenId,
      words: textOf({ ...artwork, ...common(artwork), models: [modelNames.get(artwork.modelId) ?? ""] }),
    })),
    artworkVersion: artworks.map((artwork) => ({
      ...common(artwork),
      ...{ chainId, tokenId: artwork.tokenId, version: artwork.versions, modelId: artwork.modelId, modelHash: hash },
      ...{
        prompt: artwork.prompt,
        negativePrompt: "",
        requestedSeed: 42n,
        width: artwork.width,
        height: artwork.height,
      },
      ...{ steps: artwork.steps, sampler: artwork.sampler, scheduler: artwork.scheduler, sourceHash: hash, extras: "" },
      ...{
        salt: hash,
        requestHash: hash,
        orderHash: hash,
        index: 0,
        engine: "made up 1",
        imageHash: artwork.imageHash,
      },
      ...{
        cidDigest: hash,
        worker: artwork.worker,
        requester: artwork.artist,
        payer: artwork.artist,
        price: 10n ** 18n,
      },
      ...{ completedAt: artwork.mintedAt, source: 0, anchorTime: artwork.mintedAt, anchorBlock: 1n },
      ...{ parentId: artwork.remixOf, parentVersion: artwork.remixOf === 0n ? 0n : 1n, bodyHash: hash },
      ...{ addedAt: artwork.mintedAt, addedBlock: 1n, addedTx: tx, seq: artwork.updatedSeq },
    })),
    attribute: [...attributes].map(([attribute, number]) => {
      const colon = attribute.indexOf(":");
      return {
        chainId,
        attribute,
        field: attribute.slice(0, colon),
        value: attribute.slice(colon + 1),
        artworks: number,
      };
    }),
    series: [...series].map(([seriesId, members]) => {
      const [first] = members as [MadeArtwork];
      const kept = members.filter(({ burned }) => !burned);
      return {
        ...{ chainId, seriesId, artist: first.artist, firstOwner: first.artist, count: members.length },
        ...{ supply: kept.length, holders: new Set(kept.map(({ owner }) => owner)).size },
        ...{
          transfers: members.reduce((sum, { transfers }) => sum + transfers, 0),
          policy: first.policy,
          royaltyBps: 500,
          royaltyReceiver: first.artist,
        },
        ...{ title: first.name, description: "", tagText: first.tags.join(), tags: first.tags, bodyHash: hash },
        ...{ mintedAt: first.mintedAt, mintedBlock: 1n, mintTx: tx, seq: minted.get(first.mintedAt) },
        updatedSeq: minted.get(first.mintedAt),
      };
    }),
    seriesHolder: [...series].flatMap(([seriesId, members]) =>
      [...count(members.filter(({ burned }) => !burned).map(({ owner }) => owner))].map(([owner, number]) => ({
        ...{ chainId, seriesId, owner, artworks: number },
      })),
    ),
    model: models.map(({ modelId, name, family, verified }) => ({
      ...{
        chainId,
        modelId,
        name,
        family,
        verified,
        version: "1",
        kind: 0,
        creator: artists[0],
        owner: artists[Number(modelId) % 5],
      },
      ...{ registrant: artists[0], baseModelId: 0n, weightsHash: hash, weightsUri: "", license: "MIT", previewCid: "" },
      ...{ access: 0, usageBps: 500, nextUsageBps: 0, nextUsageFrom: 0n, resaleBps: 0, royaltyReceiver: artists[0] },
      ...{ licensePrice: 0n, licensePeriod: 0n, deprecated: false, user: zero, userExpires: 0n },
      ...{ moves: 0n, nonce: 0n },
      ...{ directRoyaltyBps: 500, directRoyaltyReadAt: 0n, registrationFee: 0n, registeredAt: BigInt(BEGAN) },
      ...{
        registeredBlock: 1n,
        registeredTx: tx,
        seq: modelId,
        updatedSeq: modelId,
        artworks: byModel.get(modelId) ?? 0,
        versions: 0,
      },
      ...{ payments: 0, volume: 0n, royaltyEarned: modelId, royaltyUnclaimed: 0n, licensesSold: 0, licenseRevenue: 2n },
    })),
    modelDay: models.flatMap(({ modelId }) =>
      [20_000, 20_001, Math.floor(time / 86_400)].map((day, i) => ({
        ...{
          chainId,
          modelId,
          day,
          artworks: 1,
          payments: 2,
          volume: i < 2 ? 3n : modelId / 3n,
          royalties: 4n,
          licenses: 5,
          licenseRevenue: 6n,
        },
      })),
    ),
    worker: workers.map((worker, i) => ({
      ...{ chainId, address: worker, registered: true, registeredAt: BigInt(BEGAN), profileUri: "", bond: BigInt(i) },
      ...{ unbonding: 0n, releaseAt: 0n, slashed: 0n, earned: 0n, earnedTotal: BigInt(i), protocolAccrued: 0n },
      ...{
        volume: 0n,
        payments: 0,
        receipts: BigInt(i),
        versions: 0,
        lanes: 0,
        lastActiveAt: BigInt(BEGAN),
        seq: BigInt(i),
        updatedSeq: BigInt(i),
      },
    })),
    workerDay: workers.slice(0, 12).flatMap((worker, i) =>
      Array.from({ length: 40 }, (_, j) => ({
        ...{ chainId, worker, day: Math.floor(time / 86_400) - j, versions: 1, payments: 1, receipts: 1n },
        ...{ volume: 20n, earned: BigInt((i * j) % 5) },
      })),
    ),
    workerModelWeek: workers.slice(0, 3).flatMap((worker, i) =>
      Array.from({ length: 60 }, (_, j) => ({
        ...{ chainId, worker, week: weekOf(time) - (j % 20), modelId: BigInt(1 + Math.floor(j / 20) * 7), payments: j },
        ...{ volume: BigInt(1_000 * j), earned: BigInt(900 * j + i) },
      })),
    ),
    account: [...artists, ...workers].map((artist, i) => ({
      ...{
        chainId,
        address: artist,
        balance: 0n,
        thawing: 0n,
        thawReadyAt: 0n,
        deposited: 0n,
        withdrawn: 0n,
        spent: 0n,
      },
      ...{
        reward: 0n,
        artworksOwned: owned.get(artist) ?? 0,
        artworksCreated: created.get(artist) ?? 0,
        seriesCreated: 0,
      },
      ...{ modelsOwned: i < 5 ? 8 : 0, modelsCreated: i === 0 ? models.length : 0, firstSeenAt: BigInt(BEGAN) },
      ...{ lastSeenAt: BigInt(time), seq: BigInt(i), updatedSeq: BigInt(i) },
    })),
    transfer: [
      ...models.map(({ modelId }, i) => ({
        ...{ chainId, seq: BigInt(i), collection: "MODEL", tokenId: modelId, from: zero, to: artists[0] },
        ...{ time: BigInt(BEGAN), block: 1n, tx },
      })),
      ...moves.map((move) => ({ chainId, collection: "ARTWORK", ...move })),
    ],
    activity: [
      ...history.map(({ seq, time: at, tokenId, kind }) => ({
        ...{ chainId, seq, kind, actor: artists[0], counterparty: null, tokenId, time: at, block: seq / 1_000_000n },
        ...{ seriesId: null, modelId: null, worker: null, logIndex: 0, tx },
      })),
      ...moves.map(({ from, to, tokenId, seq, time: at, block: number, tx: hash }) => ({
        ...{
          chainId,
          seq,
          kind: from === zero ? "ARTWORK_MINTED" : to === zero ? "ARTWORK_BURNED" : "ARTWORK_TRANSFERRED",
        },
        ...{
          actor: from === zero ? to : from,
          counterparty: to === zero ? null : to,
          tokenId,
          time: at,
          block: number,
        },
        ...{ seriesId: tokenId / 1_000n, modelId: null, worker: null, logIndex: Number(seq % 1_000_000n), tx: hash },
      })),
    ],
    approval: artworks.slice(0, 90).map(({ tokenId, owner }, i) => ({
      ...{
        chainId,
        collection: "ARTWORK",
        tokenId,
        owner,
        approved: i % 4 === 0 ? zero : artists[i % 5],
        time: BigInt(BEGAN),
      },
      ...{ tx, seq: BigInt(10 * ((i * 37) % 90)) },
    })),
    operatorApproval: artists.slice(0, 30).flatMap((owner, i) =>
      ["ARTWORK", "MODEL"].map((collection, j) => ({
        ...{
          chainId,
          collection,
          owner,
          operator: workers[i % 3],
          approved: (i + j) % 5 !== 0,
          time: BigInt(BEGAN),
          tx,
        },
        seq: BigInt(10 * ((i * 7) % 30) + j),
      })),
    ),
    license: models.slice(0, 10).flatMap(({ modelId }, i) =>
      artists.slice(0, 12).map((account, j) => ({
        ...{ chainId, modelId, account, expires: BigInt(time + 86_400 * (((i * 7 + j * 5) % 40) - 10)), purchases: 1 },
        ...{
          paid: 5n,
          lastBuyer: account,
          lastSeller: artists[0],
          boughtAt: BigInt(time - j),
          seq: BigInt(i * 100 + j),
          updatedSeq: BigInt(i * 100 + j),
        },
      })),
    ),
    protocol: [
      {
        ...{
          chainId,
          registrationFee: 0n,
          modelTreasury: zero,
          modelsPaused: false,
          modelUpgradesSealed: false,
          mintFee: 0n,
        },
        ...{ mintTreasury: zero, mintPaused: false, nftUpgradesSealed: false, renderer: zero, collectionOwner: zero },
        ...{ feeConfigId: 0, protocolBps: 0, settlementTreasury: zero, settlementPaused: false, minBond: 5n },
        ...{ nextMinBond: 0n, nextMinBondFrom: 0n, rendererSealed: false, escrow: zero },
        ...{ registryTreasury: zero, treasuryPot: 0n, totalBonded: 0n, totalRewards: 0n, artworks: artworks.length },
        ...{ supply: living.length, holders: owned.size, artists: created.size, series: series.size, evolutions: 0 },
        ...{
          transfers: 3,
          models: models.length,
          workers: workers.length,
          accounts: artists.length + workers.length,
          payments: 0,
        },
        ...{
          receipts: 0n,
          volume: 0n,
          lastEventBlock: BigInt(block),
          lastEventHash: hash,
          lastEventTime: BigInt(time),
        },
      },
    ],
  };
}

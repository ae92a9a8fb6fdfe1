// A gallery's rows, made without a chain: what the indexer's own tables would hold of so many artworks. Which tables, and what
// each column says, is indexer/ponder.schema.ts; keys, words and scores come from the indexer's own functions.
import type { Address, Hex } from "viem";
import { trendingOf } from "../../indexer/src/features/artworks/trending.ts";
import { type Document, textOf } from "../../indexer/src/lib/fullText/tsvector.ts";
import { attributesOf, cut, NOT_LISTED, nameKey, partsOf } from "../../indexer/src/lib/keys.ts";
import { artworkName } from "../../sdk/src/messages/artworkName.ts";
import { createRandom, type Random } from "../../test/fixtures/random.ts";
import { addressOf, CHAIN_ID } from "../synthetic/deployment.ts";
import {
  createHashes,
  drawPrompt,
  drawRank,
  drawText,
  samplers,
  schedulers,
  sizes,
  skewed,
  wordAt,
} from "../synthetic/words.ts";

/** A row, by the names of columns in the schema's file. */
export type Row = Readonly<Record<string, unknown>>;

/** Rows of several tables. */
export type Rows = Map<string, Row[]>;

/** A model that the loader finds in the tables. */
export interface KnownModel {
  readonly modelId: bigint;
  readonly family: number;
  readonly name: string;
  readonly version: string;
}

/** What artworks refer to. */
export interface Surroundings {
  readonly models: readonly KnownModel[];
  readonly workers: readonly string[];
}

/** Accounts that make and own artworks. */
export const ACCOUNTS = 20_000;

/** 2026-01-12, 00:00 UTC: after what the synthetic chain has. */
export const FIRST_MINT = 1_768_176_000;

/** Seconds between series: a million artworks are two thirds of a year. */
const BETWEEN = 30;

const NOBODY: Address = "0x0000000000000000000000000000000000000000";

/** Addresses of the accounts, by number: those of low numbers are busiest. */
export const accounts: readonly Address[] = Array.from({ length: ACCOUNTS }, (_, i) => addressOf(`collector ${i}`));

/** An artwork being made: a remix of it changes it still. */
type Draft = Record<string, unknown> & {
  readonly tokenId: bigint;
  readonly artist: Address;
  readonly mintedAt: number;
};

/** Makes artworks, piece by piece, and keeps the sums that are written last. Equal seeds make equal galleries. */
export class Gallery {
  readonly #random: Random;
  readonly #surroundings: Surroundings;
  readonly #attributes = new Map<string, number>();
  readonly #owned = new Map<Address, number>();
  readonly #created = new Map<Address, { artworks: number; series: number }>();
  readonly #days = new Map<number, { artworks: number; series: number; transfers: number; evolutions: number }>();
  readonly #modelDays = new Map<string, number>();
  readonly #workerDays = new Map<string, number>();
  #seriesId = 0n;
  #made = 0;
  readonly #hash: () => Hex;

  constructor(surroundings: Surroundings, seed = 7) {
    this.#surroundings = surroundings;
    this.#random = createRandom(seed);
    this.#hash = createHashes(this.#random);
  }

  /** Rows of about `count` further artworks: at least so many, and whole series. */
  next(count: number): Rows {
    const rows: Rows = new Map();
    const add = (table: string, row: Row): void => {
      const known = rows.get(table);
      if (known) known.push(row);
      else rows.set(table, [row]);
    };
    const drafts: Draft[] = [];
    const end = this.#made + count;
    while (this.#made < end) this.#series(drafts, end - this.#made, add);
    for (const draft of drafts) this.#finish(draft, add);
    return rows;
  }

  /** Rows that follow from all that were made: counters. */
  sums(): Rows {
    const chainId = CHAIN_ID;
    const everybody = new Set([...this.#owned.keys(), ...this.#created.keys()]);
    return new Map<string, Row[]>([
      [
        "attribute",
        [...this.#attributes].map(([attribute, artworks]) => ({ chainId, attribute, ...partsOf(attribute), artworks })),
      ],
      [
        "account",
        [...everybody].map((address, i) => ({
          chainId,
          address,
          ...money,
          artworksOwned: this.#owned.get(address) ?? 0,
          artworksCreated: this.#created.get(address)?.artworks ?? 0,
          seriesCreated: this.#created.get(address)?.series ?? 0,
          modelsOwned: 0,
          modelsCreated: 0,
          firstSeenAt: FIRST_MINT,
          lastSeenAt: FIRST_MINT,
          seq: 1_000_000_000_000 + i,
          updatedSeq: 1_000_000_000_000 + i,
        })),
      ],
      ["daily_statistics", [...this.#days].map(([day, sums]) => ({ chainId, day, ...noTurnover, ...sums }))],
      [
        "model_day",
        [...this.#modelDays].map(([key, artworks]) => {
          const [modelId, day] = key.split("/");
          const sums = { payments: 0, volume: 0, royalties: 0, licenses: 0, licenseRevenue: 0 };
          return { chainId, modelId, day, artworks, ...sums };
        }),
      ],
      [
        "worker_day",
        [...this.#workerDays].map(([key, versions]) => {
          const [worker, day] = key.split("/");
          return { chainId, worker, day, versions, payments: 0, receipts: 0, volume: 0, earned: 0 };
        }),
      ],
    ]);
  }

  #series(drafts: Draft[], most: number, add: (table: string, row: Row) => void): void {
    const random = this.#random;
    const count = Math.min(most, random.integer(5) === 0 ? 2 + random.integer(7) : 1);
    const seriesId = ++this.#seriesId;
    const block = 1_000 + Number(seriesId);
    const place = { mintedAt: FIRST_MINT + Number(seriesId) * BETWEEN, mintedBlock: block, mintTx: this.#hash() };
    const artist = accounts[skewed(random, ACCOUNTS)] as Address;
    const title = drawText(random, 24);
    const tags = [...new Set(Array.from({ length: 3 }, () => wordAt(500 + Math.floor(drawRank(random) / 20))))];
    const shared = { title, description: drawText(random, 90), tags, policy: random.integer(3), royaltyBps: 500 };
    const holders = new Map<Address, number>();
    let [logIndex, transfers] = [0, 0];
    const next = (): number => block * 1_000_000 + logIndex++;
    const record = (kind: string, entry: Row): void => {
      const seq = next();
      const at = { time: place.mintedAt, block, logIndex: seq % 1_000_000, tx: place.mintTx };
      add("activity", { chainId: CHAIN_ID, seq, kind, seriesId, ...none, ...entry, ...at });
    };
    record("SERIES_MINTED", { actor: artist, counterparty: artist, detail: { count, title } });
    for (let number = 1; number <= count; number++) {
      const draft = this.#artwork({ seriesId, number, count, artist, shared, place, seq: block * 1_000_000 });
      const { tokenId } = draft;
      const moves = random.integer(10) < 3 ? 1 + random.integer(2) : 0;
      const model = { modelId: draft.modelId, worker: draft.worker };
      let owner: Address = artist;
      const move = (from: Address, to: Address, kind: string): void => {
        const seq = next();
        const moved = { collection: "ARTWORK", tokenId, from, to, time: place.mintedAt, block, tx: place.mintTx };
        add("transfer", { chainId: CHAIN_ID, seq, ...moved });
        record(kind, { actor: kind === "ARTWORK_MINTED" ? artist : from, counterparty: to, tokenId, ...model });
      };
      move(NOBODY, artist, "ARTWORK_MINTED");
      for (let i = 0; i < moves; i++) {
        const to = accounts[skewed(random, ACCOUNTS)] as Address;
        move(owner, to, "ARTWORK_TRANSFERRED");
        owner = to;
      }
      if (draft.versions === 2) record("ARTWORK_EVOLVED", { actor: artist, tokenId, ...model, detail: { version: 2 } });
      Object.assign(draft, {
        owner,
        transfers: moves,
        moves,
        moved: moves > 0,
        updatedSeq: block * 1_000_000 + logIndex,
      });
      transfers += moves;
      holders.set(owner, (holders.get(owner) ?? 0) + 1);
      this.#count(draft, owner, moves);
      this.#remix(draft, drafts);
      drafts.push(draft);
      this.#made++;
    }
    const minted = { bodyHash: this.#hash(), ...place, seq: block * 1_000_000, updatedSeq: block * 1_000_000 };
    const counters = { count, supply: count, holders: holders.size, transfers };
    const series = {
      seriesId,
      artist,
      firstOwner: artist,
      royaltyReceiver: artist,
      ...counters,
      tagText: tags.join(","),
      ...shared,
    };
    add("series", { chainId: CHAIN_ID, ...series, ...minted });
    for (const [owner, artworks] of holders) add("series_holder", { chainId: CHAIN_ID, seriesId, owner, artworks });
    const created = this.#created.get(artist) ?? { artworks: 0, series: 0 };
    this.#created.set(artist, { artworks: created.artworks + count, series: created.series + 1 });
    this.#day(place.mintedAt).series++;
  }

  #artwork(of: {
    seriesId: bigint;
    number: number;
    count: number;
    artist: Address;
    shared: Row & { title: string };
    place: { mintedAt: number; mintedBlock: number; mintTx: Hex };
    seq: number;
  }): Draft {
    const random = this.#random;
    const { seriesId, number, count, artist, shared, place, seq } = of;
    const { models, workers } = this.#surroundings;
    const model = models[skewed(random, models.length)] as KnownModel;
    const [width, height] = random.pick(sizes);
    const sampler = random.pick(samplers);
    const name = artworkName({ title: shared.title, number, count });
    return {
      chainId: CHAIN_ID,
      tokenId: seriesId * 1_000n + BigInt(number),
      seriesId,
      number,
      artist,
      burned: false,
      name,
      ...shared,
      animationUrl: "",
      frozen: false,
      nonce: 0,
      versions: random.integer(25) === 0 ? 2 : 1,
      remixOf: 0n,
      remixes: 0,
      remixesByOthers: 0,
      listed: false,
      listPrice: NOT_LISTED,
      nameKey: nameKey(name),
      modelId: model.modelId,
      modelName: `${model.name} ${model.version}`,
      family: model.family,
      samplerKey: cut(sampler),
      worker: workers[skewed(random, workers.length)],
      prompt: drawPrompt(random, this.#made),
      seed: random.integer(2 ** 31),
      width: BigInt(width),
      height: BigInt(height),
      steps: BigInt(20 + random.integer(30)),
      guidanceMilli: 7_000,
      sampler,
      scheduler: random.pick(schedulers),
      imageHash: this.#hash(),
      cid: `bafkrei${this.#hash().slice(2, 54)}`,
      receiptId: this.#hash(),
      ...place,
      updatedAt: place.mintedAt,
      seq,
    };
  }

  /** One artwork in twenty is made from a picture of somebody else's. */
  #remix(draft: Draft, earlier: readonly Draft[]): void {
    if (earlier.length === 0 || this.#random.integer(20) > 0) return;
    const parent = this.#random.pick(earlier);
    Object.assign(draft, { remixOf: parent.tokenId });
    const byOther = parent.artist === draft.artist ? 0 : 1;
    Object.assign(parent, {
      remixes: (parent.remixes as number) + 1,
      remixesByOthers: (parent.remixesByOthers as number) + byOther,
    });
  }

  #finish(draft: Draft, add: (table: string, row: Row) => void): void {
    const { modelName, ...artwork } = draft;
    const attributes = attributesOf(artwork as unknown as Parameters<typeof attributesOf>[0]);
    for (const attribute of attributes) this.#attributes.set(attribute, (this.#attributes.get(attribute) ?? 0) + 1);
    const remixesByOthers = artwork.remixesByOthers as number;
    const trending = trendingOf({ remixesByOthers, mintedAt: BigInt(draft.mintedAt) });
    add("artwork", { ...artwork, attributes, trending });
    const { chainId, tokenId, ...shown } = artwork as Draft &
      Pick<Document, "name" | "tags" | "prompt" | "cid" | "artist">;
    add("artwork_text", { chainId, tokenId, words: textOf({ ...shown, tokenId, models: [`${modelName}`] }) });
    for (let version = 1; version <= (artwork.versions as number); version++) {
      add("artwork_version", versionRow(artwork as Draft, version, this.#hash()));
    }
  }

  #count({ mintedAt, modelId, worker, versions }: Draft, owner: Address, moves: number): void {
    this.#owned.set(owner, (this.#owned.get(owner) ?? 0) + 1);
    const day = this.#day(mintedAt);
    day.artworks++;
    day.transfers += moves;
    day.evolutions += (versions as number) - 1;
    const number = Math.floor(mintedAt / 86_400);
    for (const [sums, key] of [
      [this.#modelDays, `${modelId}/${number}`],
      [this.#workerDays, `${worker}/${number}`],
    ] as const) {
      sums.set(key, (sums.get(key) ?? 0) + 1);
    }
  }

  #day(time: number) {
    const day = Math.floor(time / 86_400);
    const known = this.#days.get(day) ?? { artworks: 0, series: 0, transfers: 0, evolutions: 0 };
    this.#days.set(day, known);
    return known;
  }
}

const money = { balance: 0, thawing: 0, thawReadyAt: 0, deposited: 0, withdrawn: 0, spent: 0, reward: 0 };

const noTurnover = {
  models: 0,
  licenses: 0,
  payments: 0,
  receipts: 0,
  newAccounts: 0,
  volume: 0,
  toWorkers: 0,
  royalties: 0,
  protocolFees: 0,
  licenseRevenue: 0,
};

/** Columns of `activity` that an entry may leave out. */
const none = {
  counterparty: null,
  tokenId: null,
  modelId: null,
  worker: null,
  laneId: null,
  orderHash: null,
  amount: null,
  detail: null,
};

const zeros: Hex = `0x${"0".repeat(64)}`;

function versionRow(artwork: Draft, version: number, hash: Hex): Row {
  const { chainId, tokenId, modelId, prompt, seed, width, height, steps, guidanceMilli, sampler, scheduler } = artwork;
  const { imageHash, cid, receiptId, worker, artist, remixOf, mintedAt, mintedBlock, mintTx, seq } = artwork;
  const request = { modelId, prompt, seed, width, height, steps, guidanceMilli, sampler, scheduler };
  return {
    chainId,
    tokenId,
    version,
    ...request,
    modelHash: zeros,
    negativePrompt: "blurry, low quality",
    requestedSeed: 2n ** 64n - 1n,
    sourceHash: zeros,
    extras: "",
    salt: zeros,
    requestHash: hash,
    receiptId,
    orderHash: hash,
    index: 0,
    engine: "onnxruntime 1.30.0 cpu t1",
    imageHash,
    cidDigest: imageHash,
    cid,
    worker,
    requester: artist,
    payer: artist,
    price: 10n ** 18n,
    completedAt: mintedAt,
    source: 0,
    anchorTime: mintedAt,
    anchorBlock: mintedBlock,
    parentId: version === 1 ? remixOf : 0n,
    parentVersion: version === 1 && remixOf !== 0n ? 1 : 0,
    bodyHash: hash,
    addedAt: mintedAt,
    addedBlock: mintedBlock,
    addedTx: mintTx,
    seq,
  };
}

/** What the API's filters and orders mean, said once more in the plainest way: no index, no counters, one look at each artwork. */

import { tokensOf } from "../../indexer/src/lib/fullText/tokenizer.ts";
import { tagKey } from "../../indexer/src/lib/keys.ts";
import type { Catalogue, MadeArtwork } from "./catalogue.ts";

const families = ["SD15", "SD21", "SDXL", "FLUX1_SCHNELL", "FLUX1_DEV", "FLUX_KREA", "CHROMA", "SVD", "OTHER"];
const policies = ["NONE", "ARTIST", "OWNER"];

type Filter = Readonly<Record<string, unknown>>;
type Holds = (artwork: MadeArtwork, value: never, catalogue: Catalogue) => boolean;

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);
const among =
  (of: (artwork: MadeArtwork) => unknown): Holds =>
  (artwork, value) =>
    list(value)
      .map(String)
      .includes(String(of(artwork)));

/** A change of owner of an artwork, or of a model. */
export interface MadeMove {
  readonly seq: bigint;
  readonly collection: string;
  readonly tokenId: bigint;
  readonly from: string;
  readonly to: string;
  readonly time: bigint;
  readonly block: bigint;
  readonly tx: string;
}

const moves = new WeakMap<Catalogue, Map<bigint, MadeMove[]>>();

/** Changes of owner of an artwork, the first one first. */
export function movesOf(catalogue: Catalogue, tokenId: bigint): readonly MadeMove[] {
  let known = moves.get(catalogue);
  if (!known) {
    known = new Map();
    for (const move of (catalogue.rows.transfer ?? []) as unknown as MadeMove[]) {
      if (move.collection === "ARTWORK") known.set(move.tokenId, [...(known.get(move.tokenId) ?? []), move]);
    }
    moves.set(catalogue, known);
  }
  return known.get(tokenId) ?? [];
}

const holds: Readonly<Record<string, Holds>> = {
  tokenIds: among(({ tokenId }) => tokenId),
  imageHash: among(({ imageHash }) => imageHash),
  cid: among(({ cid }) => cid),
  tx: ({ tokenId }, hash, catalogue) => movesOf(catalogue, tokenId).some(({ tx }) => tx === hash),
  everOwnedBy: ({ tokenId }, addresses, catalogue) =>
    movesOf(catalogue, tokenId).some(({ to }) => list(addresses).includes(to)),
  seriesId: among(({ seriesId }) => seriesId),
  artist: among(({ artist }) => artist),
  owner: among(({ owner }) => owner),
  worker: among(({ worker }) => worker),
  modelIds: among(({ modelId }) => modelId),
  families: among(({ family }) => families[family]),
  verifiedModel: ({ modelId }, value, { models }) =>
    models.find((model) => model.modelId === modelId)?.verified === value,
  tags: ({ tags }, value) => list(value).some((tag) => tags.includes(tagKey(String(tag)))),
  allTags: ({ tags }, value) => list(value).every((tag) => tags.includes(tagKey(String(tag)))),
  samplers: among(({ sampler }) => sampler),
  schedulers: among(({ scheduler }) => scheduler),
  width: among(({ width }) => width),
  height: among(({ height }) => height),
  sizes: among(({ width, height }) => `${width}x${height}`),
  steps: among(({ steps }) => steps),
  policy: among(({ policy }) => policies[policy]),
  mintedAfter: ({ mintedAt }, time) => mintedAt > BigInt(time),
  mintedBefore: ({ mintedAt }, time) => mintedAt < BigInt(time),
  updatedAfter: ({ updatedAt }, time) => updatedAt > BigInt(time),
  updatedBefore: ({ updatedAt }, time) => updatedAt < BigInt(time),
  updatedSinceBlock: ({ updatedSeq }, block) => updatedSeq / 1_000_000n >= BigInt(block),
  hasParent: ({ remixOf }, value) => (remixOf !== 0n) === value,
  remixOf: among(({ remixOf }) => remixOf),
  evolved: ({ versions }, value) => versions > 1 === value,
  listed: ({ listed }, value) => listed === value,
  minPrice: ({ listed, listPrice }, price) => listed && listPrice >= BigInt(price),
  maxPrice: ({ listed, listPrice }, price) => listed && listPrice <= BigInt(price),
};

/** Artworks that a filter lets through. */
export function filtered(catalogue: Catalogue, filter: Filter): MadeArtwork[] {
  const { burned = false, ...others } = filter;
  return catalogue.artworks.filter(
    (artwork) =>
      artwork.burned === burned &&
      Object.entries(others).every(([name, value]) => holds[name]?.(artwork, value as never, catalogue)),
  );
}

const indexes = new WeakMap<Catalogue, Map<string, MadeArtwork[]>>();

/** Artworks that have one word in name, tags, model's name or prompt. */
export function withWord(catalogue: Catalogue, word: string): readonly MadeArtwork[] {
  let index = indexes.get(catalogue);
  if (!index) {
    index = new Map();
    const names = new Map(catalogue.models.map(({ modelId, name }) => [modelId, name]));
    for (const artwork of catalogue.artworks.filter(({ burned }) => !burned)) {
      const { name, tags, modelId, prompt } = artwork;
      for (const token of new Set(tokensOf([name, ...tags, names.get(modelId), prompt].join(" , ")))) {
        const known = index.get(token);
        if (known) known.push(artwork);
        else index.set(token, [artwork]);
      }
    }
    indexes.set(catalogue, index);
  }
  return index.get(word) ?? [];
}

const keys: Readonly<Record<string, readonly [(artwork: MadeArtwork) => bigint | number | string, -1 | 1]>> = {
  NEWEST: [({ tokenId }) => tokenId, -1],
  OLDEST: [({ tokenId }) => tokenId, 1],
  RECENTLY_UPDATED: [({ updatedSeq }) => updatedSeq, -1],
  TRENDING: [({ trending }) => trending, -1],
  MOST_REMIXED: [({ remixes }) => remixes, -1],
  MOST_VERSIONS: [({ versions }) => versions, -1],
  MOST_TRANSFERRED: [({ transfers }) => transfers, -1],
  TITLE: [({ nameKey }) => nameKey, 1],
  TITLE_DESCENDING: [({ nameKey }) => nameKey, -1],
  PRICE_LOWEST: [({ listPrice }) => listPrice, 1],
  PRICE_HIGHEST: [({ listPrice }) => listPrice, -1],
};

/** In an order; by price comes only what is listed. */
export function ordered(artworks: readonly MadeArtwork[], order: string): MadeArtwork[] {
  const [key, sign] = keys[order] ?? [];
  if (!key || !sign) throw new Error(order);
  const shown = order.startsWith("PRICE") ? artworks.filter(({ listed }) => listed) : artworks;
  return [...shown].sort((a, b) => {
    const [one, other] = [key(a), key(b)];
    if (one !== other) return one < other ? -sign : sign;
    return a.tokenId < b.tokenId ? -sign : sign;
  });
}

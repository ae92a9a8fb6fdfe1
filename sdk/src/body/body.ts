import { type Address, type Hex, zeroHash } from "viem";
import { bytesToHex, hexToBytes } from "../lib/bytes.js";
import { GridError } from "../lib/errors.js";
import { type Digester, digester } from "../messages/digest.js";
import { engineHash } from "../messages/receipt.js";
import { ANY_SEED, FIXED_SEED_LIMIT, seedAt } from "../messages/request.js";
import type { GenerationRequest, JobReceipt } from "../messages/typedData.js";
import { BodyReader, BodyWriter } from "./bodyCodec.js";

/** Right to add versions to the artworks of a series. Mirrors `EvolutionPolicy`. */
export const EvolutionPolicy = { NONE: 0, ARTIST: 1, OWNER: 2 } as const;
export type EvolutionPolicy = (typeof EvolutionPolicy)[keyof typeof EvolutionPolicy];

/** Requester, body and anchor times together fit one blob of code. */
export const MAX_BLOB = 24_575;
/** Most artworks in a series. */
export const MAX_ARTWORKS = 999;
/** Tokens that one series has room for: `tokenId = seriesId * 1000 + index`. */
export const TOKENS_PER_SERIES = 1_000n;
/** Highest ERC-2981 royalty, basis points. */
export const MAX_ROYALTY_BPS = 1_000;

/** Fields that all artworks of a series share. */
export interface SeriesHeader {
  readonly policy: EvolutionPolicy;
  readonly royaltyBps: number;
  readonly title: string;
  readonly description: string;
  /** Comma-separated. */
  readonly tags: string;
}

/** Anchor of receipts. Lane and root are not kept: the call names the lane, the root follows from the proof. */
export interface BodyAnchor {
  /** Index of the anchor source (`GridNFT.anchorSource`). */
  readonly source: number;
  /** Left out when it is the requester. */
  readonly payer?: Address;
  readonly worker: Address;
}

/** Receipts of one order under one anchor, made by one engine. */
export interface BodyOrder {
  readonly orderHash: Hex;
  /** Indices into the body's anchors, requests and engines. */
  readonly anchor: number;
  readonly request: number;
  readonly engine: number;
  /** AIPG wei, of each receipt that does not say otherwise. Not 0 in a later order, unless the first one's is. */
  readonly price: bigint;
}

/** One artwork: what of its receipt the order and request do not say. */
export interface BodyArtwork {
  /** Index into the body's orders. */
  readonly order: number;
  /** The receipt's index. */
  readonly index: number;
  readonly completedAt: number;
  readonly imageHash: Hex;
  /** Exactly when its request leaves the seed open. */
  readonly seed?: bigint;
  /** Left out when it equals `imageHash`. */
  readonly cidDigest?: Hex;
  /** Left out when it is the order's. */
  readonly price?: bigint;
  readonly parent?: { readonly tokenId: bigint; readonly version: number };
}

/** Input of GridNFT. With a header it mints a series, without one it adds a version. */
export interface Body {
  readonly header?: SeriesHeader;
  readonly anchors: readonly BodyAnchor[];
  readonly engines: readonly string[];
  readonly requests: readonly GenerationRequest[];
  readonly orders: readonly BodyOrder[];
  readonly artworks: readonly BodyArtwork[];
}

/** A body as stored and logged, with what the contract put around it. */
export interface Blob {
  readonly requester: Address;
  readonly body: Body;
  /** The packed body alone; its keccak256 is the `bodyHash` that authorizations sign. */
  readonly packed: Hex;
  /** Time and block of each anchor of the body. */
  readonly anchored: readonly { readonly time: number; readonly block: number }[];
}

const FORM_SERIES = 1;
const FORM_VERSION = 2;
const PAYER = 1;
const CID = 1;
const PRICE = 2;
const PARENT = 4;

/** Packing of a request's fields, in the order of the mask's bits. */
const requestFields = [
  ["modelId", "num", 32],
  ["modelHash", "fixed", 32],
  ["prompt", "text", 2],
  ["negativePrompt", "text", 2],
  ["seed", "uint", 8],
  ["width", "num", 4],
  ["height", "num", 4],
  ["steps", "num", 4],
  ["guidanceMilli", "num", 4],
  ["sampler", "text", 1],
  ["scheduler", "text", 1],
  ["sourceHash", "fixed", 32],
  ["extras", "text", 2],
  ["salt", "fixed", 32],
] as const satisfies readonly (readonly [keyof GenerationRequest, "num" | "fixed" | "text" | "uint", number])[];

/** Values of the first request's fields that are not given. */
const absent: GenerationRequest = {
  modelId: 0n,
  modelHash: zeroHash,
  prompt: "",
  negativePrompt: "",
  seed: ANY_SEED,
  width: 0,
  height: 0,
  steps: 0,
  guidanceMilli: 0,
  sampler: "",
  scheduler: "",
  sourceHash: zeroHash,
  extras: "",
  salt: zeroHash,
};

function refuse(field: string, message: string): never {
  throw new GridError("BODY_INVALID", `${field} ${message}`, field);
}

/** keccak256 of a packed body: what `MintAuthorization` and `EvolveAuthorization` sign. */
export function bodyHash(packed: Hex, using: Digester = digester): Hex {
  return bytesToHex(using.keccak(hexToBytes(packed, "body")));
}

/**
 * Packs a body in the form of `contracts/artworks/ArtworkMint.sol`, as short as the form allows.
 * @throws {@link GridError} `BODY_INVALID`, field named, for what GridNFT would refuse of the body alone.
 */
export function encodeBody(body: Body): Hex {
  requireBody(body);
  const to = new BodyWriter();
  to.uint("form", body.header ? FORM_SERIES : FORM_VERSION, 1);
  if (body.header) {
    to.uint("policy", body.header.policy, 1);
    to.uint("royaltyBps", body.header.royaltyBps, 2);
    to.text("title", body.header.title, 1);
    to.text("description", body.header.description, 2);
    to.text("tags", body.header.tags, 1);
  }
  to.uint("anchors", body.anchors.length, 1);
  for (const anchor of body.anchors) writeAnchor(to, anchor);
  to.uint("engines", body.engines.length, 1);
  for (const engine of body.engines) to.text("engine", engine, 1);
  to.uint("requests", body.requests.length, 1);
  body.requests.forEach((request, i) => {
    writeRequest(to, request, i === 0 ? absent : (body.requests[0] as GenerationRequest));
  });
  to.uint("orders", body.orders.length, 1);
  body.orders.forEach((order, i) => {
    to.fixed("orderHash", order.orderHash, 32);
    to.uint("anchor", order.anchor, 1);
    to.uint("request", order.request, 1);
    to.uint("engine", order.engine, 1);
    to.num("price", i > 0 && order.price === body.orders[0]?.price ? 0n : order.price, 16);
  });
  to.uint("artworks", body.artworks.length, 2);
  for (const artwork of body.artworks) writeArtwork(to, artwork);

  const bytes = to.bytes();
  const blob = 20 + bytes.length + 10 * body.anchors.length;
  if (blob > MAX_BLOB) refuse("body", `makes a blob of ${blob} bytes; one holds ${MAX_BLOB}.`);
  return bytesToHex(bytes);
}

/**
 * Reads a packed body.
 * @throws {@link GridError} `BODY_INVALID`, field named, for what GridNFT would refuse of the body alone.
 */
export function decodeBody(packed: Hex): Body {
  const from = new BodyReader(hexToBytes(packed, "body"));
  const body = readBody(from);
  if (from.offset !== from.source.length) refuse("body", "has bytes after its end.");
  return body;
}

/**
 * Reads the blob of a `SeriesMinted` or `VersionAdded` event. (A blob contract's code has one zero byte before it.)
 * @throws {@link GridError} as {@link decodeBody}.
 */
export function decodeBlob(blob: Hex): Blob {
  const from = new BodyReader(hexToBytes(blob, "blob"));
  const requester = from.address("requester");
  const body = readBody(from);
  const packed = bytesToHex(from.source.subarray(20, from.offset));
  const anchored = body.anchors.map(() => ({ time: from.uint("anchorTime", 5), block: from.uint("anchorBlock", 5) }));
  if (from.offset !== from.source.length) refuse("blob", "has bytes after its end.");
  return { requester, body, packed, anchored };
}

/** The receipts that a body states, in its order: what its workers signed. */
export function receiptsOf(body: Body, requester: Address, using: Digester = digester): readonly JobReceipt[] {
  const requestHashes = body.requests.map((request) => using.requestHash(request));
  const engineHashes = body.engines.map((engine) => engineHash(engine, using));
  return body.artworks.map((artwork) => {
    const order = body.orders[artwork.order] as BodyOrder;
    const request = body.requests[order.request] as GenerationRequest;
    return {
      orderHash: order.orderHash,
      index: artwork.index,
      requester,
      worker: (body.anchors[order.anchor] as BodyAnchor).worker,
      modelId: request.modelId,
      requestHash: requestHashes[order.request] as Hex,
      seed: artwork.seed ?? (seedAt(request, artwork.index) as bigint),
      engineHash: engineHashes[order.engine] as Hex,
      imageHash: artwork.imageHash,
      cidDigest: artwork.cidDigest ?? artwork.imageHash,
      completedAt: BigInt(artwork.completedAt),
      price: artwork.price ?? order.price,
    };
  });
}

function writeAnchor(to: BodyWriter, anchor: BodyAnchor): void {
  to.uint("source", anchor.source, 1);
  to.uint("flags", anchor.payer ? PAYER : 0, 1);
  if (anchor.payer) to.fixed("payer", anchor.payer, 20);
  to.fixed("worker", anchor.worker, 20);
}

function writeRequest(to: BodyWriter, request: GenerationRequest, base: GenerationRequest): void {
  const differs = requestFields.map(([name]) => {
    const [value, other] = [request[name], base[name]];
    return name.endsWith("Hash") || name === "salt"
      ? `${value}`.toLowerCase() !== `${other}`.toLowerCase()
      : value !== other;
  });
  to.uint(
    "mask",
    differs.reduce((mask, set, bit) => mask | (set ? 1 << bit : 0), 0),
    2,
  );
  requestFields.forEach(([name, kind, size], bit) => {
    if (!differs[bit]) return;
    const value = request[name];
    if (kind === "num") to.num(name, value as bigint | number, size);
    else if (kind === "uint") to.uint(name, value as bigint, size);
    else if (kind === "fixed") to.fixed(name, value as Hex, size);
    else to.text(name, value as string, size);
  });
}

function writeArtwork(to: BodyWriter, artwork: BodyArtwork): void {
  const { cidDigest, price, parent, seed } = artwork;
  to.uint("flags", (cidDigest ? CID : 0) | (price !== undefined ? PRICE : 0) | (parent ? PARENT : 0), 1);
  to.uint("order", artwork.order, 1);
  to.uint("index", artwork.index, 1);
  to.uint("completedAt", artwork.completedAt, 5);
  to.fixed("imageHash", artwork.imageHash, 32);
  if (seed !== undefined) to.uint("seed", seed, 8);
  if (cidDigest) to.fixed("cidDigest", cidDigest, 32);
  if (price !== undefined) to.num("price", price, 16);
  if (parent) {
    to.num("parent", parent.tokenId, 32);
    to.num("parentVersion", parent.version, 4);
  }
}

function readBody(from: BodyReader): Body {
  const form = from.uint("form", 1);
  if (form !== FORM_SERIES && form !== FORM_VERSION) refuse("form", "is 1 or 2.");
  const header: SeriesHeader | undefined =
    form === FORM_SERIES
      ? {
          policy: from.uint("policy", 1) as EvolutionPolicy,
          royaltyBps: from.uint("royaltyBps", 2),
          title: from.text("title", 1),
          description: from.text("description", 2),
          tags: from.text("tags", 1),
        }
      : undefined;
  const anchors = list(from, "anchors", 1, readAnchor);
  const engines = list(from, "engines", 1, () => from.text("engine", 1));
  let first: GenerationRequest | undefined;
  const requests = list(from, "requests", 1, () => {
    const request = readRequest(from, first ?? absent);
    first ??= request;
    return request;
  });
  let firstPrice: bigint | undefined;
  const orders = list(from, "orders", 1, () => {
    const order = {
      orderHash: from.bytes32("orderHash"),
      anchor: from.uint("anchor", 1),
      request: from.uint("request", 1),
      engine: from.uint("engine", 1),
      price: from.num("price", 16),
    };
    firstPrice ??= order.price;
    return order.price === 0n ? { ...order, price: firstPrice } : order;
  });
  const artworks = list(from, "artworks", 2, () => readArtwork(from, orders, requests));
  const body: Body = { ...(header && { header }), anchors, engines, requests, orders, artworks };
  requireBody(body);
  return body;
}

function list<Item>(from: BodyReader, field: string, countBytes: 1 | 2, read: (from: BodyReader) => Item): Item[] {
  const items: Item[] = [];
  for (let left = from.uint(field, countBytes); left > 0; left--) items.push(read(from));
  return items;
}

function readAnchor(from: BodyReader): BodyAnchor {
  const source = from.uint("source", 1);
  const flags = from.uint("flags", 1);
  if (flags > PAYER) refuse("flags", "of an anchor has unknown bits.");
  return {
    source,
    ...(flags & PAYER && { payer: from.address("payer") }),
    worker: from.address("worker"),
  };
}

function readRequest(from: BodyReader, base: GenerationRequest): GenerationRequest {
  const mask = from.uint("mask", 2);
  if (mask >> requestFields.length !== 0) refuse("mask", "has unknown bits.");
  const given: Partial<Record<keyof GenerationRequest, bigint | number | string>> = {};
  requestFields.forEach(([name, kind, size], bit) => {
    if (!(mask & (1 << bit))) return;
    if (kind === "text") given[name] = from.text(name, size);
    else if (kind === "fixed") given[name] = from.bytes32(name);
    else if (kind === "uint") given[name] = from.big(name, size);
    else given[name] = size === 4 ? Number(from.num(name, size)) : from.num(name, size);
  });
  return { ...base, ...(given as Partial<GenerationRequest>) };
}

function readArtwork(
  from: BodyReader,
  orders: readonly BodyOrder[],
  requests: readonly GenerationRequest[],
): BodyArtwork {
  const flags = from.uint("flags", 1);
  if (flags > (CID | PRICE | PARENT)) refuse("flags", "of an artwork has unknown bits.");
  const order = from.uint("order", 1);
  const request = requests[orders[order]?.request ?? -1];
  if (!request) refuse("order", "of an artwork is not in the body.");
  return {
    order,
    index: from.uint("index", 1),
    completedAt: from.uint("completedAt", 5),
    imageHash: from.bytes32("imageHash"),
    ...(request.seed === ANY_SEED && { seed: from.big("seed", 8) }),
    ...(flags & CID && { cidDigest: from.bytes32("cidDigest") }),
    ...(flags & PRICE && { price: from.num("price", 16) }),
    ...(flags & PARENT && {
      parent: { tokenId: from.num("parent", 32), version: Number(from.num("parentVersion", 4)) },
    }),
  };
}

/** The rules on a body that need nothing but the body. */
function requireBody({ header, anchors, engines, requests, orders, artworks }: Body): void {
  if (header && header.policy > EvolutionPolicy.OWNER) refuse("policy", "is 0, 1 or 2.");
  if (header && header.royaltyBps > MAX_ROYALTY_BPS) refuse("royaltyBps", `is at most ${MAX_ROYALTY_BPS}.`);
  for (const [field, items] of Object.entries({ anchors, engines, requests, orders, artworks })) {
    if (items.length === 0) refuse(field, "must not be empty.");
  }
  if (artworks.length > (header ? MAX_ARTWORKS : 1)) {
    refuse("artworks", `are at most ${header ? MAX_ARTWORKS : 1} here.`);
  }
  for (const { seed } of requests) {
    if (seed !== ANY_SEED && seed >= FIXED_SEED_LIMIT) refuse("seed", "is below 2^63, or 2^64-1 for any.");
  }
  for (const order of orders) {
    if (!anchors[order.anchor]) refuse("anchor", "of an order is not in the body.");
    if (!requests[order.request]) refuse("request", "of an order is not in the body.");
    if (order.engine >= engines.length) refuse("engine", "of an order is not in the body.");
    if (order.price === 0n && orders[0]?.price !== 0n)
      refuse("price", "of a later order is not 0: say so in its artworks.");
  }
  for (const artwork of artworks) {
    const order = orders[artwork.order];
    if (!order) refuse("order", "of an artwork is not in the body.");
    if ((artwork.seed !== undefined) !== (requests[order.request]?.seed === ANY_SEED)) {
      refuse("seed", "of an artwork is given exactly when its request leaves it open.");
    }
    if (artwork.parent?.tokenId === 0n) refuse("parent", "is a token id; leave it out when there is none.");
  }
}

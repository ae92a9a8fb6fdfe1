import { type Hex, hashStruct, hashTypedData, keccak256, sha256, slice, stringToHex, zeroHash } from "viem";
import { type Body, type BodyArtwork, encodeBody, receiptsOf } from "../../sdk/src/body/body.ts";
import { ANY_SEED, generationRequest } from "../../sdk/src/messages/request.ts";
import { type GenerationRequest, settlementDomain, settlementTypes } from "../../sdk/src/messages/typedData.ts";

import { random } from "../fixtures/randomValues.ts";
import { randomBody } from "./randomBody.ts";

/** Anchor source 0 of the vectors. */
export const domain = settlementDomain(8453, "0x5e77137e0000000000000000000000000000a1b6");

const h = (text: string): Hex => keccak256(stringToHex(text));
const a = (text: string): Hex => slice(h(text), 12);
const requester = a("artist");
const worker = a("worker");

const request: GenerationRequest = generationRequest({
  modelId: 7n,
  modelHash: sha256(stringToHex("weights")),
  prompt: "A lighthouse on a basalt cliff at dusk",
  negativePrompt: "blurry",
  width: 1024,
  height: 768,
  steps: 30,
  guidanceMilli: 7500,
  sampler: "euler",
  scheduler: "karras",
});

const header = {
  policy: 0,
  royaltyBps: 500,
  title: "Lighthouses",
  description: "Ten of them.",
  tags: "sea,light",
} as const;
const engine = "onnxruntime 1.30.0 cpu t1";
const order = { orderHash: h("order"), anchor: 0, request: 0, engine: 0, price: 10n ** 18n };
const artwork = (index: number, more: Partial<BodyArtwork> = {}): BodyArtwork => ({
  order: 0,
  index,
  completedAt: 1_763_164_790 + index,
  imageHash: h(`image ${index}`),
  ...more,
});
const direct = { source: 0, worker };

const bodies: Record<string, Body> = {
  "one artwork, direct, everything at its usual": {
    header,
    anchors: [direct],
    engines: [engine],
    requests: [request],
    orders: [order],
    artworks: [artwork(0, { seed: 42n })],
  },
  "nothing but what must be": {
    header: { policy: 0, royaltyBps: 0, title: "", description: "", tags: "" },
    anchors: [direct],
    engines: [""],
    requests: [
      generationRequest({
        modelId: 0n,
        modelHash: zeroHash,
        prompt: "",
        width: 0,
        height: 0,
        steps: 0,
        guidanceMilli: 0,
      }),
    ],
    orders: [{ ...order, orderHash: zeroHash, price: 0n }],
    artworks: [{ order: 0, index: 0, completedAt: 0, imageHash: zeroHash, seed: 0n }],
  },
  "ten of one order, fixed seed, of another payer": {
    header,
    anchors: [{ source: 0, payer: a("gateway"), worker }],
    engines: [engine],
    requests: [{ ...request, seed: 1000n }],
    orders: [order],
    artworks: Array.from({ length: 10 }, (_, i) => artwork(i)),
  },
  "several of everything": {
    header: { ...header, policy: 2, royaltyBps: 1000 },
    anchors: [
      { source: 0, payer: a("gateway"), worker },
      direct,
      { ...direct, payer: a("patron"), worker: a("another worker") },
    ],
    engines: [engine, "sd.cpp master-1 cuda", engine.toUpperCase()],
    requests: [
      { ...request, seed: 2n ** 63n - 2n, extras: '{"strength":0.5}', salt: h("salt"), sourceHash: h("source") },
      { ...request, prompt: "Another", negativePrompt: "" },
      generationRequest({
        modelId: 2n ** 200n,
        modelHash: h("model"),
        prompt: "",
        width: 2 ** 32 - 1,
        height: 255,
        steps: 256,
        guidanceMilli: 0,
        seed: 0n,
      }),
    ],
    orders: [
      order,
      { orderHash: h("order 1"), anchor: 1, request: 1, engine: 1, price: 2n ** 128n - 1n },
      { orderHash: h("order 2"), anchor: 2, request: 2, engine: 2, price: order.price },
    ],
    artworks: [
      artwork(1, { cidDigest: h("dag-pb root"), parent: { tokenId: 1001n, version: 1 } }),
      artwork(255, { order: 1, seed: 2n ** 64n - 1n, price: 0n }),
      artwork(2, { order: 2, price: 5n, parent: { tokenId: 2n ** 64n, version: 2 ** 32 - 1 } }),
      artwork(3, { order: 2, completedAt: 2 ** 40 - 1 }),
    ],
  },
  "256 of one order": {
    header,
    anchors: [direct],
    engines: [engine],
    requests: [{ ...request, seed: 0n }],
    orders: [order],
    artworks: Array.from({ length: 256 }, (_, i) => artwork(i)),
  },
  unicode: {
    header: {
      ...header,
      title: "狐と灯台 🦊",
      description: 'Ein "Fuchs" im Schnee — café \\ e\u0301\u00a0',
      tags: "лиса,雪",
    },
    anchors: [direct],
    engines: ["モデル"],
    requests: [{ ...request, prompt: "日本語 \u{10ffff} \u0080".replace("\u0080", "\u00a0") }],
    orders: [order],
    artworks: [artwork(0, { seed: ANY_SEED })],
  },
  "a version": {
    anchors: [{ source: 3, worker }],
    engines: [engine],
    requests: [{ ...request, sourceHash: h("image 0") }],
    orders: [order],
    artworks: [artwork(0, { seed: 7n, parent: { tokenId: 1001n, version: 1 } })],
  },
};

const seeded = random(0x5eed);
for (let i = 0; i < 12; i++) bodies[`random ${i}`] = randomBody(seeded);

const usual = encodeBody(bodies["one artwork, direct, everything at its usual"] as Body);

/** `at` counts bytes. */
function patch(packed: Hex, at: number, bytes: string): Hex {
  return `${packed.slice(0, 2 + 2 * at)}${bytes}${packed.slice(2 + 2 * at + bytes.length)}` as Hex;
}

/** Offset of the first occurrence of text, in bytes. */
function find(text: string): number {
  return (usual.indexOf(stringToHex(text).slice(2)) - 2) / 2;
}

/** Where the count of anchors stands; 22 bytes of the one anchor follow. */
const anchorCount = find("sea,light") + "sea,light".length;

/** Where the width stands: after the negative prompt. */
const widthAt = find("blurry") + "blurry".length;

/** Where the one artwork begins: flags, order, index, completedAt, imageHash, seed. */
const artworkAt = usual.length / 2 - 1 - 48;

type Invalid = readonly [field: string, error: string, packed: Hex];

/** What both sides must refuse: `field` is what the SDK names, `error` what GridNFT reverts with. */
const invalid: Record<string, Invalid> = {
  empty: ["form", "GridNFT_BodyTooShort(uint256)", "0x"],
  "form 0": ["form", "GridNFT_WrongForm(uint256,uint256)", patch(usual, 0, "00")],
  "form 3": ["form", "GridNFT_WrongForm(uint256,uint256)", patch(usual, 0, "03")],
  "policy 3": ["policy", "GridNFT_BadValue(string,uint256)", patch(usual, 1, "03")],
  "royalty of 1,001": ["royaltyBps", "GridNFT_BadValue(string,uint256)", patch(usual, 2, "03e9")],
  "a control character in the title": [
    "title",
    "GridNFT_BadText(string,uint256)",
    patch(usual, find("Lighthouses"), "0a"),
  ],
  "a C1 control character in the description": [
    "description",
    "GridNFT_BadText(string,uint256)",
    patch(usual, find("Ten of"), "c285"),
  ],
  "broken UTF-8 in the tags": ["tags", "GridNFT_BadText(string,uint256)", patch(usual, find("sea,light"), "c3")],
  "a surrogate in the prompt": [
    "prompt",
    "GridNFT_BadText(string,uint256)",
    patch(usual, find("A lighthouse"), "eda080"),
  ],
  "a non-shortest form in the prompt": [
    "prompt",
    "GridNFT_BadText(string,uint256)",
    patch(usual, find("A lighthouse"), "c0af"),
  ],
  "a code point above U+10FFFF in the prompt": [
    "prompt",
    "GridNFT_BadText(string,uint256)",
    patch(usual, find("A lighthouse"), "f4908080"),
  ],
  "bytes after the end": ["body", "GridNFT_BodyTooLong(uint256)", `${usual}00`],
  "the last byte missing": ["seed", "GridNFT_BodyTooShort(uint256)", usual.slice(0, -2) as Hex],
  "unknown flags of an anchor": ["flags", "GridNFT_BadValue(string,uint256)", patch(usual, anchorCount + 2, "02")],
  "no anchors": [
    "anchors",
    "GridNFT_BadValue(string,uint256)",
    `${usual.slice(0, 2 + 2 * anchorCount)}00${usual.slice(2 + 2 * (anchorCount + 23))}` as Hex,
  ],
  "no artworks": [
    "artworks",
    "GridNFT_BadValue(string,uint256)",
    `${usual.slice(0, 2 + 2 * (artworkAt - 2))}0000` as Hex,
  ],
  "unknown flags of an artwork": ["flags", "GridNFT_BadValue(string,uint256)", patch(usual, artworkAt, "08")],
  "an artwork of an order that is not there": [
    "order",
    "GridNFT_BadValue(string,uint256)",
    patch(usual, artworkAt + 1, "01"),
  ],
  "a parent of 0": ["parent", "GridNFT_BadValue(string,uint256)", `${patch(usual, artworkAt, "04")}0000` as Hex],
  "a width with a leading zero": ["width", "GridNFT_BadValue(string,uint256)", patch(usual, widthAt + 1, "00")],
  "a width of more than 4 bytes": ["width", "GridNFT_BadValue(string,uint256)", patch(usual, widthAt, "05")],
};

export function bodyVectors(): object {
  return {
    chainId: domain.chainId,
    settlement: domain.verifyingContract,
    requester,
    bodies: Object.entries(bodies).map(([name, body]) => {
      const packed = encodeBody(body);
      return {
        name,
        packed,
        bodyHash: keccak256(packed),
        series: body.header !== undefined,
        anchors: body.anchors.length,
        requestHashes: body.requests.map((each) =>
          hashStruct({ types: settlementTypes, primaryType: "GenerationRequest", data: each }),
        ),
        receiptIds: receiptsOf(body, requester).map((message) =>
          hashTypedData({ domain, types: settlementTypes, primaryType: "JobReceipt", message }),
        ),
      };
    }),
    invalid: Object.entries(invalid).map(([name, [field, error, packed]]) => ({ name, field, error, packed })),
  };
}

/** The bodies as objects, for the SDK's own tests. */
export const bodiesByName: Readonly<Record<string, Body>> = bodies;

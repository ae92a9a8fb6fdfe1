import { readFileSync } from "node:fs";
import { concat, type Hex, keccak256, numberToHex, stringToHex } from "viem";
import { describe, expect, it } from "vitest";
import { random } from "../../test/fixtures/randomValues.js";
import { bodiesByName } from "../../test/vectors/bodies.js";
import { randomBody } from "../../test/vectors/randomBody.js";
import {
  type Body,
  type BodyArtwork,
  bodyHash,
  decodeBlob,
  decodeBody,
  encodeBody,
  receiptId,
  receiptsOf,
  requestHash,
  settlementDomain,
} from "../src/index.js";

const vectors = JSON.parse(readFileSync(new URL("../../test/vectors/bodies.json", import.meta.url), "utf8")) as {
  chainId: number;
  settlement: Hex;
  requester: Hex;
  bodies: { name: string; packed: Hex; bodyHash: Hex; requestHashes: Hex[]; receiptIds: Hex[] }[];
  invalid: { name: string; field: string; packed: Hex }[];
};
const domain = settlementDomain(vectors.chainId, vectors.settlement);
const usual = bodiesByName["one artwork, direct, everything at its usual"] as Body;

describe("golden bodies", () => {
  it.each(vectors.bodies)("$name", ({ name, packed, bodyHash: hash, requestHashes, receiptIds }) => {
    const body = bodiesByName[name] as Body;
    expect(encodeBody(body)).toBe(packed);
    expect(decodeBody(packed)).toEqual(body);
    expect(bodyHash(packed)).toBe(hash);
    expect(body.requests.map((request) => requestHash(request))).toEqual(requestHashes);
    expect(receiptsOf(body, vectors.requester).map((receipt) => receiptId(receipt, domain))).toEqual(receiptIds);
  });

  it.each(vectors.invalid)("refuses $name", ({ field, packed }) => {
    expect(() => decodeBody(packed)).toThrow(expect.objectContaining({ field }));
  });

  it("is laid out byte by byte as ArtworkMint says", () => {
    const text = (value: string, lengthBytes: number) =>
      concat([numberToHex(stringToHex(value).length / 2 - 1, { size: lengthBytes }), stringToHex(value)]);
    const [request] = usual.requests;
    expect(encodeBody(usual)).toBe(
      concat([
        "0x01", // form
        "0x00", // policy
        "0x01f4", // royaltyBps
        text("Lighthouses", 1),
        text("Ten of them.", 2),
        text("sea,light", 1),
        "0x01", // anchors
        "0x0000", // source, flags
        usual.anchors[0]?.worker as Hex,
        "0x01", // engines
        text("onnxruntime 1.30.0 cpu t1", 1),
        "0x01", // requests
        "0x07ef", // mask: all but seed (4), sourceHash (11), extras (12), salt (13)
        "0x0107", // modelId
        request?.modelHash as Hex,
        text("A lighthouse on a basalt cliff at dusk", 2),
        text("blurry", 2),
        "0x020400", // width
        "0x020300", // height
        "0x011e", // steps
        "0x021d4c", // guidanceMilli
        text("euler", 1),
        text("karras", 1),
        "0x01", // orders
        keccak256(stringToHex("order")),
        "0x000000", // anchor, request, engine
        "0x080de0b6b3a7640000", // price
        "0x0001", // artworks
        "0x000000", // flags, order, index
        numberToHex(1_763_164_790, { size: 5 }),
        keccak256(stringToHex("image 0")),
        numberToHex(42, { size: 8 }), // seed
      ]),
    );
  });
});

describe("blobs", () => {
  it("carry the anchors' times and blocks and the requester after the body", () => {
    const body = bodiesByName["several of everything"] as Body;
    const packed = encodeBody(body);
    const trailer = body.anchors.map((_, i) =>
      concat([numberToHex(1_763_164_800 + i, { size: 5 }), numberToHex(38_000_000 + i, { size: 5 })]),
    );
    const blob = concat([vectors.requester, packed, ...trailer]);
    expect(decodeBlob(blob)).toEqual({
      body,
      packed,
      anchored: body.anchors.map((_, i) => ({ time: 1_763_164_800 + i, block: 38_000_000 + i })),
      requester: vectors.requester,
    });
    expect(() => decodeBlob(`${blob}00`)).toThrow(expect.objectContaining({ code: "BODY_INVALID" }));
    expect(() => decodeBlob(packed)).toThrow(expect.objectContaining({ code: "BODY_INVALID" }));
  });
});

describe("random bodies", () => {
  it("come back as they went in, and no cut-off one is accepted", () => {
    const seeded = random(7);
    for (let round = 0; round < 150; round++) {
      const body = randomBody(seeded);
      const packed = encodeBody(body);
      expect(decodeBody(packed)).toEqual(body);
      const length = packed.length / 2 - 1;
      const cut = seeded.integer(length);
      expect(() => decodeBody(packed.slice(0, 2 + 2 * cut) as Hex)).toThrow();
    }
  });
});

describe("encodeBody refuses", () => {
  const request = usual.requests[0] as Body["requests"][number];
  const cases: [string, string, Body][] = [
    ["no artworks", "artworks", { ...usual, artworks: [] }],
    ["two artworks without a header", "artworks", { ...withoutHeader(), artworks: [artwork(0), artwork(1)] }],
    ["a seed of 2^63", "seed", { ...usual, requests: [{ ...request, seed: 2n ** 63n }] }],
    [
      "an open seed without the artwork's",
      "seed",
      { ...usual, artworks: [{ ...artwork(0), seed: undefined as never }] },
    ],
    ["a fixed seed and the artwork's", "seed", { ...usual, requests: [{ ...request, seed: 1n }] }],
    ["an order's anchor that is not there", "anchor", patchOrder({ anchor: 1 })],
    ["an order's request that is not there", "request", patchOrder({ request: 1 })],
    ["an order's engine that is not there", "engine", patchOrder({ engine: 1 })],
    ["an artwork's order that is not there", "order", { ...usual, artworks: [{ ...artwork(0), order: 1 }] }],
    ["a royalty of 1,001", "royaltyBps", { ...usual, header: { ...header(), royaltyBps: 1001 } }],
    ["a title of 256 bytes", "title", { ...usual, header: { ...header(), title: "é".repeat(128) } }],
    ["a line break", "prompt", { ...usual, requests: [{ ...request, prompt: "a\nb" }] }],
    ["an index of 256", "index", { ...usual, artworks: [artwork(256)] }],
    [
      "a later order for nothing",
      "price",
      { ...usual, orders: [...usual.orders, { ...(usual.orders[0] as Body["orders"][number]), price: 0n }] },
    ],
    ["a price of 2^128", "price", patchOrder({ price: 2n ** 128n })],
    ["more than a blob", "body", { ...usual, requests: [{ ...request, prompt: "x".repeat(24_400) }] }],
  ];
  it.each(cases)("%s", (_, field, body) => {
    expect(() => encodeBody(body)).toThrow(expect.objectContaining({ field }));
  });

  function header() {
    return usual.header as NonNullable<Body["header"]>;
  }
  function withoutHeader(): Body {
    const { header: _, ...rest } = usual;
    return rest;
  }
  function artwork(index: number): BodyArtwork {
    return { ...(usual.artworks[0] as BodyArtwork), index };
  }
  function patchOrder(change: Partial<Body["orders"][number]>): Body {
    return { ...usual, orders: [{ ...(usual.orders[0] as Body["orders"][number]), ...change }] };
  }
});

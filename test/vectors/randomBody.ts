import { zeroHash } from "viem";
import type { Body } from "../../sdk/src/body/body.ts";
import { ANY_SEED } from "../../sdk/src/messages/request.ts";
import type { random } from "../fixtures/randomValues.ts";

/** A body of arbitrary shape and content that keeps the rules of the format. */
export function randomBody({ integer, hex, uint, text }: ReturnType<typeof random>): Body {
  const some = <Item>(most: number, make: (i: number) => Item): Item[] =>
    Array.from({ length: 1 + integer(most) }, (_, i) => make(i));
  const maybe = <Item extends object>(item: () => Item): Item | Record<string, never> => (integer(2) ? item() : {});
  const seedOf = () => (integer(2) ? ANY_SEED : uint(63));
  const requests = some(4, () => ({
    modelId: uint(256),
    modelHash: integer(2) ? hex(32) : zeroHash,
    prompt: text(),
    negativePrompt: integer(2) ? "" : text(),
    seed: seedOf(),
    width: Number(uint(32)),
    height: Number(uint(32)),
    steps: Number(uint(32)),
    guidanceMilli: Number(uint(32)),
    sampler: text(),
    scheduler: text(),
    sourceHash: integer(2) ? zeroHash : hex(32),
    extras: integer(2) ? "" : '{"a":1}',
    salt: integer(2) ? zeroHash : hex(32),
  }));
  const anchors = some(3, () => ({
    source: integer(256),
    ...maybe(() => ({ payer: hex(20) })),
    worker: hex(20),
  }));
  const engines = some(3, text);
  const orders = some(5, () => ({
    orderHash: hex(32),
    anchor: integer(anchors.length),
    request: integer(requests.length),
    engine: integer(engines.length),
    price: integer(2) ? 5n : uint(128) || 5n,
  }));
  const series = integer(4) > 0;
  const artworks = some(series ? 20 : 1, () => {
    const order = integer(orders.length);
    return {
      order,
      index: integer(256),
      completedAt: Number(uint(40)),
      imageHash: hex(32),
      ...(requests[orders[order]?.request ?? -1]?.seed === ANY_SEED && { seed: uint(64) }),
      ...maybe(() => ({ cidDigest: hex(32) })),
      ...maybe(() => ({ price: uint(128) })),
      ...maybe(() => ({ parent: { tokenId: uint(256) || 1n, version: Number(uint(32)) } })),
    };
  });
  const head = {
    policy: integer(3) as 0 | 1 | 2,
    royaltyBps: integer(1001),
    title: text(),
    description: text(),
    tags: text(),
  };
  return { ...(series && { header: head }), anchors, engines, requests, orders, artworks };
}

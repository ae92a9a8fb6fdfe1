// Reader of mint blobs that knows their layout from the table of docs/events.md alone.
import { type Hex, hexToBytes, toHex } from "viem";

/** Row of the table: a field, in the order of the bytes. */
interface Row {
  readonly part: string;
  readonly type: string;
  readonly field: string;
  readonly given: string;
}

type Value = Hex | bigint | string;
type Item = Record<string, Value>;

/** Blob as the table names its fields: those before the lists, and the items of each list, without what is not given. */
export interface ReadBlob {
  readonly fields: Item;
  readonly anchors: readonly Item[];
  readonly engines: readonly Item[];
  readonly requests: readonly Item[];
  readonly orders: readonly Item[];
  readonly artworks: readonly Item[];
}

const ANY_SEED = 2n ** 64n - 1n;

/** Returns the rows of the table under "The blob of a mint". */
export function rowsOf(page: string): Row[] {
  const section = page.split("\n## ").find((text) => text.startsWith("The blob of a mint\n")) ?? "";
  const rows = [...section.matchAll(/^\| ([\w ]+) \| `(\w+)` \| `(\w+)` \| ([^|]+) \| [^|]+ \|$/gm)];
  return rows.map(([, part = "", type = "", field = "", given = ""]) => ({ part, type, field, given }));
}

/** Returns rows that stand together and are of one part, as groups. */
function groupsOf(rows: readonly Row[]): Row[][] {
  const groups: Row[][] = [];
  for (const row of rows) {
    const last = groups.at(-1);
    if (last?.[0]?.part === row.part) last.push(row);
    else groups.push([row]);
  }
  return groups;
}

/** Reads a blob by the rows of the page. Throws when bytes are missing or left over. */
export function readByPage(rows: readonly Row[], blob: Hex): ReadBlob {
  const bytes = hexToBytes(blob);
  let offset = 0;
  const take = (length: number): Uint8Array => {
    if (offset + length > bytes.length) throw new Error("The blob is cut off.");
    offset += length;
    return bytes.subarray(offset - length, offset);
  };
  const integer = (length: number): bigint => (length === 0 ? 0n : BigInt(toHex(take(length))));
  const readers: Record<string, (size: number) => Value> = {
    u: (bits) => integer(bits / 8),
    b: (length) => toHex(take(length)),
    num: () => integer(Number(integer(1))),
    text: (bits) => new TextDecoder("utf-8", { fatal: true }).decode(take(Number(integer(bits / 8)))),
  };
  const read = (type: string): Value => {
    const [, kind = "", size = "0"] = /^([a-z]+)(\d*)$/.exec(type) ?? [];
    const reader = readers[kind];
    if (!reader) throw new Error(`The page does not explain the type ${type}.`);
    return reader(Number(size));
  };

  const fields: Item = {};
  const lists: Record<string, Item[]> = {};
  const isGiven = ({ given }: Row, item: Item): boolean => {
    if (given === "always") return true;
    const [, bit, mask = ""] = /^bit (\d+) of `(\w+)`$/.exec(given) ?? [];
    if (bit !== undefined) return ((item[mask] as bigint) >> BigInt(bit)) % 2n === 1n;
    const [, name, value] = /^`(\w+)` is (\d+)$/.exec(given) ?? [];
    if (name) return item[name] === BigInt(value ?? 0);
    if (given !== "its request's `seed` is 2^64 - 1") throw new Error(`The page says "${given}".`);
    const order = lists.orders?.[Number(item.order)];
    return requestOf(lists.requests ?? [], Number(order?.request)).seed === ANY_SEED;
  };

  for (const group of groupsOf(rows)) {
    const part = group[0]?.part ?? "";
    const list = lists[`${part.replace("each ", "")}s`];
    if (part.startsWith("each ") && !list) throw new Error(`Nothing says how often "${part}" is repeated.`);
    for (const item of list ?? [fields]) {
      for (const row of group) {
        if (!isGiven(row, item)) continue;
        const value = read(row.type);
        if (part === "lists") lists[row.field] = Array.from({ length: Number(value) }, () => ({}));
        else item[row.field] = value;
      }
    }
  }
  if (offset !== bytes.length) throw new Error("The blob has bytes that the page does not explain.");
  const { anchors = [], engines = [], requests = [], orders = [], artworks = [] } = lists;
  return { fields, anchors, engines, requests, orders, artworks };
}

/** Returns a request with what is not given, as the page says under `requests`. */
export function requestOf(requests: readonly Item[], index: number): Item {
  const hash = toHex(0, { size: 32 });
  const numbers = { modelId: 0n, width: 0n, height: 0n, steps: 0n, guidanceMilli: 0n, seed: ANY_SEED };
  const texts = { prompt: "", negativePrompt: "", sampler: "", scheduler: "", extras: "" };
  const absent: Item = { ...numbers, ...texts, modelHash: hash, sourceHash: hash, salt: hash };
  const { mask: _, ...request } = { ...absent, ...requests[0], ...requests[index] };
  return request;
}

/** Returns the receipts' fields that a blob states, as the page says what is not given. */
export function receiptsByPage({ fields, anchors, requests, orders, artworks }: ReadBlob): Item[] {
  return artworks.map((artwork) => {
    const order = orders[Number(artwork.order)] as Item;
    const request = requestOf(requests, Number(order.request));
    const price = orders.indexOf(order) > 0 && order.price === 0n ? orders[0]?.price : order.price;
    return {
      orderHash: order.orderHash as Value,
      index: artwork.index as Value,
      requester: fields.requester as Value,
      worker: (anchors[Number(order.anchor)] as Item).worker as Value,
      modelId: request.modelId as Value,
      seed: artwork.seed ?? (request.seed as bigint) + (artwork.index as bigint),
      imageHash: artwork.imageHash as Value,
      cidDigest: (artwork.cidDigest ?? artwork.imageHash) as Value,
      completedAt: artwork.completedAt as Value,
      price: (artwork.price ?? price) as Value,
    };
  });
}

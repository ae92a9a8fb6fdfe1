// Keys: what lists are sorted and filtered by. Anybody can mint text of any length, so every key is cut to what an index takes.
// The API asks by the same functions. Pure: no import of Ponder's.

/** Price of an artwork that isn't listed: above every price. */
export const NOT_LISTED = 2n ** 255n;

/** Places that `seq` has for the logs of one block. */
export const SEQ_PER_BLOCK = 1_000_000n;

/** The greatest `seq` that Postgres takes. */
export const MAX_SEQ = 2n ** 63n - 1n;

/** The first `seq` of a block; of a block that no chain has, one that no row has. */
export function firstSeqOf(block: number): bigint {
  const seq = BigInt(block) * SEQ_PER_BLOCK;
  return seq < MAX_SEQ ? seq : MAX_SEQ;
}

/** Most tags of an artwork; what its body states beyond them is in `series.tagText` alone. */
export const MAX_TAGS = 32;

/** Most characters of a key. */
export const KEY_CHARACTERS = 64;

/** Most bytes of a key as UTF-8: far from the 2,700 that indexes take, with room for what else an entry holds. */
export const KEY_BYTES = 200;

/** Field of an attribute. The marks `remix`, `evolved` and `listed` have the value `true`, or there is no such attribute. */
export type AttributeField =
  | "model"
  | "family"
  | "worker"
  | "sampler"
  | "scheduler"
  | "size"
  | "width"
  | "height"
  | "steps"
  | "tag"
  | "policy"
  | "remix"
  | "evolved"
  | "listed";

/** Fields of an artwork's row that its attributes follow from. */
export interface AttributeSource {
  readonly modelId: bigint;
  readonly family: number;
  readonly worker: string;
  readonly sampler: string;
  readonly scheduler: string;
  readonly width: bigint;
  readonly height: bigint;
  readonly steps: bigint;
  readonly tags: readonly string[];
  readonly policy: number;
  readonly remixOf: bigint;
  readonly versions: number;
  readonly listed: boolean;
}

/** Half of a surrogate pair, or NUL: what no Postgres text can hold. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
const noText = /[\ud800-\udfff\u0000]/gu;

/**
 * The beginning of a text: at most `characters` code points and at most 200 bytes, never half a character.
 * @example cut("euler_a") // "euler_a"
 */
export function cut(text: string, characters = KEY_CHARACTERS): string {
  const clean = text.replace(noText, "");
  // A code unit is at most three bytes.
  if (clean.length <= characters && clean.length * 3 <= KEY_BYTES) return clean;
  let [kept, bytes, end] = [0, 0, 0];
  for (const character of clean) {
    kept += 1;
    bytes += bytesOf(character.codePointAt(0) ?? 0);
    if (kept > characters || bytes > KEY_BYTES) break;
    end += character.length;
  }
  return clean.slice(0, end);
}

function bytesOf(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}

/** A name as it is sorted: without case and accents, cut. */
export function nameKey(name: string): string {
  // Cut before, so that a name of a megabyte costs no more than another.
  const start = name.slice(0, 4 * KEY_CHARACTERS);
  return cut(start.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase());
}

/** A tag as it is kept and asked for: trimmed, in lower case, cut. */
export function tagKey(tag: string): string {
  return cut(tag.trim().normalize("NFC").toLowerCase()).trim();
}

/** Tags of a body, which states them with commas between: each once, at most 32. */
export function tagsOf(text: string): string[] {
  const tags = new Set(text.split(",").map(tagKey));
  tags.delete("");
  return [...tags].slice(0, MAX_TAGS);
}

/**
 * One attribute as `artwork.attributes` and `attribute.attribute` have it.
 * @example attributeOf("sampler", "euler_a") // "sampler:euler_a"
 */
export function attributeOf(field: AttributeField, value: string | number | bigint | true): string {
  return `${field}:${keyOf(field, `${value}`)}`;
}

function keyOf(field: AttributeField, value: string): string {
  if (field === "tag") return tagKey(value);
  return cut(field === "worker" ? value.toLowerCase() : value);
}

/** All attributes of an artwork, each once. Always in the same order. */
export function attributesOf(artwork: AttributeSource): string[] {
  const attributes = [
    attributeOf("model", artwork.modelId),
    attributeOf("family", artwork.family),
    attributeOf("worker", artwork.worker),
    attributeOf("sampler", artwork.sampler),
    attributeOf("scheduler", artwork.scheduler),
    attributeOf("size", `${artwork.width}x${artwork.height}`),
    attributeOf("width", artwork.width),
    attributeOf("height", artwork.height),
    attributeOf("steps", artwork.steps),
    attributeOf("policy", artwork.policy),
  ];
  if (artwork.remixOf !== 0n) attributes.push(attributeOf("remix", true));
  if (artwork.versions > 1) attributes.push(attributeOf("evolved", true));
  if (artwork.listed) attributes.push(attributeOf("listed", true));
  for (const tag of artwork.tags) attributes.push(attributeOf("tag", tag));
  return attributes;
}

/** Field and value of an attribute. */
export function partsOf(attribute: string): { readonly field: string; readonly value: string } {
  const colon = attribute.indexOf(":");
  return { field: attribute.slice(0, colon), value: attribute.slice(colon + 1) };
}

// Identifiers as words: an artwork is found by its token id, and by the beginning of its CID and of its artist's address. Pure: no import
// of Ponder's.
import { base32 } from "multiformats/bases/base32";
import { base58btc } from "multiformats/bases/base58";

/** Characters of a CID that are kept: 125 bits of its digest, more than anybody can make equal. */
const CID_CHARACTERS = 32;
/** Hexadecimal digits, or characters of a CID beyond what all of them begin with, that a beginning has at least. */
const SHORTEST_BEGINNING = 6;

/** CIDs of version 1 as base32: version, codec (raw or dag-pb), sha2-256, 32 bytes. */
const cid = /^(?:ipfs:\/\/)?(ba(?:fkrei|fybei)[a-z2-7]*)(?:\/.*)?$/i;
/** CIDs of version 0: base58 of sha2-256, 32 bytes, then the digest. */
const oldCid = /^(?:ipfs:\/\/)?(Qm[1-9A-HJ-NP-Za-km-z]{6,44})(?:\/.*)?$/;
const CID_START = "bafkrei".length;
const OLD_CID_LENGTH = 46;
/** Bytes before the digest in a CID of version 1 whose codec is dag-pb, which all CIDs of version 0 have. */
const DAG_PB = [0x01, 0x70, 0x12, 0x20];

/** Mark of identifiers, which no word of a text has: a word that is being typed doesn't find all of them that begin so. */
const MARK = "#";

/** A word that an identifier is kept or asked for by. */
export interface IdentifierWord {
  readonly word: string;
  /** It is a beginning: others go on from it. */
  readonly isBeginning: boolean;
}

/** Word of a token id. */
export function tokenIdWord(tokenId: bigint): string {
  return `${MARK}${tokenId}`;
}

/** Word of a CID of version 1. */
export function cidWord(cid: string): string {
  return `${MARK}${cid.toLowerCase().slice(0, CID_CHARACTERS)}`;
}

/** Word of an address. */
export function addressWord(address: string): string {
  return `${MARK}${address.toLowerCase()}`;
}

/**
 * The identifier that a word of a query is: `#123`, an address or its beginning (`0x` and 6 digits or more), a CID or its beginning, with or
 * without `ipfs://`. Undefined when it is none. The word as it was typed: case matters to CIDs of version 0.
 */
export function identifierOf(typed: string): IdentifierWord | undefined {
  const [, number] = /^#(\d{1,78})$/.exec(typed) ?? [];
  if (number !== undefined) return { word: tokenIdWord(BigInt(number)), isBeginning: false };
  if (/^0x[0-9a-f]{6,40}$/i.test(typed)) return { word: addressWord(typed), isBeginning: true };
  const [, current] = cid.exec(typed) ?? [];
  if (current !== undefined) {
    if (current.length < CID_START + SHORTEST_BEGINNING) return undefined;
    return { word: cidWord(current), isBeginning: true };
  }
  const [, old] = oldCid.exec(typed) ?? [];
  const word = old === undefined ? undefined : currentCid(old);
  return word === undefined ? undefined : { word: cidWord(word), isBeginning: true };
}

/** The CID of version 1 that one of version 0 is, or the beginning that all have which begin as it does; undefined when that is too short. */
function currentCid(old: string): string | undefined {
  const missing = OLD_CID_LENGTH - old.length;
  const [first, last] = ["1", "z"].map((filler) => bytesOf(old + filler.repeat(missing))).map(asCurrent);
  if (first === undefined || last === undefined) return undefined;
  let length = 0;
  while (length < first.length && first[length] === last[length]) length += 1;
  return length < CID_START + SHORTEST_BEGINNING ? undefined : first.slice(0, length);
}

function bytesOf(text: string): Uint8Array {
  return base58btc.baseDecode(text);
}

function asCurrent(multihash: Uint8Array): string | undefined {
  if (multihash.length !== 34 || multihash[0] !== 0x12 || multihash[1] !== 0x20) return undefined;
  return base32.encode(new Uint8Array([...DAG_PB, ...multihash.subarray(2)]));
}

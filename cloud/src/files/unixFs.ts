import { CID } from "multiformats/cid";

/** Multicodec of the inner nodes of a picture's tree. */
export const DAG_PB = 0x70;

/** Reads the protobuf fields of dag-pb and UnixFS blocks in our own layout. */
function* fields(bytes: Uint8Array): Generator<{ readonly field: number; readonly value: number | Uint8Array }> {
  let at = 0;
  const varint = (): number => {
    let result = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++];
      if (byte === undefined || factor > 2 ** 49) throw new Error("A block is not well-formed.");
      result += (byte & 0x7f) * factor;
      if (byte < 0x80) return result;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    if ((tag & 7) === 0) yield { field: tag >> 3, value: varint() };
    else if ((tag & 7) === 2) {
      const length = varint();
      if (at + length > bytes.length) throw new Error("A block is not well-formed.");
      yield { field: tag >> 3, value: bytes.subarray(at, at + length) };
      at += length;
    } else throw new Error("A block is not well-formed.");
  }
}

/** Returns the file's bytes in a dag-pb block of a UnixFS file: all in a leaf, none in an inner node. */
export function fileBytesOf(block: Uint8Array): Uint8Array {
  for (const { field, value } of fields(block)) {
    if (field !== 1 || typeof value === "number") continue;
    for (const inner of fields(value)) {
      if (inner.field === 2 && typeof inner.value !== "number") return inner.value;
    }
  }
  return new Uint8Array();
}

/** Returns the CIDs that a dag-pb block of a UnixFS file links to, in the file's order. */
export function linksOf(block: Uint8Array): string[] {
  const links: string[] = [];
  for (const { field, value } of fields(block)) {
    if (field !== 2 || typeof value === "number") continue;
    for (const inner of fields(value)) {
      // A CIDv0 is its multihash.
      if (inner.field === 1 && typeof inner.value !== "number") {
        links.push(CID.createV1(DAG_PB, CID.decode(inner.value).multihash).toString());
      }
    }
  }
  return links;
}

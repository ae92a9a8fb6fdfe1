import { sha256 as nobleSha256 } from "@noble/hashes/sha2";
import { base32 } from "multiformats/bases/base32";
import { base36 } from "multiformats/bases/base36";
import { base58btc } from "multiformats/bases/base58";
import type { Hex } from "viem";
import { bytesToHex, concatBytes, hexToBytes } from "../lib/bytes.js";
import { GridError } from "../lib/errors.js";

const RAW = 0x55;
const DAG_PB = 0x70;
const SHA2_256 = 0x12;

/** A file up to this many bytes may be one raw block. */
export const MAX_RAW_BLOCK = 1_048_576;
/** Bytes per chunk of a larger file, and links per node: the classic defaults of kubo. */
const CHUNK = 262_144;
const LINKS = 174;

/** sha256 of bytes. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** Hashes that name a file. Both go into its receipt. */
export interface FileHashes {
  /** sha256 of the file as served. */
  readonly imageHash: Hex;
  /** sha2-256 digest inside its CID; equals `imageHash` for a single raw block. */
  readonly cidDigest: Hex;
}

/**
 * CIDv1 text (base32) of a picture, from its two hashes: raw codec when they are equal, else dag-pb. Mirrors
 * `GridNFT.imageCid`.
 */
export function cidOf({ imageHash, cidDigest }: FileHashes): string {
  const codec = imageHash.toLowerCase() === cidDigest.toLowerCase() ? RAW : DAG_PB;
  const digest = hexToBytes(cidDigest, "cidDigest");
  if (digest.length !== 32) throw new GridError("CID_INVALID", "A digest has 32 bytes.", "cidDigest");
  return cidV1(codec, digest);
}

/**
 * Reads a CID: v1 raw or dag-pb, or v0; sha2-256 only.
 * @returns The digest, and whether the block it names is the file itself.
 * @throws {@link GridError} `CID_INVALID`.
 */
export function parseCid(text: string): { readonly cidDigest: Hex; readonly raw: boolean } {
  let bytes: Uint8Array;
  try {
    bytes = text.startsWith("Qm")
      ? concatBytes(Uint8Array.of(1, DAG_PB), base58btc.baseDecode(text))
      : base32.decoder.or(base58btc.decoder).or(base36.decoder).decode(text);
  } catch (cause) {
    throw new GridError("CID_INVALID", `"${text}" is not a CID.`, "cid", { cause });
  }
  // All of these are varints of one byte.
  const [version, codec, hash, size] = bytes;
  if (version !== 1 || (codec !== RAW && codec !== DAG_PB) || hash !== SHA2_256 || size !== 32 || bytes.length !== 36) {
    throw new GridError("CID_INVALID", "Pictures have raw or dag-pb CIDs with sha2-256.", "cid");
  }
  return { cidDigest: bytesToHex(bytes.subarray(4)), raw: codec === RAW };
}

/** Text of a CIDv1 by its parts: the bases are all of multiformats that a page needs. */
function cidV1(codec: number, digest: Uint8Array): string {
  return base32.encode(concatBytes(Uint8Array.of(1, codec, SHA2_256, digest.length), digest));
}

/**
 * Hashes of a file as a receipt states them: one raw block up to 1 MiB, else the root of a UnixFS tree (chunks of 262,144
 * bytes, 174 links, leaves wrapped, links v0: what `ipfs add` makes by default).
 *
 * @param layout Force the tree for a small file with "dag-pb".
 * @param sha256 A faster sha256 where there is one (Node's crypto).
 */
export function fileHashes(
  file: Uint8Array,
  { layout, sha256 = nobleSha256 }: { readonly layout?: "raw" | "dag-pb"; readonly sha256?: Sha256 } = {},
): FileHashes {
  const raw = layout ? layout === "raw" : file.length <= MAX_RAW_BLOCK;
  if (raw && file.length > MAX_RAW_BLOCK) {
    throw new GridError("CID_INVALID", `A raw block has at most ${MAX_RAW_BLOCK} bytes.`, "file");
  }
  const imageHash = bytesToHex(sha256(file));
  return { imageHash, cidDigest: raw ? imageHash : bytesToHex(unixFsRoot(file, sha256)) };
}

/** A block of a file: what a content-addressed store keeps under its CID. */
export interface FileBlock {
  /** CIDv1. */
  readonly cid: string;
  readonly bytes: Uint8Array;
}

/**
 * All blocks of a file in the layout of {@link fileHashes}: the root first, then level by level, leaves in the file's order. For
 * a file of up to 45 MB (one level of links) that is also the depth-first order of a CAR.
 */
export function fileBlocks(file: Uint8Array, options: Parameters<typeof fileHashes>[1] = {}): readonly FileBlock[] {
  const { sha256 = nobleSha256 } = options;
  const raw = options.layout ? options.layout === "raw" : file.length <= MAX_RAW_BLOCK;
  if (raw) {
    const { imageHash } = fileHashes(file, options);
    return [{ cid: cidV1(RAW, hexToBytes(imageHash)), bytes: file }];
  }
  const levels: FileBlock[][] = [];
  unixFsRoot(file, sha256, (level, digest, bytes) => {
    levels[level] ??= [];
    levels[level].push({ cid: cidV1(DAG_PB, digest), bytes });
  });
  return levels.reverse().flat();
}

/**
 * Returns true if a file is the one that a receipt names. Recomputes both hashes, in the layout of the two that the receipt uses.
 */
export function isFile(file: Uint8Array, stated: FileHashes, sha256: Sha256 = nobleSha256): boolean {
  const layout = stated.imageHash.toLowerCase() === stated.cidDigest.toLowerCase() ? "raw" : "dag-pb";
  if (layout === "raw" && file.length > MAX_RAW_BLOCK) return false;
  const actual = fileHashes(file, { layout, sha256 });
  return actual.imageHash === stated.imageHash.toLowerCase() && actual.cidDigest === stated.cidDigest.toLowerCase();
}

/** A block of the tree: its digest, the bytes of file below it, and the size of all blocks below and including it. */
interface TreeNode {
  readonly digest: Uint8Array;
  readonly fileSize: number;
  readonly dagSize: number;
}

/** Told of each block as it is made; level 0 holds the leaves. */
type BlockVisitor = (level: number, digest: Uint8Array, block: Uint8Array) => void;

function unixFsRoot(file: Uint8Array, sha256: Sha256, visit: BlockVisitor = () => {}): Uint8Array {
  let level: TreeNode[] = [];
  let height = 0;
  const seen = (digest: Uint8Array, block: Uint8Array) => visit(height, digest, block);
  for (let start = 0; start === 0 || start < file.length; start += CHUNK) {
    level.push(leafNode(file.subarray(start, start + CHUNK), sha256, seen));
  }
  while (level.length > 1) {
    const above: TreeNode[] = [];
    height++;
    for (let i = 0; i < level.length; i += LINKS) above.push(innerNode(level.slice(i, i + LINKS), sha256, seen));
    level = above;
  }
  return (level[0] as TreeNode).digest;
}

type SeenBlock = (digest: Uint8Array, block: Uint8Array) => void;

function leafNode(chunk: Uint8Array, sha256: Sha256, seen: SeenBlock): TreeNode {
  const unixFs = concatBytes(
    Uint8Array.of(0x08, 2), // Type = File
    chunk.length > 0 ? bytesField(2, chunk) : new Uint8Array(),
    varintField(3, chunk.length),
  );
  const block = bytesField(1, unixFs);
  const digest = sha256(block);
  seen(digest, block);
  return { digest, fileSize: chunk.length, dagSize: block.length };
}

function innerNode(children: readonly TreeNode[], sha256: Sha256, seen: SeenBlock): TreeNode {
  const links = children.map((child) =>
    bytesField(
      2,
      concatBytes(
        bytesField(1, concatBytes(Uint8Array.of(SHA2_256, 32), child.digest)), // Hash: a CIDv0 is its multihash
        bytesField(2, new Uint8Array()), // Name: empty, but present
        varintField(3, child.dagSize), // Tsize
      ),
    ),
  );
  const fileSize = children.reduce((sum, child) => sum + child.fileSize, 0);
  const unixFs = concatBytes(
    Uint8Array.of(0x08, 2),
    varintField(3, fileSize),
    ...children.map((child) => varintField(4, child.fileSize)),
  );
  const block = concatBytes(...links, bytesField(1, unixFs)); // dag-pb puts links before data
  const digest = sha256(block);
  seen(digest, block);
  return {
    digest,
    fileSize,
    dagSize: block.length + children.reduce((sum, child) => sum + child.dagSize, 0),
  };
}

function bytesField(field: number, bytes: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of((field << 3) | 2), varint(bytes.length), bytes);
}

function varintField(field: number, value: number): Uint8Array {
  return concatBytes(Uint8Array.of(field << 3), varint(value));
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

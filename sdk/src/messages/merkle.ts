import { keccak_256 } from "@noble/hashes/sha3";
import type { Hex } from "viem";
import { bytesToHex, writeHex } from "../lib/bytes.js";
import { GridError } from "../lib/errors.js";
import type { Keccak } from "./digest.js";

const pairInput = new Uint8Array(64);

/** Hash of two nodes of a Merkle tree, smaller one first. */
export function hashPairOf(a: Uint8Array, b: Uint8Array, keccak: Keccak): Uint8Array {
  const swap = isGreater(a, b);
  pairInput.set(swap ? b : a, 0);
  pairInput.set(swap ? a : b, 32);
  return keccak(pairInput);
}

function isGreater(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < 32; i++) if (a[i] !== b[i]) return (a[i] as number) > (b[i] as number);
  return false;
}

/** Proof that several leaves stand under one root; what OpenZeppelin's `MerkleProof.multiProofVerify` takes. */
export interface MultiProof {
  /** The proven leaves, in the order of the tree. */
  readonly leaves: readonly Hex[];
  readonly proof: readonly Hex[];
  readonly proofFlags: readonly boolean[];
}

/**
 * Merkle tree over receipts' leaves (`leafOf(receiptId)`), in the given order.
 *
 * The shape is that of @openzeppelin/merkle-tree without sorting of leaves: 2n-1 nodes, leaves reversed at the end, node i is
 * the hash of nodes 2i+1 and 2i+2 in ascending order. A tree of one leaf has that leaf as its root.
 */
export interface MerkleTree {
  readonly root: Hex;
  readonly size: number;
  /** Leaf `index`. */
  leaf(index: number): Hex;
  /** Index of a leaf, -1 when it is not in the tree. */
  indexOf(leaf: Hex): number;
  /** Siblings from leaf `index` up to the root, for `MerkleProof.verify`. */
  proof(index: number): readonly Hex[];
  /** One proof for several leaves, for `MerkleProof.multiProofVerify`; leaves come back in ascending order of index. */
  multiProof(indices: readonly number[]): MultiProof;
}

/**
 * Builds a tree in one pass of n-1 hashes over one buffer.
 * @param leaves At least one; kept in this order. 32 bytes each.
 * @throws {@link GridError} `MERKLE_INVALID` for no leaves, or the same leaf twice (a receipt is paid for once).
 */
export function merkleTree(leaves: readonly Hex[], keccak: Keccak = keccak_256): MerkleTree {
  const size = leaves.length;
  if (size === 0) throw new GridError("MERKLE_INVALID", "A tree needs at least one leaf.", "leaves");
  const indices = new Map(leaves.map((leaf, i) => [leaf.toLowerCase(), i]));
  if (indices.size !== size) {
    throw new GridError("MERKLE_INVALID", "A leaf occurs twice.", "leaves");
  }
  const nodes = new Uint8Array(32 * (2 * size - 1));
  leaves.forEach((leaf, i) => {
    writeHex(`leaves[${i}]`, leaf, nodes, 32 * (2 * size - 2 - i), 32);
  });
  for (let i = size - 2; i >= 0; i--) nodes.set(hashPair(nodes, 2 * i + 1, keccak), 32 * i);

  const node = (i: number): Hex => bytesToHex(nodes.subarray(32 * i, 32 * i + 32));
  const place = (index: number): number => {
    if (!Number.isInteger(index) || index < 0 || index >= size) {
      throw new GridError("MERKLE_INVALID", `There is no leaf ${index} among ${size}.`, "index");
    }
    return 2 * size - 2 - index;
  };

  return {
    root: node(0),
    size,
    leaf: (index) => node(place(index)),
    indexOf: (leaf) => indices.get(leaf.toLowerCase()) ?? -1,
    proof: (index) => {
      const siblings: Hex[] = [];
      for (let i = place(index); i > 0; i = parent(i)) siblings.push(node(sibling(i)));
      return siblings;
    },
    multiProof: (wanted) => {
      if (new Set(wanted).size !== wanted.length) {
        throw new GridError("MERKLE_INVALID", "An index occurs twice.", "indices");
      }
      if (wanted.length === 0) throw new GridError("MERKLE_INVALID", "Name at least one leaf to prove.", "indices");
      const queue = wanted.map(place).sort((a, b) => b - a);
      const proven = queue.map(node);
      const proof: Hex[] = [];
      const proofFlags: boolean[] = [];
      for (let head = 0; (queue[head] as number) > 0; head++) {
        const i = queue[head] as number;
        const paired = queue[head + 1] === sibling(i);
        proofFlags.push(paired);
        if (paired) head++;
        else proof.push(node(sibling(i)));
        queue.push(parent(i));
      }
      return { leaves: proven, proof, proofFlags };
    },
  };
}

/** Root that `proof` leads to from `leaf`. Mirrors OpenZeppelin's `MerkleProof.processProof`. */
export function processProof(leaf: Hex, proof: readonly Hex[], keccak: Keccak = keccak_256): Hex {
  const pair = new Uint8Array(64);
  writeHex("leaf", leaf, pair, 0, 32);
  proof.forEach((step, i) => {
    writeHex(`proof[${i}]`, step, pair, 32, 32);
    pair.set(hashPair(pair, 0, keccak), 0);
  });
  return bytesToHex(pair.subarray(0, 32));
}

/**
 * Root that a multiproof leads to. Mirrors OpenZeppelin's `MerkleProof.processMultiProof`.
 * @throws {@link GridError} `MERKLE_INVALID` when the lengths do not fit together.
 */
export function processMultiProof({ leaves, proof, proofFlags }: MultiProof, keccak: Keccak = keccak_256): Hex {
  if (leaves.length + proof.length !== proofFlags.length + 1) {
    throw new GridError("MERKLE_INVALID", "Leaves, proof and flags do not fit together.", "proofFlags");
  }
  const queue = leaves.map((leaf, i) => fromHex(`leaves[${i}]`, leaf));
  const rest = proof.map((step, i) => fromHex(`proof[${i}]`, step));
  const pair = new Uint8Array(64);
  let head = 0;
  let used = 0;
  const next = (from: Uint8Array | undefined): Uint8Array => {
    if (!from) throw new GridError("MERKLE_INVALID", "The flags ask for more nodes than there are.", "proofFlags");
    return from;
  };
  for (const flag of proofFlags) {
    pair.set(next(queue[head++]), 0);
    pair.set(next(flag ? queue[head++] : rest[used++]), 32);
    queue.push(hashPair(pair, 0, keccak));
  }
  if (proofFlags.length > 0 && used !== rest.length) {
    throw new GridError("MERKLE_INVALID", "Part of the proof is unused.", "proof");
  }
  return bytesToHex(next(queue.at(-1) ?? rest[0]));
}

/** Hash of nodes `first` and `first + 1` of `nodes`, smaller one first. */
function hashPair(nodes: Uint8Array, first: number, keccak: Keccak): Uint8Array {
  return hashPairOf(
    nodes.subarray(32 * first, 32 * first + 32),
    nodes.subarray(32 * first + 32, 32 * first + 64),
    keccak,
  );
}

function fromHex(field: string, hex: Hex): Uint8Array {
  const bytes = new Uint8Array(32);
  writeHex(field, hex, bytes, 0, 32);
  return bytes;
}

const parent = (i: number): number => (i - 1) >> 1;
const sibling = (i: number): number => (i % 2 === 0 ? i - 1 : i + 1);

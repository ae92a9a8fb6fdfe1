import { readFileSync } from "node:fs";
import { SimpleMerkleTree } from "@openzeppelin/merkle-tree";
import { concat, type Hex, keccak256 } from "viem";
import { describe, expect, it } from "vitest";
import { random } from "../../test/fixtures/randomValues.js";
import {
  createFastDigester,
  growingTree,
  leafOf,
  type MultiProof,
  merkleTree,
  processMultiProof,
  processProof,
} from "../src/index.js";

const vectors = JSON.parse(readFileSync(new URL("../../test/vectors/merkle.json", import.meta.url), "utf8")) as {
  receiptIds: Hex[];
  leaves: Hex[];
  proofs: { size: number; root: Hex; index: number; proof: Hex[] }[];
  multiProofs: (MultiProof & { size: number; root: Hex; indices: number[] })[];
};

describe("golden vectors", () => {
  it("leaves", () => {
    expect(vectors.receiptIds.map((id) => leafOf(id))).toEqual(vectors.leaves);
  });

  it("proofs", () => {
    for (const { size, root, index, proof } of vectors.proofs) {
      const tree = merkleTree(vectors.leaves.slice(0, size));
      expect(tree.root).toBe(root);
      expect(tree.proof(index)).toEqual(proof);
      expect(processProof(tree.leaf(index), proof)).toBe(root);
    }
  });

  it("multiproofs", () => {
    for (const { size, root, indices, ...multiProof } of vectors.multiProofs) {
      const tree = merkleTree(vectors.leaves.slice(0, size));
      expect(tree.multiProof(indices)).toEqual(multiProof);
      expect(tree.multiProof([...indices].reverse())).toEqual(multiProof);
      expect(multiProof.leaves).toEqual(indices.map((index) => tree.leaf(index)));
      expect(processMultiProof(multiProof)).toBe(root);
    }
  });
});

/** The root as `IGridSettlement.settle` says it in words, without the tree's code. */
function rootInWords(leaves: readonly Hex[]): Hex {
  const nodes: Hex[] = Array(2 * leaves.length - 1).fill("0x");
  leaves.forEach((leaf, i) => {
    nodes[nodes.length - 1 - i] = leaf;
  });
  for (let i = leaves.length - 2; i >= 0; i--) {
    const pair = [nodes[2 * i + 1], nodes[2 * i + 2]].sort() as Hex[];
    nodes[i] = keccak256(concat(pair));
  }
  return nodes[0] as Hex;
}

it.each([1, 2, 3, 5, 7])("the root of %i receipts is the one that settle's NatSpec describes", (size) => {
  const leaves = vectors.leaves.slice(0, size);
  const [vector] = vectors.proofs.filter((proof) => proof.size === size);
  expect(merkleTree(leaves).root).toBe(rootInWords(leaves));
  expect(merkleTree(leaves).root).toBe(vector?.root);
  if (size === 1) expect(merkleTree(leaves).root).toBe(leaves[0]);
});

describe("random trees and sets", () => {
  it("agree with @openzeppelin/merkle-tree", () => {
    const seeded = random(1024);
    for (let round = 0; round < 60; round++) {
      const size = 1 + seeded.integer(130);
      const leaves = Array.from({ length: size }, () => seeded.hex(32));
      const ours = merkleTree(leaves);
      const theirs = SimpleMerkleTree.of(leaves, { sortLeaves: false });
      expect(ours.root).toBe(theirs.root);
      const index = seeded.integer(size);
      expect(ours.proof(index)).toEqual(theirs.getProof(index));
      const indices = leaves.map((_, i) => i).filter(() => seeded.integer(3) === 0);
      if (indices.length === 0) continue;
      const { leaves: proven, proof, proofFlags } = theirs.getMultiProof([...indices]);
      expect(ours.multiProof(indices)).toEqual({ leaves: proven, proof, proofFlags });
      expect(processMultiProof(ours.multiProof(indices))).toBe(ours.root);
    }
  });
});

describe("refusals", () => {
  const leaves = vectors.leaves.slice(0, 5);
  const invalid = expect.objectContaining({ code: "MERKLE_INVALID" });

  it("an empty tree, a leaf twice, unknown or repeated indices", () => {
    expect(() => merkleTree([])).toThrow(invalid);
    expect(() => merkleTree([...leaves, leaves[0] as Hex])).toThrow(invalid);
    const tree = merkleTree(leaves);
    for (const index of [-1, 5, 0.5]) expect(() => tree.proof(index)).toThrow(invalid);
    expect(() => tree.multiProof([])).toThrow(invalid);
    expect(() => tree.multiProof([1, 1])).toThrow(invalid);
  });

  it("multiproofs whose parts do not fit", () => {
    const proof = merkleTree(leaves).multiProof([0, 3]);
    expect(() => processMultiProof({ ...proof, proof: proof.proof.slice(1) })).toThrow(invalid);
    expect(() => processMultiProof({ ...proof, leaves: [] })).toThrow(invalid);
    expect(() => processMultiProof({ leaves: [], proof: [], proofFlags: [] })).toThrow(invalid);
    expect(() => processMultiProof({ leaves: leaves.slice(0, 2), proof: [], proofFlags: [false] })).toThrow(invalid);
  });

  it("another leaf, order or sibling leads elsewhere", () => {
    const tree = merkleTree(leaves);
    expect(processProof(tree.leaf(1), tree.proof(0))).not.toBe(tree.root);
    expect(merkleTree([...leaves].reverse()).root).not.toBe(tree.root);
  });
});

describe("a tree that grows", () => {
  const leafAt = (index: number): Hex => keccak256(`0x${index.toString(16).padStart(8, "0")}`);

  it("has the roots of merkleTree at every size", async () => {
    const { keccak } = await createFastDigester();
    const leaves = Array.from({ length: 300 }, (_, index) => leafAt(index));
    const plain = growingTree();
    const fast = growingTree(keccak);
    leaves.forEach((leaf, index) => {
      plain.append(leaf);
      fast.append(leaf);
      const { root } = merkleTree(leaves.slice(0, index + 1));
      expect(plain.root()).toBe(root);
      expect(fast.root()).toBe(root);
    });
    // Of fewer leaves too, and of many that were added without asking.
    const late = growingTree();
    for (const leaf of leaves) late.append(leaf);
    for (const size of [300, 299, 256, 129, 64, 3, 2, 1]) {
      expect(late.root(size)).toBe(merkleTree(leaves.slice(0, size)).root);
    }
  });

  it("has the roots of merkleTree when leaves are taken from its end and others come in their place", () => {
    const leaves = Array.from({ length: 70 }, (_, index) => leafAt(index));
    const others = Array.from({ length: 70 }, (_, index) => leafAt(1_000 + index));
    for (let size = 0; size <= 70; size++) {
      const tree = growingTree();
      for (const leaf of leaves) {
        tree.append(leaf);
        tree.root();
      }
      tree.truncate(size);
      expect(tree.size).toBe(size);
      if (size > 0) expect(tree.root()).toBe(merkleTree(leaves.slice(0, size)).root);
      for (const leaf of others.slice(size)) tree.append(leaf);
      expect(tree.root()).toBe(merkleTree([...leaves.slice(0, size), ...others.slice(size)]).root);
      expect(() => tree.truncate(71)).toThrow(/can't be cut to 71/);
      // A leaf that was taken out may come again.
      if (size < 70) tree.append(leaves[size] as Hex);
    }
  });

  it("hashes each node once: a root costs as many hashes as the tree is high, not as it has leaves", () => {
    let hashes = 0;
    const tree = growingTree((bytes) => {
      hashes++;
      return keccak256(bytes, "bytes");
    });
    const size = 4_096;
    for (let index = 0; index < size; index++) {
      tree.append(leafAt(index));
      tree.root();
    }
    expect(hashes / size).toBeLessThan(4 * Math.log2(size));
  });

  it("refuses a leaf that is there, and sizes that it does not have", () => {
    const tree = growingTree();
    expect(() => tree.root()).toThrow(/no tree of 0/);
    tree.append(leafAt(1));
    expect(() => tree.append(leafAt(1).toUpperCase().replace("0X", "0x") as Hex)).toThrow(/occurs twice/);
    expect(() => tree.root(2)).toThrow(/no tree of 2/);
    expect(tree.size).toBe(1);
    expect(tree.root()).toBe(leafAt(1));
  });
});

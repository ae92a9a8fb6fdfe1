import { keccak_256 } from "@noble/hashes/sha3";
import type { Hex } from "viem";
import { bytesToHex, writeHex } from "../lib/bytes.js";
import { GridError } from "../lib/errors.js";
import type { Keccak } from "./digest.js";
import { hashPairOf } from "./merkle.js";

/** Tree that takes one leaf after the other. Its roots are those of `merkleTree` over the same leaves. */
export interface GrowingTree {
  readonly size: number;
  /** Adds a leaf after the last one. @throws {@link GridError} `MERKLE_INVALID` when it is there already. */
  append(leaf: Hex): void;
  /** Takes leaves from the end, until `size` of them are left. */
  truncate(size: number): void;
  /** Root over the first `size` leaves, or over all. */
  root(size?: number): Hex;
}

const BYTES = 32;

/**
 * Makes an empty {@link GrowingTree}. A root costs some ten hashes, not one for each leaf: nodes over a power of two of neighbouring
 * leaves stay the same as the tree grows, whatever their place in it, and are hashed once. They take about
 * `16 * size * log2(size)` bytes.
 */
export function growingTree(keccak: Keccak = keccak_256): GrowingTree {
  const known = new Set<string>();
  /** Leaves by place. */
  const names: string[] = [];
  /** By level: nodes over 2^level leaves. From level 1 on they begin at an even leaf, so every second one is there. */
  const levels: NodeList[] = [new NodeList()];

  const nodeAt = (level: number, first: number): Uint8Array => {
    const nodes = levels[level] ?? new NodeList();
    levels[level] = nodes;
    const place = level === 0 ? first : first / 2;
    const before = nodes.get(place);
    if (before) return before;
    const half = 2 ** (level - 1);
    return nodes.set(place, hashPairOf(nodeAt(level - 1, first), nodeAt(level - 1, first + half), keccak));
  };

  return {
    get size() {
      return known.size;
    },
    append: (leaf) => {
      const bytes = new Uint8Array(BYTES);
      writeHex(`leaves[${known.size}]`, leaf, bytes, 0, BYTES);
      const name = leaf.toLowerCase();
      if (known.has(name)) throw new GridError("MERKLE_INVALID", "A leaf occurs twice.", "leaves");
      levels[0]?.set(known.size, bytes);
      known.add(name);
      names.push(name);
    },
    truncate: (size) => {
      if (!Number.isInteger(size) || size < 0 || size > known.size) {
        throw new GridError("MERKLE_INVALID", `A tree of ${known.size} leaves can't be cut to ${size}.`, "size");
      }
      for (const name of names.splice(size)) known.delete(name);
      for (const [level, nodes] of levels.entries()) {
        // A node stays if its last leaf does: it begins at its place, from level 1 on at twice that.
        const latest = size - 2 ** level;
        nodes.clear(latest < 0 ? 0 : level === 0 ? size : Math.floor(latest / 2) + 1);
      }
    },
    root: (size = known.size) => {
      if (!Number.isInteger(size) || size < 1 || size > known.size) {
        throw new GridError("MERKLE_INVALID", `There is no tree of ${size} leaves among ${known.size}.`, "size");
      }
      // As `merkleTree` does: pairs are taken from the front of a queue, and their hash is put at its end. The queue is a few nodes of
      // any shape and, behind them, `count` nodes over 2^level leaves each, one after the other from leaf `first` on.
      let front: Uint8Array[] = [];
      let run = { level: 0, first: 0, count: size };
      while (front.length + run.count > 1) {
        const { level, first, count } = run;
        const inRun = (place: number): Uint8Array => nodeAt(level, first + place * 2 ** level);
        const odd = (front.length + count) % 2 === 1 ? [inRun(count - 1)] : [];
        const taken = front.length === 1 ? 1 : 0;
        const [a, b = inRun(0)] = front;
        const paired = a ? [hashPairOf(a, b, keccak).slice()] : [];
        front = [...odd, ...paired];
        run = { level: level + 1, first: first + taken * 2 ** level, count: Math.floor((count - taken) / 2) };
      }
      return bytesToHex(front[0] ?? nodeAt(run.level, run.first));
    },
  };
}

/** List of nodes in one buffer that grows, with gaps. */
class NodeList {
  #bytes = new Uint8Array(BYTES * 16);
  #filled = new Uint8Array(16);

  get(place: number): Uint8Array | undefined {
    if (this.#filled[place] !== 1) return undefined;
    return this.#bytes.subarray(BYTES * place, BYTES * (place + 1));
  }

  /** Forgets all nodes from a place on. */
  clear(from: number): void {
    this.#filled.fill(0, Math.min(from, this.#filled.length));
  }

  set(place: number, node: Uint8Array): Uint8Array {
    if (place >= this.#filled.length) {
      const size = Math.max(place + 1, 2 * this.#filled.length);
      const [bytes, filled] = [new Uint8Array(BYTES * size), new Uint8Array(size)];
      bytes.set(this.#bytes);
      filled.set(this.#filled);
      this.#bytes = bytes;
      this.#filled = filled;
    }
    this.#bytes.set(node, BYTES * place);
    this.#filled[place] = 1;
    return this.#bytes.subarray(BYTES * place, BYTES * (place + 1));
  }
}

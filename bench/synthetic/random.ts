import { seededRandom } from "../../sdk/src/node/index.ts";

/** Reproducible random numbers. */
export interface Random {
  /** From 0 to below 1. */
  next(): number;
  /** From 0 to below `below`. */
  integer(below: number): number;
  /** One of the items. */
  pick<Item>(items: readonly Item[]): Item;
}

/** @param seed Equal seeds give equal numbers. */
export function createRandom(seed: number): Random {
  const next = seededRandom(seed);
  const integer = (below: number): number => Math.floor(next() * below);
  return {
    next,
    integer,
    pick: (items) => {
      const item = items[integer(items.length)];
      if (item === undefined) throw new Error("There is nothing to pick from.");
      return item;
    },
  };
}

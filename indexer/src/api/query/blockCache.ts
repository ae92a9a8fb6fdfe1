import { LRUCache } from "lru-cache";

/** Answers that are the same until the next block. */
export interface BlockCache<Key, Value> {
  /** Returns what `make` has answered for this key since the last block. Calls it once if nobody did. A failure is not kept. */
  remember(key: Key, make: () => Promise<Value>): Promise<Value>;
  /** Forgets everything. What is being made goes to those that wait for it and is not kept. */
  forget(): void;
  readonly size: number;
}

/** @param max Entries that it keeps: beyond, the one that was asked for longest ago goes. */
export function createBlockCache<Key extends string, Value>(max: number): BlockCache<Key, Value> {
  const kept = new LRUCache<Key, Promise<Value>>({ max });
  return {
    remember: (key, make) => {
      const known = kept.get(key);
      if (known) return known;
      const made = make().catch((error: unknown) => {
        if (kept.peek(key) === made) kept.delete(key);
        throw error;
      });
      kept.set(key, made);
      return made;
    },
    forget: () => kept.clear(),
    get size() {
      return kept.size;
    },
  };
}

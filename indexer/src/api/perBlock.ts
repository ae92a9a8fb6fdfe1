/** Answers that are the same until the next block. */
export interface PerBlockCache<Key, Value> {
  /** What `make` answered for this key since the last block; asks it, once, if nobody did. A failure is not kept. */
  remember(key: Key, make: () => Promise<Value>): Promise<Value>;
  /** Forgets everything. What is being made goes to those that wait for it and is not kept. */
  forget(): void;
  readonly size: number;
}

/** @param max Entries that it keeps: beyond, the one that was asked for longest ago goes. */
export function createPerBlockCache<Key, Value>(max: number): PerBlockCache<Key, Value> {
  const kept = new Map<Key, Promise<Value>>();
  return {
    remember: (key, make) => {
      const known = kept.get(key);
      if (known) {
        // A map keeps the order of insertion: the first is the one that was asked for longest ago.
        kept.delete(key);
        kept.set(key, known);
        return known;
      }
      const oldest = kept.size >= max ? kept.keys().next() : undefined;
      if (oldest && !oldest.done) kept.delete(oldest.value);
      const made = make().catch((error: unknown) => {
        if (kept.get(key) === made) kept.delete(key);
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
